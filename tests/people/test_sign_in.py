"""Signing in and out in a browser without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tourserver.app import create_app
from tourserver.core import rights
from tourserver.core.audit import Audit
from tourserver.core.paths import resource
from tourserver.core.ratelimit import limiter
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people import accounts
from tourserver.people.models import User
from tourserver.people.paths import safe_path

PASSWORD = "lösenord på svenska"
GENERIC = "E-mail or password is wrong."


@pytest.fixture
def anna(app_services: Services) -> User:
    with app_services.db.write() as session:
        user = accounts.create_user(
            session, email="anna@example.org", name="Anna", password=PASSWORD, language="sv", actor=SYSTEM
        )
        rights.grant(session, Actor("user", user.id), "admin", "global", by=SYSTEM)
    return user


def sign_in(client: FlaskClient, email: str, password: str, *, after: str = "") -> TestResponse:
    query = {"next": after} if after else {}
    return client.post("/studio/sign-in", query_string=query, data={"email": email, "password": password})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/studio/sessions").status_code == 200


def test_the_right_password_opens_the_studio_and_is_noted(
    client: FlaskClient, anna: User, app_services: Services
) -> None:
    assert not is_signed_in(client)
    answer = sign_in(client, "Anna@Example.org ", PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/studio")
    assert is_signed_in(client)
    with app_services.db.read() as session:
        verbs = list(session.scalars(select(Audit.verb).where(Audit.actor == f"user:{anna.id}")))
        assert verbs == ["staff.sign_in"]
        assert session.get_one(User, anna.id).password == anna.password, "the hash needs no renewal"


def test_letters_typed_in_parts_are_the_same_password(client: FlaskClient, anna: User) -> None:
    sign_in(client, "anna@example.org", PASSWORD.replace("ö", "o\u0308").replace("å", "a\u030a"))
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("", PASSWORD),
        ("anna@example.org", ""),
        ("anna@example.org", "x" * 5000),
        ("anna@example.org\x00", PASSWORD + "\x00"),
    ],
)
def test_every_failure_gets_the_same_answer(client: FlaskClient, anna: User, email: str, password: str) -> None:
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert answer.text.count(GENERIC) == 1
    for telling in ("exist", "Invalid", "not provided", "disabled"):
        assert telling not in answer.text
    assert not is_signed_in(client)


def test_a_locked_account_gets_the_same_answer(client: FlaskClient, anna: User, app_services: Services) -> None:
    with app_services.db.write() as session:
        accounts.set_active(session.get_one(User, anna.id), False)
    assert GENERIC in sign_in(client, "anna@example.org", PASSWORD).text
    assert not is_signed_in(client)


def test_locking_an_account_ends_its_sessions_at_once(client: FlaskClient, anna: User, app_services: Services) -> None:
    sign_in(client, "anna@example.org", PASSWORD)
    with app_services.db.write() as session:
        accounts.set_active(session.get_one(User, anna.id), False)
    assert not is_signed_in(client)


def test_the_page_and_its_answer_are_in_the_readers_language(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Catalog(locale="sv")
    words.add("Password", "Lösenordet")
    words.add(GENERIC, "Fel e-post eller lösenord.")
    folder = tmp_path / "translations" / "sv" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, words)
    real = resource
    for module in ("tourserver.app", "tourserver.people.security"):
        monkeypatch.setattr(
            f"{module}.resource", lambda name: tmp_path / name if name == "translations" else real(name)
        )
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    try:
        client = app.test_client()
        headers = {"Accept-Language": "sv"}
        page = client.get("/studio/sign-in", headers=headers).text
        assert 'lang="sv"' in page
        assert "Lösenordet" in page
        answer = client.post("/studio/sign-in", data={"email": "a@b.se", "password": "x"}, headers=headers).text
        assert answer.count("Fel e-post eller lösenord.") == 1
        assert GENERIC not in answer
    finally:
        app.extensions["tourserver"].close()


def test_signing_out_needs_a_post(client: FlaskClient, anna: User) -> None:
    sign_in(client, "anna@example.org", PASSWORD)
    assert client.get("/studio/sign-out").status_code == 405
    assert is_signed_in(client)
    assert client.post("/studio/sign-out").location == "/"
    assert not is_signed_in(client)


def test_a_way_back_is_followed_when_it_leads_here(client: FlaskClient, anna: User) -> None:
    client.get("/studio/sign-in?next=/studio/staff")
    assert sign_in(client, "anna@example.org", PASSWORD, after="/studio/staff").location == "/studio/staff"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
    ],
)
def test_a_way_back_to_another_server_is_not_followed(client: FlaskClient, anna: User, target: str) -> None:
    answer = sign_in(client, "anna@example.org", PASSWORD, after=target)
    assert answer.status_code == 302
    assert urlsplit(answer.location).netloc == ""
    assert urlsplit(urljoin("http://localhost/studio/sign-in", answer.location)).netloc == "localhost"


def test_tokens_in_headers_and_addresses_are_no_way_in(client: FlaskClient, anna: User, app: Flask) -> None:
    with app.test_request_context():
        token = anna.get_auth_token()
    assert client.get("/studio", headers={"Authentication-Token": token}).status_code == 302
    assert client.get("/studio", query_string={"auth_token": token}).status_code == 302


def test_guessing_is_slowed_down(client: FlaskClient, anna: User, app: Flask) -> None:
    limiter.enabled = True
    try:
        answers = [sign_in(client, "anna@example.org", f"guess {number}").status_code for number in range(21)]
        page = client.get("/studio/sign-in").status_code
    finally:
        limiter.enabled = False
        with app.app_context():
            limiter.reset()
    assert answers == [200] * 20 + [429]
    assert page == 200


def test_a_sign_in_without_the_forms_token_is_refused(settings: Settings) -> None:
    app = create_app(settings)
    app.config["TESTING"] = True
    try:
        services: Services = app.extensions["tourserver"]
        with services.db.write() as session:
            accounts.create_user(session, email="bo@example.org", name="Bo", password=PASSWORD, actor=SYSTEM)
        client = app.test_client()
        assert sign_in(client, "bo@example.org", PASSWORD).status_code == 400
        page = client.get("/studio/sign-in")
        token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text)
        assert token
        data = {"email": "bo@example.org", "password": PASSWORD, "csrf_token": token[1]}
        assert client.post("/studio/sign-in", data=data).status_code == 302
    finally:
        app.extensions["tourserver"].close()


def test_a_signed_in_request_holds_no_connection_while_its_view_works(
    client: FlaskClient, anna: User, app_services: Services
) -> None:
    sign_in(client, "anna@example.org", PASSWORD)
    held: list[int] = []
    engine = app_services.db.engine

    def count(*_: object) -> None:
        held.append(engine.pool.checkedout())  # type: ignore[attr-defined]

    event.listen(engine, "checkout", count)
    try:
        client.get("/studio/sign-in")
    finally:
        event.remove(engine, "checkout", count)
    assert held
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert max(held) == 1


# --- the demo's one-time links ----------------------------------------------------------------------------------


@pytest.fixture
def demo(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings.model_copy(update={"demo": True}))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["tourserver"].close()


def link(app: Flask, to: str = "/studio") -> str:
    services: Services = app.extensions["tourserver"]
    with services.db.write() as session:
        user = accounts.find_user(session, "host@example.org") or accounts.create_user(
            session, email="host@example.org", name="Host", password=PASSWORD, actor=SYSTEM
        )
        rights.grant(session, Actor("user", user.id), "admin", "global", by=SYSTEM)
        return accounts.one_time_link(services, session, user, to)


def test_a_printed_link_signs_in_with_one_click_and_works_once(demo: Flask) -> None:
    path = link(demo, "/studio/staff")
    browser = demo.test_client()
    answer = browser.get(path)
    assert (answer.status_code, answer.location) == (303, "/studio/staff")
    assert is_signed_in(browser)
    assert demo.test_client().get(path).status_code == 410
    assert browser.get(path).location == "/studio/staff", "a second click in the same browser only leads on"


def test_a_browser_that_looks_ahead_does_not_use_the_link_up(demo: Flask) -> None:
    path = link(demo)
    browser = demo.test_client()
    assert browser.head(path).status_code == 204
    assert browser.get(path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 204
    assert browser.get(path).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
        {"base_url": "http://rebound.example:8000"},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
    ],
)
def test_a_printed_link_works_on_this_machine_only(demo: Flask, elsewhere: dict[str, object]) -> None:
    path = link(demo)
    browser = demo.test_client()
    assert browser.open(path, **elsewhere).status_code == 403  # type: ignore[arg-type]
    assert not is_signed_in(browser)


def test_one_time_links_do_not_exist_outside_the_demo(client: FlaskClient, app: Flask) -> None:
    assert client.get(link(app)).status_code == 403


@pytest.mark.parametrize("target", ["/host/harbour", "/studio?a=1", "/en/sessions/x#top"])
def test_a_path_here_is_safe(target: str) -> None:
    assert safe_path(target) == target


@pytest.mark.parametrize(
    "target",
    ["", "studio", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "\n//evil.example"],
)
def test_a_path_elsewhere_is_not_safe(target: str) -> None:
    assert safe_path(target) is None
