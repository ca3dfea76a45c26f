"""Who is there: one row per connection, from when to when; counted in the database, whichever process has it.

A process says every 15 s that it lives, and that is said for all its connections. Rows of a process that died are
closed at the moment it was last seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.live import events
from tourserver.live.access import Seat
from tourserver.live.crew import companions
from tourserver.live.models import Attendance, LiveProcess, Room

HEARTBEAT_SECONDS: Final = 15.0
ORPHANED: Final = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Presence:
    """Screens, registered people, people at the screens, the crew's screens, and the delegates' that look freely."""

    connections: int = 0
    persons: int = 0
    heads: int = 0
    guides: int = 0
    free: int = 0

    def json(self) -> dict[str, int]:
        """As clients read it."""
        return {
            "connections": self.connections,
            "persons": self.persons,
            "heads": self.heads,
            "guides": self.guides,
            "free": self.free,
        }


@dataclass(frozen=True, slots=True)
class Arrival:
    """A connection that was made: whose, by which screen, with so many people before it."""

    room_id: str
    seat: Seat
    connection: str
    device: str
    headcount: int


def arrive(session: Session, arrivals: Sequence[Arrival], *, process: str) -> None:
    """Connections were made to this process."""
    present = clock.now()
    colleagues = companions.of_devices(session, {(one.seat.actor.id, one.device) for one in arrivals})
    rows = [
        {
            "id": new_id(),
            "room_id": one.room_id,
            "registration_id": None if one.seat.actor.kind == "user" else one.seat.actor.id,
            "user_id": one.seat.actor.id if one.seat.actor.kind == "user" else None,
            "crew": one.seat.crew,
            "companion_id": colleagues.get((one.seat.actor.id, one.device), (None,))[0],
            "free": False,
            "device": one.device,
            "connection": one.connection,
            "process": process,
            "headcount": 1 if one.seat.crew else one.headcount,
            "began_at": present,
            "last_seen_at": present,
            "ended_at": None,
        }
        for one in arrivals
    ]
    if rows:
        beat(session, process)
        session.execute(insert(Attendance), rows)


def leave(session: Session, connections: Iterable[str]) -> None:
    """Connections ended. Of a rehearsal nothing is kept."""
    ended = list(connections)
    _close(session, Attendance.connection.in_(ended))
    rehearsals = select(Room.id).where(Room.name == "rehearsal")
    gone = delete(Attendance).where(Attendance.connection.in_(ended), Attendance.room_id.in_(rehearsals))
    session.execute(gone.execution_options(synchronize_session=False))


def set_heads(session: Session, connection: str, headcount: int) -> None:
    """The people at a screen are now so many."""
    mine = (Attendance.connection == connection) & Attendance.ended_at.is_(None)
    session.execute(update(Attendance).where(mine).values(headcount=headcount))


def set_free(session: Session, connections: dict[str, bool]) -> None:
    """These screens look around freely now, or follow the guide again."""
    for free in (True, False):
        mine = [one for one, looks in connections.items() if looks is free]
        if mine:
            here = Attendance.connection.in_(mine) & Attendance.ended_at.is_(None)
            session.execute(update(Attendance).where(here).values(free=free))


def beat(session: Session, process: str) -> None:
    """This process lives, and with it all its connections: one row, whatever their number."""
    seen: Any = session.execute(update(LiveProcess).where(LiveProcess.id == process).values(last_seen_at=clock.now()))
    if not seen.rowcount:
        events.insert_once(session, LiveProcess, [{"id": process, "last_seen_at": clock.now()}])


def close_ghosts(session: Session, process: str, living: frozenset[str]) -> None:
    """Close rows of this process that have no connection any more: a goodbye failed.

    A row is older than its connection's entry in the process, so the youngest are left alone.
    """
    own = (Attendance.process == process) & Attendance.ended_at.is_(None)
    settled = Attendance.began_at < clock.now() - timedelta(seconds=HEARTBEAT_SECONDS)
    stored = set(session.scalars(select(Attendance.connection).where(own, settled)))
    if ghosts := stored - living:
        leave(session, ghosts)


def close_orphans(session: Session) -> int:
    """Close what no process speaks for any more, at the moment it was last seen; gives how many."""
    seen = select(LiveProcess.last_seen_at).where(LiveProcess.id == Attendance.process).scalar_subquery()
    ended = func.coalesce(seen, Attendance.last_seen_at)
    found: Any = session.execute(
        update(Attendance)
        .where(Attendance.ended_at.is_(None), Attendance.process.not_in(_living(ORPHANED)))
        .values(ended_at=ended, last_seen_at=ended)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(LiveProcess).where(LiveProcess.last_seen_at < clock.now() - ORPHANED))
    return int(found.rowcount)


def _living(within: timedelta) -> Select[str]:
    """Ids of the processes that were seen lately."""
    return select(LiveProcess.id).where(LiveProcess.last_seen_at >= clock.now() - within)


def is_open() -> ColumnElement[bool]:
    """Whether a row is of a connection that is there now."""
    return Attendance.ended_at.is_(None) & Attendance.process.in_(_living(ORPHANED))


def is_there(within: timedelta) -> ColumnElement[bool]:
    """Whether a row is of somebody who is there, or was within a time."""
    open_now = Attendance.ended_at.is_(None) & Attendance.process.in_(_living(within))
    return open_now | (Attendance.ended_at >= clock.now() - within)


def leave_all(session: Session, process: str) -> None:
    """The process ends: so do its connections."""
    _close(session, Attendance.process == process)
    session.execute(delete(LiveProcess).where(LiveProcess.id == process))


def _close(session: Session, which: Any) -> None:
    present = clock.now()
    session.execute(
        update(Attendance)
        .where(which, Attendance.ended_at.is_(None))
        .values(ended_at=present, last_seen_at=present)
        .execution_options(synchronize_session=False)
    )


def count(session: Session, room_id: str) -> Presence:
    """Who is in a room. A tab that joined again before its old line was found dead is one screen."""
    here = (
        Attendance.room_id == room_id,
        Attendance.ended_at.is_(None),
        Attendance.process.in_(_living(ORPHANED)),
    )
    screens = (
        select(
            Attendance.registration_id,
            Attendance.companion_id,
            Attendance.device,
            func.max(Attendance.headcount).label("heads"),
        )
        .where(*here, Attendance.crew.is_(False))
        .group_by(Attendance.registration_id, Attendance.companion_id, Attendance.device)
        .subquery()
    )
    # a person's devices may stand in one room: their people are counted where most are seen
    people = (
        select(func.count().label("screens"), func.max(screens.c.heads).label("heads"))
        .select_from(screens)
        # a colleague with a device of their own is a person more
        .group_by(screens.c.registration_id, screens.c.companion_id)
        .subquery()
    )
    query = select(
        func.coalesce(func.sum(people.c.screens), 0), func.count(), func.coalesce(func.sum(people.c.heads), 0)
    )
    connections, persons, heads = session.execute(query.select_from(people)).one()
    crew = (
        select(Attendance.user_id, Attendance.registration_id, Attendance.device)
        .where(*here, Attendance.crew.is_(True))
        .distinct()
    )
    guides = session.scalar(select(func.count()).select_from(crew.subquery())) or 0
    looking = (
        select(Attendance.registration_id, Attendance.device)
        .where(*here, Attendance.crew.is_(False), Attendance.free.is_(True))
        .distinct()
    )
    free = session.scalar(select(func.count()).select_from(looking.subquery())) or 0
    return Presence(int(connections) + guides, int(persons), int(heads), guides, free)


def devices(
    session: Session, room_ids: Iterable[str], registration_ids: Iterable[str]
) -> dict[tuple[str, str], set[str]]:
    """By room and registration the devices that are there now."""
    query = (
        select(Attendance.room_id, Attendance.registration_id, Attendance.device)
        .where(Attendance.room_id.in_(list(room_ids)), Attendance.registration_id.in_(list(registration_ids)))
        .where(is_open())
    )
    found: dict[tuple[str, str], set[str]] = {}
    for room_id, registration_id, device in session.execute(query):
        found.setdefault((room_id, registration_id or ""), set()).add(device)
    return found
