"""Servers to compare with, each sending the same message at the same rate.

Run as ``python -m tourserver.bench.peers KIND PORT RATE``.

``stock``: Flask-SocketIO on eventlet as its documentation has it. ``floor``: nothing but a loop of ``send()``, which
no server in Python can beat.
"""

import sys
import warnings

if __name__ == "__main__" and sys.argv[1] == "stock":
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated", category=Warning)
        import eventlet
    eventlet.monkey_patch()

import base64
import contextlib
import hashlib
import json
import socket
import threading
import time
from typing import Any, Final

from tourserver.live.fanout import websocket_frame

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def view(number: int) -> dict[str, Any]:
    """What a room sends to its followers ten times a second, to the byte."""
    now = int(time.time() * 1000)
    scene = "0" * 32
    return {"view": {"scene": scene, "yaw": number / 100, "pitch": 0.0, "fov": 70.0, "t": now, "by": "Host"}}


def serve_stock(port: int, rate: float) -> None:
    """Flask-SocketIO, a room of all, a background task that emits."""
    from flask import Flask
    from flask_socketio import SocketIO, join_room

    app = Flask(__name__)
    sockets = SocketIO(app, async_mode="eventlet", path="socket.io", async_handlers=False)

    def joined(_auth: Any = None) -> None:
        join_room("all")

    sockets.on_event("connect", joined, namespace="/live")

    def send() -> None:
        number = 0
        due = time.monotonic()
        while True:
            sockets.emit("frame", view(number), to="all", namespace="/live")
            number, due = number + 1, due + 1 / rate
            sockets.sleep(max(0.0, due - time.monotonic()))

    sockets.start_background_task(send)
    sockets.run(app, host="127.0.0.1", port=port, max_size=30_000, log_output=False)


def serve_floor(port: int, rate: float) -> None:
    """Accept, answer the upgrade, then send to one after the other for ever."""
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    lines: list[socket.socket] = []

    def accept() -> None:
        while True:
            line, _address = listener.accept()
            request = b""
            while b"\r\n\r\n" not in request and (more := line.recv(4096)):
                request += more
            if not request:  # somebody only looked whether we are there
                line.close()
                continue
            key = next(part for part in request.split(b"\r\n") if part.lower().startswith(b"sec-websocket-key:"))
            accepted = base64.b64encode(hashlib.sha1(key.split(b":")[1].strip() + _GUID).digest())  # noqa: S324
            line.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
            )
            line.setblocking(False)
            lines.append(line)

    threading.Thread(target=accept, daemon=True).start()
    number, due = 0, time.monotonic()
    while True:
        frame = websocket_frame("42/live," + json.dumps(["frame", view(number)], separators=(",", ":")))
        for line in lines:
            with contextlib.suppress(OSError):
                line.send(frame)
        number, due = number + 1, due + 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    {"stock": serve_stock, "floor": serve_floor}[sys.argv[1]](int(sys.argv[2]), float(sys.argv[3]))
