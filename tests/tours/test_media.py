"""Tiles, posters and the tour document over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites import rules
from tourserver.sites.models import Site
from tourserver.tours import publishing
from tourserver.tours.models import Scene

Tour = tuple[Site, list[Scene]]


@pytest.fixture
def tour(app_services: Services) -> Tour:
    with app_services.db.write() as session:
        return factories.make_tour(session, app_services, slug="harbour")


def fetch(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """A file's whole answer, and the file closed."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=sent, buffered=True)


def test_tiles_may_be_kept_for_a_year_and_are_not_sent_twice(client: FlaskClient, tour: Tour) -> None:
    folder = f"/media/panoramas/{tour[1][0].panorama.content_hash}"
    for path in (f"{folder}/0/0_0.jpg", f"{folder}/base.jpg"):
        answer = fetch(client, path)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", factories.JPEG)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        again = fetch(client, path, If_None_Match=answer.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        assert fetch(client, path, If_None_Match='"another"').status_code == 200
        head = client.head(path, buffered=True)
        assert (head.status_code, head.content_length, head.data) == (200, len(factories.JPEG), b"")


def test_a_poster_is_served_and_before_it_is_made_the_whole_picture_stands_in(
    client: FlaskClient, app_services: Services, tour: Tour
) -> None:
    shown = client.get("/en/sites/harbour/tour.json").get_json()["scenes"][0]
    early = client.get(shown["poster"])
    assert (early.status_code, early.headers["Cache-Control"]) == (302, "no-store")
    assert fetch(client, early.location).data == factories.JPEG
    name = factories.put_poster(app_services, tour[1][0])
    assert shown["poster"] == f"/media/posters/{name}.jpg"
    assert shown["thumb"] == f"/media/posters/{name}-thumb.jpg"
    answer = fetch(client, shown["poster"])
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    assert fetch(client, shown["poster"], If_None_Match=answer.headers["ETag"]).status_code == 304


def test_a_poster_comes_as_webp_where_that_is_taken(client: FlaskClient, app_services: Services, tour: Tour) -> None:
    name = factories.put_poster(app_services, tour[1][0])
    app_services.storage.put(f"posters/{name}.webp", b"as webp")
    for accept, media_type in (("image/webp,*/*", "image/webp"), ("image/jpeg", "image/jpeg"), ("", "image/jpeg")):
        answer = fetch(client, f"/media/posters/{name}.jpg", Accept=accept)
        assert (answer.mimetype, answer.headers["Vary"]) == (media_type, "Accept")
    # one of the first release, as a JPEG alone
    assert fetch(client, f"/media/posters/{name}-thumb.jpg", Accept="image/webp").mimetype == "image/jpeg"


def test_no_path_leads_out_of_the_pictures(client: FlaskClient, app_services: Services, tour: Tour) -> None:
    digest = tour[1][0].panorama.content_hash
    assert app_services.storage.exists(f"originals/{digest}.jpg")
    tried = [
        f"/media/originals/{digest}.jpg",
        f"/media/panoramas/{digest}/../../originals/{digest}.jpg",
        f"/media/panoramas/{digest}/%2e%2e/%2e%2e/originals/{digest}.jpg",
        f"/media/panoramas/{digest}/0/..%2f..%2f..%2foriginals%2f{digest}.jpg",
        f"/media/panoramas/{digest}/manifest.json",
        f"/media/panoramas/{digest}/-1/0_0.jpg",
        f"/media/panoramas/{digest}/9/0_0.jpg",
        f"/media/panoramas/{digest.upper()}/base.jpg",
        f"/media/panoramas/{'.' * 64}/base.jpg",
        f"/media/panoramas/{'f' * 64}/base.jpg",
        f"/media/posters/..%2foriginals%2f{digest}.jpg",
        f"/media/posters/%2e%2e%2foriginals%2f{digest}.jpg",
        "/media/posters/..jpg",
        "/media/posters/.jpg",
        "/media/posters/%00.jpg",
        "/media/posters/x.jpg",
        "/media/posters/..%5c..%5ckeys.json.jpg",
        "/media/",
        "/static/../keys.json",
        "/static/..%2f..%2fpyproject.toml",
    ]
    assert {path: client.get(path).status_code for path in tried} == dict.fromkeys(tried, 404)


def test_the_document_is_asked_for_anew_each_time(client: FlaskClient, tour: Tour) -> None:
    answer = client.get("/sv/sites/harbour/tour.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-cache"
    shown = answer.get_json()
    assert shown["name"]["lang"] == "sv"
    assert [scene["state"] for scene in shown["scenes"]] == ["ready", "ready"]


def test_there_is_no_document_of_what_is_not_shown(client: FlaskClient, app_services: Services, tour: Tour) -> None:
    with app_services.db.write() as session:
        factories.make_site(session, slug="empty")
        draft = factories.make_site(session, slug="draft", state="draft")
        factories.make_scene(session, draft)
        publishing.publish(session, draft, actor=SYSTEM)
    for slug in ("empty", "draft", "nowhere"):
        answer = client.get(f"/en/sites/{slug}/tour.json")
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found"), slug
    with app_services.db.write() as session:
        rules.set_state(session, session.get_one(Site, tour[0].id), "withdrawn", actor=SYSTEM)
    answer = client.get("/en/sites/harbour/tour.json")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (410, "gone")
