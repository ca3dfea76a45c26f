"""A TCP proxy that can fall silent or hang up, to cut a line the way real ones are cut.

A browser's own offline switch leaves an open WebSocket alone, so a test of cuts needs this.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class _Line:
    """One connection through the proxy. Once mute it stays so: bytes after a gap would be no stream any more."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.ends = (client, server)
        self.mute = False

    def hang_up(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.mute:
                    sink.sendall(data)
        self.hang_up()


class Proxy:
    """Forwards a local port to a target; can swallow all bytes both ways while keeping the connections."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._lines: list[_Line] = []
        self._threads: list[threading.Thread] = []
        self._silent = False
        self._lock = threading.Lock()
        self._run(self._accept)

    def silence(self) -> None:
        """From now on nothing gets through, and nobody is told; new connections are taken and are mute too."""
        with self._lock:
            self._silent = True
            for line in self._lines:
                line.mute = True

    def restore(self) -> None:
        """Hang up what was mute and forward new connections."""
        with self._lock:
            self._silent = False
            for line in self._lines:
                if line.mute:
                    line.hang_up()

    def hang_up(self) -> None:
        """Close all connections."""
        with self._lock:
            for line in self._lines:
                line.hang_up()

    def close(self) -> None:
        """Stop listening, hang up, and wait for the threads."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() alone does not
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(timeout=5)
        for line in self._lines:
            for end in line.ends:
                end.close()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            line = _Line(client, server)
            with self._lock:
                line.mute = self._silent
                self._lines.append(line)
            self._run(line.pump, client, server)
            self._run(line.pump, server, client)


@contextmanager
def proxied(target_port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine."""
    proxy = Proxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
