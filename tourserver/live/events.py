"""The room's log: facts with a number, gapless in each channel.

The number is a column of the channel's row and is raised in the transaction that writes the event: whoever is
second waits for the first, so numbers become visible in their order and a rollback leaves no hole. (A
database sequence does neither.) Whatever a decision depends on is read after the channel is held.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import Base, after_commit, new_id
from tourserver.live.models import RoomChannel, RoomEvent

PUBLIC: Final = "public"
STAFF: Final = "staff"

PAGE: Final = 200
"""Events a page, for those who come back and for the tail."""
TOGETHER: Final = 50
"""So many channels are read by one query."""


def person(registration_id: str) -> str:
    """The channel that only this registered person hears."""
    return f"person:{registration_id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written; ``data`` holds ids and never names."""

    channel: str
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A fact of the log as it was read."""

    channel_id: str
    seq: int
    kind: str
    at: int
    data: dict[str, Any]


Waker = Callable[[frozenset[str]], None]
_wakers: list[Waker] = []


def listen(waker: Waker) -> None:
    """Call ``waker(channel ids)`` in this process after each commit that wrote events."""
    _wakers.append(waker)


def unlisten(waker: Waker) -> None:
    """Undo :func:`listen`."""
    if waker in _wakers:
        _wakers.remove(waker)


def insert_once(session: Session, table: type[Base], values: Sequence[dict[str, Any]]) -> int:
    """Insert rows, leaving out those that break a UNIQUE rule; gives how many were new.

    Waits for a transaction that is inserting the same row, and counts it as there when that one commits.
    """
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    found: Any = session.execute(dialect.insert(table).values(list(values)).on_conflict_do_nothing())
    return int(found.rowcount)


def insert_new(session: Session, table: Any, values: Sequence[dict[str, Any]]) -> set[str]:
    """Like :func:`insert_once`; gives the ids of the rows that were new."""
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    rows = dialect.insert(table.__table__).on_conflict_do_nothing().returning(table.__table__.c.id)
    return set(session.connection().scalars(rows, list(values)))


def ensure_channels(session: Session, room_id: str, names: Iterable[str]) -> None:
    """Make channels that are not there yet, in a fixed order."""
    wanted = sorted(set(names))
    query = select(RoomChannel.name).where(RoomChannel.room_id == room_id, RoomChannel.name.in_(wanted))
    known = set(session.scalars(query))
    if missing := [name for name in wanted if name not in known]:
        insert_once(
            session,
            RoomChannel,
            [{"id": new_id(), "room_id": room_id, "name": name, "seq": 0} for name in missing],
        )


def hold(session: Session, room_id: str, names: Iterable[str]) -> dict[str, int]:
    """Keep everybody else from writing to these channels until the transaction ends; gives their numbers.

    Always taken in one order, so that two transactions never wait for each other: the staff channel, then people's,
    then the public one. Who holds the staff channel may therefore look whom a change concerns and hold more; who
    holds another one may not ask for the staff channel any more. What else a transaction holds, a session's row or a
    site, it takes before any channel (see revisions.py). On SQLite the write transaction itself already
    keeps everybody else out.
    """
    wanted = sorted(set(names))
    ensure_channels(session, room_id, wanted)
    query = select(RoomChannel.name, RoomChannel.seq).where(
        RoomChannel.room_id == room_id, RoomChannel.name.in_(wanted)
    )
    in_order = query.order_by(RoomChannel.name != STAFF, RoomChannel.name)
    rows = session.execute(in_order.with_for_update())
    return {row[0]: row[1] for row in rows}


def append(session: Session, room_id: str, channel: str, kind: str, data: dict[str, Any] | None = None) -> int:
    """Write one event; gives its number."""
    return append_each(session, room_id, [Entry(channel, kind, data or {})])[channel]


def append_many(session: Session, room_id: str, entries: Sequence[Entry]) -> dict[str, int]:
    """Write events to several channels, which are taken in a fixed order; gives the last number of each."""
    hold(session, room_id, (entry.channel for entry in entries))
    return append_each(session, room_id, entries)


def append_each(session: Session, room_id: str, entries: Sequence[Entry]) -> dict[str, int]:
    """The same where the channels are held already. Those of one channel are written in the order given."""
    numbers: dict[str, int] = {}
    waiting = list(entries)
    while waiting:
        # a channel once a round: its number goes up by one for each event
        now: dict[str, Entry] = {}
        later = [entry for entry in waiting if now.setdefault(entry.channel, entry) is not entry]
        numbers |= _write(session, room_id, now)
        waiting = later
    return numbers


def _write(session: Session, room_id: str, entries: Mapping[str, Entry]) -> dict[str, int]:
    counted = _count(session, room_id, entries)
    moment = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "channel_id": counted[channel][0],
            "seq": counted[channel][1],
            "kind": entry.kind,
            "data": entry.data,
            "at": moment,
        }
        for channel, entry in entries.items()
    ]
    session.execute(insert(RoomEvent), rows)
    for row in rows:
        _wake_after_commit(session, row["channel_id"])
    return {channel: seq for channel, (_channel_id, seq) in counted.items()}


def _count(session: Session, room_id: str, channels: Collection[str]) -> dict[str, tuple[str, int]]:
    """Raise each channel's number by one; gives its id and number."""
    raise_by_one = (
        update(RoomChannel)
        .where(RoomChannel.room_id == room_id, RoomChannel.name.in_(channels))
        .values(seq=RoomChannel.seq + 1)
        .returning(RoomChannel.name, RoomChannel.id, RoomChannel.seq)
        .execution_options(synchronize_session=False)
    )
    counted = {row[0]: (row[1], row[2]) for row in session.execute(raise_by_one)}
    if missing := [channel for channel in channels if channel not in counted]:
        ensure_channels(session, room_id, missing)
        counted |= _count(session, room_id, missing)
    return counted


def _wake_after_commit(session: Session, channel_id: str) -> None:
    touched: set[str] | None = session.info.get("live_channels")
    if touched is not None:
        touched.add(channel_id)
        return
    touched = {channel_id}
    session.info["live_channels"] = touched

    def wake() -> None:
        changed = frozenset(session.info.pop("live_channels", touched))
        for waker in list(_wakers):
            waker(changed)

    after_commit(session, wake)


def channel_ids(session: Session, room_id: str, names: Iterable[str]) -> dict[str, str]:
    """Ids of a room's channels by name; those that nobody used yet are missing."""
    query = select(RoomChannel.name, RoomChannel.id).where(
        RoomChannel.room_id == room_id, RoomChannel.name.in_(list(names))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def heads(session: Session, room_ids: Iterable[str]) -> dict[str, int]:
    """The last number of every channel of these rooms, by channel id."""
    query = select(RoomChannel.id, RoomChannel.seq).where(RoomChannel.room_id.in_(list(room_ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def written_since(session: Session, moment: datetime) -> dict[str, int]:
    """The last number of every channel, of whatever room, with events since a moment, by channel id."""
    query = select(RoomEvent.channel_id, func.max(RoomEvent.seq)).where(RoomEvent.at >= moment)
    return {row[0]: row[1] for row in session.execute(query.group_by(RoomEvent.channel_id))}


def read(session: Session, channel_id: str, after: int, limit: int = PAGE) -> list[Written]:
    """Events of one channel with a number above ``after``, in order."""
    query = (
        select(RoomEvent.channel_id, RoomEvent.seq, RoomEvent.kind, RoomEvent.at, RoomEvent.data)
        .where(RoomEvent.channel_id == channel_id, RoomEvent.seq > after)
        .order_by(RoomEvent.seq)
        .limit(limit)
    )
    return [
        Written(channel, seq, kind, clock.milliseconds(at), data)
        for channel, seq, kind, at, data in session.execute(query)
    ]


def read_many(session: Session, cursors: Mapping[str, int], limit: int = PAGE) -> dict[str, list[Written]]:
    """The same for many channels, each with what comes after its own number; those without news may be missing.

    Where there is more than a page, what is left out is read by the next call.
    """
    found: dict[str, list[Written]] = {}
    # side by side those with like numbers, as one query has one number to begin after
    in_order = sorted(cursors, key=lambda channel: cursors[channel])
    for start in range(0, len(in_order), TOGETHER):
        some = in_order[start : start + TOGETHER]
        if len(some) == 1:
            found[some[0]] = read(session, some[0], cursors[some[0]], limit)
            continue
        query = (
            select(RoomEvent.channel_id, RoomEvent.seq, RoomEvent.kind, RoomEvent.at, RoomEvent.data)
            .where(RoomEvent.channel_id.in_(some), RoomEvent.seq > cursors[some[0]])
            .order_by(RoomEvent.channel_id, RoomEvent.seq)
        )
        for channel, seq, kind, at, data in session.execute(query):
            page = found.setdefault(channel, [])
            if seq > cursors[channel] and len(page) < limit:
                page.append(Written(channel, seq, kind, clock.milliseconds(at), data))
    return found
