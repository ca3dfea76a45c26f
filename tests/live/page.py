"""A page of the room without a screen: it recovers from cuts by the same steps as static/src/live takes.

``Log`` is log.ts, ``Outbox`` outbox.ts and ``Page`` connection.ts; each attempt is a fresh line.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from tests.live.line import ACK, Line, LineError, RefusedError
from tests.live.replica import Replica

SILENCE: Final = 6.0
ACK_SECONDS: Final = 6.0
CONNECT_SECONDS: Final = 8.0
BACKOFF: Final = (0.3, 0.8, 1.5, 3.0, 5.0)
PASSING: Final = frozenset({"rate_limited", "busy", "starting", "unavailable"})
STALE_HEADS: Final = 3
FRUITLESS_RANGES: Final = 3
GAP_SECONDS: Final = 0.3
RETRY_SECONDS: Final = 1.0
RATE_RETRIES: Final = 2
RATE_RETRY_SECONDS: Final = 1.5

Event = dict[str, Any]


class Log:
    """One channel on the receiving side: events once, in the order of their numbers."""

    def __init__(
        self,
        apply: Callable[[Event], None],
        ask: Callable[[int], Awaitable[dict[str, Any]]],
        lost: Callable[[], None],
    ) -> None:
        self.seq: int | None = None
        self._apply, self._ask, self._lost = apply, ask, lost
        self._waiting: dict[int, Event] = {}
        self._known = self._stale = self._fruitless = 0
        self._task: asyncio.Task[None] | None = None

    def snapshot(self, seq: int) -> None:
        """What came before ``seq`` is in a snapshot."""
        self.seq, self._stale, self._fruitless = seq, 0, 0
        self._drain()

    def receive(self, events: list[Event], more: bool = False) -> None:
        """Events in whatever order, however often."""
        for event in events:
            self._known = max(self._known, event["seq"])
            if self.seq is None or event["seq"] > self.seq:
                self._waiting[event["seq"]] = event
        if more and events:
            self._known = max(self._known, events[-1]["seq"] + 1)
        self._drain()

    def head(self, seq: int) -> None:
        """The server's newest number."""
        self._stale = self._stale + 1 if self.seq is None or seq < self.seq else 0
        if self._stale >= STALE_HEADS:
            self._start_anew()
            return
        self._known = max(self._known, seq)
        self._look()

    def reconnect(self) -> None:
        """A new connection."""
        self._stale = self._fruitless = 0
        self._cancel()
        if self.seq is not None:
            self._known = max([self.seq, *self._waiting])

    def _start_anew(self) -> None:
        self.reconnect()
        self.seq, self._known = None, 0
        self._waiting.clear()
        self._lost()

    def _drain(self) -> None:
        if self.seq is None:
            return
        while (event := self._waiting.pop(self.seq + 1, None)) is not None:
            self.seq = event["seq"]
            self._fruitless = 0
            self._apply(event)
        self._waiting = {seq: event for seq, event in self._waiting.items() if seq > self.seq}
        self._look()

    def _look(self) -> None:
        if self.seq is not None and self._known > self.seq and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._fill())

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _fill(self) -> None:
        """Wait a little for what is missing, then ask for it until nothing is."""
        while True:
            await asyncio.sleep(GAP_SECONDS + random.random() * 0.2)
            before = self.seq
            if before is None or self._known <= before:
                return
            try:
                page = await self._ask(before)
            except (LineError, TimeoutError):
                continue
            if not page.get("ok", True):
                continue
            self.receive(page["events"], page["more"])
            if self.seq == before and self._known > before:
                self._fruitless += 1
                if self._fruitless >= FRUITLESS_RANGES:
                    self._task = None
                    self._start_anew()
                    return


@dataclass
class Command:
    """A command until it is answered."""

    id: str
    name: str
    args: dict[str, Any]
    answered: asyncio.Future[dict[str, Any]]
    limited: int = 0
    sent: int = 0


@dataclass
class Tally:
    """What happened to a page."""

    joins: int = 0
    snapshots: int = 0
    cuts: int = 0
    resent: int = 0
    waits: list[float] = field(default_factory=list)  # seconds from a command to its answer


class Page:
    """Somebody's page; ``start`` it inside a running loop."""

    def __init__(self, url: str, ticket: str, *, crew: bool = False, name: str = "", person: str = "") -> None:
        self.url, self.name, self.crew, self.person = url, name, crew, person
        self.replica = Replica()
        self.tally = Tally()
        self.outbox: dict[str, Command] = {}
        self.answers: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {}  # by id: name, args, answer
        self.over: dict[str, Any] | None = None
        self.online = False
        self._ticket = ticket
        self._device = uuid.uuid4().hex
        self._line: Line | None = None
        self._numbers = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._attempts = 0
        self._task: asyncio.Task[None] | None = None
        self.logs = {channel: self._log(channel) for channel in ("public", "staff" if crew else "person")}

    def _log(self, channel: str) -> Log:
        async def ask(after: int) -> dict[str, Any]:
            found: dict[str, Any] = await self._ask("range", {"channel": channel, "after": after})
            return found

        return Log(lambda event: self.replica.apply(channel, event), ask, self._cut)

    # --- life

    def start(self) -> None:
        """Join, and join again until :meth:`leave`."""
        self._task = asyncio.get_running_loop().create_task(self._stay())

    async def leave(self) -> None:
        """Close the page."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._down()

    def freeze(self) -> None:
        """Read no more, as a program that is stopped."""
        if self._line is not None:
            self._line.freeze()

    def thaw(self) -> None:
        """Go on."""
        if self._line is not None:
            self._line.thaw()

    def _cut(self) -> None:
        """End the present line; another is made."""
        if self._line is not None:
            self._line.abort()

    async def _stay(self) -> None:
        while self.over is None:
            try:
                await self._attempt()
            except RefusedError as refused:
                if refused.data.get("code") not in PASSING:
                    self.over = refused.data
            except (LineError, OSError):
                self.tally.cuts += self.online
            self._down()
            pause = BACKOFF[min(self._attempts, len(BACKOFF) - 1)]
            self._attempts += 1
            await asyncio.sleep(pause * (0.7 + random.random() * 0.6))

    def _down(self) -> None:
        self.online = False
        if self._line is not None:
            self._line.abort()
            self._line = None
        for waiting in self._asked.values():
            waiting.cancel()
        self._asked.clear()
        for task in self._sending.values():
            task.cancel()
        self._sending.clear()
        for log in self.logs.values():
            log.reconnect()

    async def _attempt(self) -> None:
        since = {channel: log.seq for channel, log in self.logs.items() if log.seq is not None}
        auth = {"ticket": self._ticket, "device": self._device, "heads": 1, "since": since}
        line = self._line = await Line.open(self.url, auth, CONNECT_SECONDS)
        while self.over is None:
            packet = await line.read(SILENCE)
            if packet.packet_type == ACK:
                waiting = self._asked.pop(packet.id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(packet.data[0])
            else:
                self._hear(*packet.data)

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "joined":
            self.online, self._attempts = True, 0
            self.tally.joins += 1
            for command in list(self.outbox.values()):
                self._send(command)
        elif name == "snapshot":
            self.tally.snapshots += 1
            self.replica.snapshot(data["channel"], data["state"])
            self.logs[data["channel"]].snapshot(data["seq"])
        elif name == "events":
            self.logs[data["channel"]].receive(data["events"], data["more"])
        elif name == "frame":
            for channel, events in data.get("events", {}).items():
                self.logs[channel].receive(events)
        elif name == "heads":
            self.replica.heads(data.get("tallies", {}))
            for channel, log in self.logs.items():
                if channel in data:
                    log.head(data[channel])
        elif name == "removed":
            self.over = data

    async def _ask(self, event: str, data: Any) -> Any:
        if self._line is None or not self.online:
            raise LineError("no line")
        self._numbers += 1
        waiting = self._asked[self._numbers] = asyncio.get_running_loop().create_future()
        self._line.emit(event, data, self._numbers)
        async with asyncio.timeout(ACK_SECONDS):
            return await waiting

    # --- commands

    def command(self, name: str, **args: Any) -> asyncio.Future[dict[str, Any]]:
        """Send a command, now or when the line is back; the answer comes some time."""
        loop = asyncio.get_running_loop()
        command = Command(str(uuid.uuid4()), name, args, loop.create_future())
        self.outbox[command.id] = command
        began = loop.time()
        command.answered.add_done_callback(lambda _: self.tally.waits.append(loop.time() - began))
        if self.online:
            self._send(command)
        return command.answered

    def _send(self, command: Command) -> None:
        if command.id not in self._sending:
            task = asyncio.get_running_loop().create_task(self._deliver(command))
            self._sending[command.id] = task

    async def _deliver(self, command: Command) -> None:
        while command.id in self.outbox:
            self.tally.resent += command.sent > 0
            command.sent += 1
            try:
                answer = await self._ask("command", {"id": command.id, "name": command.name, "args": command.args})
            except (LineError, TimeoutError):
                await asyncio.sleep(RETRY_SECONDS)
                continue
            code = None if answer["ok"] else answer["error"]["code"]
            if code == "unavailable":
                await asyncio.sleep(RETRY_SECONDS)
            elif code == "rate_limited" and command.limited < RATE_RETRIES:
                command.limited += 1
                await asyncio.sleep(RATE_RETRY_SECONDS * 2 ** (command.limited - 1))
            else:
                self._settle(command, answer)
        self._sending.pop(command.id, None)

    def _settle(self, command: Command, answer: dict[str, Any]) -> None:
        if self.outbox.pop(command.id, None) is not None:
            self.answers[command.id] = (command.name, command.args, answer)
            if not command.answered.done():
                command.answered.set_result(answer)
