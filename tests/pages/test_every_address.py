"""Every address of the application, asked by a visitor, a host and an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import factories
from tests.furnishing import furnish, leave_a_question
from tourserver.app import create_app
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people.models import User
from tourserver.registration import invitations

MAIL = b"""From: a@example.org
To: b@example.org
Subject: Hello
Content-Type: text/calendar; name=invite.ics

BEGIN:VCALENDAR
"""


@dataclass
class World:
    """An installation in which there is one of everything; ``values`` are what addresses name."""

    app: Flask
    services: Services
    values: dict[str, Any]
    host: User
    admin: User

    @property
    def browsers(self) -> dict[str, FlaskClient]:
        return {
            "visitor": self.app.test_client(),
            "host": factories.signed_in(self.app, self.host),
            "administrator": factories.signed_in(self.app, self.admin),
        }

    def rules(self, method: str) -> Iterator[Rule]:
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if method in (rule.methods or set()):
                yield rule

    def path(self, rule: Rule, **others: Any) -> str:
        of_site = "/sites" in rule.rule or rule.rule.startswith("/embed")
        values = {**self.values, "slug": self.values["site" if of_site else "session"], **others}
        if rule.endpoint == "welcome.enter" and "token" not in others:
            values["token"] = self.values["welcome"]
        return path_of(self.app, rule, values)


def path_of(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """The address of a rule with the values that it wants."""
    wanted = {name: values[name] for name in rule.arguments}
    method = "GET" if "GET" in (rule.methods or ()) else "POST"
    return str(app.url_map.bind("localhost").build(rule.endpoint, wanted, method=method))


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    app = create_app(settings.model_copy(update={"demo": True}))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    services: Services = app.extensions["tourserver"]
    services.settings.mailbox.mkdir()
    (services.settings.mailbox / "000001.eml").write_bytes(MAIL)
    with services.db.write() as session:
        site, (quay, _hall) = factories.make_tour(session, services)
        scheduled = factories.make_session(session, sites=[site])
        registration = factories.make_registration(session, services, scheduled)
        join = invitations.join_path(session, services, registration).removeprefix("/j/")
        host, admin = factories.make_user(session, hosts=scheduled), factories.make_user(session, admin=True)
        poster = factories.put_poster(services, quay)
        site.node.second_reviewer = True
        furnished = furnish(session, services, site, quay, Actor("user", admin.id))
        values = {
            "lang": "en",
            "site": site.slug,
            "session": scheduled.slug,
            "scene_id": quay.id,
            "point_id": quay.hotspots[0].id,
            "user_id": host.id,
            "digest": quay.panorama.content_hash,
            "level": 0,
            "col": 0,
            "row": 0,
            "token": join,
            "filename": "img/favicon.svg",
            "state": "published",
            "way": "up",
            "number": 0,
            "name": poster,
            **furnished,
            **leave_a_question(session, registration, admin.id),
        }
    yield World(app, services, values, host, admin)
    services.close()


def check(answer: TestResponse, asked: str) -> None:
    """What is true of every answer, whatever it says."""
    assert answer.status_code < 500, asked
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy, asked
    assert "unsafe" not in policy, asked
    assert "data:" not in policy, asked
    assert answer.headers["X-Content-Type-Options"] == "nosniff", asked
    if answer.mimetype != "text/html" or answer.status_code in (301, 302, 303, 308):
        return
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html, asked
    assert page.html.get("lang"), f"{asked}: {answer.text[:300]}"
    assert page.title, asked
    for element in page.find_all():
        odd = [name for name in element.attrs if name == "style" or name.startswith("on")]
        assert odd == [], f"{asked}: {element.name} {odd}"
        for name in ("src", "href", "action"):
            address = str(element.get(name) or "")
            assert not address.lower().startswith(("javascript:", "data:", "//")), f"{asked}: {address}"
            if name == "src" or element.name in ("link", "use"):
                assert "://" not in address.replace("http://localhost/", "/"), f"{asked}: {address}"
    # a file to keep and to print brings its own: it is opened from a disk, never as a page of this site
    kept = answer.headers.get("Content-Disposition", "").startswith("attachment")
    assert kept or page.select("style") == [], asked
    assert [script for script in page.select("script:not([src])") if script.get("type") != "application/json"] == []


def ask(browser: FlaskClient, method: str, path: str, asked: str) -> TestResponse:
    with capture_logs() as logged:  # a page of its own when something breaks is for people
        answer = browser.open(path, method=method, buffered=True)
    broken = [entry for entry in logged if entry["event"] == "request.failed"]
    assert broken == [], f"{asked}: {broken}"
    check(answer, asked)
    return answer


def test_every_page_answers_everybody_and_reading_changes_nothing(world: World) -> None:
    browsers = world.browsers
    typed = {"name": "Li", "email": "li@example.org", "country": "CN", "language": "en"}
    assert browsers["visitor"].post(f"/en/sessions/{world.values['session']}/register", data=typed).status_code == 303
    before = factories.row_counts(world.services.db)
    found: dict[str, set[int]] = {}
    for who, browser in browsers.items():
        for rule in world.rules("GET"):
            path = world.path(rule, **({"name": "000001.eml"} if rule.rule.startswith("/dev/mail") else {}))
            answer = ask(browser, "GET", path, f"{who} GET {path}")
            found.setdefault(rule.endpoint, set()).add(answer.status_code)
            if who == "visitor" and rule.rule.startswith("/studio") and rule.endpoint not in OPEN:
                assert (answer.status_code, answer.location) == (302, f"/studio/sign-in?next={path}")
    missing = {endpoint for endpoint, codes in found.items() if not codes & {200, 204, 302, 303}}
    assert missing == {"people.enter", "welcome.page"}, "the sample values reach every page"
    assert factories.row_counts(world.services.db) == before


OPEN = {"security.login", "people.enter", "welcome.enter", "welcome.page", "welcome.make_account"}
"""Staff addresses that exist for people who are not signed in; the last two want the cookie of an invitation's link."""


def test_addresses_of_nothing_are_not_found_or_refused(world: World) -> None:
    nothing = {
        "site": "nothing",
        "session": "nothing",
        "scene_id": "0",
        "point_id": "0",
        "user_id": "0",
        "digest": "0" * 64,
        "level": 99,
        "token": "nothing",
        "filename": "nothing.js",
        "name": "nothing",
        "number": 99,
        "asset_id": "0" * 32,
        "upload_id": "0",
        "submission_id": "0",
        "revision_number": 99,
        "node_slug": "nothing",
        "path": "nothing",
        "follow_up_id": "0" * 32,
        "guest_id": "0" * 32,
        "question_id": "0" * 32,
        "part": "nothing",
    }
    for who, browser in world.browsers.items():
        for rule in world.rules("GET"):
            if not rule.arguments & {*nothing, "slug"}:
                continue
            slug = {"slug": "nothing"} if "slug" in rule.arguments else {}
            path = world.path(rule, **nothing, **slug)
            answer = ask(browser, "GET", path, f"{who} GET {path}")
            assert answer.status_code in (302, 303, 403, 404, 410), f"{who} {path}"
            if who == "administrator" and rule.endpoint not in ("people.enter", "registration.registered"):
                assert answer.status_code == 404, path


def test_empty_forms_are_answered_and_only_staff_change_anything(world: World) -> None:
    before = factories.row_counts(world.services.db)
    for who, browser in world.browsers.items():
        for rule in world.rules("POST"):
            if rule.endpoint in ("security.logout", "security.login"):
                continue
            path = world.path(rule)
            answer = ask(browser, "POST", path, f"{who} POST {path}")
            if who == "visitor" and rule.rule.startswith("/studio") and rule.endpoint not in OPEN:
                assert answer.location.startswith("/studio/sign-in"), path
        if who != "administrator":
            assert factories.row_counts(world.services.db) == before, who


def test_without_the_forms_token_nothing_is_taken(settings: Settings) -> None:
    app = create_app(settings)
    app.config.update(TESTING=True, RATELIMIT_ENABLED=False)
    try:
        browser = factories.administrator(app)
        for rule in app.url_map.iter_rules():
            if "POST" in (rule.methods or set()) and not rule.rule.startswith("/socket.io"):
                known = {"lang": "en", "state": "published", "way": "up", "revision_number": 1}
                samples: dict[str, Any] = {**dict.fromkeys(rule.arguments, "x"), **known}
                path = path_of(app, rule, samples)
                answer = browser.post(path)
                assert answer.status_code == 400, path
                assert "This form was open for too long" in answer.text, path
    finally:
        app.extensions["tourserver"].close()
