"""Guests of the crew: a link of their own, for one session, with one kind of right, ended at once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import signed_in
from tests.live.factories import World, host_of, make_world, open_room, person_of, ticket_of
from tests.live.test_commands import command
from tourserver.core import rights
from tourserver.core.errors import Forbidden, NotFound
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import access, joining, presence, rooms, snapshots, tickets
from tourserver.live.calls import Caller
from tourserver.live.commands import SeatLostError, execute
from tourserver.live.crew import guests
from tourserver.live.crew.guests import GuestRole
from tourserver.live.guiding import viewtrack
from tourserver.live.guiding.guide import make_view
from tourserver.live.guiding.models import ViewChunk
from tourserver.live.models import Attendance
from tourserver.live.questions import asking
from tourserver.live.tickets import Ticket
from tourserver.people.models import User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


@pytest.fixture
def world(app_services: Services) -> World:
    """An open session with a host and two registered people."""
    with app_services.db.write() as session:
        world = make_world(session)
    open_room(app_services, world)
    return world


def invite(services: Services, world: World, role: GuestRole) -> tuple[str, Caller]:
    """A new guest: the link's path, and the guest's connection."""
    with services.db.write() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        token = guests.invite(session, services.tokens, planned, "Sara Speaker", role, language="en", actor=SYSTEM)
        guest = services.tokens.lookup(session, access.JOIN, token)
        version = services.tokens.version(session, access.JOIN, guest)
    ticket = Ticket(world.session_id, "registration", guest, version)
    return f"/g/{token}", Caller(ticket, world.room_id, "c", "en")


@pytest.mark.parametrize(("role", "path"), [("speaker", "/speaker"), ("co_moderator", ""), ("captioner", "/captions")])
def test_a_guests_link_leads_to_their_page_and_leaves_the_address_bar(
    client: FlaskClient, app_services: Services, world: World, role: GuestRole, path: str
) -> None:
    link, _caller = invite(app_services, world, role)
    answer = client.get(link)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/host/{world.slug}{path}"
    assert f"Path=/host/{world.slug}" in answer.headers["Set-Cookie"]
    shown = client.get(answer.headers["Location"])
    assert shown.status_code == 200
    found = BeautifulSoup(shown.text, "html.parser").select_one("#room")
    assert found is not None
    told = json.loads(found.text)
    assert (told["role"], told["crew_role"]) == ("host", role)
    assert "room.host" not in told["may"]
    assert told["me"]["actor"].startswith("registration:")


@pytest.mark.parametrize("path", ["", "/queue", "/speaker", "/screen", "/captions", "/rehearsal"])
def test_every_page_of_the_crew_asks_delegates_and_strangers_for_more_than_their_link(
    client: FlaskClient, app_services: Services, world: World, path: str
) -> None:
    address = f"/host/{world.slug}{path}"
    assert client.get(address).headers["Location"].startswith("/studio/sign-in")
    with app_services.db.write() as session:
        token = app_services.tokens.issue(session, access.JOIN, world.people[0])
    client.get(f"/j/{token}")
    assert client.get(address).status_code in (302, 403)
    with app_services.db.write() as session:
        elsewhere = make_world(session)
    link, _caller = invite(app_services, elsewhere, "co_moderator")
    client.get(link)
    assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("speaker", {"guide.take"}),
        ("co_moderator", {"question.approve", "announce.post"}),
        ("captioner", {"caption.say"}),
    ],
)
def test_each_guest_does_their_own_work_and_nothing_else(
    app_services: Services, world: World, role: GuestRole, allowed: set[str]
) -> None:
    _link, caller = invite(app_services, world, role)
    wanted: dict[str, dict[str, Any]] = {
        "guide.take": {},
        "question.approve": {"question": "0" * 32, "revision": 1},
        "announce.post": {"text": "Hello"},
        "caption.say": {"text": "Hello", "language": "en"},
        "room.end": {},
        "question.ask": {"text": "Why?"},
    }
    for name, args in wanted.items():
        if name not in allowed:
            with pytest.raises(Forbidden):
                execute(app_services, caller, command(name, **args))
        elif name == "question.approve":
            with pytest.raises(NotFound):
                execute(app_services, caller, command(name, **args))
        else:
            execute(app_services, caller, command(name, **args))


def test_a_guest_who_is_removed_is_refused_at_once_and_the_link_is_over(
    client: FlaskClient, app_services: Services, world: World
) -> None:
    link, caller = invite(app_services, world, "co_moderator")
    with app_services.db.write() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        [found] = guests.listed(session, app_services.tokens, planned)
        assert link.endswith(found.token)
        guests.remove(session, app_services.tokens, planned, found.id, actor=SYSTEM)
        assert guests.listed(session, app_services.tokens, planned) == []
        assert not rights.can(session, Actor("registration", found.id), "room.crew", access.thing(world.session_id))
    with pytest.raises(SeatLostError):
        execute(app_services, caller, command("chat.say", text="Hello", circle="crew"))
    assert client.get(link).status_code == 410


def test_guests_are_no_participants_in_any_count(app_services: Services, world: World) -> None:
    invite(app_services, world, "speaker")
    with app_services.db.read() as session:
        roles = select(Registration.role).where(Registration.session_id == world.session_id)
        assert sorted(session.scalars(roles)) == ["participant", "participant", "speaker"]


def test_hosts_make_and_end_links_on_the_studios_page(app: Flask, app_services: Services, world: World) -> None:
    with app_services.db.read() as session:
        user = session.get_one(User, world.hosts[0])
    client = signed_in(app, user)
    address = f"/studio/sessions/{world.slug}/crew"
    token = BeautifulSoup(client.get(address).text, "html.parser").select_one("[name=csrf_token]")
    sent = {"name": "Cai", "role": "captioner", **({"csrf_token": token["value"]} if token else {})}
    assert client.post(address, data={**sent, "name": ""}).status_code == 422
    assert client.post(address, data=sent).status_code == 302
    page = BeautifulSoup(client.get(address).text, "html.parser")
    link = page.select_one("#link-1")
    assert link is not None
    assert "/g/" in str(link["value"])
    form = page.select_one("form[action$='/remove']")
    assert form is not None
    client.post(str(form["action"]), data=sent)
    assert "No guests yet." in client.get(address).text


def test_the_projectors_page_shows_the_address_to_join_as_a_code(
    app: Flask, app_services: Services, world: World
) -> None:
    with app_services.db.read() as session:
        user = session.get_one(User, world.hosts[0])
    page = BeautifulSoup(signed_in(app, user).get(f"/host/{world.slug}/screen").text, "html.parser")
    code = page.select_one(".projected__code svg")
    assert code is not None
    assert not code.select("[style]"), "the content policy allows no inline styles"
    assert f"/en/sessions/{world.slug}" in page.get_text()


def test_everyone_reads_a_captioners_lines_and_late_joiners_the_last_three(
    app_services: Services, world: World
) -> None:
    _link, caller = invite(app_services, world, "captioner")
    for number in range(5):
        execute(app_services, caller, command("caption.say", text=f"Line {number}", language="zh-Hans"))
    with app_services.db.read() as session:
        state = snapshots.public(session, rooms.get(session, world.room_id), [])
    assert [(one["text"], one["lang"]) for one in state["captions"]] == [(f"Line {n}", "zh-Hans") for n in (2, 3, 4)]
    assert host_of(world).reference not in str(state["captions"])
    assert person_of(world).id not in str(state["captions"])


# --- rehearsal


def rehearse(services: Services, world: World) -> Caller:
    """A host's connection to the room for rehearsals."""
    with services.db.write() as session:
        real = ticket_of(services, session, world, host_of(world))
        ticket = replace(real, room="rehearsal")
        key = services.keys.secret_key
        wish = joining.Wish("sid", tickets.read(key, tickets.sign(key, ticket)), "d", 1)
        [place] = joining.admit(session, services.tokens, [wish], process="p", lines=lambda _room, _person: 0)
    assert isinstance(place, joining.Place)
    return Caller(ticket, place.room_id, "sid", "en")


def test_a_rehearsal_is_a_room_of_its_own_as_often_as_one_likes_and_counts_nowhere(app_services: Services) -> None:
    with app_services.db.write() as session:
        world = make_world(session)
    caller = rehearse(app_services, world)
    assert caller.room_id != world.room_id
    for _ in range(2):
        execute(app_services, caller, command("room.open"))
        execute(app_services, caller, command("guide.take"))
        execute(app_services, caller, command("room.end"))
    with app_services.db.write() as session:
        assert session.get_one(ScheduledSession, world.session_id).state == "scheduled"
        assert rooms.get(session, world.room_id).state == "closed"
        frame = viewtrack.Frame(make_view(world.scenes[0], 0, 0, 70), 1000, "Hanna")
        chunks: list[tuple[str | None, list[viewtrack.Frame]]] = [(host_of(world).reference, [frame])]
        viewtrack.write(session, [viewtrack.Due(room, None, chunks) for room in (caller.room_id, world.room_id)])
        assert set(session.scalars(select(ViewChunk.room_id))) == {world.room_id}
        presence.leave(session, ["sid"])
        assert session.scalar(select(Attendance.id)) is None


def test_no_delegate_enters_a_rehearsal(client: FlaskClient, app_services: Services, world: World) -> None:
    with app_services.db.write() as session:
        ticket = replace(ticket_of(app_services, session, world, person_of(world)), room="rehearsal")
        with pytest.raises(Forbidden):
            access.check(session, app_services.tokens, ticket)
    assert client.get(f"/host/{world.slug}/rehearsal").status_code == 302
    link, _caller = invite(app_services, world, "speaker")
    client.get(link)
    assert "Rehearsal" in client.get(f"/host/{world.slug}/rehearsal").text


# --- the history of a question


def test_who_moderates_reads_what_was_done_with_a_question_and_never_who_asked_without_a_name(
    client: FlaskClient, app: Flask, app_services: Services, world: World
) -> None:
    with app_services.db.write() as session:
        asked = asking.ask(session, world.room_id, world.people[0], "Why?", anonymous=True, language="en")
        asking.approve(session, world.room_id, asked.id, 1, actor=host_of(world))
        asking.withdraw(session, world.room_id, asked.id, 2, registration_id=world.people[0])
        user = session.get_one(User, world.hosts[0])
    address = f"/host/{world.slug}/questions/{asked.id}/history"
    steps = signed_in(app, user).get(address).get_json()["steps"]
    assert [(one["verb"], one["by"]) for one in steps] == [
        ("question.ask", None),
        ("question.approved", "Hanna Host"),
        ("question.withdrawn", None),
    ]
    assert client.get(address).status_code == 403
    link, _caller = invite(app_services, world, "speaker")
    client.get(link)
    assert client.get(address).status_code == 403
    link, _caller = invite(app_services, world, "co_moderator")
    client.get(link)
    assert client.get(address).status_code == 200
    with app_services.db.write() as session:
        elsewhere = make_world(session)
        other = session.get_one(User, elsewhere.hosts[0])
    foreign = f"/host/{elsewhere.slug}/questions/{asked.id}/history"
    assert signed_in(app, other).get(foreign).status_code == 404
