"""The staff's pages of sites, in a browser without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tourserver.core.services import Services
from tourserver.sites import catalogue
from tourserver.sites.models import Site


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def site(app_services: Services) -> Site:
    with app_services.db.write() as session:
        return factories.make_site(session, state="draft", name={"en": "Harbour"})


def typed(site: Site, **values: Any) -> dict[str, Any]:
    found = {"revision": str(site.revision), "name-en": "Harbour", "summary-en": "Less heat is lost."}
    return {**found, "node": site.node.slug, **values}


def reload(services: Services, slug: str = "harbour") -> Site:
    with services.db.read() as session:
        return catalogue.by_slug(session, slug)


def test_a_new_site_leads_to_its_tour(admin: FlaskClient, app_services: Services, site: Site) -> None:
    values = typed(site, **{"name-en": "New", "name-sv": "Ny", "latitude": "59.3", "longitude": "18.1"})
    values |= {"place": " Umeå\0", "contact_name": "Åsa\r\nEk\u202e"}
    answer = admin.post("/studio/sites/new", data=values)
    assert (answer.status_code, answer.location) == (302, "/studio/sites/new-2/tour")
    found = reload(app_services, "new-2")
    assert (found.place, found.contact_name) == ("Umeå", "Åsa Ek"), "kept as one clean line"
    assert (found.state, found.name, found.latitude) == ("draft", {"en": "New", "sv": "Ny"}, 59.3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name-en": " "}, "Name: Fill in at least one language."),
        ({"latitude": "59.3"}, "both latitude and longitude"),
        ({"latitude": "north", "longitude": "18"}, "Not a valid float"),
        ({"latitude": "nan", "longitude": "18"}, "Number must be between"),
        ({"node": "atlantis"}, "Not a valid choice"),
        ({"contact_email": "nobody"}, "Invalid email address"),
        ({"name-en": "x" * 201}, "longer than 200"),
    ],
)
@pytest.mark.parametrize("path", ["/studio/sites/new", "/studio/sites/harbour"])
def test_what_cannot_be_saved_is_said_and_the_form_keeps_what_was_typed(
    admin: FlaskClient, app_services: Services, site: Site, path: str, values: dict[str, str], words: str
) -> None:
    before = factories.row_counts(app_services.db)
    answer = admin.post(path, data=typed(site, **{"body-sv": "Det här skrev jag", **values}))
    assert answer.status_code == 422
    assert words in answer.text
    assert "Det här skrev jag" in answer.text
    assert factories.row_counts(app_services.db) == before


def test_a_stale_save_shows_both_versions_and_keeps_what_was_typed(
    admin: FlaskClient, app: Flask, app_services: Services, site: Site
) -> None:
    other = factories.administrator(app)
    assert other.post("/studio/sites/harbour", data=typed(site, **{"summary-en": "Theirs"})).status_code == 302
    answer = admin.post("/studio/sites/harbour", data=typed(site, **{"summary-en": "Mine"}))
    assert answer.status_code == 409
    assert "Somebody else changed this site" in answer.text
    assert "Theirs" in answer.text
    assert 'value="Mine"' in answer.text
    assert 'name="revision" type="hidden" value="2"' in answer.text
    assert reload(app_services).summary == {"en": "Theirs"}
    decided = typed(site, **{"summary-en": "Mine", "revision": "2"})
    assert admin.post("/studio/sites/harbour", data=decided).status_code == 302
    assert reload(app_services).summary == {"en": "Mine"}


@pytest.mark.parametrize("revision", ["", "x", "-1", "99999999999999999999", "1.0"])
def test_a_forged_revision_is_a_stale_one(admin: FlaskClient, site: Site, revision: str) -> None:
    assert admin.post("/studio/sites/harbour", data=typed(site, revision=revision)).status_code == 409


def test_publishing_and_withdrawing_say_what_happened(admin: FlaskClient, app_services: Services, site: Site) -> None:
    said = admin.post("/studio/sites/harbour/state/published", follow_redirects=True).text
    assert "The site is published." in said
    assert admin.get("/en/sites/harbour").status_code == 200
    said = admin.post("/studio/sites/harbour/state/withdrawn", follow_redirects=True).text
    assert "The site is withdrawn" in said
    assert reload(app_services).state == "withdrawn"


def test_what_keeps_a_site_from_being_published_is_said(admin: FlaskClient, site: Site) -> None:
    admin.post("/studio/sites/harbour", data=typed(site, **{"summary-en": ""}))
    said = admin.post("/studio/sites/harbour/state/published", follow_redirects=True).text
    assert "Write the result in one sentence" in said


def test_hosts_do_not_reach_the_sites(app: Flask, app_services: Services, site: Site) -> None:
    with app_services.db.write() as session:
        host = factories.make_user(session, hosts=factories.make_session(session))
    browser = factories.signed_in(app, host)
    for path in ("/studio/sites", "/studio/sites/new", "/studio/sites/harbour", "/studio/sites/harbour/tour"):
        assert browser.get(path).status_code == 403, path
    for path in ("/studio/sites/harbour/state/published", "/studio/sites/harbour/tour/publish"):
        assert browser.post(path).status_code == 403, path
    assert reload(app_services).state == "draft"
