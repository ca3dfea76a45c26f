"""The tail of the log: what was written is read back in order and handed to this process' members.

Nothing is sent by those who write. A wake-up after their commit only makes the next reading come sooner, so a
lost one, another process or the worker costs a second and never an event. Frames leave at most every 100 ms,
events together with the guide's newest view.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import Database
from tourserver.live import events
from tourserver.live.audience.reactions import Reactions
from tourserver.live.events import Written
from tourserver.live.faces import Faces
from tourserver.live.guiding import guide
from tourserver.live.guiding.pointing import Pointers
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.members import Channel, Members
from tourserver.live.models import Room
from tourserver.live.showing import TOURS_CHANGE
from tourserver.live.transport import Message, Transport

log = structlog.get_logger()

TICK_SECONDS: Final = 0.1
COUNT_SECONDS: Final = 60.0
"""So often all channels' numbers are compared; in between those with events of the last :data:`RECENT`."""
RECENT: Final = timedelta(seconds=10)
CROWD: Final = 5000
"""With more members than this the guide's page sends its view four times a second; none goes out faster than this."""
CROWD_SECONDS: Final = 0.2
SWEEP_SECONDS: Final = 1.0


class Tail:
    """One for each process, run as a background task."""

    def __init__(
        self,
        db: Database,
        transport: Transport,
        members: Members,
        tracks: ViewTracks,
        pointers: Pointers,
        reactions: Reactions,
        *,
        tours_changed: Callable[[str], None],
    ) -> None:
        self._db = db
        self._transport = transport
        self._members = members
        self._tracks = tracks
        self._pointers = pointers
        self._reactions = reactions
        self._tours_changed = tours_changed
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._dirty: set[str] = set()
        self._swept = float("-inf")
        self._counted = float("-inf")
        self._stopping = False
        # what goes out with a channel's next frame
        self._along: dict[str, Message] = {}
        # when a crowded room's view may go out again
        self._view_due: dict[str, float] = {}

    def wake(self, channel_ids: frozenset[str] = frozenset()) -> None:
        """These channels have news; or, without channels, a view has."""
        with self._lock:
            self._dirty.update(channel_ids)
        self._wake.set()

    def send_along(self, sendings: dict[str, Message]) -> None:
        """Send to channels together with their next frames, which costs nothing then; at the next tick in any case."""
        with self._lock:
            self._along.update(sendings)
        self._wake.set()

    def sweep_soon(self) -> None:
        """Compare all channels' numbers at the next tick: words of other processes may have been lost."""
        self._swept = self._counted = float("-inf")

    def stop(self) -> None:
        """End after the present round."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Until :meth:`stop`."""
        due = time.monotonic()
        while not self._stopping:
            self._wake.wait(timeout=self._patience())
            self._wake.clear()
            # ticks lie on a grid, so that a guide who sends ten times a second is not thinned out by our own delays
            present = time.monotonic()
            due = due + TICK_SECONDS if present - due < 2 * TICK_SECONDS else present
            try:
                self.tick()
            except Exception:  # a broken moment of the database must not end the room
                log.exception("live.tail_failed")
                self._swept = float("-inf")
            self._transport.sleep(max(0.0, due + TICK_SECONDS - time.monotonic()))

    def _patience(self) -> float:
        """Until the next sweep, or until a view that was held back may go."""
        held = [due for room_id, due in self._view_due.items() if self._tracks.has_unsent(room_id)]
        reactions = self._reactions.wait_seconds()
        also = [] if reactions is None else [reactions]
        return max(0.0, min([SWEEP_SECONDS, *also, *(due - time.monotonic() for due in held)]))

    def tick(self) -> None:
        """One reading and what follows from it."""
        with self._lock:
            dirty, self._dirty = self._dirty, set()
        sweep = time.monotonic() - self._swept >= SWEEP_SECONDS
        channels = [channel for one in dirty if (channel := self._members.channel(one)) is not None]
        read: list[tuple[Channel, list[Written], list[dict[str, Any]]]] = []
        if sweep or channels:
            with self._db.read() as session:
                if sweep:
                    channels = self._behind(session)
                    self._learn_views(session)
                read = self._read(session, channels)
        if sweep:
            self._swept = time.monotonic()
        self._hand_on(read)

    def _behind(self, session: Session) -> list[Channel]:
        rooms = self._members.room_ids()
        if not rooms:
            return []
        if time.monotonic() - self._counted < COUNT_SECONDS:
            # of ten thousand people's channels few have news: what was written lately says which
            heads = events.written_since(session, clock.now() - RECENT)
        else:
            heads, self._counted = events.heads(session, rooms), time.monotonic()
        listed = (self._members.channel(one) for one in heads)
        return [channel for channel in listed if channel is not None and heads[channel.id] > channel.cursor]

    def _learn_views(self, session: Session) -> None:
        """Views that another process took."""
        rooms = self._members.room_ids()
        query = select(Room.id, Room.view, Room.guide_actor).where(Room.id.in_(rooms), Room.view.is_not(None))
        for room_id, view, guide_id in session.execute(query) if rooms else ():
            newest = self._tracks.newest(room_id)
            if view and (newest is None or view["t"] > newest.t):
                leader = guide.named(session, guide_id)
                self._tracks.learn(room_id, view, leader["name"] if leader else "")

    def _read(
        self, session: Session, channels: list[Channel]
    ) -> list[tuple[Channel, list[Written], list[dict[str, Any]]]]:
        pages = events.read_many(session, {channel.id: channel.cursor for channel in channels})
        found = [(channel, pages.get(channel.id, [])) for channel in channels]
        faces = Faces(session)
        faces.load(one.data["question"] for _, written in found for one in written if one.kind.startswith("question."))
        return [(channel, written, faces.events(written, channel.audience)) for channel, written in found if written]

    def _hand_on(self, read: list[tuple[Channel, list[Written], list[dict[str, Any]]]]) -> None:
        frames: dict[str, dict[str, Any]] = {}
        cursors: dict[str, tuple[Channel, int]] = {}
        for channel, written, shown in read:
            frames[channel.id] = {"events": {channel.audience: shown}}
            cursors[channel.id] = (channel, written[-1].seq)
            if len(written) == events.PAGE:  # there may be more
                self.wake(frozenset((channel.id,)))
            for event in written if channel.audience == "public" else ():
                self._react(channel.room_id, event)
        for channel in self._members.public():
            if self._view_may_go(channel) and (view := self._tracks.take_unsent(channel.room_id)) is not None:
                frames.setdefault(channel.id, {})["view"] = view.json()
            if (spot := self._pointers.take_unsent(channel.room_id)) is not None:
                frames.setdefault(channel.id, {})["pointer"] = spot.json()
            if counted := self._reactions.take_unsent(channel.room_id):
                frames.setdefault(channel.id, {})["reactions"] = counted
        with self._lock:
            along, self._along = self._along, {}
        for channel_id in {**frames, **along}:
            frame = frames.get(channel_id)
            messages = [along[channel_id]] if channel_id in along else []
            if frame is not None:
                messages.append(Message("frame", frame))
            # a frame with events is never left out; of views alone only the newest matters
            volatile = channel_id not in along and "events" not in (frame or {})
            self._transport.send(channel_id, *messages, replaces="view" if volatile else None)
            if channel_id in cursors:  # what could not be sent is read again at the next sweep
                channel, seq = cursors[channel_id]
                channel.cursor = seq

    def _view_may_go(self, channel: Channel) -> bool:
        """Ten times a second, or fewer where a crowd listens."""
        if channel.members <= CROWD:
            return True
        present = time.monotonic()
        if present < self._view_due.get(channel.room_id, 0.0):
            return False
        self._view_due[channel.room_id] = present + CROWD_SECONDS
        return True

    def _react(self, room_id: str, event: Written) -> None:
        """What an event means for this process, before it is sent."""
        if event.kind == "guide.scene":
            newest = self._tracks.newest(room_id)
            self._tracks.learn(room_id, event.data, newest.by if newest else "")
            self._pointers.clear(room_id, event.at)
        elif event.kind in ("guide.changed", "room.ended", *TOURS_CHANGE):
            self._tracks.forget_guide(room_id)
            self._pointers.clear(room_id, event.at)
            if event.kind in TOURS_CHANGE:
                self._tours_changed(room_id)
