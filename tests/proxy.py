"""A TCP proxy that cuts lines the way real ones are cut: silently, one way only, for a while, or with a reset.

A browser's own offline switch leaves an open WebSocket alone, so a test of cuts needs this.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, cast

UP: Final = "up"
DOWN: Final = "down"
NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Closed so, the kernel sends a reset and forgets what it still had to send."""


class _End(asyncio.Protocol):
    """One side of a connection through the proxy; what it reads is written to ``other``."""

    def __init__(self, line: _Line, direction: str) -> None:
        self.line = line
        self.direction = direction
        self.transport: asyncio.Transport | None = None
        self.full = False
        self.due = 0.0

    @property
    def other(self) -> _End:
        return self.line.server if self is self.line.client else self.line.client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self is self.line.client:
            self.transport.pause_reading()  # until there is somewhere to write to
            self.line.proxy.connect(self.line)

    def data_received(self, data: bytes) -> None:
        if self.direction in self.line.mute:
            return
        loop = asyncio.get_running_loop()
        if self.line.proxy.delay or self.due > loop.time():
            self.due = max(loop.time() + self.line.proxy.delay, self.due + 1e-6)  # in order, whatever the delay becomes
            loop.call_at(self.due, self.other.write, data)
        else:
            self.other.write(data)

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def eof_received(self) -> bool:
        return bool(self.line.mute)  # who falls silent says no goodbye either

    def connection_lost(self, error: Exception | None) -> None:
        if self.line.mute and not self.line.ended:
            return
        self.line.end(reset=isinstance(error, ConnectionResetError))

    def pause_writing(self) -> None:
        self.full = True
        self.other.look()

    def resume_writing(self) -> None:
        self.full = False
        self.other.look()

    def look(self) -> None:
        """Read, unless the line is stalled or the other side takes nothing."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.line.stalled or self.other.full or self.other.transport is None:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


class _Line:
    """One connection. Once mute in a direction it stays so: bytes after a gap would be no stream any more."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client, self.server = _End(self, UP), _End(self, DOWN)
        self.mute: set[str] = set()
        self.stalled = False
        self.ended = False

    def look(self) -> None:
        self.client.look()
        self.server.look()

    def end(self, *, reset: bool) -> None:
        self.ended = True
        self.proxy.lines.discard(self)
        for end in (self.client, self.server):
            if end.transport is None:
                continue
            if reset:
                with suppress(OSError):
                    found: socket.socket = end.transport.get_extra_info("socket")
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                end.transport.abort()
            else:
                end.transport.close()


class Wires:
    """A thread in which any number of proxies carry their bytes."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, function: Callable[[], Any]) -> Any:
        """Call something there, and wait for it."""

        async def call() -> Any:
            found = function()
            return await found if asyncio.iscoroutine(found) else found

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(timeout=10)

    def close(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()


class Proxy:
    """Forwards a local port to a target."""

    def __init__(self, target_port: int, wires: Wires) -> None:
        self._target = target_port
        self._wires = wires
        self._mute: set[str] = set()
        self._stalled = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.lines: set[_Line] = set()
        self.delay = 0.0  # seconds that every byte takes, both ways
        self._server: asyncio.Server = wires.run(self._listen)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    # --- cuts

    def silence(self, *directions: str) -> None:
        """From now on nothing gets through, or nothing one way, and nobody is told; new connections are mute too."""
        self._wires.run(lambda: self._silence(set(directions or (UP, DOWN))))

    def stall(self) -> None:
        """Keep everything back as a tunnel does: what was under way arrives after :meth:`restore`."""
        self._wires.run(self._stall)

    def restore(self) -> None:
        """Hang up what was mute, go on with what was stalled, and forward new connections."""
        self._wires.run(self._restore)

    def hang_up(self) -> None:
        """Close all connections, with a goodbye."""
        self._wires.run(lambda: self._end(reset=False))

    def reset(self) -> None:
        """End all connections with a TCP reset: what was under way is lost."""
        self._wires.run(lambda: self._end(reset=True))

    def close(self) -> None:
        """Stop listening and hang up."""
        self._wires.run(self._close)

    # --- in the thread of the wires

    def _silence(self, directions: set[str]) -> None:
        self._mute = directions
        for line in self.lines:
            line.mute |= directions

    def _stall(self) -> None:
        self._stalled = True
        for line in self.lines:
            line.stalled = True
            line.look()

    def _restore(self) -> None:
        self._mute, self._stalled = set(), False
        for line in list(self.lines):
            line.stalled = False
            if line.mute:
                line.end(reset=False)
            else:
                line.look()

    def _end(self, *, reset: bool) -> None:
        for line in list(self.lines):
            line.end(reset=reset)

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._accept, "127.0.0.1", 0, backlog=1000)

    def _accept(self) -> _End:
        line = _Line(self)
        line.mute, line.stalled = set(self._mute), self._stalled
        self.lines.add(line)
        return line.client

    def connect(self, line: _Line) -> None:
        """Make the other half of a connection."""
        task = asyncio.get_running_loop().create_task(self._connect(line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, line: _Line) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: line.server, "127.0.0.1", self._target)
        except OSError:
            line.end(reset=True)
            return
        if line.ended:
            line.end(reset=True)
        else:
            line.look()

    async def _close(self) -> None:
        self._server.close()
        self._end(reset=False)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0)


@contextmanager
def proxied(target_port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine."""
    wires = Wires()
    proxy = Proxy(target_port, wires)
    try:
        yield proxy
    finally:
        proxy.close()
        wires.close()
