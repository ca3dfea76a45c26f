"""What the worker does for rooms: a tour that nobody ended is ended some hours after its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live import presence, rooms
from tourserver.live.models import Attendance, Room
from tourserver.sessions.models import ScheduledSession

log = structlog.get_logger()

EVERY_SECONDS: Final = 60.0
CREW_AWAY: Final = timedelta(minutes=10)
"""A host whose line broke may come back so long, as after an end by hand."""


def end_left_rooms(services: Services) -> None:
    """End every open room that was left: long past its planned end, and nobody of the crew is there.

    Its people learn of it as of any end, by ``room.ended``. The demo's live tour stays open as long as the demo runs.
    """
    if services.settings.demo:
        return
    with services.db.read() as session:
        found = left_rooms(session)
    for room_id in found:
        with services.db.write() as session:
            # a host may have come, or ended it, since it was found
            if room_id in left_rooms(session):
                rooms.end_room(session, room_id, actor=SYSTEM)
                log.info("live.left_room_ended", room=room_id)


def left_rooms(session: Session, *, after: timedelta = rooms.LEFT) -> list[str]:
    """Ids of open rooms whose planned end is longer ago than ``after`` and that no crew was in lately."""
    present = clock.now()
    crew = (
        select(Attendance.id)
        .where(
            Attendance.room_id == Room.id,
            Attendance.user_id.is_not(None),
            presence.is_there(CREW_AWAY),
        )
        .exists()
    )
    query = (
        select(Room.id, ScheduledSession)
        .join(ScheduledSession, ScheduledSession.id == Room.session_id)
        .where(Room.state == "open", Room.opened_at < present - CREW_AWAY)
        .where(ScheduledSession.starts_at < present - after, ~crew)
        .order_by(Room.id)
    )
    return [room_id for room_id, planned in session.execute(query) if planned.ends_at < present - after]
