"""What happens by the clock: heads and presence, seats that were lost, attendance, the stored view."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import TourserverError
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.live import access, presence
from tourserver.live.audience import polls, reactions
from tourserver.live.audience.reactions import Reactions
from tourserver.live.crew_heads import CrewHeads
from tourserver.live.guiding import lease, viewtrack
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.members import Channel, Connection, Members
from tourserver.live.presence import Presence
from tourserver.live.questions import votes
from tourserver.live.tail import Tail
from tourserver.live.tickets import Ticket
from tourserver.live.transport import Message, Transport

log = structlog.get_logger()

PULSE_SECONDS: Final = 1.0
HEADS_EVERY: Final = 2.0
GHOSTS_EVERY: Final = 300.0
COUNT_EVERY: Final = 4.0
"""Other processes' comings and goings are counted so often."""
ALL_TALLIES_EVERY: Final = 20.0
TALLIES_AT_ONCE: Final = 100
"""Votes of more questions than these wait for the next heartbeat: to thousands, each of them counts."""
REPEATED: Final = 3
"""How often a person's channel is told its number after a change; the public number goes out each time."""


class Pulse:
    """One for each process, run as a background task."""

    def __init__(
        self,
        services: Services,
        transport: Transport,
        members: Members,
        tracks: ViewTracks,
        reactions: Reactions,
        tail: Tail,
        process: str,
        *,
        remove: Callable[[Connection, TourserverError], None],
    ) -> None:
        self._services = services
        self._transport = transport
        self._members = members
        self._tracks = tracks
        self._reactions = reactions
        self._tail = tail
        self._process = process
        self._remove = remove
        self._stopping = False
        self._due: dict[str, float] = {}
        self._present: dict[str, tuple[float, Presence]] = {}
        # votes as they were told, and questions whose votes are to be told again
        self._tallies: dict[str, dict[str, int]] = {}
        self._again: dict[str, set[str]] = {}
        self._told: dict[str, tuple[int, int]] = {}
        self._crew = CrewHeads()
        self._recount: set[str] = set()
        # somebody left and could not be written down: looked for at the next beat
        self.goodbye_failed = False

    def stop(self) -> None:
        """End after the present round."""
        self._stopping = True

    def run(self) -> None:
        """Until :meth:`stop`."""
        while not self._stopping:
            began = time.monotonic()
            for task in (
                self._transport.ping,
                self.check_seats,
                self.check_guides,
                self.save_views,
                self.save_reactions,
                self.save_looks,
                self.beat,
                self.send_heads,
            ):
                try:
                    task()
                except Exception:  # the next round tries again
                    log.exception("live.pulse_failed", task=task.__name__)
            self._transport.sleep(max(0.05, PULSE_SECONDS - (time.monotonic() - began)))

    def _is_time(self, what: str, seconds: float) -> bool:
        present = time.monotonic()
        if present < self._due.get(what, 0.0):
            return False
        self._due[what] = present + seconds - 0.1
        return True

    # --- seats

    def check_seats(self) -> None:
        """Tell connections that lost their right, and end them."""
        connections = self._members.all()
        if not connections:
            return
        with self._services.db.read() as session:
            lost = self._lost(session, connections)
        for connection, reason in lost:
            self._remove(connection, reason)

    def _lost(self, session: Session, connections: list[Connection]) -> list[tuple[Connection, TourserverError]]:
        sessions = list({connection.seat.session_id for connection in connections})
        closed = access.closed_sessions(session, sessions)
        suspects = access.suspects(session, sessions)
        known: dict[Ticket, TourserverError | None] = {}
        lost: list[tuple[Connection, TourserverError]] = []
        for connection in connections:
            seat, ticket = connection.seat, connection.caller.ticket
            # thousands, each second: the likely way through is the short one
            if seat.role == "participant" and seat.actor.id not in suspects and seat.session_id not in closed:
                continue
            if ticket not in known:
                try:
                    access.check(session, self._services.tokens, ticket)
                    known[ticket] = None
                except TourserverError as error:
                    known[ticket] = error
            reason = known[ticket]
            if reason is not None:
                lost.append((connection, reason))
        return lost

    # --- guides

    def check_guides(self) -> None:
        """Say which guides have their line here; where one has been away too long, a co-host goes on."""
        if not self._is_time("guides", lease.SEEN_EVERY):
            return
        rooms = self._members.room_ids()
        if not rooms:
            return
        with self._services.db.read() as session:
            led = lease.led_rooms(session, rooms)
        here = {
            room_id: reference
            for room_id, (reference, _away) in led.items()
            if self._members.of_person(room_id, Actor.of(reference).id)
        }
        away = [room_id for room_id, (_reference, is_away) in led.items() if is_away and room_id not in here]
        if here:
            with self._services.db.write() as session:
                lease.seen(session, here)
        for room_id in away:
            with self._services.db.write() as session:
                successor = lease.pass_on(session, room_id)
            if successor:
                log.info("live.guide_passed_on", room=room_id)

    # --- attendance and view

    def beat(self) -> None:
        """Say that this process lives, close the rows of those that don't, and look for goodbyes that failed."""
        if not self._is_time("beat", presence.HEARTBEAT_SECONDS):
            return
        with self._services.db.write() as session:
            presence.beat(session, self._process)
            if self._is_time("ghosts", GHOSTS_EVERY) or self.goodbye_failed:
                presence.close_ghosts(session, self._process, self._members.sids())
                self.goodbye_failed = False
            orphans = presence.close_orphans(session)
        if orphans:
            log.info("live.orphans_closed", count=orphans)

    def save_views(self, *, everything: bool = False) -> None:
        """Write what the guides showed: where late joiners stand each second, the track in chunks."""
        if self._tracks.is_due(everything=everything):
            due = self._tracks.take_due(everything=everything)
            try:
                with self._services.db.write() as session:
                    viewtrack.write(session, due)
            except Exception:
                self._tracks.give_back(due)
                raise
        self._tracks.drop(set(self._members.room_ids()))

    def save_looks(self) -> None:
        """Write which screens began or ended to look around freely."""
        changed = [one for one in self._members.all() if one.free != one.stored_free]
        if not changed:
            return
        looks = {one.sid: one.free for one in changed}
        with self._services.db.write() as session:
            presence.set_free(session, looks)
        for one in changed:
            one.stored_free = looks[one.sid]
            self.recount(one.room_id)

    def save_reactions(self, *, everything: bool = False) -> None:
        """Write how often each reaction came in each ten seconds."""
        if due := self._reactions.take_due(everything=everything):
            try:
                with self._services.db.write() as session:
                    reactions.store(session, self._process, due)
            except Exception:
                self._reactions.give_back(due)
                raise

    # --- heads

    def send_heads(self) -> None:
        """Numbers, the time, who is there and the votes, to every room."""
        if not self._is_time("heads", HEADS_EVERY):
            return
        rooms = self._members.rooms()
        everything = self._is_time("tallies", ALL_TALLIES_EVERY)
        sendings: list[tuple[Channel, dict[str, Any]]] = []
        if rooms:
            with self._services.db.read() as session:
                for room_id, channels in rooms.items():
                    sendings += self._room_heads(session, room_id, channels, everything)
        present = clock.milliseconds(clock.now())
        self._tail.send_along({channel.id: Message("heads", {**data, "now": present}) for channel, data in sendings})
        self._forget(rooms)

    def _room_heads(
        self,
        session: Session,
        room_id: str,
        channels: list[Channel],
        everything: bool,
    ) -> list[tuple[Channel, dict[str, Any]]]:
        tallies = self._changed_tallies(room_id, votes.tallies(session, room_id), everything)
        shared: dict[str, Any] = {"presence": self.presence(session, room_id).json(), "tallies": tallies}
        running = polls.running(session, room_id)
        if seen := {poll: _counts(one) for poll, one in running.items() if one["public"]}:
            shared["polls"] = seen
        told_crew: dict[str, Any] = {}
        if any(channel.audience == "staff" for channel in channels):
            told_crew = self._crew.of(session, room_id)
        if running:
            told_crew["polls"] = {poll: _counts(one) for poll, one in running.items()}
        sendings: list[tuple[Channel, dict[str, Any]]] = []
        for channel in channels:
            number = channel.cursor  # what was handed on: what is newer is, in a moment
            if channel.audience == "public":
                sendings.append((channel, {"public": number, **shared}))
            elif channel.audience == "staff":
                sendings.append((channel, {"staff": number, "crew": told_crew}))
            elif self._is_news(channel.id, number):
                sendings.append((channel, {channel.audience: number}))
        return sendings

    def _changed_tallies(self, room_id: str, counted: dict[str, int], everything: bool) -> dict[str, int]:
        """Votes to tell: those that changed, and by and by all of them again; never more than can be sent to many."""
        told = self._tallies.setdefault(room_id, {})
        again = self._again.setdefault(room_id, set())
        if everything:
            again.update(told)
        changed = [question for question, count in counted.items() if told.get(question) != count]
        rest = [question for question in counted if question in again and question not in changed]
        chosen = {question: counted[question] for question in (changed + rest)[:TALLIES_AT_ONCE]}
        told.update(chosen)
        again.difference_update(chosen)
        for question in told.keys() - counted.keys():
            del told[question]
        return chosen

    def _is_news(self, channel_id: str, number: int) -> bool:
        told, times = self._told.get(channel_id, (-1, 0))
        if told == number and times >= REPEATED:
            return False
        self._told[channel_id] = (number, times + 1 if told == number else 1)
        return True

    def _forget(self, rooms: dict[str, list[Channel]]) -> None:
        present = {channel.id for channels in rooms.values() for channel in channels}
        self._told = {channel: told for channel, told in self._told.items() if channel in present}
        self._tallies = {room: counted for room, counted in self._tallies.items() if room in rooms}
        self._again = {room: waiting for room, waiting in self._again.items() if room in rooms}
        self._present = {room: counted for room, counted in self._present.items() if room in rooms}
        self._crew.keep_only(set(rooms))

    def told(self, channel_id: str, number: int) -> None:
        """The members of a person's channel were told its number when they joined."""
        self._told[channel_id] = (number, REPEATED)

    def recount(self, room_id: str) -> None:
        """Somebody came or went here: count again for the next heads."""
        self._recount.add(room_id)

    def presence(self, session: Session, room_id: str) -> Presence:
        """Who is in a room: at most :data:`HEADS_EVERY` old where somebody came or went here, else a little older."""
        at, counted = self._present.get(room_id, (float("-inf"), Presence()))
        age = time.monotonic() - at
        if age > COUNT_EVERY or (room_id in self._recount and age > HEADS_EVERY - 0.2):
            self._recount.discard(room_id)
            counted = presence.count(session, room_id)
            self._present[room_id] = (time.monotonic(), counted)
        return counted


def _counts(running: dict[str, Any]) -> dict[str, Any]:
    return {"answers": running["answers"], "counts": running["counts"]}
