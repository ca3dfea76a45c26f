"""Signing up in a browser without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.factories import administrator, make_registration, make_session, make_site, make_user, row_counts, signed_in
from tourserver.core import clock, preferences
from tourserver.core.ratelimit import limiter
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import Person
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

TYPED = {"name": "Amina Diallo", "email": "amina@example.org", "country": "MA", "language": "en", "organisation": ""}


@pytest.fixture
def walk(app_services: Services) -> ScheduledSession:
    with app_services.db.write() as session:
        # mail may leave: nothing is held
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Visits <visits@example.org>")
        return make_session(session, slug="harbour", sites=[make_site(session)])


def send(client: FlaskClient, **changed: str) -> TestResponse:
    return client.post("/en/sessions/harbour/register", data={**TYPED, **changed})


def soup(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def entry(answer: TestResponse) -> dict[str, str]:
    calendar = Calendar.from_ical(answer.data)
    (event,) = calendar.walk("VEVENT")
    return {"METHOD": str(calendar["METHOD"]), **{name: str(event[name]) for name in event}}


def registrations(services: Services) -> list[Registration]:
    with services.db.read() as session:
        return list(session.scalars(select(Registration)))


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_form_asks_for_the_country_and_guesses_nothing(client: FlaskClient, walk: ScheduledSession) -> None:
    page = soup(client.get("/zh/sessions/harbour", headers={"Accept-Language": "sv-SE"}))
    country = page.select_one("select[name=country]")
    assert country is not None
    assert [option["value"] for option in country.select("option")][:2] == ["", "ZZ"]
    assert len(country.select("option")) == 251
    assert country.select("option[selected]") in ([], [country.select("option")[0]])
    language = page.select_one("select[name=language] option[selected]")
    assert language is not None
    assert language["value"] == "zh_Hans", "the page's own language is the best guess for mails"
    assert page.select_one("input[name=organisation][required]") is None
    assert page.select_one("a[href$='/privacy']") is not None


def test_looking_changes_nothing(client: FlaskClient, walk: ScheduledSession, app_services: Services) -> None:
    before = row_counts(app_services.db)
    for path in ("", "/resend"):
        for _ in range(3):
            assert client.get(f"/en/sessions/harbour{path}").status_code == 200
            assert client.head(f"/en/sessions/harbour{path}").status_code == 200
    assert client.get("/en/sessions/harbour/register").status_code == 405
    assert row_counts(app_services.db) == before


def test_a_renamed_session_redirects_and_a_draft_is_not_there(
    client: FlaskClient, walk: ScheduledSession, app_services: Services
) -> None:
    with app_services.db.write() as session:
        found = session.get_one(ScheduledSession, walk.id)
        schedule.rename(session, found, "quay", actor=SYSTEM)
        make_session(session, slug="secret", state="draft")
    answer = client.get("/sv/sessions/harbour")
    assert (answer.status_code, answer.location) == (301, "/sv/sessions/quay")
    assert client.get("/sv/sessions/quay").status_code == 200
    assert client.get("/sv/sessions/secret").status_code == 404
    assert client.get("/sv/sessions/nothing").status_code == 404


def test_an_unlisted_session_is_found_by_its_address_only(client: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="quiet", visibility="unlisted")
    assert "/en/sessions/quiet" not in client.get("/en/sessions").text
    page = client.get("/en/sessions/quiet")
    assert page.status_code == 200
    assert 'content="noindex"' in page.text


# --- taking part ------------------------------------------------------------------------------------------------


def test_a_sign_up_leads_to_a_page_that_offers_the_calendar_entry(
    client: FlaskClient, walk: ScheduledSession, app_services: Services
) -> None:
    answer = send(client)
    assert (answer.status_code, answer.location) == (303, "/en/sessions/harbour/registered")
    page = client.get(answer.location)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "Your seat is registered" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(answer.location).status_code == 200, "reloading sends nothing again"
    (registration,) = registrations(app_services)
    link = soup(page).select_one("a[href$='/invite.ics']")
    assert link is not None
    file = client.get(str(link["href"]))
    assert file.mimetype == "text/calendar"
    assert file.headers["Content-Disposition"] == 'attachment; filename="harbour.ics"'
    assert file.headers["Cache-Control"] == "no-store"
    said = entry(file)
    assert (said["METHOD"], said["UID"], said["SEQUENCE"]) == ("PUBLISH", registration.uid, "0")
    with app_services.db.write() as session:
        token = app_services.tokens.issue(session, "join", registration.id)
    assert said["LOCATION"].endswith(f"/j/{token}")
    assert "ATTENDEE" not in said


def test_the_viewers_zone_is_kept_for_the_mail(
    client: FlaskClient, walk: ScheduledSession, app_services: Services
) -> None:
    client.set_cookie("tz", "Africa/Nairobi")
    send(client)
    assert registrations(app_services)[0].zone == "Africa/Nairobi"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "Enter your name: the hosts greet you by it."),
        ({"name": "\x00"}, "Enter your name: the hosts greet you by it."),
        ({"email": ""}, "Enter your e-mail: the link to join is sent there."),
        ({"email": "amina@"}, "This is not an e-mail address. It looks like name@example.org."),
        ({"email": "amina@example.org\nBcc: a@b.se"}, "This is not an e-mail address."),
        ({"email": "åsa@example.org"}, "before the @ it has letters beyond a–z"),
        ({"country": ""}, "Choose a country from the list, or “prefer not to say”."),
        ({"country": "XX"}, "Not a valid choice"),
        ({"language": "tlh"}, "Not a valid choice"),
        ({"name": "x" * 121}, "120 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    client: FlaskClient, walk: ScheduledSession, app_services: Services, changed: dict[str, str], message: str
) -> None:
    answer = send(client, organisation="Ville de Rabat", **changed)
    assert answer.status_code == 422
    page = soup(answer)
    (field,) = changed
    wrong = page.select_one(f"#{field}-error")
    assert wrong is not None
    assert message in wrong.get_text()
    summary = page.select_one("#error-summary")
    assert summary is not None
    assert message in summary.get_text()
    kept = page.select_one("input[name=organisation]")
    assert kept is not None
    assert kept["value"] == "Ville de Rabat"
    assert registrations(app_services) == []


def test_all_that_is_wrong_is_said_at_once(client: FlaskClient, walk: ScheduledSession) -> None:
    page = soup(send(client, name="", email="amina@", country=""))
    assert [str(link["href"]) for link in page.select("#error-summary a")] == ["#name", "#email", "#country"]


def test_the_same_e_mail_again_gets_the_same_page(
    client: FlaskClient, app: Flask, walk: ScheduledSession, app_services: Services
) -> None:
    def shown(browser: FlaskClient, **changed: str) -> tuple[int, str]:
        answer = send(browser, **changed)
        page = browser.get(answer.location)
        return answer.status_code, re.sub(r'csrf_token" value="[^"]*"', "csrf", page.text)

    first = shown(client)
    again = shown(app.test_client(), name="Mallory", country="US")
    other = shown(app.test_client(), email="bo@example.org")
    assert first == again == other
    assert len(registrations(app_services)) == 2


def test_whoever_types_a_registered_address_gets_no_link_of_its_owner(
    client: FlaskClient, app: Flask, walk: ScheduledSession, app_services: Services
) -> None:
    send(client, language="sv")
    (registration,) = registrations(app_services)
    with app_services.db.write() as session:
        token = app_services.tokens.issue(session, "join", registration.id)
    stranger = app.test_client()
    answer = send(stranger, name="Mallory")
    page = stranger.get(answer.location)
    file = stranger.get(f"{answer.location}/invite.ics")
    for text in (answer.text, page.text, file.text):
        assert token not in text
        assert "Amina" not in text
        assert "amina@" not in text
    said = entry(file)
    assert said["UID"] == registration.uid, "the owner who registers on a second device gets no second entry"
    assert said["LOCATION"].endswith("/en/sessions/harbour")
    assert said["SUMMARY"].startswith("A walk"), "in the language of the page and not in the owner's"


def test_whoever_types_a_known_address_for_another_session_gets_no_link_of_its_owner(
    client: FlaskClient, app: Flask, walk: ScheduledSession, app_services: Services
) -> None:
    send(client)
    with app_services.db.write() as session:
        make_session(session, slug="other")
    stranger = app.test_client()
    answer = stranger.post("/en/sessions/other/register", data={**TYPED, "name": "Mallory"})
    said = entry(stranger.get(f"{answer.location}/invite.ics"))
    assert said["LOCATION"].endswith("/en/sessions/other")
    assert "/j/" not in said["DESCRIPTION"]
    assert len(registrations(app_services)) == 2, "its owner was mailed and has a seat"


def test_the_success_page_belongs_to_the_browser_that_registered(
    client: FlaskClient, app: Flask, walk: ScheduledSession, app_services: Services
) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="other")
    page = send(client).location
    assert client.get(page.replace("/en/", "/sv/")).status_code == 200, "in another language too"
    other = page.replace("harbour", "other")
    forged = app.test_client()
    forged.set_cookie("receipt", "eyJyIjoiMSIsIm93biI6dHJ1ZX0.aaaaaa.bbbb")
    for browser, path in ((client, other), (app.test_client(), page), (forged, page)):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, path.removesuffix("/registered"))
        assert browser.get(f"{path}/invite.ics").status_code == 404
    cookie = client.get_cookie("receipt")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.max_age) == (True, "Lax", 24 * 3600)


def test_the_success_page_ends_with_the_registration(
    client: FlaskClient, walk: ScheduledSession, app_services: Services
) -> None:
    page = send(client).location
    with app_services.db.write() as session:
        session.scalars(select(Registration)).one().state = "withdrawn"
    assert client.get(page).status_code == 303


# --- too late, full ---------------------------------------------------------------------------------------------


def test_a_full_session_shows_no_form_and_answers_everybody_alike(
    client: FlaskClient, app: Flask, app_services: Services
) -> None:
    with app_services.db.write() as session:
        walk = make_session(session, slug="harbour", capacity=1)
        make_registration(session, app_services, walk, email="amina@example.org")
    page = client.get("/en/sessions/harbour")
    assert "All seats are taken" in page.text
    assert soup(page).select_one("form[action*=register]") is None
    assert soup(page).select_one("a[href='/en/sessions/harbour/resend']") is not None
    known, unknown = send(client), send(app.test_client(), email="bo@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert known.status_code == 409


@pytest.mark.parametrize(
    ("state", "hours", "message"),
    [
        ("ended", 3, "This session has been held"),
        ("scheduled", -5, "This session has been held"),
        ("cancelled", 3, "This session is cancelled"),
    ],
)
def test_it_is_said_why_nobody_can_register_any_more(
    client: FlaskClient, app_services: Services, state: str, hours: int, message: str
) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="harbour", state=state, starts_at=clock.now() + timedelta(hours=hours))
    page = client.get("/en/sessions/harbour")
    assert (page.status_code, message in page.text) == (200, True)
    answer = send(client)
    assert (answer.status_code, message in answer.text) == (410, True)
    assert registrations(app_services) == []


# --- a lost link ------------------------------------------------------------------------------------------------


def test_a_lost_link_gets_the_same_answer_for_every_address(
    client: FlaskClient, walk: ScheduledSession, app_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client)
    moment = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: moment)

    def ask(email: str) -> tuple[int, str]:
        answer = client.post("/en/sessions/harbour/resend", data={"email": email})
        return answer.status_code, answer.text.replace(email, "E-MAIL")

    known, unknown = ask("amina@example.org"), ask("nobody@example.org")
    assert known == unknown
    assert known[0] == 200
    assert "If this address is registered, a mail is on its way" in known[1]
    with app_services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_a_lost_link_needs_an_address(client: FlaskClient, walk: ScheduledSession) -> None:
    answer = client.post("/en/sessions/harbour/resend", data={"email": "amina"})
    assert answer.status_code == 422
    assert "name@example.org" in answer.text


# --- brakes -----------------------------------------------------------------------------------------------------


def test_sign_ups_from_one_address_are_limited_and_nothing_is_lost(
    client: FlaskClient, walk: ScheduledSession, app: Flask, app_services: Services
) -> None:
    limit = int(app_services.settings.registration_rate.split()[0])
    limiter.enabled = True
    try:
        answers = [send(client, email=f"d{number}@example.org").status_code for number in range(limit + 2)]
        assert client.get("/en/sessions/harbour").status_code == 200
    finally:
        limiter.enabled = False
        with app.app_context():
            limiter.reset()
    assert answers == [303] * limit + [429] * 2
    assert len(registrations(app_services)) == limit


# --- staff ------------------------------------------------------------------------------------------------------


def test_hosts_and_administrators_see_who_registered(
    app: Flask, walk: ScheduledSession, app_services: Services, client: FlaskClient
) -> None:
    send(client, organisation="Ville de Rabat")
    with app_services.db.write() as session:
        other = make_session(session)
        host, stranger = make_user(session, hosts=walk), make_user(session, hosts=other)
    path = "/studio/sessions/harbour/registrations"
    for browser in (signed_in(app, host), administrator(app)):
        text = soup(browser.get(path)).get_text(" ")
        for words in ("Amina Diallo", "Ville de Rabat", "Morocco", "Confirmed"):
            assert words in text
    assert signed_in(app, stranger).get(path).status_code == 403
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/studio/sign-in?next=")
