"""A room's own rules: whether questions are read first, how often one may ask, whether people write to each other."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms
from tourserver.live.models import Room

NAMES: Final = (
    "premoderated",
    "question_slow_seconds",
    "questions_locked",
    "chat",
    "chat_slow_seconds",
    "reactions_on",
)


def of(room: Room) -> dict[str, Any]:
    """The rules as clients read them, with the revision that a change has to name."""
    return {name: getattr(room, name) for name in NAMES} | {"revision": room.rules_revision}


def change(session: Session, room_id: str, revision: int, values: dict[str, Any], *, actor: Actor) -> dict[str, Any]:
    """Set some of the rules; everyone is told all of them.

    Raises :class:`Conflict` with the rules as they are when a colleague changed them since ``revision``.
    """
    events.hold(session, room_id, [events.PUBLIC])
    room = rooms.get(session, room_id)
    if room.rules_revision != revision:
        raise Conflict(N_("A colleague changed the room's rules in the meantime."), state={"rules": of(room)})
    before = of(room)
    for name, value in values.items():
        setattr(room, name, value)
    room.rules_revision += 1
    session.flush()
    audit.record(session, actor, "room.rules", "room", room_id, before=before, after=of(room))
    events.append(session, room_id, events.PUBLIC, "room.rules", of(room))
    return of(room)
