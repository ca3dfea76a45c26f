"""The staff's pages of sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import administrator, make_registration, make_session, make_site, make_user, signed_in
from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

TYPED = {
    "kind": "guided_tour",
    "title-en": "Heat from the harbour",
    "title-sv": "Värme från hamnen",
    "languages": ["en", "sv"],
    "date": "2030-12-10",
    "time": "15:00",
    "zone": "Europe/Stockholm",
    "duration_minutes": "45",
    "visibility": "public",
}


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return administrator(app)


def only(services: Services) -> ScheduledSession:
    with services.db.read() as session:
        return session.scalars(select(ScheduledSession)).one()


def values(page: str) -> dict[str, Any]:
    """What a browser would send back from the form as it stands."""
    form = BeautifulSoup(page, "html.parser").select_one("form.panel[novalidate]")
    assert form is not None
    found: dict[str, Any] = {}
    for field in form.select("input, textarea, select"):
        name, kind = str(field.get("name", "")), field.get("type")
        if kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                found.setdefault(name, []).append(str(field.get("value")))
        elif field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            found[name] = str(chosen["value"]) if chosen else ""
        elif field.name == "textarea":
            found[name] = field.get_text().removeprefix("\n").removeprefix("\r\n")
        else:
            found[name] = str(field.get("value", ""))
    return found


def walk_with_host(session: Session, **changed: Any) -> ScheduledSession:
    """An announced session at /studio/sessions/walk."""
    made = make_session(session, slug="walk", kind="webinar", **changed)
    make_user(session, hosts=made)
    return made


def staged(session: Session) -> tuple[list[str], str]:
    """Ids of two sites and of a host."""
    sites = [make_site(session, name={"en": name}) for name in ("Quay", "Hall")]
    return [site.id for site in sites], make_user(session, name="Hanna").id


def test_a_session_goes_from_the_empty_form_to_the_public_list(
    admin: FlaskClient, client: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        (quay, hall), host = staged(session)
    assert admin.get("/studio/sessions/new").status_code == 200
    sent = {**TYPED, "sites-0": hall, "sites-1": "", "sites-2": quay, "hosts": [host], "capacity": "12"}
    answer = admin.post("/studio/sessions/new", data={**sent, "sound_url": "https://meet.example.org/x"})
    assert (answer.status_code, answer.location) == (302, "/studio/sessions/heat-from-the-harbour")
    made = only(app_services)
    assert (made.state, made.capacity, made.duration_minutes) == ("draft", 12, 45)
    assert made.local_start == datetime(2030, 12, 10, 15, 0)
    assert made.languages == ["en", "sv"]
    assert [entry.site_id for entry in made.sites] == [hall, quay]
    assert client.get("/en/sessions/heat-from-the-harbour").status_code == 404
    page = admin.get(answer.location)
    assert "Only staff can see this draft" in page.text
    assert admin.get("/studio/sessions/heat-from-the-harbour/announce").status_code == 405
    admin.post("/studio/sessions/heat-from-the-harbour/announce")
    assert only(app_services).state == "scheduled"
    assert client.get("/en/sessions/heat-from-the-harbour").status_code == 200
    assert "/en/sessions/heat-from-the-harbour" in client.get("/en/sessions").text


def test_saving_an_opened_form_changes_nothing_but_the_revision(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        gone = make_site(session, state="withdrawn")
        made = make_session(
            session,
            slug="walk",
            sites=[make_site(session), gone],
            zone="America/New_York",
            sound_url="https://meet.example.org/",
            contact_email="anna@example.org",
            capacity=30,
            summary={"en": "Two\nlines."},
        )
        schedule.set_hosts(session, made, [make_user(session).id], actor=SYSTEM)
        before = (schedule.as_form(made), made.starts_at, made.local_start, schedule.hosts(session, made))
    page = admin.get("/studio/sessions/walk")
    answer = admin.post("/studio/sessions/walk", data=values(page.text))
    assert answer.status_code == 302
    with app_services.db.read() as session:
        kept = session.scalars(select(ScheduledSession)).one()
        after = (schedule.as_form(kept), kept.starts_at, kept.local_start, schedule.hosts(session, kept))
        assert after == before
        assert kept.revision == 2
        verbs = set(session.scalars(select(Audit.verb).where(Audit.thing_id == kept.id)))
        assert verbs == {"session.change", "session.hosts"}


def test_missing_languages_are_visible(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="walk", title={"en": "A walk"})
    page = BeautifulSoup(admin.get("/studio/sessions/walk").text, "html.parser")
    labels = {label["for"]: label.get_text() for label in page.select(".texts__label")}
    assert "missing" not in labels["title-en"]
    assert "missing" in labels["title-sv"]
    assert "missing" in labels["title-zh_Hans"]


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        (
            {"date": "2027-03-28", "time": "02:30"},
            "time",
            "2027-03-28 02:30 does not exist in Europe/Stockholm: the clocks go forward that night. "
            "Choose a time before or after the change.",
        ),
        ({"date": "2020-01-01"}, "date", "This time has passed. Choose one to come."),
        ({"date": "10/12/2030"}, "date", "Not a valid date value"),
        ({"zone": "Europe/Atlantis"}, "zone", "There is no time zone “Europe/Atlantis”."),
        ({"duration_minutes": "3"}, "duration_minutes", "between 5 and 720"),
        ({"duration_minutes": "long"}, "duration_minutes", "Not a valid integer value"),
        ({"sound_url": "javascript:alert(1)"}, "sound_url", "must be a web address"),
        ({"contact_email": "anna"}, "contact_email", "This is not an e-mail address."),
        ({"slug": "Å!"}, "slug", "small letters, digits and single hyphens"),
        ({"languages": []}, "languages", "at least one language"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    admin: FlaskClient, app_services: Services, changed: dict[str, Any], field: str, message: str
) -> None:
    answer = admin.post("/studio/sessions/new", data={**TYPED, **changed})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    wrong = page.select_one(f"#{field}-error")
    assert wrong is not None
    assert message in wrong.get_text()
    assert values(answer.text)["title-sv"] == "Värme från hamnen"
    with app_services.db.read() as session:
        assert session.scalar(select(ScheduledSession.id)) is None


def test_a_title_is_needed_in_one_language_at_least(admin: FlaskClient) -> None:
    answer = admin.post("/studio/sessions/new", data={**TYPED, "title-en": "", "title-sv": ""})
    assert answer.status_code == 422
    assert "Fill in at least one language." in answer.text


def test_a_time_that_happens_twice_is_asked_about(admin: FlaskClient, app_services: Services) -> None:
    sent = {**TYPED, "date": "2027-10-31", "time": "02:30"}
    assert 'name="fold"' not in admin.get("/studio/sessions/new").text
    answer = admin.post("/studio/sessions/new", data=sent)
    assert answer.status_code == 422
    assert 'name="fold"' in answer.text
    assert "happens twice in Europe/Stockholm" in answer.text
    admin.post("/studio/sessions/new", data={**sent, "fold": "1"})
    made = only(app_services)
    assert made.starts_at.hour == 1
    page = admin.get(f"/studio/sessions/{made.slug}").text
    assert values(page)["fold"] == ["1"]


@pytest.mark.parametrize("typed", ["nairobi", "africa/nairobi", " Africa/Nairobi ", "NAIROBI"])
def test_a_zone_is_found_by_its_place(admin: FlaskClient, app_services: Services, typed: str) -> None:
    admin.post("/studio/sessions/new", data={**TYPED, "zone": typed})
    assert only(app_services).zone == "Africa/Nairobi"


def test_zones_are_offered_by_place_with_their_offset(admin: FlaskClient) -> None:
    page = BeautifulSoup(admin.get("/studio/sessions/new").text, "html.parser")
    offered = {str(option["value"]): str(option["label"]) for option in page.select("#session-zones option")}
    assert offered["Asia/Shanghai"] == "Shanghai (UTC+8)"
    assert "America/Argentina/Buenos_Aires" in offered
    assert "US/Eastern" not in offered
    assert len(offered) > 300


def test_a_stale_save_shows_both_versions_and_can_be_applied_again(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        walk_with_host(session, title={"en": "First"})
    mine = values(admin.get("/studio/sessions/walk").text)
    theirs = {**mine, "title-en": "Theirs"}
    assert admin.post("/studio/sessions/walk", data=theirs).status_code == 302
    answer = admin.post("/studio/sessions/walk", data={**mine, "title-en": "Mine"})
    assert answer.status_code == 409
    assert "Somebody else changed this session after you opened it." in answer.text
    assert "Theirs" in answer.text
    assert only(app_services).title == {"en": "Theirs"}
    again = values(answer.text)
    assert again["title-en"] == "Mine"
    assert admin.post("/studio/sessions/walk", data=again).status_code == 302
    assert only(app_services).title == {"en": "Mine"}


def test_a_revision_that_was_tampered_with_is_a_conflict(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        walk_with_host(session)
    mine = values(admin.get("/studio/sessions/walk").text)
    for bad in ("", "x", "-1", "9" * 40):
        assert admin.post("/studio/sessions/walk", data={**mine, "revision": bad}).status_code == 409


def test_a_new_address_is_kept_with_the_old_one_leading_to_it(
    admin: FlaskClient, client: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        walk_with_host(session)
    mine = values(admin.get("/studio/sessions/walk").text)
    answer = admin.post("/studio/sessions/walk", data={**mine, "slug": "stroll"})
    assert answer.location == "/studio/sessions/stroll"
    assert client.get("/en/sessions/walk").location == "/en/sessions/stroll"


def test_moving_a_session_warns_that_calendars_do_not_follow_yet(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        walk_with_host(session)
    mine = values(admin.get("/studio/sessions/walk").text)
    admin.post("/studio/sessions/walk", data={**mine, "title-en": "Other"})
    assert "The start moved" not in admin.get("/studio/sessions/walk").text
    mine = values(admin.get("/studio/sessions/walk").text)
    admin.post("/studio/sessions/walk", data={**mine, "date": "2030-01-01"})
    assert "The start moved" in admin.get("/studio/sessions/walk").text


def test_only_those_who_may_change_sessions_open_the_form(app: Flask, app_services: Services) -> None:
    with app_services.db.write() as session:
        walk = make_session(session, slug="walk")
        host, nobody = make_user(session, hosts=walk), make_user(session)
    for path in ("/studio/sessions/walk", "/studio/sessions/new"):
        assert signed_in(app, host).get(path).status_code == 403
        assert app.test_client().get(path).location.startswith("/studio/sign-in")
    assert signed_in(app, host).post("/studio/sessions/walk/announce").status_code == 403
    assert signed_in(app, nobody).get("/studio/sessions").status_code == 403
    page = signed_in(app, host).get("/studio/sessions").text
    assert "/host/walk" in page
    assert 'href="/studio/sessions/walk"' not in page


def test_a_draft_without_host_is_not_announced_and_says_why(admin: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="walk", state="draft")
    admin.post("/studio/sessions/walk/announce")
    assert "Choose at least one host" in admin.get("/studio/sessions/walk").text
    assert only(app_services).state == "draft"


def test_the_list_takes_as_many_queries_for_three_sessions_as_for_one(
    admin: FlaskClient, app_services: Services
) -> None:
    def queries() -> int:
        counted: list[str] = []

        def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            counted.append(statement)

        event.listen(app_services.db.engine, "before_cursor_execute", count)
        try:
            assert admin.get("/studio/sessions").status_code == 200
        finally:
            event.remove(app_services.db.engine, "before_cursor_execute", count)
        return len(counted)

    def add() -> None:
        with app_services.db.write() as session:
            walk = make_session(session, sites=[make_site(session)], starts_at=clock.now() + timedelta(days=1))
            make_registration(session, app_services, walk)

    add()
    one = queries()
    add()
    add()
    assert queries() == one
