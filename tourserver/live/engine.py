"""The live rooms of one process: who is connected, joining and leaving, and the two background tasks."""

from __future__ import annotations

import functools
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import structlog
from pydantic import Field

from tourserver.core.batching import Batch
from tourserver.core.errors import RateLimited, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.live import commands, events, joining, presence, snapshots, tickets
from tourserver.live.audience.reactions import Reactions
from tourserver.live.brakes import Brakes
from tourserver.live.calls import Caller, Many
from tourserver.live.commands import Asked
from tourserver.live.faces import Audience
from tourserver.live.forms import Strict, parse
from tourserver.live.greeting import Greeter, Greeting
from tourserver.live.guiding.pointing import Pointers
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.joining import LINES_PER_PERSON, Place, Wish
from tourserver.live.members import Connection, Members
from tourserver.live.pulse import HEADS_EVERY, Pulse
from tourserver.live.showing import Showing
from tourserver.live.tail import Tail
from tourserver.live.transport import Message, Transport
from tourserver.live.wakes import Wakes

log = structlog.get_logger()

JOINS_PER_SECOND: Final = 1.0
JOINS_AT_ONCE: Final = 2.0 * LINES_PER_PERSON
"""All of a person's windows may come back at once, twice; then one a second."""

HURRIED_PER_SECOND: Final = 10.0
HURRIED_AT_ONCE: Final = 20.0
"""Commands of all the people of a room who are in a hurry, so that a flooded room leaves time to the others. Whoever
acts by hand is never counted in it, nor is the crew, nor what is done by the hundred."""

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
        self.pointers = Pointers()
        self.reactions = Reactions()
        self.tail = Tail(
            services.db,
            transport,
            self.members,
            self.tracks,
            self.pointers,
            self.reactions,
            tours_changed=self.showing.bring,
        )
        self.pulse = Pulse(
            services,
            transport,
            self.members,
            self.tracks,
            self.reactions,
            self.tail,
            self.process,
            remove=self.remove,
        )
        self.wakes = Wakes(
            services.settings.redis_url,
            self.process,
            on_wake=self._wake_here,
            on_view=self._learn_view,
            on_pointer=self._learn_pointer,
            on_reactions=self._learn_reactions,
            reactions_of=self.reactions.take_untold,
            sleep=transport.sleep,
        )
        self._greeter = Greeter(self.showing, self.tracks, self.pulse.presence, HEADS_EVERY)
        self._joins = Brakes(JOINS_PER_SECOND, JOINS_AT_ONCE)
        self._hurried = Brakes(HURRIED_PER_SECOND, HURRIED_AT_ONCE)
        # what thousands do in the same seconds is done by the hundred
        self._admit = Batch[Wish, Place](self._admit_many, pause=transport.sleep)
        self._greet = Batch[Greeting, list[Message]](self._greet_many, pause=transport.sleep)
        self._gathered: dict[Many, Batch[Asked, dict[str, Any]]] = {}
        self._part = Batch[str, None](self._part_many, pause=transport.sleep)
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
        if self.wakes.used:
            events.listen(self.wakes.tell)
            self.transport.spawn(self.wakes.run_teller)
            self.transport.spawn(self.wakes.run_listener)
        self.transport.spawn(self.tail.run)
        self.transport.spawn(self.pulse.run)

    def stop(self) -> None:
        """Write what is only in memory and close this process' attendance."""
        if not self._running:
            return
        events.unlisten(self.tail.wake)
        events.unlisten(self.wakes.tell)
        self.wakes.stop()
        self.tail.stop()
        self.pulse.stop()
        self.pulse.save_views(everything=True)
        self.pulse.save_reactions(everything=True)
        with self.services.db.write() as session:
            presence.leave_all(session, self.process)

    # --- other processes

    def _wake_here(self, channel_ids: frozenset[str]) -> None:
        """Another process wrote; without channels, it may have and the word was lost."""
        if not channel_ids:
            self.tail.sweep_soon()
        self.tail.wake(channel_ids)

    def _learn_view(self, room_id: str, view: dict[str, Any]) -> None:
        """Where a guide looks whose line another process has."""
        if room_id in self.members.room_ids():
            self.tracks.learn(room_id, view, str(view.get("by") or ""))
            self.tail.wake()

    def _learn_pointer(self, room_id: str, spot: dict[str, Any]) -> None:
        """What a guide points at whose line another process has."""
        if room_id in self.members.room_ids():
            self.pointers.learn(room_id, spot)
            self.tail.wake()

    def _learn_reactions(self, room_id: str, counted: dict[str, Any]) -> None:
        """Reactions that came to another process."""
        if room_id in self.members.room_ids():
            self.reactions.learn(room_id, counted)
            self.tail.wake()

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
        place = self._admit(Wish(sid, ticket, auth.device, auth.heads))
        language = preferred_language or place.seat.language
        caller = Caller(ticket, place.room_id, sid, language)
        connection = Connection(sid, place.seat, caller, place.room_id, place.channels)
        self.members.add(connection, place.numbers)
        self.pulse.recount(place.room_id)
        if "person" in place.channels:
            self.pulse.told(place.channels["person"], place.numbers["person"])
        # nothing may reach the client before it knows that it is connected: joining waits for that too
        self.transport.when_connected(sid, self._welcome, connection, auth)

    def _admit_many(self, wishes: Sequence[Wish]) -> list[Place | Exception]:
        services, lines = self.services, self.members.of_person
        with services.db.write() as session:
            return [*joining.admit(session, services.tokens, wishes, process=self.process, lines=lines)]

    def _welcome(self, connection: Connection, auth: Auth) -> None:
        for channel_id in connection.channels.values():
            self.transport.join(connection.sid, channel_id)
        since = auth.since
        numbers: dict[Audience, int | None] = {"public": since.public, "person": since.person, "staff": since.staff}
        try:
            messages = self._greet(Greeting(connection, auth.device, numbers, auth.tours))
        except Exception:
            log.exception("live.welcome_failed")
            self.transport.disconnect(connection.sid)
            return
        if self.members.get(connection.sid) is None:  # it left meanwhile, before it had joined
            self._leave_channels(connection)
            return
        self.transport.send_to(connection.sid, *messages)
        self.showing.check(connection)

    def _greet_many(self, greetings: Sequence[Greeting]) -> list[list[Message] | Exception]:
        with self.services.db.read() as session:
            return [*self._greeter.messages(session, greetings)]

    # --- asking

    def execute(self, caller: Caller, sent: Any) -> dict[str, Any]:
        """Do a command (see :func:`commands.perform`); what goes together, with those that come at the same time."""
        asked = commands.read(caller, sent)
        rule = asked.spec.rule
        if not isinstance(rule, Many):
            self._slow_down(caller)
            return commands.perform(self.services, asked)
        batch = self._gathered.get(rule)
        if batch is None:
            run = functools.partial(commands.execute_many, self.services)
            batch = self._gathered[rule] = Batch[Asked, dict[str, Any]](run, pause=self.transport.sleep)
        return batch(asked)

    def _slow_down(self, caller: Caller) -> None:
        connection = self.members.get(caller.connection)
        if connection is None or connection.seat.crew or connection.calm.take():
            return
        if not self._hurried.take(connection.room_id):
            raise RateLimited(N_("That was too much at once. Wait a moment and try again."))

    # --- leaving

    def leave(self, sid: str) -> None:
        """A connection ended."""
        connection = self.members.remove(sid)
        if connection is None:
            return
        self.showing.forget(set(self.members.room_ids()))
        self._leave_channels(connection)
        self.pulse.recount(connection.room_id)
        if connection.ignored:
            log.info("live.ignored_views", count=connection.ignored, actor=connection.seat.actor.reference)
        self._part(sid)

    def _part_many(self, sids: Sequence[str]) -> list[Exception | None]:
        with self.services.db.write() as session:
            presence.leave(session, sids)
        return [None] * len(sids)

    def _leave_channels(self, connection: Connection) -> None:
        for channel_id in connection.channels.values():
            self.transport.leave(connection.sid, channel_id)

    def remove(self, connection: Connection, reason: TourserverError) -> None:
        """Tell a connection why it has no place any more, and end it."""
        if self.members.get(connection.sid) is None:
            return
        text = self._translate(reason, connection.caller.language)
        self.transport.send_to(connection.sid, Message("removed", {"code": reason.code, "message": text}))
        self.transport.disconnect(connection.sid)
