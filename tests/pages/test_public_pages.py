"""The landing page, the catalogue, the legal pages and the health check."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests import factories
from tourserver.core.services import Services


@pytest.mark.parametrize("path", ["/", "/sites", "/sessions", "/privacy", "/accessibility"])
def test_an_address_without_a_language_leads_to_the_readers(client: FlaskClient, path: str) -> None:
    tail = path.rstrip("/")
    for header, lang in (("zh-CN,zh;q=0.9", "zh"), ("sv", "sv"), ("fr", "en"), ("fr, sv;q=0.1", "sv")):
        answer = client.get(path, headers={"Accept-Language": header})
        assert (answer.status_code, answer.location) == (302, f"/{lang}{tail}")
        assert "Accept-Language" in answer.headers["Vary"]
    client.set_cookie("lang", "sv")
    assert client.get(f"{path}?q=a%26b", headers={"Accept-Language": "en"}).location == f"/sv{tail}?q=a%26b"


@pytest.mark.parametrize("lang", ["en", "sv", "zh"])
def test_public_pages_exist_in_every_language_when_there_is_nothing_yet(client: FlaskClient, lang: str) -> None:
    for path in ("", "/sites", "/sites?view=map", "/sites?q=x", "/sessions", "/privacy", "/accessibility"):
        answer = client.get(f"/{lang}{path}")
        assert answer.status_code == 200, path
        page = BeautifulSoup(answer.text, "html.parser")
        assert page.html
        assert page.html["lang"] == {"zh": "zh-Hans"}.get(lang, lang)
        assert len(page.select("h1")) == 1, path
        assert len(page.select("link[rel=alternate]")) == 3, path


def test_the_landing_page_shows_the_next_session_and_sites(client: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        site, _scenes = factories.make_tour(session, app_services, name={"en": "Harbour quarter"})
        factories.make_session(session, sites=[site], title={"en": "A walk in spring"})
    page = client.get("/en").text
    assert "A walk in spring" in page
    assert "Harbour quarter" in page


def test_the_catalogue_filters_by_address_and_says_when_nothing_fits(
    client: FlaskClient, app_services: Services
) -> None:
    with app_services.db.write() as session:
        theme = factories.make_theme(session, slug="waste", name={"en": "Waste", "zh_Hans": "垃圾"}, icon="recycle")
        node = factories.make_node(session, slug="umea", name={"en": "Umeå"})
        site = factories.make_site
        site(session, name={"en": "One", "zh_Hans": "湖城"}, node=node, themes=[theme], latitude=63.8, longitude=20.3)
        site(session, name={"en": "Two"})

    def names(query: str) -> list[str]:
        page = BeautifulSoup(client.get(f"/en/sites?{query}").text, "html.parser")
        return [link.get_text(strip=True) for link in page.select(".cards h2 a")]

    assert names("") == ["One", "Two"]
    assert names("theme=waste") == names("node=umea") == names("q=umea") == names("q=%E6%B9%96") == ["One"]
    assert names("theme=waste&node=umea&q=one") == ["One"]
    page = client.get("/en/sites?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "No site matches" in page
    assert "<script>alert(1)" not in page
    shown = client.get("/en/sites?view=map&theme=waste").text
    assert "One" in shown


@pytest.mark.parametrize("query", ["q=" + "x" * 5000, "view=x&theme=../..", "q=%ff"])
def test_odd_filters_find_nothing_and_break_nothing(client: FlaskClient, query: str) -> None:
    assert client.get(f"/en/sites?{query}").status_code == 200


def test_the_catalogue_takes_as_many_questions_for_many_sites_as_for_one(
    client: FlaskClient, app_services: Services
) -> None:
    counts = []
    for more in (1, 4):
        with app_services.db.write() as session:
            for _ in range(more):
                factories.make_tour(session, app_services)
        with factories.counted(app_services.db) as statements:
            client.get("/en/sites")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_the_health_check_says_ok(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok", "worker": "silent"})
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_health_check_names_what_does_not_answer(client: FlaskClient, app_services: Services) -> None:
    scratch = app_services.settings.files / "scratch"
    scratch.rmdir()
    scratch.write_text("no folder")
    with capture_logs() as logged:
        answer = client.get("/healthz")
        assert answer.status_code == 503
        assert answer.get_json()["status"] == "failing"
        assert list(answer.get_json()["reasons"]) == ["storage"]
        database = Path(app_services.settings.data) / "tourserver.sqlite3"
        app_services.db.close()
        database.unlink()
        database.mkdir()
        assert sorted(client.get("/healthz").get_json()["reasons"]) == ["database", "storage"]
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == [
        "health.storage",
        "health.database",
        "health.storage",
    ]
