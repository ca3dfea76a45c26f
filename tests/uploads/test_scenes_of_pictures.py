"""What becomes of pictures beyond a single one: several in a form, warnings, and the place that a file tells."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.panoramas import pictures
from tests.uploads.sending import put, wish
from tourserver.core import rights
from tourserver.core.audit import Audit
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours.models import Scene

TOUR = "/studio/sites/harbour/tour"
JSON = {"Accept": "application/json"}


@pytest.fixture
def site(app_services: Services) -> Site:
    with app_services.db.write() as session:
        return factories.make_site(session, slug="harbour", state="draft")


@pytest.fixture
def admin(app: Flask, site: Site) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    stale = pictures.gpano(FullPanoWidthPixels=9000, FullPanoHeightPixels=4500, CroppedAreaImageWidthPixels=9000)
    pictures.save_with_metadata(made / "quay.jpg", 2048, gps=True, xmp=stale)
    pictures.save_scene(made / "hall.jpg", 2050, Q=50)  # the test client leaves large bodies in open files
    pictures.save_scene(made / "flat.jpg", 2100, 1500, Q=50)
    return made


def upload(client: FlaskClient, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    begun = client.post("/studio/uploads", json=wish(content, name=path.name)).get_json()["id"]
    assert put(client, begun, 0, content).status_code == 200
    answer: dict[str, Any] = client.post(f"/studio/uploads/{begun}/finish").get_json()
    return answer


def form(*paths: Path, **values: str) -> dict[str, Any]:
    return {**values, "picture": [(io.BytesIO(path.read_bytes()), path.name) for path in paths]}


def load(services: Services) -> tuple[Site, list[Scene]]:
    with services.db.read() as session:
        return session.scalars(select(Site)).one(), list(session.scalars(select(Scene).order_by(Scene.position)))


def test_a_form_with_several_pictures_makes_a_scene_of_each_with_its_own_title(
    admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    typed = {"title-en": "One title", "credit": "A. Berg"}
    answer = admin.post(TOUR, data=form(folder / "quay.jpg", folder / "hall.jpg", **typed))
    assert (answer.status_code, answer.location) == (302, TOUR)
    assert "2 pictures are kept and their tiles are being made." in admin.get(TOUR).text
    _site, found = load(app_services)
    assert [scene.title for scene in found] == [{"en": "Quay"}, {"en": "Hall"}]
    assert [scene.credit for scene in found] == ["A. Berg", "A. Berg"]


def test_a_form_with_a_bad_picture_keeps_the_good_ones_and_says_which_one_is_bad(
    admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    answer = admin.post(TOUR, data=form(folder / "flat.jpg", folder / "hall.jpg", credit="A. Berg"))
    assert answer.status_code == 422
    assert "flat.jpg: The picture is 2100 × 1500" in answer.text
    assert "The picture is kept and its tiles are being made." in answer.text
    assert 'value="A. Berg"' in answer.text
    _site, found = load(app_services)
    assert [scene.title for scene in found] == [{"en": "Hall"}]


def test_warnings_come_in_words_and_the_place_is_offered_once(
    admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    answer = upload(admin, folder / "quay.jpg")
    site, (scene,) = load(app_services)
    assert [text[:30] for text in answer["warnings"]] == [
        "The picture is 2048 × 1024; 40",
        "Notes inside the file give ano",
    ]
    assert answer["place"] == {
        "latitude": 48.57706,
        "longitude": 13.47158,
        "revision": 1,
        "url": f"{TOUR}/scenes/{scene.id}/place",
    }
    assert (site.latitude, site.longitude) == (None, None), "nothing is taken over by itself"
    assert upload(admin, folder / "hall.jpg")["place"] is None


def test_the_place_becomes_the_sites_when_the_editor_says_so(
    admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    place = upload(admin, folder / "quay.jpg")["place"]
    page = admin.get(TOUR).text
    assert "Use 48.57706, 13.47158 as the site" in page
    told = admin.post(place["url"], data={"revision": place["revision"]}, headers=JSON)
    assert told.status_code == 200
    assert told.get_json() == {"message": "The site's place on the map is now 48.57706, 13.47158."}
    site, (scene,) = load(app_services)
    assert (site.latitude, site.longitude, site.revision) == (48.57706, 13.47158, 2)
    with app_services.db.read() as session:
        assert "site.change" in set(session.scalars(select(Audit.verb)))
    assert "as the site's place on the map" not in admin.get(TOUR).text
    assert upload(admin, folder / "quay.jpg")["place"] is None, "it has it already"
    without_script = admin.post(place["url"], data={"revision": "2"})
    assert (without_script.status_code, without_script.location) == (302, f"{TOUR}/scenes/{scene.id}")


def test_a_place_is_not_taken_over_when_the_site_was_changed_meanwhile(
    admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    place = upload(admin, folder / "quay.jpg")["place"]
    with app_services.db.write() as session:
        site = session.scalars(select(Site)).one()
        site.latitude, site.longitude, site.revision = 1.0, 2.0, 7
    for revision in ("1", "", "x", "²", "9" * 30):
        told = admin.post(place["url"], data={"revision": revision}, headers=JSON)
        assert (told.status_code, told.get_json()["error"]["code"]) == (409, "conflict")
        assert told.get_json()["error"]["revision"] == 7
    assert load(app_services)[0].latitude == 1.0
    assert admin.post(place["url"], data={"revision": "7"}, headers=JSON).status_code == 200


def test_a_place_needs_a_file_that_tells_it_and_the_right_to_the_site(
    app: Flask, admin: FlaskClient, app_services: Services, folder: Path
) -> None:
    upload(admin, folder / "hall.jpg")
    place = upload(admin, folder / "quay.jpg")["place"]
    _site, (plain, scene) = load(app_services)
    told = admin.post(f"{TOUR}/scenes/{plain.id}/place", data={"revision": "1"}, headers=JSON)
    assert (told.status_code, told.get_json()["error"]["code"]) == (422, "no_place")
    with app_services.db.write() as session:
        other = factories.make_site(session, slug="other")
        user = factories.make_user(session)
        rights.grant(session, Actor("user", user.id), "site_owner", "site", other.id, by=SYSTEM)
    assert admin.post(f"/studio/sites/other/tour/scenes/{scene.id}/place", data={"revision": "1"}).status_code == 404
    assert factories.signed_in(app, user).post(place["url"], data={"revision": "1"}).status_code == 403
    assert load_first(app_services).latitude is None


def load_first(services: Services) -> Site:
    with services.db.read() as session:
        return session.scalars(select(Site).where(Site.slug == "harbour")).one()
