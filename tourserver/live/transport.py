"""What the live rooms need of a carrier, and Flask-SocketIO as one.

Nothing outside this module, sockets.py and handlers.py knows Socket.IO: a faster fan-out, or another carrier,
is a change here. Nothing here may be called inside a database transaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import socketio
import structlog
from engineio.exceptions import QueueEmpty
from engineio.packet import MESSAGE, PING
from flask_socketio import SocketIO
from socketio.packet import EVENT, Packet

from tourserver.live.fanout import ENVIRON_KEY, Line, broadcast, websocket_frame

log = structlog.get_logger()

NAMESPACE: Final = "/live"

# A line that is dead without a word is found by the kernel (fanout.SILENT_SECONDS) as long as something is sent to it,
# which is every two seconds; behind a proxy, and for a client whose program hangs, within these two together.
PING_SECONDS: Final = 25
PONG_SECONDS: Final = 20
PING_FRAME: Final = websocket_frame(str(PING))

YIELD_EVERY: Final = 1000
"""So many sends and others get their turn: ten thousand take about 100 ms."""


class Message:
    """An event with its data, encoded at most once however many it is sent to."""

    __slots__ = ("_frame", "data", "event")

    def __init__(self, event: str, data: dict[str, Any]) -> None:
        self.event = event
        self.data = data
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        """As bytes on a WebSocket: a Socket.IO packet in an Engine.IO message."""
        if self._frame is None:
            packet = Packet(EVENT, namespace=NAMESPACE, data=[self.event, self.data])
            self._frame = websocket_frame(f"{MESSAGE}{packet.encode()}")
        return self._frame


class Transport(Protocol):
    """Connections (by ``sid``) in groups (by ``channel``); sending never waits for a client."""

    def join(self, sid: str, channel: str) -> None:
        """Put a connection into a channel; does nothing when it is gone."""

    def leave(self, sid: str, channel: str) -> None:
        """Take a connection out of a channel."""

    def send(self, channel: str, *messages: Message, replaces: str | None = None) -> None:
        """Send to this process' members of a channel, all messages at one go.

        With ``replaces``, what a slow client has not been sent yet of the same name may be left out.
        """

    def send_to(self, sid: str, *messages: Message) -> None:
        """Send to one connection."""

    def ping(self) -> None:
        """To be called each second, or as often as one can: asks whoever is due whether it is still there."""

    def disconnect(self, sid: str) -> None:
        """End a connection, after what was sent to it."""

    def spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run a function beside everything else."""

    def when_connected(self, sid: str, function: Callable[..., None], *arguments: Any) -> None:
        """Run a function beside everything else, once the client was told that it is connected."""

    def sleep(self, seconds: float) -> None:
        """Pause this task."""


class Rooms(socketio.Manager):  # type: ignore[misc] # python-socketio has no types
    """Socket.IO's own member lists; entering and leaving are guarded, as threads do both at once."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.RLock()
        self._waiting: dict[str, Callable[[], Any]] = {}

    def after_connect(self, sid: str, function: Callable[[], Any]) -> None:
        """Call ``function`` once the acceptance was written to this client. To be asked for while it connects."""
        self._waiting[sid] = function

    def connect(self, sid: str, namespace: str) -> str:
        """Socket.IO calls this just after it wrote the acceptance: what is sent from here on arrives after it."""
        connected: str = super().connect(sid, namespace)
        if (function := self._waiting.pop(connected, None)) is not None:
            function()
        return connected

    def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """Forget what waited for a client that was refused or went away."""
        self._waiting.pop(sid, None)
        super().disconnect(sid, namespace, **kwargs)

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter, one at a time: two first members must not make the room twice.

        Of all rooms only that of everybody is kept. The library would give each client a room of its own as well, and
        look through all rooms whenever one leaves: after a cut of the line that is each of thousands through thousands.
        """
        if room != sid:
            with self._guard:
                super().basic_enter_room(sid, namespace, room, eio_sid)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """A client by its own name, or the members of a room."""
        eio_sid = self.eio_sid_from_sid(room, namespace) if isinstance(room, str) else None
        if eio_sid is not None:
            yield room, eio_sid
        else:
            yield from super().get_participants(namespace, room)

    def basic_leave_room(self, *args: Any, **kwargs: Any) -> None:
        """Leave, one at a time: the last one takes the room away."""
        with self._guard:
            super().basic_leave_room(*args, **kwargs)


class _Group:
    """A channel's members, with their lines as a tuple that is made anew after a change."""

    __slots__ = ("_known", "_lines")

    def __init__(self) -> None:
        self._lines: dict[str, Line | None] = {}
        self._known: tuple[tuple[Line, ...], tuple[str, ...]] | None = None

    def add(self, sid: str, line: Line | None) -> None:
        self._lines[sid] = line
        self._known = None

    def remove(self, sid: str) -> bool:
        """Whether nobody is left."""
        self._lines.pop(sid, None)
        self._known = None
        return not self._lines

    def members(self) -> tuple[tuple[Line, ...], tuple[str, ...]]:
        """The lines, and those that have none."""
        if self._known is None:
            lines = tuple(line for line in self._lines.values() if line is not None)
            self._known = lines, tuple(sid for sid, line in self._lines.items() if line is None)
        return self._known


def be_patient(sock: Any) -> None:
    """Keep an Engine.IO socket open however long its own queue stays empty.

    Its writer ends the connection when nothing came through the queue for as long as a ping may take. Pings and
    broadcasts don't: they are written straight to the line, and whoever doesn't answer them is noticed by the reader.
    """
    poll = sock.poll

    def patiently() -> Any:
        while True:
            try:
                return poll()
            except QueueEmpty:
                if sock.closed or sock.closing:
                    raise

    sock.poll = patiently


def turns_due(before: int, present: int) -> set[int]:
    """Whose turn came after the second ``before`` until ``present``: numbers below :data:`PING_SECONDS`.

    By the clock and not by the calls: on a busy machine they come late, and who isn't asked in time is taken for dead.
    """
    first = max(before + 1, present - PING_SECONDS + 1)
    return {second % PING_SECONDS for second in range(first, present + 1)}


class SocketIoTransport:
    """Flask-SocketIO as the carrier; broadcasts take the lines of fanout.py where a client has one."""

    def __init__(self, socket: SocketIO, members: Rooms) -> None:
        self._socket = socket
        self._members = members
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        self._everybody = _Group()
        self._second = int(time.monotonic())
        self._take_pings_over()

    def _take_pings_over(self) -> None:
        """Ping the clients with a line ourselves: the library has a timer, a queue and two tasks for each ping."""
        eio = self._socket.server.eio
        connected = eio.handlers["connect"]

        def connect(sid: str, environ: dict[str, Any]) -> Any:
            answer = connected(sid, environ)
            if ENVIRON_KEY in environ:
                be_patient(eio.sockets[sid])
                eio.sockets[sid].last_ping = None  # Engine.IO begins to ping when there is a time here
            return answer

        eio.on("connect", connect)

    def ping(self) -> None:
        """See :class:`Transport`. Whoever doesn't answer is noticed by the time-out of reading from it."""
        present = int(time.monotonic())
        turns = turns_due(self._second, present)
        self._second = present
        with self._lock:
            lines, _others = self._everybody.members()
        # by where it lies in memory: a line keeps its second however others come and go
        broadcast([line for line in lines if (id(line) >> 5) % PING_SECONDS in turns], PING_FRAME)

    def join(self, sid: str, channel: str) -> None:
        """See :class:`Transport`."""
        line = self._line(sid)
        with self._lock:
            self._groups.setdefault(channel, _Group()).add(sid, line)
            self._everybody.add(sid, line)

    def leave(self, sid: str, channel: str) -> None:
        """See :class:`Transport`."""
        with self._lock:
            self._everybody.remove(sid)
            group = self._groups.get(channel)
            if group is not None and group.remove(sid):
                del self._groups[channel]

    def _line(self, sid: str) -> Line | None:
        """The line of a connection; None on long polling, on threads, and when it is gone."""
        eio_sid = self._members.eio_sid_from_sid(sid, NAMESPACE)
        line: Line | None = self._socket.server.environ.get(eio_sid, {}).get(ENVIRON_KEY)
        return line

    def send(self, channel: str, *messages: Message, replaces: str | None = None) -> None:
        """See :class:`Transport`. Encoded once for all members that have a line (see fanout.py)."""
        with self._lock:
            group = self._groups.get(channel)
            lines, others = group.members() if group else ((), ())
        frame = b"".join(message.frame for message in messages) if lines else b""
        for start in range(0, len(lines), YIELD_EVERY):
            if start:
                self._socket.sleep(0)
            broadcast(lines[start : start + YIELD_EVERY], frame, replaces)
        for sid in others:
            self._emit(sid, messages)

    def send_to(self, sid: str, *messages: Message) -> None:
        """See :class:`Transport`."""
        line = self._line(sid)
        if line is None:
            self._emit(sid, messages)
        else:
            line.push(b"".join(message.frame for message in messages))

    def _emit(self, sid: str, messages: Sequence[Message]) -> None:
        for message in messages:
            self._socket.server.emit(message.event, message.data, to=sid, namespace=NAMESPACE)

    def disconnect(self, sid: str) -> None:
        """See :class:`Transport`."""
        self._socket.server.disconnect(sid, namespace=NAMESPACE)

    def spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        """See :class:`Transport`."""
        self._socket.start_background_task(function, *arguments)

    def when_connected(self, sid: str, function: Callable[..., None], *arguments: Any) -> None:
        """See :class:`Transport`."""
        self._members.after_connect(sid, lambda: self.spawn(function, *arguments))

    def sleep(self, seconds: float) -> None:
        """See :class:`Transport`."""
        self._socket.sleep(seconds)
