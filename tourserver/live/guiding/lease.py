"""The guide's part is held as long as the guide's line is: when it is cut, the co-host who is there goes on.

The process that has the guide's line writes every few seconds that it saw it. Nobody else needs to agree: taking the
part over is one conditional UPDATE, so that of several processes and co-hosts exactly one gets it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.rights import SYSTEM
from tourserver.live import events
from tourserver.live.guiding import guide
from tourserver.live.models import Room

SEEN_EVERY: Final = 3.0
"""Seconds between two signs of life of the guide's line."""
AWAY: Final = timedelta(seconds=12)
"""A guide that was not seen for so long is away."""


def seen(session: Session, guides: dict[str, str]) -> None:
    """These guides (by room) have a line to this process now."""
    for room_id, reference in guides.items():
        mine = (Room.id == room_id, Room.guide_actor == reference)
        session.execute(update(Room).where(*mine).values(guide_seen_at=clock.now()))


def led_rooms(session: Session, room_ids: list[str]) -> dict[str, tuple[str, bool]]:
    """Of these rooms those that are open and led: by whom, and whether the guide is away."""
    query = select(Room.id, Room.guide_actor, Room.guide_seen_at).where(
        Room.id.in_(room_ids), Room.state == "open", Room.guide_actor.is_not(None)
    )
    late = clock.now() - AWAY
    return {
        room_id: (reference, seen_at is not None and seen_at < late)
        for room_id, reference, seen_at in session.execute(query)
        if reference is not None
    }


def pass_on(session: Session, room_id: str) -> str | None:
    """Give the part of a guide who is away to the co-host who has been there longest; gives whom, if anybody."""
    events.hold(session, room_id, [events.PUBLIC])
    room = session.get_one(Room, room_id, populate_existing=True)
    before = room.guide_actor
    if before is None or room.state != "open":
        return None
    successor = _successor(session, room, before)
    if successor is None:
        return None
    taken: Any = session.execute(
        update(Room)
        .where(Room.id == room_id, Room.guide_actor == before, Room.guide_seen_at < clock.now() - AWAY)
        .values(guide_actor=successor, guide_seen_at=clock.now())
    )
    if not taken.rowcount:
        return None
    events.append(session, room_id, events.PUBLIC, "guide.changed", {"actor": successor, "how": "dropped"})
    audit.record(session, SYSTEM, "guide.pass", "room", room_id, before={"guide": before}, after={"guide": successor})
    return successor


def _successor(session: Session, room: Room, before: str) -> str | None:
    return next((one["id"] for one in guide.able(session, room) if one["id"] != before), None)
