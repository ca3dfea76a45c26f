"""One Socket.IO line by WebSocket, for hundreds of pages in one thread: says what it hears and can stop listening."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from typing import Any, Final
from urllib.parse import urlsplit

from socketio.packet import Packet
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, RejectConnection, Request

NAMESPACE: Final = "/live"
RECEIVE_BYTES: Final = 64 * 1024
CONNECT, EVENT, ACK, CONNECT_ERROR = 0, 2, 3, 4


class LineError(Exception):
    """The line broke, or could not be made."""


class RefusedError(Exception):
    """The server said no at the door; ``data`` says why."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        super().__init__(str(data))


class Line:
    """An attempt at a connection, and the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._text = ""
        self._frozen = False
        self._heard: deque[str] = deque()

    @classmethod
    async def open(cls, url: str, auth: dict[str, Any], seconds: float) -> Line:
        """Join a room. Raises :class:`LineError`, :class:`RefusedError`, or ``OSError``."""
        try:
            async with asyncio.timeout(seconds):
                return await cls._open(url, auth)
        except TimeoutError:
            raise LineError("no answer") from None

    @classmethod
    async def _open(cls, url: str, auth: dict[str, Any]) -> Line:
        address = urlsplit(url)
        plain = socket.socket()
        plain.setblocking(False)
        # as small as a phone's, or the kernel of this machine reads megabytes for somebody who has stopped reading
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        try:
            await asyncio.get_running_loop().sock_connect(plain, (address.hostname, address.port))
        except BaseException:
            plain.close()
            raise
        line = cls(*await asyncio.open_connection(sock=plain))
        try:
            target = "/socket.io/?EIO=4&transport=websocket"
            line._write(line._socket.send(Request(host=address.netloc, target=target)))
            if not (await line._next()).startswith("0"):
                raise LineError("no greeting")
            line.send(f"40{NAMESPACE},{json.dumps(auth)}")
            answer = await line._next()
            packet = Packet(encoded_packet=answer[1:])
            if packet.packet_type == CONNECT_ERROR:
                raise RefusedError(packet.data.get("data") or packet.data)
            if packet.packet_type != CONNECT:
                raise LineError(answer[:60])
        except BaseException:
            line.abort()
            raise
        return line

    async def read(self, seconds: float) -> Packet:
        """The next event or acknowledgement. Raises :class:`LineError` after so long a silence."""
        while True:
            try:
                async with asyncio.timeout(seconds):
                    text = await self._next()
            except TimeoutError:
                if self._frozen:
                    continue
                raise LineError("silence") from None
            if text == "2":
                self.send("3")
            elif text.startswith("4"):
                packet = Packet(encoded_packet=text[1:])
                if packet.packet_type in (EVENT, ACK):
                    return packet
                raise LineError(text[:60])

    def emit(self, event: str, data: Any, number: int | None = None) -> None:
        """Send an event, with a number when it is to be acknowledged."""
        self.send("4" + Packet(EVENT, namespace=NAMESPACE, id=number, data=[event, data]).encode())

    def send(self, text: str) -> None:
        """Send a text as it is."""
        if not self._writer.is_closing():
            self._write(self._socket.send(Message(data=text)))

    def freeze(self) -> None:
        """Read no more; the connection stays. A program that is stopped doesn't notice the silence either."""
        self._frozen = True
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket's transport

    def thaw(self) -> None:
        """Go on reading."""
        self._frozen = False
        if not self._writer.is_closing():
            self._writer.transport.resume_reading()  # type: ignore[attr-defined]  # of a socket's transport

    def abort(self) -> None:
        """End it without a word."""
        self._writer.transport.abort()

    def _write(self, data: bytes) -> None:
        self._writer.write(data)

    async def _next(self) -> str:
        while not self._heard:
            try:
                data = await self._reader.read(65536)
            except OSError as error:
                raise LineError(str(error)) from error
            if not data:
                raise LineError("hung up")
            self._socket.receive_data(data)
            for event in self._socket.events():
                if isinstance(event, Message):
                    self._text += str(event.data)
                    if event.message_finished:
                        self._heard.append(self._text)
                        self._text = ""
                elif isinstance(event, CloseConnection | RejectConnection):
                    raise LineError("closed")
                elif not isinstance(event, AcceptConnection):
                    raise LineError(repr(event))
        return self._heard.popleft()
