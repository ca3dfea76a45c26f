"""A TCP proxy that can fall silent or hang up, to cut a line the way real ones are cut.

A browser's own offline switch leaves an open WebSocket alone, so a test of cuts needs this.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Forwards a local port to a target; ``silent()`` swallows all bytes both ways and keeps the connections."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._silent = threading.Event()
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """From now on nothing gets through, and nobody is told; new connections are taken and stay mute."""
        self._silent.set()

    def restore(self) -> None:
        """Hang up what was mute and forward new connections."""
        self._silent.clear()
        self.hang_up()

    def hang_up(self) -> None:
        """Close all connections."""
        with self._lock:
            open_sockets, self._sockets = self._sockets, []
        for each in open_sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """Stop listening and hang up."""
        self._listener.close()
        self.hang_up()

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
            with self._lock:
                self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._silent.is_set():
                    sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(target_port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine."""
    proxy = Proxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
