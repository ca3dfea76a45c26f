"""What the live rooms need of a carrier, and Flask-SocketIO as one.

Nothing outside this module, sockets.py and handlers.py knows Socket.IO: a faster fan-out, or another carrier,
is a change here. Nothing here may be called inside a database transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

import socketio
import structlog
from engineio.packet import MESSAGE
from flask_socketio import SocketIO
from socketio.packet import EVENT

from tourserver.live.fanout import ENVIRON_KEY, Line, websocket_frame

log = structlog.get_logger()

NAMESPACE: Final = "/live"

YIELD_EVERY: Final = 1000
"""So many sends and others get their turn: ten thousand take about 50 ms."""


class Transport(Protocol):
    """Connections (by ``sid``) in groups (by ``channel``); sending never waits for a client."""

    def join(self, sid: str, channel: str) -> None:
        """Put a connection into a channel; does nothing when it is gone."""

    def leave(self, sid: str, channel: str) -> None:
        """Take a connection out of a channel."""

    def send(self, channel: str, event: str, data: dict[str, Any], *, replaces: str | None = None) -> None:
        """Send to this process' members of a channel.

        With ``replaces``, what a slow client has not been sent yet of the same name may be left out.
        """

    def send_to(self, sid: str, event: str, data: dict[str, Any]) -> None:
        """Send to one connection."""

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

    def basic_enter_room(self, *args: Any, **kwargs: Any) -> None:
        """Enter, one at a time: two first members must not make the room twice."""
        with self._guard:
            super().basic_enter_room(*args, **kwargs)

    def basic_leave_room(self, *args: Any, **kwargs: Any) -> None:
        """Leave, one at a time: the last one takes the room away."""
        with self._guard:
            super().basic_leave_room(*args, **kwargs)


class SocketIoTransport:
    """Flask-SocketIO as the carrier; broadcasts take the lines of fanout.py where a client has one."""

    def __init__(self, socket: SocketIO, members: Rooms) -> None:
        self._socket = socket
        self._members = members

    def join(self, sid: str, channel: str) -> None:
        """See :class:`Transport`."""
        try:
            self._socket.server.enter_room(sid, channel, namespace=NAMESPACE)
        except (ValueError, KeyError):  # it went away meanwhile
            log.debug("live.join_too_late", sid=sid)

    def leave(self, sid: str, channel: str) -> None:
        """See :class:`Transport`."""
        self._socket.server.leave_room(sid, channel, namespace=NAMESPACE)

    def send(self, channel: str, event: str, data: dict[str, Any], *, replaces: str | None = None) -> None:
        """See :class:`Transport`. Encoded once for all members that have a line (see fanout.py)."""
        server = self._socket.server
        frame: bytes | None = None
        for count, (sid, eio_sid) in enumerate(list(self._members.get_participants(NAMESPACE, channel)), start=1):
            line: Line | None = server.environ.get(eio_sid, {}).get(ENVIRON_KEY)
            if line is None:
                server.emit(event, data, to=sid, namespace=NAMESPACE)
            else:
                frame = frame or self._frame(event, data)
                line.push(frame, replaces)
            if count % YIELD_EVERY == 0:
                self._socket.sleep(0)

    def send_to(self, sid: str, event: str, data: dict[str, Any]) -> None:
        """See :class:`Transport`."""
        self.send(sid, event, data)  # every connection is a channel of its own

    def _frame(self, event: str, data: dict[str, Any]) -> bytes:
        packet = self._socket.server.packet_class(EVENT, namespace=NAMESPACE, data=[event, data])
        return websocket_frame(f"{MESSAGE}{packet.encode()}")

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
