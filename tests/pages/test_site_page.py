"""A site's page and its text version, as visitors without JavaScript get them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests import factories
from tourserver.core import clock
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites import rules
from tourserver.sites.models import Site
from tourserver.tours.models import Scene

Tour = tuple[Site, list[Scene]]


@pytest.fixture
def tour(app_services: Services) -> Tour:
    with app_services.db.write() as session:
        return factories.make_tour(
            session,
            app_services,
            slug="harbour",
            name={"en": "The harbour", "sv": "Hamnen"},
            body={"en": "Pumps <b>and</b> [more](javascript:alert(1))."},
            place="Umeå",
            latitude=63.8,
            longitude=20.3,
        )


def page_of(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == status
    return BeautifulSoup(answer.text, "html.parser")


def test_every_scene_is_a_button_beside_the_picture_that_works_without_a_script(
    client: FlaskClient, tour: Tour
) -> None:
    page = page_of(client, "/en/sites/harbour")
    buttons = page.select("button[data-scene]")
    assert [button.get_text(strip=True) for button in buttons] == ["Quay", "Hall"]
    for button, scene in zip(buttons, tour[1], strict=True):
        assert button["formaction"] == f"/en/sites/harbour/text#scene-{scene.id}"
    poster = page.select_one("img[data-tour-poster]")
    assert poster
    assert poster["alt"] == "A quay with a crane."
    assert page.select_one("script#tour-document[type='application/json']")
    assert page.select_one("svg.map--small")


def test_the_text_version_has_every_scene_every_point_and_every_way(client: FlaskClient, tour: Tour) -> None:
    page = page_of(client, "/en/sites/harbour/text")
    for scene in tour[1]:
        section = page.select_one(f"#scene-{scene.id}")
        assert section
        assert scene.alternative["en"] in section.text
        for point in scene.hotspots:
            assert point.label["en"] in section.text
            if point.target_scene_id:
                assert section.select_one(f"a[href='#scene-{point.target_scene_id}']")
    assert "It moves water." in page.get_text()
    assert page.select("script:not([src])") == []


def test_texts_that_are_not_translated_carry_their_language(client: FlaskClient, tour: Tour) -> None:
    page = page_of(client, "/sv/sites/harbour/text")
    assert page.html
    assert page.html["lang"] == "sv"
    hall = page.select_one(f"#scene-{tour[1][1].id}")
    assert hall
    assert hall.select_one("h2 span[lang='en'][dir='ltr']")
    assert hall.select_one("p[lang='en']")
    quay = page.select_one(f"#title-{tour[1][0].id}")
    assert quay
    assert quay.get_text(strip=True) == "1. Kajen"
    assert quay.select("[lang]") == []
    page = page_of(client, "/zh/sites/harbour")
    assert page.html
    assert page.html["lang"] == "zh-Hans"
    heading = page.select_one("h1 span[lang='en']")
    assert heading
    assert heading.text == "The harbour"


def test_what_staff_write_about_a_site_is_made_harmless(client: FlaskClient, tour: Tour) -> None:
    prose = page_of(client, "/en/sites/harbour").select_one(".site__text .prose")
    assert prose
    assert prose.get_text(strip=True) == "Pumps <b>and</b> [more](javascript:alert(1))."
    assert prose.select("a, b") == []


def test_a_site_that_was_renamed_leads_on_for_good(client: FlaskClient, app_services: Services, tour: Tour) -> None:
    with app_services.db.write() as session:
        rules.rename(session, session.get_one(Site, tour[0].id), "port", actor=SYSTEM)
    for path in ("/sv/sites/harbour", "/sv/sites/harbour/text", "/sv/sites/harbour/tour.json"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (301, path.replace("harbour", "port"))


def test_a_withdrawn_site_says_so_and_shows_no_tour(client: FlaskClient, app_services: Services, tour: Tour) -> None:
    with app_services.db.write() as session:
        rules.set_state(session, session.get_one(Site, tour[0].id), "withdrawn", actor=SYSTEM)
    for path in ("/en/sites/harbour", "/en/sites/harbour/text"):
        page = page_of(client, path, 410)
        assert "/media/" not in str(page), path
        assert page.select("script#tour-document") == []
    page = page_of(client, "/en/sites/harbour", 410)
    assert "This site was withdrawn" in page.text
    assert page.select_one("meta[name=robots][content=noindex]")
    assert "harbour" not in client.get("/en/sites").text


@pytest.mark.parametrize("slug", ["draft", "nowhere", "%00", "..%2fkeys.json", "a" * 3000])
def test_what_is_not_shown_is_not_there(client: FlaskClient, app_services: Services, slug: str) -> None:
    with app_services.db.write() as session:
        factories.make_site(session, slug="draft", state="draft")
    for path in (f"/en/sites/{slug}", f"/en/sites/{slug}/text"):
        assert client.get(path).status_code == 404


def test_a_site_without_a_tour_says_that_it_is_to_come(client: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        factories.make_site(session, slug="empty")
    for path in ("/en/sites/empty", "/en/sites/empty/text"):
        assert "Its tour is to come" in page_of(client, path).text
    assert "No live tour of this site is planned yet." in page_of(client, "/en/sites/empty").text


def test_a_site_names_its_next_session_and_no_hidden_one(
    client: FlaskClient, app_services: Services, tour: Tour
) -> None:
    now = clock.now()
    planned: dict[str, dict[str, Any]] = {
        "Past": {"starts_at": now - timedelta(days=1)},
        "Hidden": {"starts_at": now + timedelta(hours=1), "visibility": "unlisted"},
        "Draft": {"starts_at": now + timedelta(hours=2), "state": "draft"},
        "Off": {"starts_at": now + timedelta(hours=3), "state": "cancelled"},
        "Next": {"starts_at": now + timedelta(hours=4)},
        "Later": {"starts_at": now + timedelta(hours=5)},
    }
    with app_services.db.write() as session:
        for title, values in planned.items():
            factories.make_session(session, sites=[tour[0]], title={"en": title}, **values)
    shown = page_of(client, "/en/sites/harbour").select_one(".next-tour a")
    assert shown
    assert shown.text == "Next"


def test_only_a_text_that_another_language_stands_in_for_is_called_untranslated(
    client: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        factories.make_tour(session, app_services, slug="quiet", name={"en": "Quiet", "sv": "Tyst"}, body={})
        factories.make_tour(session, app_services, slug="told", name={"en": "Told", "sv": "Sagt"}, body={"sv": "Ord"})
    words = "Some of this page is not in English yet"
    assert words not in page_of(client, "/en/sites/quiet").text, "no story was written in any language"
    assert words in page_of(client, "/en/sites/told").text
