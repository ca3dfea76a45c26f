"""Sending one thing to thousands: encoded once, the same bytes written straight to every WebSocket.

Socket.IO's own way queues a packet for each client and wakes a task for each, which encodes it again. Here a
broadcast is one frame of bytes, handed to each member's :class:`Line`, which writes it at once when the client
keeps up. Only a client that doesn't has a queue, in which what is volatile (the guide's view) takes one place:
the newest. A client that falls hopelessly behind is cut; it comes back and catches up by number.

Clients on long polling, and the carrier on threads, have no line: they take Socket.IO's own way. A frame may
overtake what Socket.IO itself still has in its queue, such as an acknowledgement; facts are numbered for that.
"""

from __future__ import annotations

import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from tourserver.core.ratelimit import TokenBucket

log = structlog.get_logger()

SEND_BUFFER_BYTES: Final = 16 * 1024
"""Of the kernel, for each client. With more of it hundreds of kB of stale views lie where nothing can replace them."""

SILENT_SECONDS: Final = 18
"""What a client's machine has not confirmed for so long ends its line: its person then leaves the count."""

MOST_FRAMES: Final = 256
MOST_BYTES: Final = 1024 * 1024
"""What may wait for one client before it is cut. A snapshot of a large room must find room in it."""

READS_PER_SECOND: Final = 150.0
READS_AT_ONCE: Final = 600.0
"""Readings of one line, each with its kilobytes; a message takes three or four. A guide who points needs seventy."""
READS_IN_A_TURN: Final = 16
LOUD_READS_PER_SECOND: Final = 15.0
QUIET_SECONDS: Final = 5.0
"""Whoever sends more than that is read so slowly until they were silent for so long: fifty of them in one room must
leave the processor to the others, and each message costs it a fifth of a millisecond."""

ENVIRON_KEY: Final = "tourserver.line"


def websocket_frame(text: str) -> bytes:
    """A whole text message as a server sends it, unmasked (RFC 6455, section 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class Line:
    """One client's socket: what Engine.IO writes and what is broadcast go out whole, one after the other.

    Stands in for eventlet's green socket, of which Engine.IO uses ``sendall`` for writing and ``recv`` for reading.
    """

    __slots__ = (
        "_busy",
        "_bytes",
        "_cut",
        "_lock",
        "_loud",
        "_pause",
        "_queue",
        "_reads",
        "_rest",
        "_send",
        "_slots",
        "_spawn",
        "_turn",
        "green",
    )

    def __init__(self, green: Any, lock: Any, spawn: Callable[..., Any], pause: Callable[[float], Any]) -> None:
        self.green = green
        self._pause = pause
        self._reads = TokenBucket(READS_PER_SECOND, READS_AT_ONCE)
        self._turn = 0
        self._loud = False
        self._send = green.fd.send  # of the plain socket, which never waits
        self._lock = lock
        self._spawn = spawn
        self._busy = False
        self._cut = False
        self._rest = b""
        self._queue: deque[bytes] = deque()
        self._slots: dict[str, bytes] = {}
        self._bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.green, name)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What the client sent. Whoever sends without end is read slowly, and waits for it at their own end.

        Reading what is there already gives nobody else a turn: one flood would stand still the whole process.
        """
        began = time.monotonic()
        data: bytes = self.green.recv(size, flags)
        if self._loud and time.monotonic() - began >= QUIET_SECONDS:
            self._loud, self._reads = False, TokenBucket(READS_PER_SECOND, READS_AT_ONCE)
        cost = 1 + len(data) / 1024
        self._loud = self._loud or not self._reads.take(cost)
        self._turn += 1
        if self._loud:
            self._pause(cost / LOUD_READS_PER_SECOND)
        elif self._turn >= READS_IN_A_TURN:
            self._turn = 0
            self._pause(0)
        return data

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """What Engine.IO itself sends: acknowledgements, pings. Waits for its turn, in a task of its own."""
        with self._lock:
            self._busy = True
            try:
                self._drain()
                self.green.sendall(data, flags)
                self._drain()
            except OSError:
                self._end()  # half a frame may be out: nothing can follow it
                raise
            finally:
                self._busy = False

    def push(self, frame: bytes, replaces: str | None = None) -> None:
        """Send a frame now or as soon as the client takes it; never waits.

        A frame that waits is given up for a newer one with the same ``replaces``.
        """
        if self._cut:
            return
        if self._busy:
            self._keep(frame, replaces)
            return
        try:
            sent = self._send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:  # gone; whoever reads from it notices
            return
        if sent != len(frame):
            self._wait(frame[sent:])

    def _wait(self, rest: bytes) -> None:
        """The kernel took a part. Whoever has the lock first writes the rest first: nothing comes between the two."""
        self._busy = True
        self._rest = rest
        self._spawn(self._flush)

    def _keep(self, frame: bytes, replaces: str | None) -> None:
        if replaces is not None:
            self._slots[replaces] = frame
            return
        self._queue.append(frame)
        self._bytes += len(frame)
        if len(self._queue) > MOST_FRAMES or self._bytes > MOST_BYTES:
            log.info("live.client_cut", frames=len(self._queue), bytes=self._bytes)
            self._end()

    def _drain(self) -> None:
        """Write what waits, in order; what is volatile last, as it is the newest there is. Holds the lock."""
        while self._rest or self._queue or self._slots:
            if self._rest:
                frame, self._rest = self._rest, b""
            elif self._queue:
                frame = self._queue.popleft()
                self._bytes -= len(frame)
            else:
                frame = self._slots.pop(next(iter(self._slots)))
            self.green.sendall(frame)

    def _flush(self) -> None:
        with self._lock:
            try:
                self._drain()
            except OSError:  # also when the client took nothing for as long as a ping may take
                self._end()
            finally:
                self._busy = False

    def _end(self) -> None:
        """Cut the line. Its reader then hears the end and Engine.IO cleans up."""
        self._cut = True
        self._rest = b""
        self._queue.clear()
        self._slots.clear()
        self._bytes = 0
        try:
            self.green.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("live.line_gone_already")


def broadcast(lines: Sequence[Line], frame: bytes, replaces: str | None = None) -> None:
    """:meth:`Line.push` of one frame to many lines, with its way for a line that keeps up written out.

    A call for each of ten thousand takes as long as a tenth of the sending itself.
    """
    size = len(frame)
    for line in lines:
        if line._busy or line._cut:
            line.push(frame, replaces)
            continue
        try:
            sent = line._send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:  # gone; whoever reads from it notices
            continue
        if sent != size:
            line._wait(frame[sent:])


class _Input:
    """eventlet's request body with a line in place of its socket."""

    def __init__(self, wrapped: Any, line: Line) -> None:
        self._wrapped = wrapped
        self._line = line

    def get_socket(self) -> Line:
        """What Engine.IO asks for when it takes the connection over."""
        return self._line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


def with_lines(app: Callable[..., Any]) -> Callable[..., Any]:
    """The outermost WSGI layer on eventlet: WebSockets get lines, small send buffers, and no permessage-deflate.

    Every browser offers that; accepted it takes 154 instead of 62 kB a connection and a fifth more CPU, and frames
    could not be shared.
    """
    import eventlet
    from eventlet.semaphore import Semaphore

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket" and "eventlet.input" in environ:
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            body = environ["eventlet.input"]
            green = body.get_socket()
            green.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere the missing pong ends a silent line
                green.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)
            line = Line(green, Semaphore(1), eventlet.spawn_n, eventlet.sleep)
            environ[ENVIRON_KEY] = line
            environ["eventlet.input"] = _Input(body, line)
        return app(environ, start_response)

    return wrapped
