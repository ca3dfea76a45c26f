"""The web process. Started as a program of its own, since eventlet has to patch before anything else is imported."""

# ruff: noqa: E402 - patching comes first, on purpose
import os
import warnings

_EVENTLET = os.environ.get("TOURSERVER_ASYNC_MODE", "eventlet") == "eventlet"
if _EVENTLET:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated", category=Warning)
        import eventlet
    eventlet.monkey_patch()

import gc
import resource
import signal
import socket
import sys
from types import FrameType
from typing import Any

import structlog
from flask import Flask

from tourserver.app import create_app
from tourserver.core import logs, migrate
from tourserver.core.errors import TourserverError
from tourserver.core.settings import Settings
from tourserver.live import noise
from tourserver.live.fanout import with_lines

log = structlog.get_logger()

MAX_CONNECTIONS = 30_000  # eventlet's own default is 1,024: the next client would hang without a word
BACKLOG = 4096
STOP_CHECK_SECONDS = 0.2


def main() -> None:
    """Serve HTTP and Socket.IO until SIGTERM or SIGINT."""
    settings = Settings()
    logs.configure(settings)
    _raise_file_limit()
    gc.set_threshold(50_000, 20, 20)  # a storm of joins makes many objects that live long
    # the demo starts its processes while it makes their database
    migrate.require_current(settings.sqlalchemy_url, wait_seconds=60 if settings.demo else 0)
    app = create_app(settings)
    try:
        if settings.async_mode == "eventlet":
            _serve_eventlet(app, settings)
        else:
            _serve_threads(app, settings)
    finally:
        _shutdown(app)


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _serve_eventlet(app: Flask, settings: Settings) -> None:
    import eventlet.wsgi

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = eventlet.listen((settings.host, settings.port), family=family, backlog=BACKLOG)
    # what is accepted inherits it: else the last piece of a tile waits 40 ms for the client's delayed acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stopping = False

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    server = eventlet.spawn(
        eventlet.wsgi.server,
        listener,
        with_lines(app),
        max_size=MAX_CONNECTIONS,
        log_output=False,
        keepalive=65,
        debug=False,
    )
    log.info("web.listening", host=settings.host, port=listener.getsockname()[1], mode="eventlet")
    # A signal doesn't end the hub's wait for sockets (PEP 475), so the wish is looked for.
    while not stopping:
        eventlet.sleep(STOP_CHECK_SECONDS)
    server.kill()


def _serve_threads(app: Flask, settings: Settings) -> None:
    import threading

    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
            """A WebSocket's goodbye ends the connection at once instead of waiting for another request on it."""
            self.close_connection = True

        def log_request(self, *args: Any) -> None:
            """The application logs requests itself."""

    noise.quieten_server()
    server = make_server(settings.host, settings.port, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    log.info("web.listening", host=settings.host, port=server.server_port, mode="threading")
    server.serve_forever(poll_interval=0.1)
    server.server_close()


def _shutdown(app: Flask) -> None:
    from tourserver.live import sockets

    sockets.shutdown(app)
    app.extensions["tourserver"].close()


if __name__ == "__main__":
    try:
        main()
    except TourserverError as error:
        sys.exit(f"Error: {error.text}")
    sys.stdout.flush()
    os._exit(0)  # greenlets and daemon threads of open connections end with the process
