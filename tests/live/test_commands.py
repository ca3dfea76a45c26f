"""Commands: done once, by who may, in the form that is written down."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.live.factories import (
    World,
    caller_of,
    host_of,
    make_host,
    make_user,
    make_world,
    open_room,
    person_of,
)
from tourserver.core import rights
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import access, house_rules
from tourserver.live.calls import ANYONE, Caller
from tourserver.live.commands import COMMANDS, SeatLostError, execute
from tourserver.live.models import RoomCommand, RoomEvent
from tourserver.live.questions import asking
from tourserver.live.questions.models import Question
from tourserver.people.models import User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


def command(name: str, client_id: str | None = None, /, **args: Any) -> dict[str, Any]:
    return {"id": client_id or str(uuid.uuid4()), "name": name, "args": args}


def count(services: Services, table: Any) -> int:
    with services.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def guest(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, person_of(open_world))


@pytest.fixture
def host(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world))


def test_a_repeated_command_is_done_once_and_answered_alike(services: Services, guest: Caller) -> None:
    sent = command("question.ask", text="Why?", anonymous=False)
    first = execute(services, guest, sent)
    assert execute(services, guest, sent) == first
    assert count(services, Question) == 1


def test_two_repeats_at_the_same_moment_are_done_once(services: Services, guest: Caller) -> None:
    sent = command("question.ask", text="Why?", anonymous=False)
    results: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: results.append(execute(services, guest, sent))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(result == results[0] for result in results)
    assert count(services, Question) == 1


def test_two_people_may_use_the_same_id(services: Services, open_world: World, guest: Caller) -> None:
    other = caller_of(services, open_world, person_of(open_world, 1))
    sent = command("question.ask", text="Why?", anonymous=False)
    assert execute(services, guest, sent) != execute(services, other, sent)


def test_an_id_used_for_another_command_is_refused(services: Services, guest: Caller) -> None:
    execute(services, guest, command("question.ask", "same-id-1", text="Why?", anonymous=False))
    with pytest.raises(Invalid, match="another command"):
        execute(services, guest, command("presence.heads", "same-id-1", heads=3))


def test_a_refused_command_leaves_nothing_and_may_be_sent_again(services: Services, guest: Caller) -> None:
    sent = command("question.ask", text="x" * 1001, anonymous=False)
    with pytest.raises(Invalid):
        execute(services, guest, sent)
    assert count(services, RoomCommand) == 0
    sent["args"]["text"] = "Short now"
    execute(services, guest, sent)
    assert count(services, Question) == 1


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "question.ask",
        {"id": "12345678"},
        {"id": "12345678", "name": "question.ask", "args": [], "room": "x"},
        {"id": "12345678", "name": "question.ask", "args": {"text": "Why?", "author": "me"}},
        {"id": "12345678", "name": "question.ask", "args": {"text": "Why?", "room": "other"}},
        {"id": "12345678", "name": "question.ask", "args": {"text": 5}},
        {"id": "12345678", "name": "question.ask", "args": {"text": "Why?", "anonymous": "yes"}},
        {"id": "12345678", "name": "question.ask", "args": {"text": b"Why?"}},
        {"id": "12345678", "name": "question.vote", "args": {"question": "../../etc"}},
        {"id": "12345678", "name": "question.withdraw", "args": {"question": "0" * 32, "revision": "1"}},
        {"id": "12345678", "name": "question.withdraw", "args": {"question": "0" * 32, "revision": True}},
        {"id": "12345678", "name": "presence.heads", "args": {"heads": 0}},
        {"id": "12345678", "name": "presence.heads", "args": {"heads": 51}},
        {"id": "12345678", "name": "presence.heads", "args": {"heads": 2.5}},
        {"id": "1", "name": "presence.heads", "args": {"heads": 1}},
        {"id": "x" * 65, "name": "presence.heads", "args": {"heads": 1}},
        {"id": "12345678", "name": "x" * 41, "args": {}},
    ],
)
def test_what_has_not_the_written_form_is_refused(services: Services, guest: Caller, sent: Any) -> None:
    with pytest.raises(Invalid):
        execute(services, guest, sent)
    assert count(services, RoomCommand) == 0


def test_an_unknown_command_is_named_as_such(services: Services, guest: Caller) -> None:
    with pytest.raises(Invalid) as caught:
        execute(services, guest, command("room.explode"))
    assert caught.value.code == "unknown_command"


def arguments(name: str, question: str, scene: str) -> dict[str, Any]:
    every: dict[str, Any] = {
        "question": question,
        "revision": "0" * 32 if name == "tour.accept" else 1,
        "site": "0" * 32,
        "reason": "Off topic",
        "text": "Why?",
        "anonymous": False,
        "heads": 2,
        "scene": scene,
        "yaw": 0,
        "pitch": 0,
        "fov": 70,
        "labels": ["Heat"],
        "to": None,
        "priority": 1,
        "on": True,
        "into": "0" * 32,
        "into_revision": 1,
        "poll": "0" * 32,
        "kind": "rating",
        "options": [],
        "results": "live",
        "choices": ["1"],
        "hand": "0" * 32,
        "seconds": None,
        "announcement": "0" * 32,
        "from": None,
        "hotspot": None,
        "steps": [],
        "before": [],
        "language": "en",
        "texts": {"en": "Thank you."},
        "reply": "0" * 32,
        "who": "colleague",
        "name": "Bo",
        **dict.fromkeys(house_rules.NAMES),
    }
    if name == "guide.pass":
        every["to"] = "user:" + "0" * 32
    if name == "canned.save":
        every["kind"] = "answer"
    fields = COMMANDS[name].model.model_fields
    return {(found.alias or key): every[found.alias or key] for key, found in fields.items()}


@pytest.mark.parametrize("name", [name for name, spec in COMMANDS.items() if spec.verb not in (None, ANYONE)])
def test_a_participant_cannot_do_what_the_crew_does(
    services: Services, open_world: World, guest: Caller, name: str
) -> None:
    execute(services, guest, command("question.ask", text="Why?", anonymous=False))
    with services.db.read() as session:
        question = session.scalars(select(Question.id)).one()
    before = count(services, RoomEvent)
    with pytest.raises(Forbidden):
        execute(services, guest, command(name, **arguments(name, question, open_world.scenes[0])))
    assert count(services, RoomEvent) == before


@pytest.mark.parametrize("name", [name for name, spec in COMMANDS.items() if spec.verb is None])
def test_the_crew_cannot_do_what_registered_people_do(
    services: Services, open_world: World, host: Caller, name: str
) -> None:
    with pytest.raises(Forbidden):
        execute(services, host, command(name, **arguments(name, "0" * 32, open_world.scenes[0])))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("question.") and name != "question.ask"])
def test_a_question_of_another_room_is_out_of_reach_of_every_command(
    services: Services, open_world: World, guest: Caller, host: Caller, name: str
) -> None:
    with services.db.write() as session:
        other = make_world(session)
    open_room(services, other)
    with services.db.write() as session:
        foreign = asking.ask(session, other.room_id, other.people[0], "Foreign?", anonymous=False, language="en").id
        asking.approve(session, other.room_id, foreign, 1, actor=host_of(other))
    before = count(services, RoomEvent)
    caller = guest if COMMANDS[name].verb is None else host
    with pytest.raises(NotFound):
        execute(
            services,
            caller,
            command(
                name,
                **arguments(name, foreign, open_world.scenes[0])
                | ({"revision": 2} if "revision" in COMMANDS[name].model.model_fields else {}),
            ),
        )
    assert count(services, RoomEvent) == before


def test_an_admin_without_a_host_grant_has_no_seat(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        admin = make_user(session, "Ada Admin")
        rights.grant(session, Actor("user", admin), "admin", "global", by=SYSTEM)
    caller = caller_of(services, open_world, Actor("user", admin))
    with pytest.raises(SeatLostError) as caught:
        execute(services, caller, command("room.end"))
    assert caught.value.reason.code == "not_allowed"


def test_a_host_of_another_session_has_no_seat(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        other = make_world(session)
        stranger = make_host(session, other.session_id)
    caller = caller_of(services, open_world, Actor("user", stranger))
    with pytest.raises(SeatLostError):
        execute(services, caller, command("room.end"))


def test_a_withdrawn_grant_is_gone_at_the_next_command(services: Services, open_world: World, host: Caller) -> None:
    execute(services, host, command("guide.take"))
    with services.db.write() as session:
        rights.withdraw(session, host_of(open_world), "host", "session", open_world.session_id, by=SYSTEM)
    with pytest.raises(SeatLostError):
        execute(services, host, command("guide.release"))


def test_a_withdrawn_registration_is_gone_at_the_next_command(
    services: Services, open_world: World, guest: Caller
) -> None:
    with services.db.write() as session:
        session.get_one(Registration, open_world.people[0]).state = "withdrawn"
    with pytest.raises(SeatLostError) as caught:
        execute(services, guest, command("question.ask", text="Why?", anonymous=False))
    assert caught.value.reason.code == "withdrawn"


def test_revoking_the_link_ends_tickets_made_from_it(services: Services, open_world: World, guest: Caller) -> None:
    with services.db.write() as session:
        services.tokens.revoke(session, access.JOIN, open_world.people[0])
        services.tokens.issue(session, access.JOIN, open_world.people[0])
    with pytest.raises(SeatLostError) as caught:
        execute(services, guest, command("presence.heads", heads=1))
    assert caught.value.reason.code == "replaced_link"


def test_ending_an_accounts_sessions_ends_its_tickets(services: Services, open_world: World, host: Caller) -> None:
    with services.db.write() as session:
        session.get_one(User, open_world.hosts[0]).fs_uniquifier = uuid.uuid4().hex
    with pytest.raises(SeatLostError) as caught:
        execute(services, host, command("room.end"))
    assert caught.value.reason.code == "signed_out"


def test_a_cancelled_session_has_no_seats(services: Services, open_world: World, guest: Caller) -> None:
    with services.db.write() as session:
        session.get_one(ScheduledSession, open_world.session_id).state = "cancelled"
    with pytest.raises(SeatLostError) as caught:
        execute(services, guest, command("presence.heads", heads=1))
    assert caught.value.reason.code == "cancelled"


def test_a_conflict_carries_the_question_as_it_is_now(
    services: Services, open_world: World, guest: Caller, host: Caller
) -> None:
    asked = execute(services, guest, command("question.ask", text="Why?", anonymous=False))
    execute(services, host, command("question.approve", question=asked["question"], revision=1))
    with pytest.raises(Conflict) as caught:
        execute(services, host, command("question.approve", question=asked["question"], revision=1))
    assert caught.value.state is not None
    face = caught.value.state["question"]
    assert (face["text"], face["state"], face["revision"]) == ("Why?", "approved", 2)


def test_a_conflict_about_a_withdrawn_question_tells_its_state_and_not_its_text(
    services: Services, open_world: World, guest: Caller, host: Caller
) -> None:
    asked = execute(services, guest, command("question.ask", text="Why?", anonymous=False))
    execute(services, guest, command("question.withdraw", question=asked["question"], revision=1))
    with pytest.raises(Conflict) as caught:
        execute(services, host, command("question.approve", question=asked["question"], revision=1))
    assert caught.value.state == {"question": {"id": asked["question"], "state": "withdrawn", "revision": 2}}


def test_what_is_kept_of_a_command_holds_no_text(services: Services, guest: Caller) -> None:
    execute(services, guest, command("question.ask", text="Secret words?", anonymous=False))
    with services.db.read() as session:
        assert "Secret" not in str(session.scalars(select(RoomCommand.result)).all())


def test_two_moderators_at_the_same_moment_do_not_overwrite_each_other(
    services: Services, open_world: World, guest: Caller
) -> None:
    asked = execute(services, guest, command("question.ask", text="Why?", anonymous=False))
    crew = [caller_of(services, open_world, host_of(open_world, number)) for number in (0, 1)]
    sent = [
        command("question.approve", question=asked["question"], revision=1),
        command("question.decline", question=asked["question"], revision=1, reason="Off topic"),
    ]
    outcomes: list[str] = []

    def act(number: int) -> None:
        try:
            outcomes.append(str(execute(services, crew[number], sent[number])["state"]))
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=act, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("conflict") == 1


def test_two_questions_made_live_at_the_same_moment_leave_one_live(
    services: Services, open_world: World, guest: Caller
) -> None:
    crew = [caller_of(services, open_world, host_of(open_world, number)) for number in (0, 1)]
    asked = []
    for text in ("First?", "Second?"):
        question = execute(services, guest, command("question.ask", text=text, anonymous=False))["question"]
        execute(services, crew[0], command("question.approve", question=question, revision=1))
        asked.append(question)
    threads = [
        threading.Thread(
            target=execute,
            args=(services, crew[number], command("question.live", question=asked[number], revision=2)),
        )
        for number in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with services.db.read() as session:
        states = sorted(session.scalars(select(Question.state)))
    assert states == ["approved", "live"]
