"""Who works here: accounts and rights, by the studio's pages."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tourserver.app import create_app
from tourserver.core import rights
from tourserver.core.audit import Audit
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people import accounts
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession

PASSWORD = "a good long password"


@pytest.fixture
def admin(app_services: Services) -> User:
    with app_services.db.write() as session:
        return factories.make_user(session, admin=True, name="Anna")


@pytest.fixture
def browser(app: Flask, admin: User) -> FlaskClient:
    return factories.signed_in(app, admin)


def change(browser: FlaskClient, user: User, **values: str) -> Any:
    typed = {"name": user.name, "language": "en", "admin": "y", "active": "y", "password": "", **values}
    return browser.post(f"/studio/staff/{user.id}", data={name: value for name, value in typed.items() if value != "-"})


def admins(services: Services) -> list[str]:
    with services.db.read() as session:
        return rights.users_with(session, "admin", "global")


def test_a_new_colleague_can_sign_in_and_is_noted(
    app: Flask, browser: FlaskClient, admin: User, app_services: Services
) -> None:
    typed = {"name": " Bo\u202e Ek ", "email": "Bo@Example.org", "password": PASSWORD, "language": "sv"}
    assert browser.post("/studio/staff", data=typed).status_code == 302
    with app_services.db.read() as session:
        user = accounts.find_user(session, "bo@example.org")
        assert user is not None
        assert (user.name, user.language) == ("Bo Ek", "sv")
        note = session.scalars(select(Audit).where(Audit.verb == "staff.create")).one()
        assert (note.actor, note.thing_id) == (f"user:{admin.id}", user.id)
    assert admins(app_services) == [admin.id]
    other = app.test_client()
    answer = other.post("/studio/sign-in", data={"email": "bo@example.org", "password": PASSWORD})
    assert answer.location == "/studio"
    # nothing to do until a session names them as host, but a page that says so and a way out
    page = other.get("/studio")
    assert page.status_code == 200
    assert "/studio/sign-out" in page.text
    assert other.get("/studio/sites").status_code == 403


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"password": "short"}, "Field must be between 12 and 200"),
        ({"email": "bo"}, "Invalid email address"),
        ({"email": "ANNA2@example.org"}, "There is an account with this e-mail already."),
        ({"name": " "}, "This field is required"),
        ({"name": "\u202e"}, "Enter the person"),
        ({"language": "tlh"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_what_was_typed_is_kept(
    browser: FlaskClient, app_services: Services, values: dict[str, str], words: str
) -> None:
    with app_services.db.write() as session:
        factories.make_user(session, email="anna2@example.org")
    before = factories.row_counts(app_services.db)
    typed = {"name": "Bo Ek", "email": "bo@example.org", "password": PASSWORD, "language": "sv", **values}
    answer = browser.post("/studio/staff", data=typed)
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert PASSWORD not in answer.text
    kept = "Bo Ek" if "name" not in values else "bo@example.org"
    assert f'value="{kept}"' in answer.text
    assert factories.row_counts(app_services.db) == before


def test_a_new_password_ends_the_sessions_of_that_account_only(
    app: Flask, browser: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        bo = factories.make_user(session, admin=True)
    others = factories.signed_in(app, bo)
    assert others.get("/studio").status_code == 200
    assert change(browser, bo, password=PASSWORD).status_code == 302
    assert others.get("/studio").status_code == 302
    assert browser.get("/studio").status_code == 200
    assert change(browser, bo, password="short").status_code == 422


def test_a_right_that_is_taken_away_is_gone_at_the_next_click(
    app: Flask, browser: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        bo = factories.make_user(session, admin=True)
    others = factories.signed_in(app, bo)
    assert others.get("/studio/staff").status_code == 200
    assert change(browser, bo, admin="-").status_code == 302
    assert others.get("/studio/staff").status_code == 403
    assert change(browser, bo).status_code == 302
    assert change(browser, bo, active="-").status_code == 302
    assert others.get("/studio/staff").status_code == 302
    assert factories.signed_in(app, bo).get("/studio/staff").status_code == 302
    with app_services.db.read() as session:
        verbs = list(session.scalars(select(Audit.verb).where(Audit.thing_id == bo.id)))
    assert verbs.count("staff.change") == 3


def test_the_last_administrator_who_can_sign_in_stays(
    browser: FlaskClient, admin: User, app_services: Services
) -> None:
    with app_services.db.write() as session:
        locked = factories.make_user(session, admin=True, active=False)
    for values in ({"admin": "-"}, {"active": "-"}, {"admin": "-", "active": "-"}):
        answer = change(browser, admin, **values)
        assert answer.status_code == 409
        assert "This is the only administrator." in answer.text
    assert sorted(admins(app_services)) == sorted([admin.id, locked.id])
    assert change(browser, admin, name="Anna B").status_code == 302
    assert change(browser, locked).status_code == 302
    assert change(browser, admin, admin="-").status_code == 302
    assert admins(app_services) == [locked.id]


def test_two_administrators_cannot_take_each_others_right_at_the_same_moment(database_settings: Settings) -> None:
    app = create_app(database_settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    services: Services = app.extensions["tourserver"]
    try:
        with services.db.write() as session:
            pair = [factories.make_user(session, admin=True) for _ in range(2)]
        start, codes = threading.Barrier(2), list[int]()

        def strike(own: User, other: User) -> None:
            browser = factories.signed_in(app, own)
            start.wait()
            codes.append(change(browser, other, admin="-").status_code)

        threads = [threading.Thread(target=strike, args=each) for each in (pair, pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(admins(services)) == 1, codes
    finally:
        services.close()


@pytest.fixture
def hosted(app_services: Services) -> tuple[User, ScheduledSession, ScheduledSession]:
    """A host, the session that names them, and another."""
    with app_services.db.write() as session:
        own = factories.make_session(session, title={"en": "Own walk"})
        other = factories.make_session(session, title={"en": "Others walk"})
        return factories.make_user(session, hosts=own), own, other


def test_hosts_see_their_own_sessions_and_no_page_of_the_administrators(
    app: Flask, hosted: tuple[User, ScheduledSession, ScheduledSession]
) -> None:
    host, own, other = hosted
    browser = factories.signed_in(app, host)
    shown = browser.get("/studio/sessions").text
    assert "Own walk" in shown
    assert "Others walk" not in shown
    assert f"/host/{own.slug}" in shown
    assert browser.get(f"/studio/sessions/{own.slug}/registrations").status_code == 200
    assert browser.get(f"/studio/sessions/{other.slug}/registrations").status_code == 403
    for path in (
        "/studio/staff",
        f"/studio/staff/{host.id}",
        "/studio/setup",
        "/studio/sites",
        "/studio/sessions/new",
        f"/studio/sessions/{own.slug}",
    ):
        assert browser.get(path).status_code == 403, path
        assert f'href="{path}"' not in browser.get("/studio").text, path
    for path in ("/studio/staff", f"/studio/staff/{host.id}", "/studio/setup", "/studio/setup/test-mail"):
        assert browser.post(path, data={"admin": "y"}).status_code == 403, path


def test_the_start_page_offers_the_door_of_ones_own_rooms_only(
    app: Flask, browser: FlaskClient, hosted: tuple[User, ScheduledSession, ScheduledSession]
) -> None:
    host, own, other = hosted
    shown = factories.signed_in(app, host).get("/studio").text
    assert f"/host/{own.slug}" in shown
    assert f"/host/{other.slug}" not in shown
    shown = browser.get("/studio").text
    assert "Own walk" in shown
    assert "/host/" not in shown, "an administrator who wants to lead becomes a host"
    assert "The worker is silent" in shown
    assert "No real mail leaves" in shown
