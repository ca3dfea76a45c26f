"""Broken frames, binary nonsense and floods on the real socket, on both carriers: nobody else notices."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websocket import ABNF, WebSocketException

from tests.conftest import sqlite_settings
from tests.live.client import Client, wait
from tests.live.factories import (
    World,
    make_world,
    open_room,
    person_of,
    signed_ticket,
)
from tests.live.rude import frame, paced, plain, raw
from tests.servers import Server, start_server
from tourserver.core.rights import Actor
from tourserver.core.services import Services

Join = Callable[..., Client]


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Server]:
    """One server for all tests of a mode."""
    settings = sqlite_settings(tmp_path_factory.mktemp(f"bad-{request.param}"), sqlite_template)
    with start_server(settings, async_mode=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def services(server: Server) -> Iterator[Services]:
    found = Services.start(server.settings)
    yield found
    found.close()


@pytest.fixture
def room(services: Services) -> World:
    """An open room of its own."""
    with services.db.write() as session:
        made = make_world(session, hosts=2, people=3)
    open_room(services, made)
    return made


@pytest.fixture
def join(server: Server, services: Services) -> Iterator[Join]:
    """Opens connections that are closed after the test."""
    clients: list[Client] = []

    def open_client(world: World, actor: Actor) -> Client:
        client = Client(server.url, signed_ticket(services, world, actor), transports=["websocket"])
        clients.append(client)
        client.wait_for("joined")
        return client

    yield open_client
    with ThreadPoolExecutor() as pool:
        list(pool.map(Client.close, clients))


BROKEN: list[tuple[int, bytes]] = [
    (ABNF.OPCODE_TEXT, b"\xff\xfe\xfa not UTF-8"),
    (ABNF.OPCODE_TEXT, b'42/live,1["command",{"id":"12345678","name":"\xc3\x28"}]'),
    (ABNF.OPCODE_BINARY, bytes(range(256)) * 20),
    (ABNF.OPCODE_TEXT, b'451-/live,1["command",{"_placeholder":true,"num":0}]'),
    (ABNF.OPCODE_TEXT, b'45999999-/live,1["command",{"_placeholder":true,"num":0}]'),
    (ABNF.OPCODE_TEXT, b'42/live,1["command",' + b"[" * 30_000 + b"]" * 30_000 + b"]"),
    (ABNF.OPCODE_TEXT, b'42/live,1["command",{"id":"' + b"x" * 70_000 + b'"}]'),
    (ABNF.OPCODE_TEXT, b'42/live,1["command",' + b"9" * 60_000 + b"]"),
    (ABNF.OPCODE_TEXT, b'42/live,99999999999999999999999999["command",{}]'),
    (ABNF.OPCODE_TEXT, b'42/live,1["command",NaN]'),
    (ABNF.OPCODE_TEXT, b'42/live,1["disconnect"]'),
    (ABNF.OPCODE_TEXT, b'42/live,1["connect",{}]'),
    (ABNF.OPCODE_TEXT, b'42/live,1[["command"],{}]'),
    (ABNF.OPCODE_TEXT, b'42/live,1[{"a":1}]'),
    (ABNF.OPCODE_TEXT, b"42/live,1{}"),
    (ABNF.OPCODE_TEXT, b"43/live,77[{}]"),
    (ABNF.OPCODE_TEXT, b'40/live,{"ticket":"again"}'),
    (ABNF.OPCODE_TEXT, b"40/elsewhere,{}"),
    (ABNF.OPCODE_TEXT, b"0{}"),
    (ABNF.OPCODE_TEXT, b"6"),
    (ABNF.OPCODE_TEXT, b""),
    (3, b"reserved"),
]


def test_nothing_that_one_line_sends_harms_another(services: Services, server: Server, join: Join, room: World) -> None:
    guest = join(room, person_of(room))
    ticket = signed_ticket(services, room, person_of(room, 1))
    for opcode, data in BROKEN:
        line = raw(server, ticket)
        try:
            plain(line).sendall(frame(opcode, data))
            said = {"id": str(uuid.uuid4()), "name": "presence.heads", "args": {"heads": 2}}
            assert paced(guest, said)["ok"], data[:40]
        finally:
            plain(line).close()
    assert "Traceback" not in server.log.read_text()
    assert join(room, person_of(room, 1)).do("presence.heads", heads=1)


def test_one_who_sends_without_end_does_not_keep_others_waiting(
    services: Services, server: Server, join: Join, room: World
) -> None:
    guest = join(room, person_of(room))
    line = raw(server, signed_ticket(services, room, person_of(room, 1)))
    over, sent = threading.Event(), []

    def flood() -> None:
        block = b"".join(
            frame(ABNF.OPCODE_TEXT, f'42/live,{number}["{event}",{{}}]'.encode())
            for number, event in enumerate(["command", "view", "ping_clock", "range", "unheard"] * 200)
        )
        while not over.is_set():
            try:
                plain(line).sendall(block)
                sent.append(len(block))
            except (OSError, WebSocketException):
                time.sleep(0.01)  # it takes no more for now

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        wait(lambda: sent)
        for number in range(10):
            assert guest.do("presence.heads", heads=1 + number)
            time.sleep(0.1)
    finally:
        over.set()
        plain(line).shutdown(socket.SHUT_RDWR)  # wakes who is sending
        flooding.join()
        plain(line).close()
    assert "Traceback" not in server.log.read_text()
