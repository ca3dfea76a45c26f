"""The staff's pages of a tour, in a browser without JavaScript."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.panoramas import pictures
from tourserver.core import jobs
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import publishing, scenes
from tourserver.tours.models import Hotspot, Scene

TOUR = "/studio/sites/harbour/tour"


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def tour(app_services: Services) -> list[Scene]:
    with app_services.db.write() as session:
        return factories.make_tour(session, app_services, slug="harbour")[1]


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return pictures.save_scene(tmp_path_factory.mktemp("picture") / "quay.jpg", 2048).read_bytes()


def upload(content: bytes, **values: Any) -> dict[str, Any]:
    typed = {"title-en": "Roof", "alternative-en": "A flat roof.", "credit": "A. Berg", "licence": "CC BY 4.0"}
    return {**typed, "picture": (io.BytesIO(content), "../roof.jpg"), **values}


def scene_values(**values: Any) -> dict[str, Any]:
    typed = {"revision": "1", "title-en": "Quay", "alternative-en": "A quay.", "start_yaw": "10", "start_pitch": "-5"}
    return {**typed, "start_fov": "60", "north": "90", **values}


def test_an_upload_becomes_a_scene_whose_tiles_are_asked_for(
    admin: FlaskClient, app_services: Services, tour: list[Scene], jpeg: bytes
) -> None:
    answer = admin.post(TOUR, data=upload(jpeg, is_render="y"))
    assert answer.status_code == 302
    said = admin.get(answer.location).text
    assert "The picture is kept and its tiles are being made." in said
    assert "Small" in said or "2048" in said
    with app_services.db.read() as session:
        site = session.scalars(select(Site)).one()
        scene = scenes.of_site(session, site.id)[-1]
        picture = scene.panorama
        assert (scene.title, scene.key, picture.state) == ({"en": "Roof"}, "roof", "waiting")
        assert (picture.original_name, scene.credit, scene.licence) == ("roof.jpg", "A. Berg", "CC BY 4.0")
        assert scene.is_render
        assert app_services.storage.exists(picture.original_key)
        assert [job.key for job in session.scalars(select(jobs.Job).where(jobs.Job.kind == "panorama.tile"))] == [
            picture.id
        ]
    progress = admin.get(f"{TOUR}/progress.json").get_json()
    assert progress[scene.id]["state"] == "waiting"
    assert progress[scene.id]["percent"] == 0
    assert progress[scene.id]["warnings"]


def test_the_same_picture_twice_is_kept_once(
    admin: FlaskClient, app_services: Services, tour: list[Scene], jpeg: bytes
) -> None:
    for name in ("Roof", "Roof again"):
        assert admin.post(TOUR, data=upload(jpeg, **{"title-en": name})).status_code == 302
    with app_services.db.read() as session:
        assert len(list(session.scalars(select(Panorama).where(Panorama.width == 2048)))) == 1
        assert len(list(session.scalars(select(Scene)))) == 4


def test_a_picture_that_cannot_be_used_is_refused_and_nothing_is_stored(
    admin: FlaskClient, app_services: Services, tour: list[Scene], jpeg: bytes
) -> None:
    before, files = factories.row_counts(app_services.db), file_names(app_services)
    refused = [
        upload(b"not a picture"),
        upload(b""),
        upload(jpeg[:2000]),
        {key: value for key, value in upload(jpeg).items() if key != "picture"},
    ]
    for values in refused:
        answer = admin.post(TOUR, data=values)
        assert answer.status_code == 422
        page = BeautifulSoup(answer.text, "html.parser")
        assert page.select_one(".field__error, .notice--danger")
        assert "CC BY 4.0" in answer.text, "the form keeps what was typed"
    assert factories.row_counts(app_services.db) == before
    assert file_names(app_services) == files


def file_names(services: Services) -> set[Path]:
    return {path for path in services.settings.files.rglob("*") if path.is_file()}


def test_a_scene_is_saved_and_published(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    path = f"{TOUR}/scenes/{tour[0].id}"
    assert 'name="revision" type="hidden" value="1"' in admin.get(path).text
    assert admin.post(path, data=scene_values(**{"title-sv": "Kajen här"})).status_code == 302
    publish(app_services)
    shown = admin.get("/sv/sites/harbour/tour.json").get_json()["scenes"][0]
    assert shown["title"]["value"] == "Kajen här"
    assert shown["view"] == {"yaw": 10.0, "pitch": -5.0, "fov": 60.0}
    assert shown["north"] == 90.0


def publish(services: Services) -> None:
    """Make the draft what visitors see; review and its confirmations have tests of their own."""
    with services.db.write() as session:
        publishing.publish(session, session.scalars(select(Site)).one(), actor=SYSTEM)


def test_a_stale_save_of_a_scene_shows_both_versions_and_keeps_what_was_typed(
    admin: FlaskClient, tour: list[Scene]
) -> None:
    path = f"{TOUR}/scenes/{tour[0].id}"
    assert admin.post(path, data=scene_values(**{"title-en": "Theirs"})).status_code == 302
    answer = admin.post(path, data=scene_values(**{"title-en": "Mine"}))
    assert answer.status_code == 409
    assert "Somebody else changed this scene" in answer.text
    assert "Theirs" in answer.text
    assert 'value="Mine"' in answer.text
    assert 'name="revision" type="hidden" value="2"' in answer.text
    assert admin.post(path, data=scene_values(**{"title-en": "Mine", "revision": "2"})).status_code == 302


@pytest.mark.parametrize(
    "values",
    [{"start_yaw": "181"}, {"start_pitch": "x"}, {"start_fov": "nan"}, {"north": "inf"}, {"title-en": "", "north": ""}],
)
def test_angles_that_are_none_are_refused_in_the_form(
    admin: FlaskClient, tour: list[Scene], values: dict[str, str]
) -> None:
    answer = admin.post(f"{TOUR}/scenes/{tour[0].id}", data=scene_values(**{"alternative-sv": "Skrivet", **values}))
    assert answer.status_code == 422
    assert "Skrivet" in answer.text


def test_a_point_is_added_changed_turned_into_another_kind_and_taken_away(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    path = f"{TOUR}/scenes/{tour[0].id}/points"
    info = {"kind": "info", "yaw": "1", "pitch": "2", "label-en": "Crane", "body-en": "It **lifts**.", "target": ""}
    assert 'value="33.0"' in admin.get(f"{path}/new?yaw=33&pitch=1").text
    assert admin.post(f"{path}/new", data=info).status_code == 302
    made = points(app_services, tour[0].id)
    assert [(each.kind, each.label["en"]) for each in made] == [("link", "In"), ("info", "Crane")]
    assert admin.post(f"{path}/{made[1].id}", data={**info, "label-en": "Big crane"}).status_code == 302
    assert points(app_services, tour[0].id)[1].label == {"en": "Big crane"}
    link = {**info, "kind": "link", "target": tour[1].id}
    assert admin.post(f"{path}/{made[1].id}", data=link).status_code == 302
    changed = points(app_services, tour[0].id)[1]
    assert (changed.kind, changed.target_scene_id, changed.body) == ("link", tour[1].id, {})
    assert admin.post(f"{path}/{changed.id}/remove").status_code == 302
    assert [each.label["en"] for each in points(app_services, tour[0].id)] == ["In"]


def points(services: Services, scene_id: str) -> list[Hotspot]:
    with services.db.read() as session:
        return list(session.get_one(Scene, scene_id).hotspots)


def test_a_point_cannot_lead_to_another_sites_scene_or_nowhere(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        _site, (foreign, _hall) = factories.make_tour(session)
    typed = {"kind": "link", "yaw": "1", "pitch": "2", "label-en": "Out"}
    own = points(app_services, tour[0].id)[0].id
    for target in (foreign.id, tour[0].id, "", "x", "../x"):
        for place in ("new", own):
            answer = admin.post(f"{TOUR}/scenes/{tour[0].id}/points/{place}", data={**typed, "target": target})
            assert answer.status_code == 422, (target, place)
    assert [each.target_scene_id for each in points(app_services, tour[0].id)] == [tour[1].id]


def test_scenes_and_points_of_another_site_are_not_found_under_this_one(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        _site, (foreign, _hall) = factories.make_tour(session)
    point = foreign.hotspots[0].id
    assert admin.get(f"{TOUR}/scenes/{foreign.id}").status_code == 404
    assert admin.get(f"{TOUR}/scenes/{tour[0].id}/points/{point}").status_code == 404
    for path in (
        f"scenes/{foreign.id}/remove",
        f"scenes/{foreign.id}/move/up",
        f"scenes/{tour[0].id}/points/{point}/remove",
        f"scenes/{foreign.id}/points/{point}/remove",
    ):
        assert admin.post(f"{TOUR}/{path}").status_code == 404, path


def test_scenes_are_moved_and_taken_out(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    admin.post(f"{TOUR}/scenes/{tour[1].id}/move/up")
    with app_services.db.read() as session:
        assert [scene.id for scene in scenes.of_site(session, tour[0].site_id)] == [tour[1].id, tour[0].id]
    admin.post(f"{TOUR}/scenes/{tour[1].id}/remove")
    shown = admin.get("/en/sites/harbour/tour.json").get_json()
    assert len(shown["scenes"]) == 2, "what is published still shows it"
    admin.post(f"{TOUR}/scenes/{tour[0].id}/remove")
    page = admin.get(TOUR)
    assert "No scenes yet." in page.text
    assert "Taken out within the last day" in page.text


def test_markup_in_names_is_shown_as_text(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    admin.post(f"{TOUR}/scenes/{tour[0].id}", data=scene_values(**{"title-en": nasty, "alternative-en": nasty}))
    new = {"kind": "info", "yaw": "1", "pitch": "2", "label-en": nasty, "body-en": nasty, "target": ""}
    admin.post(f"{TOUR}/scenes/{tour[0].id}/points/new", data=new)
    publish(app_services)
    for path in (TOUR, f"{TOUR}/scenes/{tour[0].id}", "/en/sites/harbour", "/en/sites/harbour/text"):
        page = BeautifulSoup(admin.get(path).text, "html.parser")
        assert page.select("[onerror]") == [], path
        scripts = page.select("script:not([src])")
        assert all(script.get("type") == "application/json" for script in scripts), path
        assert "alert(1)" in page.text or any("alert(1)" in script.text for script in scripts), path
