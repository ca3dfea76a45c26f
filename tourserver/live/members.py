"""The connections of this process, and the channels that they listen to."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tourserver.core.ratelimit import TokenBucket
from tourserver.live.access import Seat
from tourserver.live.calls import Caller
from tourserver.live.faces import Audience


@dataclass(slots=True)
class Connection:
    """One line to a browser."""

    sid: str
    seat: Seat
    caller: Caller
    room_id: str
    # name for the client ("public", "person", "staff") → id in the database
    channels: dict[Audience, str]
    commands: TokenBucket = field(default_factory=lambda: TokenBucket(5, 20))
    # what nobody exceeds who acts by hand; beyond it, all of a room's people share what the room has (see Engine)
    calm: TokenBucket = field(default_factory=lambda: TokenBucket(0.2, 6))
    ranges: TokenBucket = field(default_factory=lambda: TokenBucket(5, 20))
    pings: TokenBucket = field(default_factory=lambda: TokenBucket(1, 10))
    views: TokenBucket = field(default_factory=lambda: TokenBucket(10, 12))
    spots: TokenBucket = field(default_factory=lambda: TokenBucket(10, 12))
    looks: TokenBucket = field(default_factory=lambda: TokenBucket(1, 10))
    reactions: TokenBucket = field(default_factory=lambda: TokenBucket(2, 6))
    # looks around freely instead of following the guide; and as it was last stored
    free: bool = False
    stored_free: bool = False
    ignored: int = 0
    # the tour revisions that it was sent
    tours: tuple[str, ...] = ()


@dataclass(slots=True)
class Channel:
    """A channel with members in this process."""

    id: str
    room_id: str
    audience: Audience
    # the last number handed on; members get what is newer, from the tail
    cursor: int
    members: int = 0


class Members:
    """Registry of connections; safe for threads, and never waits while it holds its lock."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connections: dict[str, Connection] = {}
        self._channels: dict[str, Channel] = {}
        self._public: dict[str, Channel] = {}
        # connections by room and person
        self._lines: Counter[tuple[str, str]] = Counter()

    def add(self, connection: Connection, heads: dict[Audience, int]) -> None:
        """A connection joined. ``heads`` are the channels' numbers read before: the tail starts there."""
        with self._lock:
            self._connections[connection.sid] = connection
            self._lines[connection.room_id, connection.seat.actor.id] += 1
            for audience, channel_id in connection.channels.items():
                channel = self._channels.get(channel_id)
                if channel is None:
                    channel = Channel(channel_id, connection.room_id, audience, heads[audience])
                    self._channels[channel_id] = channel
                    if audience == "public":
                        self._public[channel_id] = channel
                channel.members += 1

    def remove(self, sid: str) -> Connection | None:
        """A connection ended; None when it was not there (any more)."""
        with self._lock:
            connection = self._connections.pop(sid, None)
            if connection is None:
                return None
            person = (connection.room_id, connection.seat.actor.id)
            self._lines[person] -= 1
            if not self._lines[person]:
                del self._lines[person]
            for channel_id in connection.channels.values():
                channel = self._channels[channel_id]
                channel.members -= 1
                if channel.members == 0:
                    del self._channels[channel_id]
                    self._public.pop(channel_id, None)
            return connection

    def get(self, sid: str) -> Connection | None:
        """A connection by its ``sid``."""
        return self._connections.get(sid)

    def all(self) -> list[Connection]:
        """All connections."""
        with self._lock:
            return list(self._connections.values())

    def sids(self) -> frozenset[str]:
        """All ``sid``."""
        with self._lock:
            return frozenset(self._connections)

    def channel(self, channel_id: str) -> Channel | None:
        """A channel with members."""
        return self._channels.get(channel_id)

    def channels(self) -> list[Channel]:
        """All channels with members."""
        with self._lock:
            return list(self._channels.values())

    def public(self) -> list[Channel]:
        """The public channels with members: one a room."""
        with self._lock:
            return list(self._public.values())

    def room_ids(self) -> list[str]:
        """The rooms with members."""
        return [channel.room_id for channel in self.public()]

    def rooms(self) -> dict[str, list[Channel]]:
        """Channels with members by room."""
        found: dict[str, list[Channel]] = {}
        for channel in self.channels():
            found.setdefault(channel.room_id, []).append(channel)
        return found

    def in_room(self, room_id: str) -> list[Connection]:
        """A room's connections in this process."""
        return [connection for connection in self.all() if connection.room_id == room_id]

    def of_person(self, room_id: str, actor_id: str) -> int:
        """How many lines one person has to a room here."""
        return self._lines[room_id, actor_id]

    def describe(self) -> dict[str, Any]:
        """For logs."""
        return {"connections": len(self._connections), "channels": len(self._channels)}
