"""Puts Socket.IO onto the application and the live rooms behind it."""

from __future__ import annotations

import sys

from flask import Flask
from flask_socketio import SocketIO

from tourserver.core.errors import TourserverError
from tourserver.core.services import Services
from tourserver.live import noise
from tourserver.live.engine import Engine
from tourserver.live.handlers import Handlers
from tourserver.live.transport import NAMESPACE, PING_SECONDS, PONG_SECONDS, Rooms, SocketIoTransport
from tourserver.tours import document

EXTENSION = "tourserver_live"

MESSAGE_BYTES = 64 * 1024


def init_app(app: Flask, services: Services) -> SocketIO:
    """Serve the namespace ``/live``. Background tasks start with the first connection, not here."""
    members = Rooms()
    socket = SocketIO(
        app,
        async_mode=_async_mode(services),
        client_manager=members,
        path="socket.io",
        namespaces=[NAMESPACE],
        # no cors_allowed_origins: only pages of the same origin may connect
        manage_session=False,
        async_handlers=False,  # what one client sends is done in its order
        max_http_buffer_size=MESSAGE_BYTES,
        ping_interval=PING_SECONDS,
        ping_timeout=PONG_SECONDS,
        # a task that looks at each client in turn; a dead one is noticed by reading from it or sending to it
        monitor_clients=False,
        logger=noise.logger(),
        engineio_logger=noise.logger(),
    )

    def translate(error: TourserverError, language: str) -> str:
        return handlers.translate(error, language)

    engine = Engine(services, SocketIoTransport(socket, members), build_tour=document.build, translate=translate)
    handlers = Handlers(app, engine)
    handlers.register(socket.server)
    app.extensions[EXTENSION] = engine
    return socket


def _async_mode(services: Services) -> str:
    """eventlet only where ``tourserver serve`` patched the process; tests and commands have threads."""
    patcher = sys.modules.get("eventlet.patcher")
    patched = patcher is not None and patcher.is_monkey_patched("thread")
    return "eventlet" if services.settings.async_mode == "eventlet" and patched else "threading"


def engine_of(app: Flask) -> Engine:
    """The live rooms of an application."""
    found: Engine = app.extensions[EXTENSION]
    return found


def shutdown(app: Flask) -> None:
    """Write what is in memory and close this process' attendance; called once before the process ends."""
    engine_of(app).stop()
