"""What clients may send, written down: no unknown keys, no guessed types."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tourserver.core.strict import Id as Id
from tourserver.core.strict import Nothing as Nothing
from tourserver.core.strict import Strict as Strict
from tourserver.core.strict import parse as parse

Revision = Annotated[int, Field(ge=1, le=1_000_000)]
Angle = Annotated[float, Field(allow_inf_nan=False)]
Language = Literal["en", "sv", "zh_Hans"]
Reference = Annotated[str, Field(pattern=r"^(user|registration):[0-9a-f]{32}$")]
"""A member of the crew."""


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


class Vote(Which):
    """A question to vote for."""

    on: ClassVar[bool] = True


class Unvote(Which):
    """A question to take one's vote back from."""

    on: ClassVar[bool] = False


class Seen(Which):
    """A question and the revision that the sender saw."""

    revision: Revision


class Decline(Seen):
    """``question.decline``."""

    reason: Annotated[str, Field(max_length=5_000)]


class Words(Seen):
    """``question.edit``, ``question.answer``; the rule says how many fit."""

    text: Annotated[str, Field(max_length=20_000)]


class Translation(Words):
    """``question.translate``."""

    language: Language


class Hold(Which):
    """``question.hold``: the sender works on a question, or no longer."""

    on: bool


class Canned(Strict):
    """``canned.save``: words to use again, by language."""

    kind: Literal["reason", "answer"]
    texts: dict[Language, Annotated[str, Field(max_length=20_000)]]


class WhichCanned(Strict):
    """Words that are kept."""

    reply: Id


class Labels(Seen):
    """``question.label``."""

    labels: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)]


class Assign(Seen):
    """``question.assign``: a member of the crew, or nobody."""

    to: Reference | None


class Priority(Seen):
    """``question.priority``."""

    priority: Annotated[int, Field(ge=0, le=2)]


class Next(Seen):
    """``question.next``."""

    on: bool


class Merge(Seen):
    """``question.merge``: into another question, as the sender saw that one."""

    into: Id
    into_revision: Revision


class HouseRules(Strict):
    """``room.rules``: those that shall change."""

    revision: Revision
    premoderated: bool | None = None
    question_slow_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    questions_locked: bool | None = None
    chat: Literal["off", "on", "locked"] | None = None
    chat_slow_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    reactions_on: bool | None = None


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


class Take(Strict):
    """``guide.take``: ``from`` is who the sender saw guiding; without it the part is taken from whoever has it."""

    seen: Annotated[Reference | Literal["anybody"] | None, Field(alias="from")] = "anybody"


class Pass(Strict):
    """``guide.pass``: to a member of the crew who is there."""

    to: Reference


class Hotspot(Strict):
    """``guide.hotspot``: a point of the shown scene that is held open for everyone, or none."""

    scene: Id
    hotspot: Id | None


class Look(Strict):
    """``look``: whether this screen looks around freely."""

    free: bool


class Stop(Strict):
    """One stop of the script; without a view it is the scene's start view."""

    scene: Id
    yaw: Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] | None = None
    pitch: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    fov: Annotated[float, Field(ge=5, le=170, allow_inf_nan=False)] | None = None
    note: Annotated[str, Field(max_length=20_000)] = ""
    minutes: Annotated[int, Field(ge=1, le=240)] | None = None


class SaveScript(Strict):
    """``script.save``: all stops, and all as the sender saw them before."""

    steps: Annotated[list[Stop], Field(max_length=200)]
    before: Annotated[list[Stop], Field(max_length=200)]
