"""What clients may send about polls, hands, announcements and messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tourserver.live.forms import Id, Revision, Strict

Option = Annotated[str, Field(max_length=2_000)]
ReactionKind = Literal["applause", "heart", "laugh", "surprise", "agree"]


class PollSave(Strict):
    """``poll.save``: a new draft, or a known one at the revision that the sender saw."""

    poll: Id | None = None
    revision: Revision | None = None
    kind: Literal["single", "multiple", "rating"]
    text: Annotated[str, Field(max_length=20_000)]
    # none for a rating, which has 1 to 5
    options: Annotated[list[Option], Field(max_length=20)] = Field(default_factory=list)
    results: Literal["live", "closed"] = "closed"


class PollSeen(Strict):
    """A poll and the revision that the sender saw."""

    poll: Id
    revision: Revision


class PollAnswered(Strict):
    """``poll.answer``: the chosen options by their ids."""

    poll: Id
    choices: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=20)]


class HandSeen(Strict):
    """A raised hand and the revision that the sender saw."""

    hand: Id
    revision: Revision


class Announce(Strict):
    """``announce.post``: words above everything, for so many seconds or until they are withdrawn."""

    text: Annotated[str, Field(max_length=20_000)]
    seconds: Annotated[int, Field(ge=5, le=3600)] | None = None


class WhichAnnouncement(Strict):
    """An announcement."""

    announcement: Id


class Say(Strict):
    """``chat.say``: to everyone, or among the crew."""

    text: Annotated[str, Field(max_length=20_000)]
    circle: Literal["public", "crew"] = "public"


class WhichMessage(Strict):
    """A message."""

    message: Id


class React(Strict):
    """``react``: a reaction, which nobody's name goes with."""

    kind: ReactionKind
