"""What clients may send, written down: no unknown keys, no guessed types."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_


class Strict(BaseModel):
    """Base of all forms."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Revision = Annotated[int, Field(ge=1, le=1_000_000)]
Angle = Annotated[float, Field(allow_inf_nan=False)]


class Envelope(Strict):
    """A command as it is sent."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,64}$")]
    name: Annotated[str, Field(max_length=40)]
    args: dict[str, Any] = Field(default_factory=dict)


class Nothing(Strict):
    """No arguments."""


class Ask(Strict):
    """``question.ask``."""

    text: Annotated[str, Field(max_length=20_000)]  # the rule says how many fit, in words
    anonymous: bool = False


class Which(Strict):
    """A question."""

    question: Id


class Seen(Which):
    """A question and the revision that the sender saw."""

    revision: Revision


class Decline(Seen):
    """``question.decline``."""

    reason: Annotated[str, Field(max_length=5_000)]


class Heads(Strict):
    """``presence.heads``."""

    heads: Annotated[int, Field(ge=1, le=50)]


class Show(Strict):
    """``guide.scene``."""

    scene: Id
    yaw: Angle
    pitch: Angle
    fov: Angle


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], value: Any) -> Model:
    """A checked form of what a client sent. Raises :class:`Invalid` naming the first field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        if first["type"] == "extra_forbidden":
            raise Invalid(N_("“%(name)s” isn't part of this command."), field=field, name=field) from None
        raise Invalid(
            N_("“%(name)s” is missing or has a form that can't be taken."), field=field, name=field or "?"
        ) from None
