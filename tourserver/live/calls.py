"""What a command is: its arguments, the right it needs, and the rule that does it. Each noun lists its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.core.errors import TourserverError
from tourserver.live import access
from tourserver.live.access import Seat
from tourserver.live.forms import Strict
from tourserver.live.tickets import Ticket

HOST: Final = access.HOST
GUIDE: Final = "room.guide"
MODERATE: Final = "questions.moderate"
AUDIENCE: Final = "audience.moderate"
CAPTION: Final = "room.caption"
ANYONE: Final = "anyone"
"""Not a right but its absence: whoever has a seat, registered or crew; the rule says what each of them may."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose connection a command came over."""

    ticket: Ticket
    room_id: str
    connection: str
    language: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule is given."""

    session: Session
    room_id: str
    seat: Seat
    caller: Caller


Outcome = dict[str, Any] | TourserverError
Rule = Callable[[Call, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Many:
    """A rule for many calls in one transaction: what thousands may ask for in the same seconds.

    Commands that share one may be done in one go. It is given a room's calls in the order of their coming, gives an
    outcome for each, and has written nothing for what it refuses.
    """

    rule: Callable[[Session, str, Sequence[tuple[Call, Any]]], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Spec:
    """A command: its arguments, the verb it needs, and the rule that does it.

    Without a verb it is a registered person's; with :data:`ANYONE` that of whoever is in the room.
    """

    model: type[Strict]
    verb: str | None
    rule: Rule | Many
