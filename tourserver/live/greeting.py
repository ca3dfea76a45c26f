"""What a connection is told first: that it is in, what it missed or how things stand, who is there, the guide's view.

For many at once, from one reading; what is the same for several is built and encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.live import events, presence, rooms, snapshots
from tourserver.live.crew import companions
from tourserver.live.faces import Audience, Faces
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.members import Connection
from tourserver.live.models import Room, RoomChannel
from tourserver.live.presence import Presence
from tourserver.live.questions import votes
from tourserver.live.showing import TOURS_CHANGE, Showing
from tourserver.live.transport import Message

MISSED_MOST: Final = 1000
"""More missed events than this are given as a snapshot."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """A connection that was let in, and what it says it has: the last numbers by channel, and its tours' marks."""

    connection: Connection
    device: str
    since: dict[Audience, int | None]
    tours: list[str] | None


@dataclass(slots=True)
class _Reading:
    """What is read for one batch, each thing once."""

    session: Session
    faces: Faces
    now: int
    numbers: dict[str, int] = field(default_factory=dict)
    # votes by question, of rooms that somebody comes back to
    tallies: dict[str, dict[str, int]] = field(default_factory=dict)
    # colleagues' names by registration and device; devices that are there by room and registration
    companions: dict[tuple[str, str], str] = field(default_factory=dict)
    devices: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    # a room's own state for each registered person who needs it
    persons: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    shared: dict[tuple[Any, ...], Message] = field(default_factory=dict)
    missed: dict[tuple[str, int], list[events.Written]] = field(default_factory=dict)
    has_tours: dict[tuple[str, ...], bool] = field(default_factory=dict)
    present: dict[str, dict[str, int]] = field(default_factory=dict)


class Greeter:
    """Builds first messages; ``presence`` counts who is in a room, ``heartbeat_s`` is how often heads are sent."""

    def __init__(
        self,
        showing: Showing,
        tracks: ViewTracks,
        presence: Callable[[Session, str], Presence],
        heartbeat_s: float,
    ) -> None:
        self._showing = showing
        self._tracks = tracks
        self._presence = presence
        self._heartbeat_s = heartbeat_s

    def messages(self, session: Session, greetings: Sequence[Greeting]) -> list[list[Message]]:
        """For each its messages in order, as of one moment; to be read after it began to hear its channels."""
        snapshots.consistent(session)
        reading = self._read(session, greetings)
        return [self._for(reading, greeting) for greeting in greetings]

    def _read(self, session: Session, greetings: Sequence[Greeting]) -> _Reading:
        reading = _Reading(session, Faces(session), clock.milliseconds(clock.now()))
        heard = {channel for one in greetings for channel in one.connection.channels.values()}
        query = select(RoomChannel.id, RoomChannel.seq).where(RoomChannel.id.in_(heard))
        reading.numbers = {row[0]: row[1] for row in session.execute(query)}
        for room_id in dict.fromkeys(one.connection.room_id for one in greetings):
            reading.rooms[room_id] = rooms.get(session, room_id)
            reading.present[room_id] = self._presence(session, room_id).json()
            needing = [
                one.connection.seat.actor.id
                for one in greetings
                if one.connection.room_id == room_id
                and "person" in one.connection.channels
                and self._needs_snapshot(reading, one, "person")
            ]
            states = snapshots.persons(session, reading.rooms[room_id], needing)
            reading.persons |= {(room_id, person): state for person, state in states.items()}
        people = {
            (one.connection.seat.actor.id, one.device) for one in greetings if "person" in one.connection.channels
        }
        reading.companions = {key: name for key, (_id, name) in companions.of_devices(session, people).items()}
        reading.devices = presence.devices(session, reading.rooms, {person for person, _device in people})
        return reading

    @staticmethod
    def _needs_snapshot(reading: _Reading, greeting: Greeting, audience: Audience) -> bool:
        """Whether a client comes without a number, or with one that is not ours, or missed too much."""
        since = greeting.since.get(audience)
        head = reading.numbers.get(greeting.connection.channels[audience], 0)
        return since is None or since > head or head - since > MISSED_MOST

    def _for(self, reading: _Reading, greeting: Greeting) -> list[Message]:
        connection = greeting.connection
        room = reading.rooms[connection.room_id]
        joined: dict[str, Any] = {
            "role": connection.seat.role,
            "room": {"id": room.id, "name": room.name},
            "channels": list(connection.channels),
            "now": reading.now,
            "device": greeting.device,
            "heartbeat_s": self._heartbeat_s,
        }
        if "person" in connection.channels:
            person = connection.seat.actor.id
            here = reading.devices.get((room.id, person), set())
            joined["other_devices"] = len(here - {greeting.device})
            joined["companion"] = reading.companions.get((person, greeting.device))
        messages = [Message("joined", joined)]
        for audience in connection.channels:
            messages += self._catch_up(reading, greeting, audience)
        if (frame := self._tracks.newest(room.id)) is not None:
            messages.append(self._once(reading, ("view", room.id), "frame", lambda: {"view": frame.json()}))
        numbers: dict[str, Any] = {
            name: reading.numbers.get(channel, 0) for name, channel in connection.channels.items()
        }
        heads: dict[str, Any] = {**numbers, "presence": reading.present[room.id], "now": reading.now}
        goes_on = not self._needs_snapshot(reading, greeting, "public")
        if goes_on:  # votes take no number in the log: who missed some is told all
            heads["tallies"] = self._tallies(reading, room.id)
        key = ("heads", room.id, goes_on, *sorted(numbers.items()))
        messages.append(self._once(reading, key, "heads", lambda: heads))
        return messages

    @staticmethod
    def _tallies(reading: _Reading, room_id: str) -> dict[str, int]:
        if room_id not in reading.tallies:
            reading.tallies[room_id] = votes.tallies(reading.session, room_id)
        return reading.tallies[room_id]

    def _catch_up(self, reading: _Reading, greeting: Greeting, audience: Audience) -> list[Message]:
        """Pages of what was missed, or a snapshot."""
        connection = greeting.connection
        if self._needs_snapshot(reading, greeting, audience):
            return [self._snapshot(reading, connection, audience)]
        channel_id, since = connection.channels[audience], greeting.since[audience] or 0
        if (channel_id, since) not in reading.missed:
            nothing = reading.numbers.get(channel_id, 0) == since
            found = [] if nothing else events.read(reading.session, channel_id, since, MISSED_MOST)
            reading.missed[channel_id, since] = found
        missed = reading.missed[channel_id, since]
        # only a snapshot carries tours
        if audience == "public" and self._has_old_tours(reading, greeting, missed):
            return [self._snapshot(reading, connection, audience)]
        shown = reading.faces.events(missed, audience)
        pages = [shown[at : at + events.PAGE] for at in range(0, len(shown), events.PAGE)] or [[]]
        return [
            Message("events", {"channel": audience, "events": page, "more": page is not pages[-1]}) for page in pages
        ]

    def _has_old_tours(self, reading: _Reading, greeting: Greeting, missed: list[events.Written]) -> bool:
        if greeting.tours is None:
            return any(event.kind in TOURS_CHANGE for event in missed)
        room = reading.rooms[greeting.connection.room_id]
        return not self._showing.has_all(reading.session, room, greeting.connection, greeting.tours)

    def _snapshot(self, reading: _Reading, connection: Connection, audience: Audience) -> Message:
        """A channel's whole state for one connection."""
        session, room = reading.session, reading.rooms[connection.room_id]
        number = reading.numbers.get(connection.channels[audience], 0)

        def said(state: dict[str, Any]) -> dict[str, Any]:
            return {"channel": audience, "seq": number, "state": state}

        if audience == "public":
            documents = self._showing.documents(session, room, connection)
            key = ("public", room.id, connection.caller.language)
            return self._once(reading, key, "snapshot", lambda: said(snapshots.public(session, room, documents)))
        if audience == "person":
            return Message("snapshot", said(reading.persons[room.id, connection.seat.actor.id]))
        return self._once(reading, ("staff", room.id), "snapshot", lambda: said(snapshots.staff(session, room)))

    @staticmethod
    def _once(reading: _Reading, key: tuple[Any, ...], event: str, make: Callable[[], dict[str, Any]]) -> Message:
        """A message that others of the same batch get too."""
        if key not in reading.shared:
            reading.shared[key] = Message(event, make())
        return reading.shared[key]
