"""What a well-behaved page never sends, over the real socket: refused in words, and the room goes on for everybody."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websocket import create_connection

from tests.conftest import sqlite_settings
from tests.live.client import Client, wait
from tests.live.factories import (
    World,
    host_of,
    make_host,
    make_registration,
    make_world,
    open_room,
    person_of,
    signed_ticket,
)
from tests.live.rude import code, paced, plain
from tests.servers import Server, start_server
from tourserver.core.rights import Actor
from tourserver.core.services import Services

Join = Callable[..., Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Server]:
    """One server for all of these tests."""
    settings = sqlite_settings(tmp_path_factory.mktemp("bad"), sqlite_template)
    with start_server(settings) as running:
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


NESTED: Any = "x"
for _ in range(200):
    NESTED = [NESTED]

WRONG_ARGS: list[Any] = [
    None,
    [],
    "text",
    7,
    {},
    {"text": None},
    {"text": 7},
    {"text": ["Why?"]},
    {"text": {"en": "Why?"}},
    {"text": NESTED},
    {"text": "Why?", "anonymous": "no"},
    {"text": "Why?", "anonymous": 1},
    {"text": "Why?", "room": "0" * 32},
    {"text": "Why?", "state": "approved"},
    {"text": "Why?", "__class__": "x"},
    {"text": "Why?\u0000"},
    {"text": "Why?\u202e"},
    {"text": "\ud800 half a sign"},
    {"text": " \u200b \u2060 "},
    {"text": "x" * 1001},
    {"text": "x" * 20_001},
]


def test_a_question_of_a_wrong_form_is_refused_in_words(join: Join, room: World) -> None:
    guest = join(room, person_of(room))
    for args in WRONG_ARGS:
        sent = {"id": str(uuid.uuid4()), "name": "question.ask", "args": args}
        answer = paced(guest, sent)
        assert code(answer) == "invalid", (args, answer)
        assert answer["error"]["message"]
        assert "pydantic" not in answer["error"]["message"].lower()
    assert guest.snapshots["person"]["state"]["questions"] == []
    assert guest.events["person"] == {}


WRONG_COMMANDS: list[Any] = [
    None,
    [],
    "question.ask",
    7,
    {"id": "12345678"},
    {"name": "question.ask", "args": {}},
    {"id": 12345678, "name": "room.end", "args": {}},
    {"id": "short", "name": "room.end", "args": {}},
    {"id": "x" * 65, "name": "room.end", "args": {}},
    {"id": "1234567\n", "name": "room.end", "args": {}},
    {"id": "<script>alert(1)</script>", "name": "room.end", "args": {}},
    {"id": "12345678", "name": "x" * 41, "args": {}},
    {"id": "12345678", "name": ["room.end"], "args": {}},
    {"id": "12345678", "name": "room.end", "args": {}, "as": "user:1"},
    {"id": "12345678", "name": "room.end", "args": {}, "at": -3_600_000},
]


def test_a_command_of_a_wrong_form_is_refused(join: Join, room: World) -> None:
    host = join(room, host_of(room))
    for sent in WRONG_COMMANDS:
        assert code(paced(host, sent)) == "invalid", sent
    assert host.command("guide.take")["ok"]


def test_names_that_are_no_commands_are_unknown_whatever_python_makes_of_them(join: Join, room: World) -> None:
    host = join(room, host_of(room))
    for name in ("", "__init__", "question", "question.", "question.__dict__", "QUESTION.ASK", "room.end ", "room.énd"):
        assert code(host.command(name)) == "unknown_command", name


def test_what_is_anothers_is_not_found_or_forbidden(services: Services, join: Join, room: World) -> None:
    with services.db.write() as session:
        elsewhere = make_world(session, hosts=1, people=1)
    open_room(services, elsewhere)
    there = join(elsewhere, person_of(elsewhere)).do("question.ask", text="There?")["question"]
    author, other, host = join(room, person_of(room)), join(room, person_of(room, 1)), join(room, host_of(room))
    mine = author.do("question.ask", text="Mine?")["question"]
    for question in (there, mine, "0" * 32, room.people[0], room.room_id):
        assert code(other.command("question.vote", question=question)) == "not_found"
        assert code(other.command("question.withdraw", question=question, revision=1)) == "not_found"
        assert code(other.command("question.approve", question=question, revision=1)) == "forbidden"
    for name in ("question.approve", "question.live", "question.back", "question.pin"):
        assert code(host.command(name, question=there, revision=1)) == "not_found"
    assert code(host.command("person.block", question=there)) == "not_found"
    into = {"question": mine, "revision": 1, "into": there, "into_revision": 1}
    assert code(host.command("question.merge", **into)) == "not_found"
    stranger = f"user:{elsewhere.hosts[0]}"
    assert code(host.command("question.assign", question=mine, revision=1, to=stranger)) == "invalid"
    for channel in ("staff", "person:" + room.people[0], "../staff", ""):
        assert code(other.call("range", {"channel": channel, "after": 0})) in ("not_found", "invalid")
    assert code(host.command("question.vote", question=mine)) == "forbidden"


def test_revisions_that_are_old_of_the_future_or_no_numbers_change_nothing(join: Join, room: World) -> None:
    guest, host = join(room, person_of(room)), join(room, host_of(room))
    question = guest.do("question.ask", text="Why?")["question"]
    host.do("question.approve", question=question, revision=1)
    for revision in (1, 3, 1_000_000):
        answer = host.command("question.decline", question=question, revision=revision, reason="Off topic")
        assert code(answer) == "conflict"
        assert answer["error"]["state"]["question"]["revision"] == 2, "with what it is now"
    for wrong in (0, -1, 2.0, "2", None, True, 10**30, [2]):
        answer = paced(host, {"id": str(uuid.uuid4()), "name": "question.live", "args": _seen(question, wrong)})
        assert code(answer) == "invalid", wrong
    assert host.do("question.live", question=question, revision=2)["state"] == "live"


def _seen(question: str, revision: Any) -> dict[str, Any]:
    return {"question": question, "revision": revision}


def test_html_and_directions_arrive_as_the_text_that_they_are(join: Join, room: World) -> None:
    guest, host = join(room, person_of(room)), join(room, host_of(room))
    texts = [
        "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
        "{{ 7 * 7 }} %(name)s {name} ${x} \\u003c",
        "'; DROP TABLE question; --",
        "متى يبدأ؟ 12 < 13",
        "👩‍👩‍👧‍👦 لماذا",
        "first\nsecond\r\nthird\tend",
    ]
    for text in texts:
        question = guest.do("question.ask", text=text)["question"]
        host.do("question.approve", question=question, revision=1)
        shown = wait(lambda question=question: _approved(guest, question))  # type: ignore[misc]  # bound now
        assert shown["text"] == text.replace("\r\n", "\n").replace("\t", " ")


def _approved(client: Client, question: str) -> dict[str, Any] | None:
    for event in list(client.events["public"].values()):
        if event["kind"] == "question.approved" and event["data"]["id"] == question:
            found: dict[str, Any] = event["data"]["question"]
            return found
    return None


def test_a_name_of_ten_thousand_signs_is_nobodys_trouble(services: Services, join: Join, room: World) -> None:
    name = "長<b>" * 2500
    with services.db.write() as session:
        person = make_registration(session, room.session_id, name=name)
        host_id = make_host(session, room.session_id, name=name)
    guest, host = join(room, Actor("registration", person)), join(room, Actor("user", host_id))
    question = guest.do("question.ask", text="Who am I?")["question"]
    host.do("question.approve", question=question, revision=1)
    host.do("guide.take")
    host.do("question.assign", question=question, revision=2, to=f"user:{host_id}")
    assert wait(lambda: _approved(guest, question))["author"] == name
    assert guest.wait_kind("public", "guide.changed")["data"]["guide"]["name"] == name
    late = join(room, person_of(room))
    assert wait(lambda: late.snapshots.get("public"))["state"]["guide"]["name"] == name


def test_a_guide_whose_clock_is_hours_off_is_followed(join: Join, room: World) -> None:
    guest, host = join(room, person_of(room)), join(room, host_of(room))
    second = join(room, host_of(room, 1))
    scene, now = room.scenes[0], time.time() * 1000
    for leader, hours in ((host, 9), (second, -9)):
        leader.do("guide.take")
        for step in range(3):
            leader.view(scene, 10.0 * hours / 9 + step, t=now + hours * 3_600_000 + step * 200)
            time.sleep(0.2)
        wait(lambda hours=hours: guest.views and guest.views[-1]["yaw"] == 10.0 * hours / 9 + 2)  # type: ignore[misc]  # bound now
    for moment in (1e308, -1e308, 0.0):
        second.view(scene, 77.0, t=moment)
    time.sleep(0.3)
    second.do("guide.release")
    host.do("guide.take")
    host.view(scene, 42.0)
    wait(lambda: guest.views[-1]["yaw"] == 42.0)


def test_joining_with_anything_but_a_form_and_a_true_ticket_is_refused(
    services: Services, server: Server, room: World
) -> None:
    ticket = signed_ticket(services, room, person_of(room))
    forms: list[Any] = [None, [], "ticket", {"ticket": 7}, {"ticket": {"a": 1}, "device": "d"}]
    forged = ["x" * 1001, ticket[:-1], ticket.swapcase(), ticket + ticket, "\u0000é", ""]
    for auth in [*forms, *({"ticket": one, "device": "d"} for one in forged)]:
        line = create_connection(server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=5)
        try:
            line.recv()
            line.send("40/live," + json.dumps(auth))
            answer = str(line.recv())
            assert answer.startswith("44/live,")
            assert json.loads(answer[8:])["data"]["code"] in ("invalid", "not_allowed")
        finally:
            plain(line).close()
