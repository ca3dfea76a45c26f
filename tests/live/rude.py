"""Means for saying to the server what no page and no library says."""

from __future__ import annotations

import json
import socket
from typing import Any

from websocket import ABNF, WebSocket, create_connection

from tests.live.client import Client, wait
from tests.servers import Server


def raw(server: Server, ticket: str) -> WebSocket:
    """A bare WebSocket that has joined."""
    line = create_connection(server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=5)
    assert str(line.recv()).startswith("0{")
    line.send("40/live," + json.dumps({"ticket": ticket, "device": "raw"}))
    assert str(line.recv()).startswith("40/live,")
    return line


def plain(line: WebSocket) -> socket.socket:
    """The socket below, for bytes that no library sends."""
    found = line.sock
    assert found is not None
    return found


def code(answer: dict[str, Any]) -> str:
    return str(answer["error"]["code"]) if not answer["ok"] else "ok"


def frame(opcode: int, data: bytes) -> bytes:
    """A masked frame with any opcode, also one that no library sends."""
    whole = bytearray(ABNF(1, 0, 0, 0, ABNF.OPCODE_TEXT, 1, data).format())
    whole[0] = 0x80 | opcode
    return bytes(whole)


def paced(client: Client, sent: Any) -> dict[str, Any]:
    """A command and its answer, asked again when that was too fast."""

    def once() -> dict[str, Any] | None:
        answer: dict[str, Any] = client.call("command", sent)
        return None if code(answer) == "rate_limited" else answer

    return wait(once, 10)
