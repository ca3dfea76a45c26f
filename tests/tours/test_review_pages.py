"""The pages from draft to published revision, in browsers without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tourserver.core import rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.people.models import User
from tourserver.sites.models import Site
from tourserver.tours import publishing, review, scenes
from tourserver.tours.models import Scene, TourSubmission

TOUR = "/studio/sites/harbour/tour"
CONFIRMED = {"faces": "y", "permission": "y", "protected": "y"}


@dataclass
class Office:
    """A node with an officer and a reviewer, and a site whose tour is published."""

    app: Flask
    services: Services
    site: Site
    scenes: list[Scene]
    officer: User
    reviewer: User

    def browser(self, user: User) -> FlaskClient:
        return factories.signed_in(self.app, user)

    def submission(self) -> TourSubmission:
        with self.services.db.read() as session:
            found = review.latest(session, self.site.id)
            assert found is not None
            return found

    def rename(self, title: str) -> None:
        with self.services.db.write() as session:
            scene = session.get_one(Scene, self.scenes[0].id)
            changes = {"title": {"en": title}}
            scenes.change_scene(session, scene, changes, seen_revision=scene.revision, actor=SYSTEM)

    def shown(self) -> list[str]:
        with self.services.db.read() as session:
            found = publishing.published(session, self.site.id)
            assert found is not None
            return [scene["title"]["en"] for scene in found.content["scenes"]]


def an_office(app: Flask, *, second: bool) -> Office:
    services: Services = app.extensions["tourserver"]
    with services.db.write() as session:
        node = factories.make_node(session, second_reviewer=second)
        site, found = factories.make_tour(session, services, slug="harbour", node=node)
        officer = factories.make_user(session, name="Olle Officer")
        reviewer = factories.make_user(session, name="Rut Reviewer")
        for user, role in ((officer, "site_owner"), (reviewer, "node_reviewer")):
            rights.grant(session, Actor("user", user.id), role, "node", node.id, by=SYSTEM)
    return Office(app, services, site, found, officer, reviewer)


@pytest.fixture
def office(app: Flask) -> Office:
    return an_office(app, second=True)


@pytest.fixture
def small_office(app: Flask) -> Office:
    return an_office(app, second=False)


def submit(browser: FlaskClient, **values: Any) -> str:
    answer = browser.post(f"{TOUR}/publish", data={**CONFIRMED, "note": "A new name", **values})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def test_an_officer_submits_and_a_reviewer_approves(office: Office) -> None:
    office.rename("Pier")
    officer, reviewer = office.browser(office.officer), office.browser(office.reviewer)
    assert "Check and send to review" in officer.get(TOUR).text
    form = officer.get(f"{TOUR}/publish")
    assert "Send to review" in form.text
    assert "Quay" in form.text, "what is new is told before it is sent"
    path = submit(officer)
    office.rename("Changed afterwards")
    own = officer.get(path).text
    assert "The draft has changed since" in own
    assert "Approve and publish" not in own
    assert "Take it back" in own
    page = reviewer.get(path).text
    for text in ("Pier", "A new name", "Olle Officer", "Faces and number plates are cared for", "A hall with pumps."):
        assert text in page
    assert "Changed afterwards" not in page
    assert 'id="tour-document"' in page
    assert "Harbour" in reviewer.get("/studio").text
    assert "To be reviewed" in reviewer.get("/studio").text
    assert "To be reviewed" not in officer.get("/studio").text
    said = reviewer.post(f"{path}/approve", follow_redirects=True).text
    assert "Tour 2 is published." in said
    assert office.shown() == ["Pier", "Hall"]
    history = officer.get(f"{TOUR}/history").text
    assert "Rut Reviewer" in history
    assert "Published without a second reviewer" not in history


def test_a_tour_is_sent_back_with_a_reason_that_its_owners_read(office: Office) -> None:
    officer, reviewer = office.browser(office.officer), office.browser(office.reviewer)
    path = submit(officer)
    for nothing in ("", "  "):
        answer = reviewer.post(f"{path}/send-back", data={"reason": nothing})
        assert answer.status_code == 422
        assert "This field is required" in answer.text
    assert reviewer.post(f"{path}/send-back", data={"reason": "Blur <the> lorry"}).status_code == 302
    for place in ("/studio", TOUR, path):
        assert "Blur <the> lorry" in words(officer.get(place).text), place
    answer = reviewer.post(f"{path}/approve", follow_redirects=True)
    assert "A colleague has sent this version back already." in answer.text
    assert office.shown() == ["Quay", "Hall"]
    submit(officer)
    assert "Blur" not in officer.get("/studio").text


def test_whoever_submitted_it_can_neither_approve_nor_send_it_back(office: Office) -> None:
    reviewer = office.browser(office.reviewer)
    path = submit(reviewer)
    page = reviewer.get(path).text
    assert "Approve and publish" not in page
    assert "somebody else looks at it" in page
    said = reviewer.post(f"{path}/approve", follow_redirects=True).text
    assert "somebody else looks at it before it is published" in said
    assert reviewer.post(f"{path}/send-back", data={"reason": "x"}).status_code == 403
    officer = office.browser(office.officer)
    for what in ("approve", "send-back"):
        assert officer.post(f"{path}/{what}", data={"reason": "x"}).status_code == 403
    assert officer.post(f"{path}/take-back").status_code == 403
    assert office.submission().state == "waiting"
    assert "It is with you again." in reviewer.post(f"{path}/take-back", follow_redirects=True).text
    assert office.submission().state == "taken_back"


def test_in_a_node_of_one_the_officer_publishes_alone(small_office: Office) -> None:
    small_office.rename("Pier")
    officer = small_office.browser(small_office.officer)
    page = officer.get(f"{TOUR}/publish").text
    assert "Publish the tour" in page
    assert "no second reviewer" in page
    path = submit(officer)
    assert "Tour 2 is published." in officer.get(path).text
    assert small_office.shown() == ["Pier", "Hall"]
    assert "Published without a second reviewer" in officer.get(f"{TOUR}/history").text
    assert "Published without a second reviewer" in officer.get(f"{TOUR}/history/2").text


def test_missing_confirmations_and_obstacles_are_named_and_nothing_is_stored(small_office: Office) -> None:
    officer = small_office.browser(small_office.officer)
    before = factories.row_counts(small_office.services.db)
    answer = officer.post(f"{TOUR}/publish", data={"faces": "y", "note": "kept"})
    assert answer.status_code == 422
    assert "Confirm this before the tour is published." in answer.text
    assert "kept" in answer.text
    with small_office.services.db.write() as session:
        session.get_one(Scene, small_office.scenes[1].id).alternative = {}
    answer = officer.post(f"{TOUR}/publish", data=CONFIRMED)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    links = {str(link["href"]) for link in page.select(".notice--warning a")}
    assert links == {f"{TOUR}/scenes/{small_office.scenes[1].id}"}
    assert "“Hall” has no text alternative" in words(answer.text)
    assert officer.get(str(links.pop())).status_code == 200
    assert factories.row_counts(small_office.services.db) == before


def test_an_older_tour_is_looked_at_and_brought_back(small_office: Office) -> None:
    officer = small_office.browser(small_office.officer)
    small_office.rename("Pier")
    submit(officer)
    page = officer.get(f"{TOUR}/history/1").text
    assert "Roll back to this tour" in page
    assert "Quay" in page
    assert "Roll back" not in officer.get(f"{TOUR}/history/2").text
    stale = officer.post(f"{TOUR}/history/1/roll-back", data={"seen": "1", "note": "Why"})
    assert stale.status_code == 409
    assert "Another tour was published meanwhile" in stale.text
    assert 'value="2"' in stale.text
    done = officer.post(f"{TOUR}/history/1/roll-back", data={"seen": "2", "note": "Why"}, follow_redirects=True)
    assert "Tour 1 is in force again, as tour 3." in done.text
    assert "Rolled back" in done.text
    assert small_office.shown() == ["Quay", "Hall"]
    assert officer.get(f"{TOUR}/history/9").status_code == 404


def test_with_a_second_reviewer_only_reviewers_roll_back(office: Office) -> None:
    path = submit(office.browser(office.officer))
    office.browser(office.reviewer).post(f"{path}/approve")
    officer = office.browser(office.officer)
    assert "Roll back" not in officer.get(f"{TOUR}/history/1").text
    assert officer.post(f"{TOUR}/history/1/roll-back", data={"seen": "2"}).status_code == 403
    answer = office.browser(office.reviewer).post(f"{TOUR}/history/1/roll-back", data={"seen": "2"})
    assert answer.status_code == 302


def test_a_scene_is_withdrawn_with_a_reason_shown_as_such_and_put_back(office: Office) -> None:
    officer = office.browser(office.officer)
    quay, hall = office.scenes
    path = f"{TOUR}/scenes/{quay.id}/withdraw"
    for place in (TOUR, f"{TOUR}/history/1"):
        assert path in officer.get(place).text, place
    assert "it then starts at the next scene" in officer.get(path).text
    assert officer.post(path, data={"reason": " "}).status_code == 422
    assert "is withdrawn" in officer.post(path, data={"reason": "A face"}, follow_redirects=True).text
    assert [one["id"] for one in officer.get("/en/sites/harbour/tour.json").get_json()["scenes"]] == [hall.id]
    assert "A face" in officer.get(f"{TOUR}/history").text
    last = officer.post(f"{TOUR}/scenes/{hall.id}/withdraw", data={"reason": "x"})
    assert last.status_code == 422
    assert "Withdraw the whole site instead." in last.text
    assert "Visitors don" in officer.get(path).text, "it is not shown any more"
    check = officer.get(f"{TOUR}/publish")
    assert check.status_code == 200, "the way to it is left out and keeps nothing from being published"
    page = officer.get(TOUR).text
    assert "Put back" in page
    assert f'href="{path}"' not in page
    back = officer.post(f"{TOUR}/scenes/{quay.id}/put-back", follow_redirects=True)
    assert "The scene is back in the draft." in back.text
    assert office.shown() == ["Hall"]


def test_another_sites_submissions_and_scenes_are_not_found_under_this_one(office: Office) -> None:
    with office.services.db.write() as session:
        other, (foreign, _hall) = factories.make_tour(session, slug="other", node=office.site.node)
        made = review.submit(
            session, session.get_one(Site, other.id), confirmed=review.CONFIRMATIONS, actor=Actor("user", "x" * 32)
        )
    reviewer = office.browser(office.reviewer)
    assert reviewer.get(f"{TOUR}/submissions/{made.id}").status_code == 404
    for what in ("approve", "send-back", "take-back"):
        assert reviewer.post(f"{TOUR}/submissions/{made.id}/{what}", data={"reason": "x"}).status_code == 404
    assert reviewer.get(f"{TOUR}/scenes/{foreign.id}/withdraw").status_code == 404
    assert reviewer.post(f"{TOUR}/scenes/{foreign.id}/put-back").status_code == 404
    with office.services.db.read() as session:
        states = list(session.scalars(select(TourSubmission.state)))
    assert states == ["waiting"]


def test_an_officer_of_a_node_without_second_reviewer_publishes_the_site_too(small_office: Office) -> None:
    officer = small_office.browser(small_office.officer)
    for state in ("withdrawn", "published"):
        answer = officer.post(f"/studio/sites/harbour/state/{state}")
        assert answer.status_code == 302
        with small_office.services.db.read() as session:
            assert session.get_one(Site, small_office.site.id).state == state


def test_with_a_second_reviewer_an_officer_does_not_publish_the_site_nor_give_it_away(office: Office) -> None:
    officer = office.browser(office.officer)
    assert officer.post("/studio/sites/harbour/state/withdrawn").status_code == 403
    with office.services.db.write() as session:
        other = factories.make_node(session)
    typed = {"revision": str(office.site.revision), "name-en": "Harbour", "summary-en": "Less.", "node": other.slug}
    answer = officer.post("/studio/sites/harbour", data=typed)
    assert answer.status_code == 422
    assert "Not a valid choice" in answer.text
    with office.services.db.read() as session:
        assert session.get_one(Site, office.site.id).node_id == office.site.node_id
