"""The live rooms of one process: who is connected, joining and leaving, and the two background tasks."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Final

import structlog
from pydantic import Field
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import Gone, RateLimited, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.live import access, events, presence, rooms, snapshots, tickets
from tourserver.live.brakes import Brakes
from tourserver.live.calls import Caller
from tourserver.live.faces import Audience, Faces
from tourserver.live.forms import Strict, parse
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.members import Connection, Members
from tourserver.live.models import Room
from tourserver.live.pulse import HEADS_EVERY, Pulse
from tourserver.live.rooms import AFTERWARDS
from tourserver.live.showing import TOURS_CHANGE, Showing
from tourserver.live.tail import Tail
from tourserver.live.transport import Transport

log = structlog.get_logger()

LINES_PER_PERSON: Final = 20
JOINS_PER_SECOND: Final = 1.0
JOINS_AT_ONCE: Final = 2.0 * LINES_PER_PERSON
"""All of a person's windows may come back at once, twice; then one a second."""
MISSED_MOST: Final = 1000
"""More missed events than this are given as a snapshot."""

Number = Annotated[int, Field(ge=0, le=2**53)]
Translate = Callable[[TourserverError, str], str]


class Since(Strict):
    """The last numbers that a returning client has."""

    public: Number | None = None
    person: Number | None = None
    staff: Number | None = None


class Auth(Strict):
    """What a client sends to join."""

    ticket: Annotated[str, Field(max_length=1000)]
    device: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    heads: Annotated[int, Field(ge=1, le=50)] = 1
    since: Since = Field(default_factory=Since)
    # the tours that a returning client shows, "site@number" of each
    tours: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)] | None = None


class Engine:
    """Made once per process; the background tasks start with the first connection."""

    def __init__(
        self,
        services: Services,
        transport: Transport,
        *,
        build_tour: snapshots.TourBuilder,
        translate: Translate,
    ) -> None:
        self.services = services
        self.transport = transport
        self.members = Members()
        self.tracks = ViewTracks()
        self.process = uuid.uuid4().hex
        self._translate = translate
        self.showing = Showing(services.db, transport, self.members, self.tracks, build_tour)
        self.tail = Tail(services.db, transport, self.members, self.tracks, tours_changed=self.showing.bring)
        self.pulse = Pulse(services, transport, self.members, self.tracks, self.process, remove=self.remove)
        self._joins = Brakes(JOINS_PER_SECOND, JOINS_AT_ONCE)
        self._start = threading.Lock()
        self._running = False

    # --- life

    def start(self) -> None:
        """Run the background tasks, if they don't yet."""
        with self._start:
            if self._running:
                return
            self._running = True
        events.listen(self.tail.wake)
        self.transport.spawn(self.tail.run)
        self.transport.spawn(self.pulse.run)

    def stop(self) -> None:
        """Write what is only in memory and close this process' attendance."""
        if not self._running:
            return
        events.unlisten(self.tail.wake)
        self.tail.stop()
        self.pulse.stop()
        self.pulse.save_views(everything=True)
        with self.services.db.write() as session:
            presence.leave_all(session, self.process)

    # --- joining

    def join(self, sid: str, sent: Any, preferred_language: str | None) -> None:
        """Take a connection in, or raise :class:`TourserverError`. What it missed is sent afterwards."""
        auth = parse(Auth, sent)
        ticket = tickets.read(self.services.keys.secret_key, auth.ticket)
        # by person, never by address: a class or a proxy is one address, and without a ticket nothing is asked of
        # the database
        if not self._joins.take(f"{ticket.session_id} {ticket.actor.reference}"):
            raise RateLimited(N_("That was too much at once. Wait a moment and try again."))
        self.start()
        with self.services.db.write() as session:
            seat = access.check(session, self.services.tokens, ticket)
            room = rooms.get_or_create(session, seat.session_id)
            self._may_enter(room, ticket)
            names = seat.channels
            events.ensure_channels(session, room.id, names.values())
            ids = events.channel_ids(session, room.id, names.values())
            numbers = {name: snapshots.seq(session, room.id, channel) for name, channel in names.items()}
            presence.arrive(
                session,
                room.id,
                seat,
                connection=sid,
                device=auth.device,
                process=self.process,
                headcount=auth.heads,
            )
        language = preferred_language or seat.language
        connection = Connection(
            sid,
            seat,
            Caller(ticket, room.id, sid, language),
            room.id,
            {_audience(name): ids[channel] for name, channel in names.items()},
        )
        self.members.add(connection, {_audience(name): number for name, number in numbers.items()})
        # nothing may reach the client before it knows that it is connected: joining waits for that too
        self.transport.when_connected(sid, self._welcome, connection, auth)

    def _may_enter(self, room: Room, ticket: tickets.Ticket) -> None:
        if room.state == "ended" and room.ended_at and clock.now() - room.ended_at > AFTERWARDS:
            raise Gone(N_("This tour has ended."), code="ended")
        if self.members.of_person(room.id, ticket.actor_id) >= LINES_PER_PERSON:
            raise RateLimited(N_("This link is open in too many windows. Close some of them."))

    def _welcome(self, connection: Connection, auth: Auth) -> None:
        for channel_id in connection.channels.values():
            self.transport.join(connection.sid, channel_id)
        try:
            joined, messages = self._first_messages(connection, auth)
        except Exception:
            log.exception("live.welcome_failed")
            self.transport.disconnect(connection.sid)
            return
        for event, data in [("joined", joined), *messages]:
            self.transport.send_to(connection.sid, event, data)
        self.showing.check(connection)

    def _first_messages(
        self, connection: Connection, auth: Auth
    ) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
        """What a new connection is told, read at one moment after it began to hear its channels."""
        messages: list[tuple[str, dict[str, Any]]] = []
        with self.services.db.read() as session:
            snapshots.consistent(session)
            room = rooms.get(session, connection.room_id)
            for audience in connection.channels:
                messages += self._catch_up(session, room, connection, audience, auth)
            heads: dict[str, Any] = {
                name: snapshots.seq(session, room.id, channel) for name, channel in connection.seat.channels.items()
            }
            heads["presence"] = self.pulse.presence(session, room.id).json()
        if (frame := self.tracks.newest(connection.room_id)) is not None:
            messages.append(("frame", {"view": frame.json()}))
        present = clock.milliseconds(clock.now())
        messages.append(("heads", {**heads, "now": present}))
        joined = {
            "role": connection.seat.role,
            "room": {"id": room.id, "name": room.name},
            "channels": list(connection.channels),
            "now": present,
            "device": auth.device,
            "heartbeat_s": HEADS_EVERY,
        }
        return joined, messages

    def _catch_up(
        self, session: Session, room: Room, connection: Connection, audience: Audience, auth: Auth
    ) -> list[tuple[str, dict[str, Any]]]:
        """Pages of what was missed, or a snapshot."""
        channel = connection.seat.channels[audience]
        since: int | None = getattr(auth.since, audience)
        missed = None
        if since is not None:
            missed = snapshots.missed(session, room.id, channel, since, most=MISSED_MOST)
        # only a snapshot carries tours
        if missed is None or (audience == "public" and self._has_old_tours(session, room, connection, auth, missed)):
            return [("snapshot", self.snapshot(session, room, connection, audience))]
        shown = Faces(session).events(missed, audience)
        pages = [shown[at : at + events.PAGE] for at in range(0, len(shown), events.PAGE)] or [[]]
        return [("events", {"channel": audience, "events": page, "more": page is not pages[-1]}) for page in pages]

    def _has_old_tours(
        self, session: Session, room: Room, connection: Connection, auth: Auth, missed: list[events.Written]
    ) -> bool:
        if auth.tours is not None:
            return not self.showing.has_all(session, room, connection, auth.tours)
        return any(event.kind in TOURS_CHANGE for event in missed)

    def snapshot(self, session: Session, room: Room, connection: Connection, audience: Audience) -> dict[str, Any]:
        """A channel's whole state for one connection."""
        number = snapshots.seq(session, room.id, connection.seat.channels[audience])
        if audience == "public":
            state = snapshots.public(session, room, self.showing.documents(session, room, connection))
        elif audience == "person":
            state = snapshots.person(session, room, connection.seat.actor.id)
        else:
            state = snapshots.staff(session, room)
        return {"channel": audience, "seq": number, "state": state}

    # --- leaving

    def leave(self, sid: str) -> None:
        """A connection ended."""
        connection = self.members.remove(sid)
        if connection is None:
            return
        self.showing.forget(set(self.members.rooms()))
        for channel_id in connection.channels.values():
            self.transport.leave(sid, channel_id)
        if connection.ignored:
            log.info("live.ignored_views", count=connection.ignored, actor=connection.seat.actor.reference)
        with self.services.db.write() as session:
            presence.leave(session, [sid])

    def remove(self, connection: Connection, reason: TourserverError) -> None:
        """Tell a connection why it has no place any more, and end it."""
        if self.members.get(connection.sid) is None:
            return
        text = self._translate(reason, connection.caller.language)
        self.transport.send_to(connection.sid, "removed", {"code": reason.code, "message": text})
        self.transport.disconnect(connection.sid)


def _audience(name: str) -> Audience:
    """The client's name of a channel, narrowed."""
    if name == "public":
        return "public"
    return "staff" if name == "staff" else "person"
