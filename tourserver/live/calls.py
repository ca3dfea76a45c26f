"""What a command is: its arguments, the right it needs, and the rule that does it. Each noun lists its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.live import access
from tourserver.live.access import Seat
from tourserver.live.forms import Strict
from tourserver.live.tickets import Ticket

HOST: Final = access.HOST
GUIDE: Final = "room.guide"
MODERATE: Final = "questions.moderate"
AUDIENCE: Final = "audience.moderate"


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


Rule = Callable[[Call, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Spec:
    """A command: its arguments, the verb it needs (None: a registered person's), and what it does."""

    model: type[Strict]
    verb: str | None
    rule: Rule
