"""Real clients against a real server, on eventlet and on threads."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
from sqlalchemy import func, select
from websocket import WebSocket, create_connection

from tests.conftest import sqlite_settings
from tests.live.client import Client, RefusedError, wait
from tests.live.factories import (
    World,
    host_of,
    make_world,
    open_room,
    person_of,
    publish_again,
    signed_ticket,
)
from tests.servers import Server, start_server
from tourserver.core import clock, rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import access, noise
from tourserver.live.guiding import guide
from tourserver.live.models import Attendance
from tourserver.live.questions.models import Question
from tourserver.live.transport import NAMESPACE, Rooms
from tourserver.registration.models import Registration

Join = Callable[..., Client]


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Server]:
    """One server for all tests of a mode: each test has a room of its own."""
    settings = sqlite_settings(tmp_path_factory.mktemp(request.param), sqlite_template)
    with start_server(settings, async_mode=request.param) as running:
        yield running


@pytest.fixture
def services(server: Server) -> Iterator[Services]:
    """This process' own hands on the server's database."""
    found = Services.start(server.settings)
    yield found
    found.close()


@pytest.fixture
def join(server: Server, services: Services) -> Iterator[Join]:
    """Opens connections that are closed after the test."""
    clients: list[Client] = []

    def open_client(world: World, actor: Actor, **more: Any) -> Client:
        client = Client(server.url, signed_ticket(services, world, actor), **more)
        clients.append(client)
        client.wait_for("joined")
        return client

    yield open_client
    with ThreadPoolExecutor() as pool:
        list(pool.map(Client.close, clients))


def test_who_joins_is_told_the_room_and_its_state(join: Join, open_world: World) -> None:
    guest = join(open_world, person_of(open_world), heads=3)
    joined = guest.wait_for("joined")
    assert (joined["role"], joined["channels"]) == ("participant", ["public", "person"])
    wait(lambda: len(guest.snapshots) == 2)
    public = guest.snapshots["public"]
    assert public["seq"] == 1
    assert public["state"]["room"]["state"] == "open"
    assert public["state"]["tour"][0]["scenes"][0]["id"] == open_world.scenes[0]
    heads = guest.wait_for("heads")
    assert heads["presence"] == {"connections": 1, "persons": 1, "heads": 3, "guides": 0, "free": 0}
    assert abs(heads["now"] - time.time() * 1000) < 5000
    crew = join(open_world, host_of(open_world))
    assert crew.wait_for("joined")["channels"] == ["public", "staff"]


def test_a_question_is_asked_approved_and_seen_in_order(join: Join, open_world: World) -> None:
    asker, other = join(open_world, person_of(open_world)), join(open_world, person_of(open_world, 1))
    crew = join(open_world, host_of(open_world))
    asked = [asker.do("question.ask", text=f"Question {number}?", anonymous=False) for number in range(3)]
    assert asker.wait_kind("person", "question.pending")["data"]["question"]["author"] == "Amina Diallo"
    wait(lambda: crew.kinds("staff") == ["question.pending"] * 3)
    for question in (asked[2], asked[0]):
        crew.do("question.approve", question=question["question"], revision=1)
    crew.do("question.live", question=asked[0]["question"], revision=2)
    expected = ["question.approved", "question.approved", "question.live"]
    wait(lambda: all(client.kinds("public") == expected for client in (asker, other, crew)))
    assert [other.events["public"][seq]["data"].get("question", {}).get("text") for seq in (2, 3)] == [
        "Question 2?",
        "Question 0?",
    ]
    assert other.arrivals == sorted(other.arrivals)
    assert other.events["person"] == {}, "a pending question is nobody else's business"


def test_one_person_votes_once_and_the_tally_reaches_everyone(join: Join, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    question = guest.do("question.ask", text="Why?", anonymous=False)["question"]
    crew.do("question.approve", question=question, revision=1)
    assert guest.do("question.vote", question=question)["votes"] == 1
    again = guest.command("question.vote", question=question)
    assert (again["ok"], again["error"]["code"]) == (False, "conflict")
    wait(lambda: any(data.get("tallies", {}).get(question) == 1 for name, data in crew.heard if name == "heads"))


def test_another_rooms_question_and_events_are_out_of_reach(join: Join, services: Services, open_world: World) -> None:
    with services.db.write() as session:
        other = make_world(session)
    open_room(services, other)
    stranger, owner = join(other, person_of(other)), join(open_world, person_of(open_world))
    crew = join(open_world, host_of(open_world))
    question = owner.do("question.ask", text="Ours?", anonymous=False)["question"]
    crew.do("question.approve", question=question, revision=1)
    owner.wait_kind("public", "question.approved")
    refused = stranger.command("question.vote", question=question)
    assert (refused["ok"], refused["error"]["code"]) == (False, "not_found")
    staff = stranger.call("range", {"channel": "staff", "after": 0})
    assert (staff["events"], staff["error"]["code"]) == ([], "not_found")
    time.sleep(0.3)
    assert stranger.events == {"public": {}, "person": {}, "staff": {}}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"id": "12345678", "name": "question.ask", "args": {"text": "Why?", "author": "x"}}, "invalid"),
        ({"id": "12345678", "name": "question.ask", "args": {"text": "Why?"}, "room": "x"}, "invalid"),
        ({"id": "12345678", "name": "question.ask", "args": {"text": b"\x00\x01"}}, "invalid"),
        ({"id": "12345678", "name": "room.explode", "args": {}}, "unknown_command"),
        ("text", "invalid"),
        (None, "invalid"),
    ],
)
def test_what_has_not_the_written_form_is_refused_in_words(join: Join, open_world: World, sent: Any, code: str) -> None:
    guest = join(open_world, person_of(open_world))
    answer = guest.call("command", sent)
    assert (answer["ok"], answer["error"]["code"]) == (False, code)
    assert answer["error"]["message"]
    assert guest.do("presence.heads", heads=2) == {"heads": 2}, "the connection goes on"


def _raw(server: Server, ticket: str) -> WebSocket:
    """A bare WebSocket that has joined, for what a well-behaved client can't send."""
    line = create_connection(server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket", timeout=5)
    try:
        assert str(line.recv()).startswith("0{")
        line.send("40/live," + json.dumps({"ticket": ticket, "device": "raw"}))
        assert str(line.recv()).startswith("40/live,"), "nothing is sent before the acceptance"
    except BaseException:
        line.close()
        raise
    return line


def test_what_waits_for_a_connection_is_done_after_its_acceptance_and_never_for_a_refused_one() -> None:
    members, done = Rooms(), []
    members.set_server(socketio.Server(async_mode="threading"))
    first, second = (members.pre_connect(line, NAMESPACE) for line in ("line-1", "line-2"))
    members.after_connect(first, lambda: done.append("first"))
    members.after_connect(second, lambda: done.append("second"))
    assert done == []
    members.connect(first, NAMESPACE)
    members.disconnect(second, NAMESPACE)
    assert done == ["first"]
    members.connect(first, NAMESPACE)
    assert done == ["first"], "done once"


@pytest.mark.parametrize(
    "rude",
    [
        '42/live,1["command",' + "[" * 20_000 + "]" * 20_000 + "]",
        '42/live,1["command",{"id":"12345678","name":"' + "x" * 200_000 + '"}]',
        '42/live,1["command",{"id":',
        "51-/live,[broken",
        "9nonsense",
        b"\xff\xfe\x00",
        '42/live,["command"]',
        '42/live,["unheard-of",{}]',
        "42/elsewhere,[1]",
        '42/live,1["command",' + '{"a":' * 3_000 + "1" + "}" * 3_000 + "]",
    ],
    ids=lambda value: repr(value[:24]),
)
def test_a_malformed_message_does_not_harm_the_room(
    join: Join, services: Services, server: Server, open_world: World, rude: str | bytes
) -> None:
    guest = join(open_world, person_of(open_world))
    line = _raw(server, signed_ticket(services, open_world, person_of(open_world, 1)))
    try:
        if isinstance(rude, bytes):
            line.send_binary(rude)
        else:
            line.send(rude)
        assert guest.do("presence.heads", heads=2) == {"heads": 2}
    finally:
        line.close()
    wait(
        lambda: any(data.get("presence", {}).get("persons") == 1 for name, data in guest.heard[-3:] if name == "heads")
    )
    assert "Traceback" not in server.log.read_text()


def test_a_flood_of_broken_messages_is_a_few_quiet_lines_of_the_log(
    services: Services, server: Server, open_world: World
) -> None:
    line = _raw(server, signed_ticket(services, open_world, person_of(open_world)))
    try:
        for number in range(200):
            line.send(f'42/live,{number}["command",{{"id":secret{number}')
        wait(lambda: "live.malformed_message" in server.log.read_text())
        time.sleep(0.5)
    finally:
        line.close()
    logged = server.log.read_text()
    assert 1 <= logged.count("live.malformed_message") <= noise.LINES_AT_ONCE + 10
    assert "Traceback" not in logged
    assert "secret" not in logged


def test_a_repeated_command_id_is_done_once(join: Join, services: Services, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    client_id = str(uuid.uuid4())
    first = guest.command("question.ask", client_id=client_id, text="Why?", anonymous=False)
    guest.close()
    back = join(open_world, person_of(open_world))
    assert back.command("question.ask", client_id=client_id, text="Why?", anonymous=False) == first
    with services.db.read() as session:
        assert session.scalar(select(func.count()).where(Question.room_id == open_world.room_id)) == 1


def test_who_comes_back_gets_exactly_what_was_missed(join: Join, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    questions = [guest.do("question.ask", text=f"Q{number}?", anonymous=False) for number in range(3)]
    crew.do("question.approve", question=questions[0]["question"], revision=1)
    for channel in ("public", "person"):
        guest.wait_kind(channel, "question.approved")
    since = {channel: max(guest.events[channel]) for channel in ("public", "person")}
    guest.close()
    for question in questions[1:]:
        crew.do("question.approve", question=question["question"], revision=1)
    back = join(open_world, person_of(open_world), since=since)
    crew.do("question.live", question=questions[1]["question"], revision=2)
    wait(lambda: len(back.events["public"]) == 3 and len(back.events["person"]) == 3)
    assert back.snapshots == {}
    for channel in ("public", "person"):
        arrived = [seq for name, seq in back.arrivals if name == channel]
        assert sorted(set(arrived)) == list(range(since[channel] + 1, since[channel] + 4))


def test_a_range_gives_what_is_missing(join: Join, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    crew.do("guide.take")
    crew.do("guide.release")
    page = guest.call("range", {"channel": "public", "after": 1})
    assert [one["seq"] for one in page["events"]] == [2, 3]
    assert page["more"] is False
    assert guest.call("range", {"channel": "public", "after": "1"})["error"]["code"] == "invalid"


def test_a_right_that_is_withdrawn_is_gone_within_a_second(join: Join, services: Services, open_world: World) -> None:
    crew = join(open_world, host_of(open_world))
    with services.db.write() as session:
        rights.withdraw(session, host_of(open_world), "host", "session", open_world.session_id, by=SYSTEM)
    answer = crew.command("room.end")
    assert (answer["ok"], answer["error"]["code"]) == (False, "forbidden")
    assert crew.wait_for("removed", 3)["code"] == "not_allowed"
    wait(lambda: not crew.io.connected)


def test_a_withdrawn_person_is_told_and_hears_no_more(join: Join, services: Services, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    with services.db.write() as session:
        session.get_one(Registration, open_world.people[0]).state = "withdrawn"
    assert guest.wait_for("removed", 3)["code"] == "withdrawn"
    wait(lambda: not guest.io.connected)
    crew.do("guide.take")
    time.sleep(0.3)
    assert guest.kinds("public") == []
    with pytest.raises(RefusedError) as caught:
        join(open_world, person_of(open_world))
    assert caught.value.data["data"]["code"] == "withdrawn"


def test_a_replaced_link_ends_the_connection_made_with_it(join: Join, services: Services, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    with services.db.write() as session:
        services.tokens.revoke(session, access.JOIN, open_world.people[0])
    assert guest.wait_for("removed", 3)["code"] == "replaced_link"
    assert join(open_world, person_of(open_world)).wait_for("joined")["role"] == "participant"


def test_a_follower_sees_the_guides_view_and_a_late_joiner_stands_there(join: Join, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    crew = join(open_world, host_of(open_world))
    crew.do("guide.take")
    crew.do("guide.scene", scene=open_world.scenes[1], yaw=10, pitch=0, fov=70)
    for step in range(10):
        crew.view(open_world.scenes[1], 10 + step)
        time.sleep(0.1)
    newest = wait(lambda: next((one for one in reversed(guest.views) if one["yaw"] == 19), None))
    assert (newest["scene"], newest["by"]) == (open_world.scenes[1], "Hanna Host")
    times = [view["t"] for view in guest.views]
    assert times == sorted(times)
    began = time.monotonic()
    late = join(open_world, person_of(open_world, 1))
    view = wait(lambda: late.views[-1] if late.views else None)
    assert (view["scene"], view["yaw"]) == (open_world.scenes[1], 19)
    assert time.monotonic() - began < 2


def test_a_tour_published_meanwhile_reaches_people_when_a_host_accepts_it(
    join: Join, services: Services, open_world: World
) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    wait(lambda: "public" in guest.snapshots and "staff" in crew.snapshots)
    with services.db.write() as session:
        newer = publish_again(session, open_world.site_id, titles={open_world.scenes[0]: "New quay"}).id
    offered = crew.wait_kind("staff", "tour.offered")["data"]
    assert (offered["revision"], offered["name"]["sv"]) == (newer, "Hamnen")
    time.sleep(0.3)
    assert not any(name == "tours" for name, _ in guest.heard + crew.heard)
    assert guest.events == {"public": {}, "person": {}, "staff": {}}
    crew.do("tour.accept", site=open_world.site_id, revision=newer)
    for client in (guest, crew):
        client.wait_kind("public", "tour.changed")
        (brought,) = [data for name, data in client.heard if name == "tours"]
        assert brought["tour"][0]["scenes"][0]["title"]["value"] == "New quay"
    late = join(open_world, person_of(open_world, 1))
    wait(lambda: "public" in late.snapshots)
    assert late.snapshots["public"]["state"]["tour"][0]["revision"] == 2
    refused = guest.command("tour.accept", site=open_world.site_id, revision=newer)
    assert refused["error"]["code"] == "forbidden"


def test_views_of_others_and_nonsense_are_ignored(join: Join, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    other = join(open_world, host_of(open_world, 1))
    crew.do("guide.take")
    scene = open_world.scenes[0]
    other.view(scene, 1)
    guest.view(scene, 2)
    crew.view("0" * 32, 3)
    crew.view(scene, 4, extra=True)
    crew.view(scene, float("nan"))
    crew.view(scene, 5, pitch=200.0)
    crew.view(scene, 42)
    wait(lambda: guest.views)
    time.sleep(0.3)
    assert {view["yaw"] for view in guest.views} == {42}


def test_at_most_ten_views_a_second_are_taken(join: Join, open_world: World) -> None:
    guest, crew = join(open_world, person_of(open_world)), join(open_world, host_of(open_world))
    crew.do("guide.take")
    for step in range(200):
        crew.view(open_world.scenes[0], step / 10)
        time.sleep(0.01)
    time.sleep(0.5)
    assert 10 <= len(guest.views) <= 35


def test_polling_is_enough(join: Join, open_world: World) -> None:
    guest = join(open_world, person_of(open_world), transports=["polling"])
    crew = join(open_world, host_of(open_world))
    crew.do("guide.take")
    assert guest.wait_kind("public", "guide.changed")["data"]["guide"]["name"] == "Hanna Host"
    question = guest.do("question.ask", text="By polling?", anonymous=False)["question"]
    crew.do("question.approve", question=question, revision=1)
    assert guest.wait_kind("public", "question.approved")["data"]["question"]["text"] == "By polling?"
    assert guest.io.transport() == "polling"


def test_the_lobby_is_told_when_the_room_opens(join: Join, services: Services, world: World) -> None:
    guest, crew = join(world, person_of(world)), join(world, host_of(world))
    wait(lambda: "public" in guest.snapshots)
    assert guest.snapshots["public"]["state"]["room"]["state"] == "closed"
    assert guest.command("question.ask", text="Now?", anonymous=False)["error"]["code"] == "conflict"
    crew.do("room.open")
    assert guest.wait_kind("public", "room.opened")["seq"] == 1
    crew.do("room.end")
    guest.wait_kind("public", "room.ended")


def test_events_of_another_process_arrive_within_two_seconds(join: Join, services: Services, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    guest.wait_kind("public", "guide.changed", 2.5)


def test_a_closed_line_leaves_the_count_and_keeps_its_interval(
    join: Join, services: Services, open_world: World
) -> None:
    guest = join(open_world, person_of(open_world), heads=4)
    crew = join(open_world, host_of(open_world))
    guest.do("presence.heads", heads=7)
    wait(lambda: any(data.get("presence", {}).get("heads") == 7 for name, data in crew.heard if name == "heads"))
    guest.close()
    wait(lambda: any(data.get("presence", {}).get("persons") == 0 for name, data in crew.heard if name == "heads"))
    with services.db.read() as session:
        row = session.scalars(select(Attendance).where(Attendance.registration_id == person_of(open_world).id)).one()
    assert row.headcount == 7
    assert row.ended_at is not None
    assert row.began_at <= row.ended_at <= clock.now()


@pytest.mark.parametrize(
    "more",
    [
        {"extra": 1},
        {"heads": 0},
        {"heads": "2"},
        {"device": ""},
        {"device": "x" * 65},
        {"since": {"public": -1}},
        {"since": {"everything": 1}},
        {"since": []},
    ],
)
def test_a_joining_with_anything_odd_is_refused(join: Join, open_world: World, more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as caught:
        join(open_world, person_of(open_world), **more)
    assert caught.value.data["data"]["code"] == "invalid"


def test_a_forged_ticket_is_refused(server: Server, open_world: World) -> None:
    with pytest.raises(RefusedError) as caught:
        Client(server.url, "forged")
    assert caught.value.data["data"]["code"] == "not_allowed"


def test_words_come_in_the_persons_language_or_the_browsers_choice(join: Join, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    assert guest.command("room.end")["error"]["message"].startswith("You may not do this")


def test_flooding_is_slowed_and_the_connection_lives(join: Join, open_world: World) -> None:
    guest = join(open_world, person_of(open_world))
    codes = [guest.command("presence.heads", heads=1 + number % 50) for number in range(40)]
    refused = [answer["error"]["code"] for answer in codes if not answer["ok"]]
    assert refused
    assert set(refused) == {"rate_limited"}
    time.sleep(0.5)
    assert guest.do("presence.heads", heads=5) == {"heads": 5}


def test_a_page_of_another_origin_cannot_connect(server: Server) -> None:
    address = f"{server.url}/socket.io/?EIO=4&transport=polling"
    assert requests.get(address, headers={"Origin": "https://evil.example"}, timeout=5).status_code == 400
    assert requests.get(address, headers={"Origin": server.url}, timeout=5).status_code == 200


def test_the_clock_is_told_to_all_but_not_without_end(join: Join, open_world: World) -> None:
    guest, other = join(open_world, person_of(open_world)), join(open_world, person_of(open_world, 1))
    answers = [guest.call("ping_clock", {}) for _ in range(20)]
    assert abs(answers[0]["now"] - time.time() * 1000) < 5000
    assert answers[-1]["error"]["code"] == "rate_limited"
    assert "now" in other.call("ping_clock", {})
