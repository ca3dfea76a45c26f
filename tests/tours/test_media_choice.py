"""Which file a picture's address gives, and to whom: WebP by Accept, withheld pictures; from both storages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tourserver.app import create_app
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas.models import Panorama
from tourserver.tours.media import WebpTrees, Withheld
from tourserver.tours.models import Scene

TAKES_WEBP = "image/avif,image/webp,image/*,*/*;q=0.8"
FOREVER = "public, max-age=31536000, immutable"
WEBP = b"RIFF\x04\x00\x00\x00WEBP"


@pytest.fixture
def app(settings: Settings, storage_url: str) -> Iterator[Flask]:
    app = create_app(settings.model_copy(update={"storage_url": storage_url}))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["tourserver"].close()


@pytest.fixture
def scene(app_services: Services) -> Scene:
    """The first scene of a published tour, with tiles and a poster."""
    with app_services.db.write() as session:
        scene = factories.make_tour(session, app_services, slug="harbour")[1][0]
        assert scene.panorama.levels
    factories.put_poster(app_services, scene)
    return scene


def put_webp(services: Services, digest: str) -> None:
    """Store WebP tiles as the job leaves them, but for one that is missing."""
    folder = services.storage.scratch()
    (folder / "0").mkdir()
    (folder / "0" / "0_0.webp").write_bytes(WEBP)
    (folder / "manifest.json").write_text("{}")
    services.storage.put_tree(f"panoramas-webp/{digest}", folder)


def withhold(services: Services, digest: str) -> None:
    """What publishing does to the source of a blurred picture."""
    with services.db.write() as session:
        session.query(Panorama).filter_by(content_hash=digest).update({"withheld": True})


def fetch(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """A file's whole answer, and the file closed."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=sent, buffered=True)


def addresses(services: Services, scene: Scene) -> list[str]:
    """All kinds of addresses of a scene's picture."""
    folder = f"/media/panoramas/{scene.panorama.content_hash}"
    poster = factories.put_poster(services, scene)
    ends = ("", "-large", "-thumb")
    return [f"{folder}/0/0_0.jpg", f"{folder}/base.jpg", *(f"/media/posters/{poster}{end}.jpg" for end in ends)]


def test_one_address_gives_webp_to_whom_names_it_and_jpeg_to_others(
    client: FlaskClient, app_services: Services, scene: Scene
) -> None:
    put_webp(app_services, scene.panorama.content_hash)
    path = f"/media/panoramas/{scene.panorama.content_hash}/0/0_0.jpg"
    tags = set()
    for accept, media_type, content in (
        (TAKES_WEBP, "image/webp", WEBP),
        ("image/*,*/*", "image/jpeg", factories.JPEG),
        ("image/webp;q=0,*/*", "image/jpeg", factories.JPEG),
        ("", "image/jpeg", factories.JPEG),
    ):
        answer = fetch(client, path, Accept=accept)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, media_type, content), accept
        again = fetch(client, path, Accept=accept, If_None_Match=answer.headers["ETag"])
        assert again.status_code == 304
        for shown in (answer, again):
            assert (shown.headers["Vary"], shown.headers["Cache-Control"]) == ("Accept", FOREVER)
        tags.add(answer.headers["ETag"])
        assert fetch(client, path, Accept=accept, Range="bytes=0-3").data == content[:4]
        assert client.head(path, headers={"Accept": accept}).content_length == len(content)
    assert len(tags) == 2
    jpeg_tag = fetch(client, path).headers["ETag"]
    assert fetch(client, path, Accept=TAKES_WEBP, If_None_Match=jpeg_tag).data == WEBP


def test_what_was_not_made_as_webp_is_a_jpeg_under_the_same_address(
    client: FlaskClient, app_services: Services, scene: Scene
) -> None:
    folder = f"/media/panoramas/{scene.panorama.content_hash}"
    early = fetch(client, f"{folder}/0/0_0.jpg", Accept=TAKES_WEBP)
    assert (early.mimetype, early.headers["Vary"]) == ("image/jpeg", "Accept")
    trees = WebpTrees(app_services.storage, seconds=0)
    assert not trees.has(scene.panorama.content_hash)
    put_webp(app_services, scene.panorama.content_hash)
    assert trees.has(scene.panorama.content_hash)
    app_services.storage.delete_tree(f"panoramas-webp/{scene.panorama.content_hash}")
    assert not trees.has(scene.panorama.content_hash)


def test_webp_tiles_that_went_while_they_were_known_are_replaced_by_jpegs(
    client: FlaskClient, app_services: Services, scene: Scene
) -> None:
    digest = scene.panorama.content_hash
    put_webp(app_services, digest)
    tile, base = f"/media/panoramas/{digest}/0/0_0.jpg", f"/media/panoramas/{digest}/base.jpg"
    assert fetch(client, f"/media/panoramas/{digest}/9/9_9.jpg", Accept=TAKES_WEBP).status_code == 404
    assert fetch(client, tile, Accept=TAKES_WEBP).mimetype == "image/webp", "an invented address changes nothing"
    app_services.storage.delete_tree(f"panoramas-webp/{digest}")
    for path in (tile, base, tile):
        assert fetch(client, path, Accept=TAKES_WEBP).mimetype == "image/jpeg"


def test_a_cache_of_webp_trees_stays_small(app_services: Services) -> None:
    trees = WebpTrees(app_services.storage, most=3)
    for number in range(10):
        assert not trees.has(f"{number:064x}")
    assert len(trees._found) == 3


def test_a_withheld_picture_is_not_there_for_the_public(
    app: Flask, client: FlaskClient, app_services: Services, scene: Scene
) -> None:
    put_webp(app_services, scene.panorama.content_hash)
    paths = addresses(app_services, scene)
    tag = f'"{app_services.storage.facts(paths[1].removeprefix("/media/")).etag}"'
    withhold(app_services, scene.panorama.content_hash)
    with app_services.db.write() as session:
        without_rights = factories.make_user(session)
    for visitor in (client, factories.signed_in(app, without_rights)):
        for path in paths:
            for headers in ({}, {"Accept": TAKES_WEBP}, {"If-None-Match": "*"}, {"If-None-Match": tag}):
                assert visitor.get(path, headers=headers, buffered=True).status_code == 404, path
            assert visitor.get(path, headers={"Range": "bytes=0-1"}, buffered=True).status_code == 404
            assert visitor.head(path).status_code == 404


def test_staff_see_a_withheld_picture_and_no_cache_keeps_it(app: Flask, app_services: Services, scene: Scene) -> None:
    put_webp(app_services, scene.panorama.content_hash)
    withhold(app_services, scene.panorama.content_hash)
    staff = factories.administrator(app)
    for path in addresses(app_services, scene):
        answer = fetch(staff, path)
        assert (answer.status_code, answer.data) == (200, factories.JPEG)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert fetch(staff, path, If_None_Match=answer.headers["ETag"]).headers["Cache-Control"] == "private, no-store"
    tile = fetch(staff, f"/media/panoramas/{scene.panorama.content_hash}/0/0_0.jpg", Accept=TAKES_WEBP)
    assert (tile.mimetype, tile.headers["Cache-Control"]) == ("image/webp", "private, no-store")


def test_other_pictures_are_for_all_while_one_is_withheld(
    app: Flask, client: FlaskClient, app_services: Services, scene: Scene
) -> None:
    with app_services.db.write() as session:
        other = factories.make_panorama(session, app_services).content_hash
    withhold(app_services, other)
    for visitor in (client, factories.administrator(app)):
        answer = fetch(visitor, f"/media/panoramas/{scene.panorama.content_hash}/base.jpg")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOREVER)
        assert answer.headers["Vary"] == "Accept", "a cache keeps it once, whoever is signed in"
        assert "Set-Cookie" not in answer.headers


def test_what_is_withheld_is_known_within_seconds_without_a_query_for_each_tile(
    client: FlaskClient, app_services: Services, scene: Scene, tmp_path: Path
) -> None:
    path = f"/media/panoramas/{scene.panorama.content_hash}/0/0_0.jpg"
    with factories.counted(app_services.db) as statements:
        for _ in range(20):
            assert fetch(client, path, Accept=TAKES_WEBP).status_code == 200
    assert len([text for text in statements if text.startswith("SELECT")]) <= 1
    fresh, at_once = Withheld(app_services.db), Withheld(app_services.db, seconds=0)
    assert fresh.hashes()[0] == at_once.hashes()[0] == frozenset()
    withhold(app_services, scene.panorama.content_hash)
    assert at_once.hashes()[0] == {scene.panorama.content_hash}
    assert fresh.hashes()[0] == frozenset()
