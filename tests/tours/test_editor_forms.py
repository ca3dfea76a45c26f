"""Everything that the editor does, by plain forms in a browser without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tourserver.core.services import Services
from tourserver.tours import scenes
from tourserver.tours.models import Hotspot, RemovedPart, Scene, Tour

TOUR = "/studio/sites/harbour/tour"


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def tour(app_services: Services) -> list[Scene]:
    with app_services.db.write() as session:
        return factories.make_tour(session, app_services, slug="harbour")[1]


def scene_now(services: Services, scene: Scene) -> Scene:
    with services.db.read() as session:
        return session.get_one(Scene, scene.id)


def point_values(**values: Any) -> dict[str, Any]:
    return {"kind": "link", "yaw": "10", "pitch": "0", "label-en": "Over", **values}


def test_limits_credit_licence_and_label_are_saved_with_the_scene(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    typed = {"revision": "1", "title-en": "Quay", "start_yaw": "0", "start_pitch": "0", "start_fov": "60", "north": "0"}
    more = {"min_fov": "35", "max_fov": "75", "credit": "A. Berg", "licence": "CC0", "is_render": "y"}
    assert admin.post(f"{TOUR}/scenes/{tour[0].id}", data={**typed, **more}).status_code == 302
    scene = scene_now(app_services, tour[0])
    assert (scene.min_fov, scene.max_fov, scene.credit, scene.licence, scene.is_render) == (
        35.0,
        75.0,
        "A. Berg",
        "CC0",
        True,
    )
    wrong = {**typed, **more, "revision": "2", "min_fov": "80", "max_fov": "40"}
    answer = admin.post(f"{TOUR}/scenes/{tour[0].id}", data=wrong)
    assert answer.status_code == 422
    assert "must not be wider" in answer.text


def test_a_link_with_a_view_of_its_own_offers_its_way_back_in_one_press(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        roof = factories.make_scene(session, scenes_site(session, tour[0]), title={"en": "Roof"})
    view = {"arrival": "view", "target_yaw": "5", "target_pitch": "1", "target_fov": "50"}
    made = admin.post(f"{TOUR}/scenes/{tour[0].id}/points/new", data=point_values(target=roof.id, **view))
    assert made.status_code == 302
    page = BeautifulSoup(admin.get(made.location).text, "html.parser")
    form = page.select_one('form[action$="/back"]')
    assert form is not None
    assert "“Roof” has no way back here yet." in form.text
    said = admin.post(str(form["action"]), follow_redirects=True)
    assert "The way back is in “Roof”" in said.text
    back = scene_now(app_services, roof).hotspots[0]
    assert (back.target_scene_id, back.yaw, back.label) == (tour[0].id, -170.0, {"en": "Quay", "sv": "Kajen"})
    assert "There is a way back already." in admin.post(str(form["action"]), follow_redirects=True).text
    unfinished = point_values(target=roof.id, arrival="view")
    refused = admin.post(f"{TOUR}/scenes/{tour[0].id}/points/new", data=unfinished)
    assert refused.status_code == 422
    assert "Choose the view on arriving" in refused.text


def scenes_site(session: Any, scene: Scene) -> Any:
    from tourserver.sites.models import Site

    return session.get_one(Site, scene.site_id)


def test_a_stale_save_of_a_point_shows_both_versions_and_applies_mine_when_pressed_again(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    point = tour[1].hotspots[1]
    path = f"{TOUR}/scenes/{tour[1].id}/points/{point.id}"
    info = {"kind": "info", "yaw": "10", "pitch": "5", "body-en": "Text", "revision": "1"}
    assert admin.post(path, data={**info, "label-en": "Theirs"}).status_code == 302
    answer = admin.post(path, data={**info, "label-en": "Mine"})
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    assert "Theirs" in page.text
    assert page.find("a", string="Use theirs")
    assert page.find("button", string=lambda text: bool(text)) or "Apply mine again" in page.text
    mine = page.select_one('input[name="label-en"]')
    revision = page.select_one('input[name="revision"]')
    assert mine is not None
    assert revision is not None
    assert (mine["value"], revision["value"]) == ("Mine", "2")
    assert admin.post(path, data={**info, "label-en": "Mine", "revision": "2"}).status_code == 302
    assert scene_now(app_services, tour[1]).hotspots[1].label == {"en": "Mine"}


def test_regions_are_marked_changed_and_taken_away_by_numbers(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    path = f"{TOUR}/scenes/{tour[0].id}/regions"
    region = {"yaw": "10", "pitch": "-5", "width": "4", "height": "6"}
    admin.post(path, data={**region, "revision": "1"})
    (kept,) = scene_now(app_services, tour[0]).regions
    assert (kept["yaw"], kept["width"]) == (10.0, 4.0)
    said = admin.post(f"{path}/{kept['id']}", data={**region, "yaw": "12", "revision": "1"}, follow_redirects=True)
    assert "Somebody else changed this scene" in said.text
    admin.post(f"{path}/{kept['id']}", data={**region, "yaw": "12", "revision": "2"})
    assert scene_now(app_services, tour[0]).regions[0]["yaw"] == 12.0
    assert "Nothing was saved" in admin.post(path, data={"yaw": "x", "revision": "3"}, follow_redirects=True).text
    admin.post(f"{path}/{kept['id']}", data={"remove": "1", "revision": "3"})
    assert scene_now(app_services, tour[0]).regions == []


def test_what_was_taken_out_is_put_back_by_a_button(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    admin.post(f"{TOUR}/scenes/{tour[1].id}/remove")
    page = BeautifulSoup(admin.get(TOUR).text, "html.parser")
    form = page.select_one('form[action*="/put-back/"]')
    assert form is not None
    assert "It is back as it was." in admin.post(str(form["action"]), follow_redirects=True).text
    with app_services.db.read() as session:
        assert [scene.id for scene in scenes.of_site(session, tour[0].site_id)] == [tour[0].id, tour[1].id]
        assert len(list(session.scalars(select(Hotspot)))) == 3
        assert list(session.scalars(select(RemovedPart))) == []
    assert "put back already" in admin.post(str(form["action"]), follow_redirects=True).text


def test_the_plan_is_saved_by_numbers_and_arranged_by_positions(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    quay, hall = tour
    values = {f"revision-{scene.id}": "1" for scene in tour}
    values |= {"revision": "1", "north": "12,5", f"x-{quay.id}": "20", f"y-{quay.id}": "70"}
    admin.post(f"{TOUR}/plan", data=values)
    with app_services.db.read() as session:
        assert session.get_one(Tour, quay.site_id).plan_north == 12.5
    assert (scene_now(app_services, quay).plan_x, scene_now(app_services, quay).plan_y) == (0.2, 0.7)
    assert scene_now(app_services, hall).revision == 1
    assert "is no number" in admin.post(f"{TOUR}/plan", data={"north": "up"}, follow_redirects=True).text
    stale = {**values, f"x-{quay.id}": "30", "north": "12.5"}
    assert "Somebody else changed" in admin.post(f"{TOUR}/plan", data=stale, follow_redirects=True).text
    assert "Fewer than two" in admin.post(f"{TOUR}/plan/positions", follow_redirects=True).text
    with app_services.db.write() as session:
        for scene, place in zip(tour, ((59.0, 18.0), (59.0, 18.001)), strict=True):
            picture = session.get_one(Scene, scene.id).panorama
            picture.gps_latitude, picture.gps_longitude = place
    assert "2 scenes are placed." in admin.post(f"{TOUR}/plan/positions", follow_redirects=True).text
    assert (scene_now(app_services, quay).plan_x, scene_now(app_services, hall).plan_x) == (0.1, 0.9)


def test_all_texts_are_on_one_page_with_what_is_missing_first_and_saved_together(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    quay, hall = tour
    page = BeautifulSoup(admin.get(f"{TOUR}/texts").text, "html.parser")
    assert "Svenska: 7 missing" in page.text
    assert "English: complete" in page.text
    fields = {
        str(each["name"]): str(each.get("value") or each.text)
        for each in page.select("main form input[name], main form textarea[name]")
    }
    fields |= {f"{hall.id}-title-sv": "Hallen", f"{hall.hotspots[1].id}-label-sv": "Pumpen"}
    said = admin.post(f"{TOUR}/texts", data=fields, follow_redirects=True)
    assert "The texts of 2 scenes and points were saved." in said.text
    assert scene_now(app_services, hall).title == {"en": "Hall", "sv": "Hallen"}
    assert scene_now(app_services, hall).hotspots[1].label == {"en": "Pump", "sv": "Pumpen"}
    assert scene_now(app_services, quay).revision == 1, "what was not changed is not saved"

    conflict = admin.post(
        f"{TOUR}/texts", data={**fields, f"{hall.id}-title-sv": "Salen", f"{quay.id}-title-en": "Pier"}
    )
    assert conflict.status_code == 409
    assert scene_now(app_services, quay).title["en"] == "Pier", "what nobody else touched is saved"
    assert scene_now(app_services, hall).title["sv"] == "Hallen"
    both = BeautifulSoup(conflict.text, "html.parser").select_one(f"#thing-{hall.id}")
    assert both is not None
    assert "Hallen" in both.text
    typed = both.select_one(f'[name="{hall.id}-title-sv"]')
    revision = both.select_one(f'[name="{hall.id}-revision"]')
    assert typed is not None
    assert revision is not None
    assert (typed["value"], revision["value"]) == ("Salen", "2")

    long = {f"{quay.id}-revision": "2", f"{quay.id}-title-en": "x" * 300}
    refused = admin.post(f"{TOUR}/texts", data=long)
    assert refused.status_code == 422
    assert "300 characters" in refused.text


@pytest.mark.parametrize("way", ["phone", "desktop", "keyboard", "text", "slow", "odd"])
def test_the_draft_is_previewed_in_a_frame_that_only_this_server_may_show(
    admin: FlaskClient, tour: list[Scene], way: str
) -> None:
    page = BeautifulSoup(admin.get(f"{TOUR}/preview?as={way}&lang=sv").text, "html.parser")
    frame = page.select_one("iframe")
    assert frame is not None
    answer = admin.get(str(frame["src"]))
    assert answer.status_code == 200
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert "Kajen" in answer.text
    assert 'lang="sv"' in answer.text
    assert ("/tour/preview/media/" in answer.text) == (way == "slow")
    other = admin.get(f"{TOUR}/preview").headers
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]


def test_the_slow_line_gives_the_same_bytes_and_only_media(
    app: Flask, admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    digest = scene_now(app_services, tour[0]).panorama.content_hash
    slow = admin.get(f"{TOUR}/preview/media/panoramas/{digest}/base.jpg")
    assert slow.data == factories.JPEG
    assert slow.headers["Cache-Control"] == "private, no-store"
    for path in ("nothing", "../studio", "panoramas/x/base.jpg", "%2e%2e/healthz"):
        assert admin.get(f"{TOUR}/preview/media/{path}").status_code == 404, path
    nobody = app.test_client().get(f"{TOUR}/preview/media/panoramas/{digest}/base.jpg")
    assert nobody.status_code == 302
