"""What clients may send, written down: no unknown keys, no guessed types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tourserver.core.strict import Id as Id
from tourserver.core.strict import Nothing as Nothing
from tourserver.core.strict import Strict as Strict
from tourserver.core.strict import parse as parse

Revision = Annotated[int, Field(ge=1, le=1_000_000)]
Angle = Annotated[float, Field(allow_inf_nan=False)]


class Envelope(Strict):
    """A command as it is sent."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,64}$")]
    name: Annotated[str, Field(max_length=40)]
    args: dict[str, Any] = Field(default_factory=dict)


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


class Accept(Strict):
    """``tour.accept``: the revision of a site's tour that everyone shall see."""

    site: Id
    revision: Id
