"""What clients may send as JSON, written down: no unknown keys, no guessed types."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tourserver.core.errors import Invalid
from tourserver.core.messages import N_


class Strict(BaseModel):
    """Base of all forms."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""An id that the program made."""


class Nothing(Strict):
    """No arguments."""


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
