"""Tours in other sites' pages: who may, what the answers carry, and what they don't."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tourserver.core.audit import Audit
from tourserver.core.errors import Forbidden, Invalid
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.pages import embedding
from tourserver.sites import rules
from tourserver.sites.models import Site


@pytest.fixture
def site(app_services: Services) -> Site:
    with app_services.db.write() as session:
        return factories.make_tour(session, app_services, slug="harbour", name={"en": "The harbour", "sv": "Hamnen"})[0]


def _allow(services: Services, *lines: str) -> None:
    with services.db.write() as session:
        embedding.allow(session, "\n".join(lines), actor=SYSTEM)


def _policy(client: FlaskClient, path: str) -> dict[str, str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("  https://WWW.Example.org/ ", "https://www.example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("http://127.0.0.1:5050", "http://127.0.0.1:5050"),
        ("http://localhost", "http://localhost"),
        ("https://räksmörgås.example", "https://xn--rksmrgs-5wao1o.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(line: str, origin: str) -> None:
    assert embedding.check_origin(line) == origin


@pytest.mark.parametrize(
    "line",
    [
        "*",
        "https://*",
        "https://*.example.org",
        "http://example.org",
        "https://example.org/path",
        "https://example.org?x=1",
        "https://example.org?",
        "https://example.org#top",
        "https://user:secret@example.org",
        "https://",
        "https://[::1]",
        "https://[::1",
        "https://example.org:99999",
        "https://example.org:abc",
        "https://exa mple.org",
        "https://-a.example",
        "https://example.org; script-src *",
        "https://example.org 'self'",
        "javascript:alert(1)",
        "data:text/html,x",
        "null",
        "example.org",
        "'self'",
        "https://" + "a" * 300 + ".org",
        "https://مثال.\u202eexample",
    ],
)
def test_what_is_no_origin_is_refused_with_the_line_that_is_wrong(line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        embedding.check_origin(line)
    assert refusal.value.field == "origins"
    assert refusal.value.params["line"] == line[:100]


def test_at_most_fifty_sites_are_allowed_and_twins_count_once(services: Services) -> None:
    with services.db.write() as session:
        lines = [f"https://s{number}.example" for number in range(50)]
        assert embedding.allow(session, "\n".join([*lines, "", lines[0]]), actor=SYSTEM) == lines
        with pytest.raises(Invalid):
            embedding.allow(session, "\n".join([*lines, "https://one-more.example"]), actor=SYSTEM)
        assert embedding.allowed(session) == lines


def test_only_an_administrator_may_allow_a_site_and_it_is_accounted_for(services: Services) -> None:
    with services.db.write() as session:
        admin, host = factories.make_user(session, admin=True), factories.make_user(session)
        with pytest.raises(Forbidden):
            embedding.allow(session, "https://example.org", actor=Actor("user", host.id))
        embedding.allow(session, "https://example.org", actor=Actor("user", admin.id))
        embedding.allow(session, "https://example.org", actor=Actor("user", admin.id))
        rows = list(session.scalars(select(Audit).where(Audit.verb == "embed.change")))
        assert [row.actor for row in rows] == [f"user:{admin.id}"], "saving the same again changes nothing"


def test_nobody_may_frame_a_tour_until_an_origin_is_allowed(
    client: FlaskClient, site: Site, app_services: Services
) -> None:
    assert _policy(client, "/embed/harbour")["frame-ancestors"] == "'none'"
    assert client.get("/embed/harbour").headers["X-Frame-Options"]
    _allow(app_services, "https://a.example", "http://127.0.0.1:7000")
    embedded, page = _policy(client, "/embed/harbour"), _policy(client, "/en/sites/harbour")
    assert embedded["frame-ancestors"] == "https://a.example http://127.0.0.1:7000"
    assert "X-Frame-Options" not in client.get("/embed/harbour").headers
    assert page["frame-ancestors"] == "'none'"
    assert {**embedded, "frame-ancestors": ""} == {**page, "frame-ancestors": ""}, "as strict as every page"


def test_the_embedded_page_sets_no_cookie_and_asks_for_none(
    client: FlaskClient, site: Site, app_services: Services
) -> None:
    _allow(app_services, "https://a.example")
    answer = client.get("/embed/harbour?lang=sv", headers={"Cookie": "lang=zh_Hans; tz=Asia/Tokyo; theme=dark"})
    assert answer.status_code == 200
    assert answer.headers.getlist("Set-Cookie") == []
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html
    assert page.html["lang"] == "sv", "the address says which language, no cookie does"
    assert page.select("[name=csrf_token]") == []
    assert page.select("script:not([src]):not([type='application/json'])") == []
    link = page.select_one("footer a[href$='/sv/sites/harbour']")
    assert link
    assert (link["target"], link["rel"]) == ("_blank", ["noopener"])
    section = page.select_one("#tour")
    assert section
    assert section["data-document"] == "/sv/sites/harbour/tour.json"


def test_without_a_language_in_the_address_the_browsers_wish_counts(client: FlaskClient, site: Site) -> None:
    wish = {"Accept-Language": "zh-CN,en;q=0.5"}
    assert 'lang="zh-Hans"' in client.get("/embed/harbour", headers=wish).text
    assert 'lang="en"' in client.get("/embed/harbour?lang=tlh").text


def test_a_tour_that_is_not_there_says_so_in_the_frame(client: FlaskClient, site: Site, app_services: Services) -> None:
    _allow(app_services, "https://a.example")
    with app_services.db.write() as session:
        factories.make_site(session, slug="bare")
        factories.make_site(session, slug="secret", state="draft")
    for slug in ("nothing", "bare", "secret"):
        answer = client.get(f"/embed/{slug}")
        assert answer.status_code == 404
        assert "There is no tour here" in answer.text
        assert "frame-ancestors https://a.example" in answer.headers["Content-Security-Policy"]
    with app_services.db.write() as session:
        found = session.get_one(Site, site.id)
        rules.set_state(session, found, "withdrawn", actor=SYSTEM)
    assert client.get("/embed/harbour").status_code == 410


def test_setup_keeps_the_list_and_what_was_typed_wrong(app: Flask, app_services: Services) -> None:
    client = factories.administrator(app)
    answer = client.post("/studio/setup/embedding", data={"origins": "https://a.example\nhttps://*.b.example"})
    assert answer.status_code == 422
    assert "https://*.b.example" in answer.text
    assert "write every name in full" in answer.text
    answer = client.post("/studio/setup/embedding", data={"origins": "https://a.example\r\nhttps://b.example"})
    assert answer.status_code == 302
    page = BeautifulSoup(client.get("/studio/setup").text, "html.parser")
    field = page.select_one("textarea[name=origins]")
    assert field
    assert field.text.split() == ["https://a.example", "https://b.example"]
    assert client.post("/studio/setup/embedding", data={"origins": ""}).status_code == 302
    with app_services.db.read() as session:
        assert embedding.allowed(session) == []


def test_setup_refuses_who_is_no_administrator(app: Flask, app_services: Services) -> None:
    with app_services.db.write() as session:
        host = factories.make_user(session)
    answer = factories.signed_in(app, host).post("/studio/setup/embedding", data={"origins": "https://a.example"})
    assert answer.status_code == 403
    assert app.test_client().post("/studio/setup/embedding").status_code == 302, "to the sign-in page"


def test_the_studio_offers_the_lines_to_paste_once_an_origin_is_allowed(
    app: Flask, app_services: Services, site: Site
) -> None:
    client = factories.administrator(app)
    assert "embed-lines" not in client.get("/studio/sites/harbour").text
    _allow(app_services, "https://a.example")
    with app_services.db.write() as session:
        session.get_one(Site, site.id).name = {"en": 'The "harbour" <b>'}
    page = BeautifulSoup(client.get("/studio/sites/harbour").text, "html.parser")
    field = page.select_one("#embed-lines")
    assert field
    frame = BeautifulSoup(field.text, "html.parser").iframe
    assert frame
    assert str(frame["src"]).endswith("/embed/harbour?lang=en")
    assert frame["title"] == 'The "harbour" <b>'
    assert "fullscreen" in frame["allow"]
    assert "gyroscope" in frame["allow"]
    with app_services.db.write() as session:
        factories.make_site(session, slug="bare")
    assert "embed-lines" not in client.get("/studio/sites/bare").text, "no tour, nothing to show"
