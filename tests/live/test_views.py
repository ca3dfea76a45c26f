"""The pages: a link is remembered and gone from the address; who may not enter is told why and where to go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.factories import signed_in
from tests.live.factories import World, host_of, make_user, make_world, person_of
from tourserver.core import rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import access, tickets
from tourserver.live.models import Attendance, Room, RoomCommand, RoomEvent
from tourserver.people.models import User
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession


@pytest.fixture
def world(app_services: Services) -> World:
    """A session with a host and two registered people."""
    with app_services.db.write() as session:
        return make_world(session)


@pytest.fixture
def link(app_services: Services, world: World) -> str:
    """The first person's link."""
    with app_services.db.write() as session:
        return "/j/" + app_services.tokens.issue(session, access.JOIN, person_of(world).id)


def page(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def room_data(response: TestResponse) -> dict[str, Any]:
    found = page(response).find("script", id="room")
    assert found is not None
    data: dict[str, Any] = json.loads(found.text)
    return data


def test_a_link_leads_to_the_room_and_leaves_the_address_bar(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    answer = client.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/live/{world.slug}")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("tourserver_live=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", f"Path=/live/{world.slug}"))
    shown = client.get(f"/live/{world.slug}")
    assert shown.status_code == 200
    data = room_data(shown)
    assert data["role"] == "participant"
    assert data["me"] == {
        "name": "Amina Diallo",
        "actor": person_of(world).reference,
        "registration": person_of(world).id,
    }
    assert data["session"]["title"] == {"value": "A walk", "lang": "en", "dir": "ltr"}
    ticket = tickets.read(app_services.keys.secret_key, data["ticket"])
    assert (ticket.session_id, ticket.actor) == (world.session_id, person_of(world))


@pytest.mark.parametrize("path", ["link", "room", "refused"])
def test_pages_are_not_stored_found_or_told_to_others(client: FlaskClient, world: World, link: str, path: str) -> None:
    answer = client.get({"link": link, "room": f"/live/{world.slug}", "refused": "/j/nonsense"}[path])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_opening_a_link_changes_nothing_however_often(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    def rows() -> list[int]:
        with app_services.db.read() as session:
            tables = (Room, RoomEvent, RoomCommand, Attendance, Registration)
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    before = rows()
    for _ in range(3):
        assert client.get(link).status_code == 303
        assert client.get(f"/live/{world.slug}").status_code == 200
    assert rows() == before


def test_the_page_is_in_the_persons_language(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    with app_services.db.write() as session:
        session.get_one(Registration, person_of(world).id).language = "sv"
    client.get(link)
    answer = client.get(f"/live/{world.slug}")
    assert page(answer).html is not None
    assert room_data(answer)["lang"] == "sv"
    assert room_data(answer)["session"]["title"]["value"] == "En rundtur"


def test_a_broken_link_says_so(client: FlaskClient) -> None:
    answer = client.get("/j/nonsense")
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert page(answer).find("a", class_="button") is not None


def test_a_replaced_link_says_so_and_offers_a_new_one(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    with app_services.db.write() as session:
        app_services.tokens.revoke(session, access.JOIN, person_of(world).id)
    answer = client.get(link)
    assert answer.status_code == 410
    assert "This link was replaced. Get a new one by mail." in answer.text
    assert page(answer).find("a", href=f"/en/sessions/{world.slug}/resend") is not None


def test_a_remembered_link_that_was_replaced_is_over(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    client.get(link)
    with app_services.db.write() as session:
        app_services.tokens.revoke(session, access.JOIN, person_of(world).id)
    answer = client.get(f"/live/{world.slug}")
    assert answer.status_code == 410
    assert page(answer).find("a", href=f"/en/sessions/{world.slug}/resend") is not None


def test_who_withdrew_is_told_and_may_register_again(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    client.get(link)
    with app_services.db.write() as session:
        session.get_one(Registration, person_of(world).id).state = "withdrawn"
    for path in (link, f"/live/{world.slug}"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "You withdrew from this session" in answer.text
        assert page(answer).find("a", href=f"/en/sessions/{world.slug}") is not None


def test_a_cancelled_session_says_so(client: FlaskClient, app_services: Services, world: World, link: str) -> None:
    with app_services.db.write() as session:
        session.get_one(ScheduledSession, world.session_id).state = "cancelled"
    answer = client.get(link)
    assert answer.status_code == 410
    assert "This session was cancelled" in answer.text


def test_without_a_link_one_may_register(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/live/{world.slug}")
    assert answer.status_code == 403
    assert "You need your personal link" in answer.text
    assert page(answer).find("a", href=f"/en/sessions/{world.slug}", string="Register") is not None


def test_a_link_to_one_session_does_not_open_another(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    with app_services.db.write() as session:
        other = make_world(session)
        token = app_services.tokens.issue(session, access.JOIN, other.people[0])
    client.get(link)
    assert client.get(f"/live/{other.slug}").status_code == 403
    client.get(f"/j/{token}")
    assert client.get(f"/live/{other.slug}").status_code == 200
    assert client.get(f"/live/{world.slug}").status_code == 200, "both links are remembered"


def test_a_renamed_session_is_found_by_its_old_address_with_its_link(
    client: FlaskClient, app_services: Services, world: World, link: str
) -> None:
    client.get(link)
    with app_services.db.write() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        schedule.rename(session, planned, "new-address", actor=SYSTEM)
    answer = client.get(f"/live/{world.slug}")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/live/new-address")
    assert client.get("/live/new-address").status_code == 200
    assert client.get(f"/host/{world.slug}").status_code == 302, "signing in comes first"


def test_a_session_that_is_not_there_or_a_draft_is_not_found(
    client: FlaskClient, app_services: Services, world: World
) -> None:
    assert client.get("/live/nowhere").status_code == 404
    with app_services.db.write() as session:
        session.get_one(ScheduledSession, world.session_id).state = "draft"
    assert client.get(f"/live/{world.slug}").status_code == 404


def test_the_crews_page_asks_to_sign_in_and_comes_back(client: FlaskClient, world: World) -> None:
    answer = client.get(f"/host/{world.slug}")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"?next=/host/{world.slug}")


def test_a_host_gets_the_crews_page(app: Flask, app_services: Services, world: World) -> None:
    with app_services.db.read() as session:
        user = session.get_one(User, host_of(world).id)
    answer = signed_in(app, user).get(f"/host/{world.slug}")
    assert answer.status_code == 200
    data = room_data(answer)
    assert (data["role"], data["me"]) == (
        "host",
        {"name": "Hanna Host", "actor": host_of(world).reference, "user": host_of(world).id},
    )
    assert tickets.read(app_services.keys.secret_key, data["ticket"]).actor == host_of(world)


def test_an_admin_without_a_host_grant_is_refused(app: Flask, app_services: Services, world: World) -> None:
    with app_services.db.write() as session:
        admin = make_user(session, "Ada Admin")
        rights.grant(session, Actor("user", admin), "admin", "global", by=SYSTEM)
        user = session.get_one(User, admin)
    answer = signed_in(app, user).get(f"/host/{world.slug}")
    assert answer.status_code == 403
    assert "Only this session" in answer.text
