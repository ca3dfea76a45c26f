"""The editor's operations as JSON: what they do, what they refuse, and that a stale one overwrites nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests import factories
from tourserver.core import clock, rights
from tourserver.core.db import new_id
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import removal, scenes
from tourserver.tours.models import Hotspot, RemovedPart, Scene

TOUR = "/studio/sites/harbour/tour"


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def tour(app_services: Services) -> list[Scene]:
    with app_services.db.write() as session:
        return factories.make_tour(session, app_services, slug="harbour")[1]


def draft(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{TOUR}/draft.json").get_json()
    return found


def send(client: FlaskClient, op: str, status: int = 200, **values: Any) -> dict[str, Any]:
    answer = client.post(f"{TOUR}/edit", json={"op": op, **values})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_draft_tells_all_that_is_edited_in_all_languages(admin: FlaskClient, tour: list[Scene]) -> None:
    found = draft(admin)
    assert found["tour"] == {"revision": 1, "plan": None, "north": 0.0}
    assert found["removed"] == found["assets"] == []
    quay = found["scenes"][0]
    assert quay["title"] == {"en": "Quay", "sv": "Kajen"}
    assert (quay["revision"], quay["key"], quay["limits"]) == (1, "quay", {"min": 30.0, "max": 90.0})
    assert quay["panorama"]["state"] == "ready"
    assert quay["panorama"]["files"]["levels"][0]["cols"] == 4
    link = quay["hotspots"][0]
    assert (link["kind"], link["yaw"], link["to"], link["revision"]) == ("link", 40.0, tour[1].id, 1)


def test_a_scene_is_changed_and_a_stale_save_gets_the_other_version_and_overwrites_nothing(
    admin: FlaskClient, tour: list[Scene]
) -> None:
    values = {
        "title": {"en": " Quay  one ", "sv": ""},
        "alternative": {"en": "One stands\r\non a quay. 🚢", "zh_Hans": "码头"},
        "view": {"yaw": 190, "pitch": -5.5, "fov": 60},
        "north": 90,
        "limits": {"min": 40, "max": 80},
        "plan": {"x": 0.25, "y": 0.5},
        "credit": "A. Berg",
        "licence": "CC BY 4.0",
        "render": True,
        "regions": [{"yaw": 10, "pitch": 0, "width": 4, "height": 6}],
    }
    changed = send(admin, "scene.change", id=tour[0].id, revision=1, values=values)["scenes"][0]
    assert changed["revision"] == 2
    assert changed["title"] == {"en": "Quay one"}
    assert changed["alternative"] == {"en": "One stands\non a quay. 🚢", "zh_Hans": "码头"}
    assert changed["view"] == {"yaw": -170.0, "pitch": -5.5, "fov": 60.0}
    assert changed["plan"] == {"x": 0.25, "y": 0.5}
    assert changed["regions"][0]["id"]
    refused = send(admin, "scene.change", 409, id=tour[0].id, revision=1, values={"north": 5})["error"]
    assert refused["code"] == "conflict"
    assert refused["theirs"] == draft(admin)["scenes"][0] == changed
    again = send(admin, "scene.change", id=tour[0].id, revision=2, values={"north": 5, "plan": None})["scenes"][0]
    assert (again["north"], again["plan"], again["credit"]) == (5.0, None, "A. Berg")


def test_a_point_is_added_moved_changed_and_taken_out_and_comes_back_with_its_id(
    admin: FlaskClient, tour: list[Scene]
) -> None:
    info = {"kind": "info", "yaw": 12.5, "pitch": -3, "label": {"en": "Crane"}, "body": {"en": "It **lifts**."}}
    made = send(admin, "hotspot.add", scene=tour[0].id, values=info)
    point = made["hotspot"]
    moved = send(admin, "hotspot.change", id=point, revision=1, values={"yaw": 20})["scenes"][0]["hotspots"][1]
    assert (moved["yaw"], moved["pitch"], moved["body"], moved["revision"]) == (20.0, -3.0, {"en": "It **lifts**."}, 2)
    stale = send(admin, "hotspot.change", 409, id=point, revision=1, values={"yaw": 30})
    assert stale["error"]["theirs"]["yaw"] == 20.0
    link = {"kind": "link", "to": tour[1].id, "arrival": "view", "view": {"yaw": 5, "pitch": 1, "fov": 50}}
    linked = send(admin, "hotspot.change", id=point, revision=2, values=link)["scenes"][0]["hotspots"][1]
    assert (linked["to"], linked["view"], linked["body"]) == (tour[1].id, {"yaw": 5.0, "pitch": 1.0, "fov": 50.0}, {})
    send(admin, "hotspot.remove", 409, id=point, revision=2)
    removed = send(admin, "hotspot.remove", id=point, revision=3)
    assert len(removed["scenes"][0]["hotspots"]) == 1
    assert draft(admin)["removed"][0]["name"] == {"en": "Crane"}
    back = send(admin, "put_back", removed=removed["removed"]["id"])
    assert (back["hotspot"], back["left_out"]) == (point, 0)
    assert {**back["scenes"][0]["hotspots"][1], "revision": 3} == linked
    assert draft(admin)["removed"] == []
    send(admin, "put_back", 404, removed=removed["removed"]["id"])


def test_a_scene_comes_back_in_its_place_with_its_points_and_the_ways_that_led_to_it(
    admin: FlaskClient, tour: list[Scene]
) -> None:
    before = draft(admin)["scenes"]
    removed = send(admin, "scene.remove", id=tour[1].id, revision=1)
    assert removed["gone"] == tour[1].id
    assert removed["scenes"][0]["hotspots"] == []
    assert [scene["id"] for scene in draft(admin)["scenes"]] == [tour[0].id]
    back = send(admin, "put_back", removed=removed["removed"]["id"])
    assert back["order"] == [tour[0].id, tour[1].id]
    assert back["left_out"] == 0

    def bare(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                **{name: value for name, value in scene.items() if name not in ("revision", "position")},
                "hotspots": [{**point, "revision": 0} for point in scene["hotspots"]],
            }
            for scene in found
        ]

    assert bare(draft(admin)["scenes"]) == bare(before)


def test_what_leads_to_a_part_that_is_gone_is_left_out_or_waits(admin: FlaskClient, tour: list[Scene]) -> None:
    link = draft(admin)["scenes"][0]["hotspots"][0]
    point = send(admin, "hotspot.remove", id=link["id"], revision=1)["removed"]["id"]
    hall = send(admin, "scene.remove", id=tour[1].id, revision=1)["removed"]["id"]
    quay = send(admin, "scene.remove", id=tour[0].id, revision=1)["removed"]["id"]
    assert "Put the scene back first" in send(admin, "put_back", 422, removed=point)["error"]["message"]
    assert send(admin, "put_back", removed=hall)["left_out"] == 1, "its way to the quay has nowhere to lead"
    send(admin, "put_back", removed=quay)
    send(admin, "put_back", removed=point)
    assert [len(scene["hotspots"]) for scene in draft(admin)["scenes"]] == [1, 1]


def test_what_was_taken_out_is_kept_for_a_day(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    removed = [
        send(admin, "hotspot.remove", id=point["id"], revision=1)["removed"]["id"]
        for point in draft(admin)["scenes"][1]["hotspots"]
    ]
    with app_services.db.write() as session:
        long_ago = clock.now() - timedelta(hours=25)
        session.execute(update(RemovedPart).where(RemovedPart.id == removed[0]).values(removed_at=long_ago))
    assert [part["id"] for part in draft(admin)["removed"]] == [removed[1]]
    send(admin, "put_back", 404, removed=removed[0])
    removal.forget_old(app_services)
    with app_services.db.read() as session:
        assert list(session.scalars(select(RemovedPart.id))) == [removed[1]]


def test_the_way_back_lies_against_the_compass_direction_in_which_one_came(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        site = session.get_one(Site, tour[0].site_id)
        roof = factories.make_scene(session, site, title={"en": "Roof", "sv": "Taket"}, north=-30.0)
    send(admin, "scene.change", id=tour[0].id, revision=1, values={"north": 20})
    link = {"kind": "link", "yaw": 65, "pitch": -4, "label": {"en": "Up"}, "to": roof.id}
    made = send(admin, "hotspot.add", scene=tour[0].id, values=link)
    back = send(admin, "link_back", hotspot=made["hotspot"])
    point = back["scenes"][0]["hotspots"][0]
    assert back["scene"] == roof.id
    # walking at 45° east of north; the way back is at 225°, which is yaw −165 where north is at −30
    assert (point["yaw"], point["pitch"], point["to"], point["arrival"]) == (-165.0, -4.0, tour[0].id, "heading")
    assert point["label"] == {"en": "Quay", "sv": "Kajen"}
    assert "already" in send(admin, "link_back", 422, hotspot=made["hotspot"])["error"]["message"]


def test_scenes_are_ordered_and_an_order_that_somebody_changed_meanwhile_is_refused(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    ids = [tour[1].id, tour[0].id]
    assert send(admin, "scene.order", ids=ids, revision=1)["tour"]["revision"] == 2
    stale = send(admin, "scene.order", 409, ids=ids[::-1], revision=1)["error"]["theirs"]
    assert (stale["order"], stale["revision"]) == (ids, 2)
    send(admin, "scene.order", 422, ids=[ids[0], ids[0]], revision=2)
    send(admin, "scene.order", 404, ids=[*ids, new_id()], revision=2)
    with app_services.db.write() as session:
        factories.make_scene(session, session.get_one(Site, tour[0].site_id))
    send(admin, "scene.order", 409, ids=ids, revision=2)
    assert [scene["id"] for scene in draft(admin)["scenes"]][:2] == ids


def test_north_of_the_plan_is_turned(admin: FlaskClient, tour: list[Scene]) -> None:
    assert send(admin, "tour.change", revision=1, values={"north": 370})["tour"]["north"] == 10.0
    assert send(admin, "tour.change", 409, revision=1, values={"north": 5})["error"]["theirs"]["north"] == 10.0
    assert send(admin, "tour.change", 404, revision=2, values={"plan": new_id()})["error"]["code"] == "not_found"


def test_positions_of_the_pictures_are_offered_as_places_on_the_plan(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    assert draft(admin)["by_positions"] == {}
    with app_services.db.write() as session:
        for scene, place in zip(tour, ((59.0, 18.0), (59.001, 18.0)), strict=True):
            picture = session.get_one(Scene, scene.id).panorama
            picture.gps_latitude, picture.gps_longitude = place
    assert draft(admin)["by_positions"] == {tour[0].id: {"x": 0.5, "y": 0.9}, tour[1].id: {"x": 0.5, "y": 0.1}}


LONG = "x" * 300
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("scene.paint", {}, "no operation"),
    ("scene.change", {"revision": 1, "values": {}, "colour": 1}, "isn't part of this command"),
    ("scene.change", {"revision": 1, "values": {"panorama_id": "x"}}, "isn't part of this command"),
    ("scene.change", {"revision": 0, "values": {}}, "can't be taken"),
    ("scene.change", {"revision": "1", "values": {}}, "can't be taken"),
    ("scene.change", {"revision": 1, "values": {"title": {"en": LONG}}}, "300 characters; at most 200"),
    ("scene.change", {"revision": 1, "values": {"title": {"tlh": "Qo"}}}, "none of this site's languages"),
    ("scene.change", {"revision": 1, "values": {"title": None}}, "can't be taken"),
    ("scene.change", {"revision": 1, "values": {"alternative": {"en": "x" * 20_001}}}, "at most 20000"),
    ("scene.change", {"revision": 1, "values": {"view": {"yaw": 0, "pitch": 91, "fov": 60}}}, "between -90 and 90"),
    ("scene.change", {"revision": 1, "values": {"view": {"yaw": 0, "pitch": 0, "fov": 20}}}, "between 30 and 90"),
    ("scene.change", {"revision": 1, "values": {"limits": {"min": 80, "max": 40}}}, "must not be wider"),
    ("scene.change", {"revision": 1, "values": {"plan": {"x": 1.2, "y": 0}}}, "between 0 and 1"),
    ("scene.change", {"revision": 1, "values": {"north": 1e9}}, "can't be taken"),
    ("scene.change", {"revision": 1, "values": {"regions": [{"yaw": 0, "pitch": 0, "width": 0, "height": 1}]}}, "0.2"),
    ("hotspot.add", {"values": {"kind": "info", "label": {"en": "A"}, "body": {"en": "B"}, "pitch": 90.5}}, "-90"),
    ("hotspot.add", {"values": {"kind": "info", "label": {"en": LONG}, "body": {"en": "B"}}}, "300 characters"),
    ("hotspot.add", {"values": {"kind": "portal", "label": {"en": "A"}}}, "can't be taken"),
    ("hotspot.add", {"values": {"kind": "info", "label": {}}}, "Give the point a name"),
    ("hotspot.add", {"values": {"kind": "link", "label": {"en": "A"}, "to": "0" * 32}}, "Choose the scene"),
    ("hotspot.add", {"values": {"kind": "picture", "label": {"en": "A"}}}, "Choose the file"),
    *(
        ("hotspot.add", {"values": {"kind": "outside", "label": {"en": "A"}, "url": url}}, "https://")
        for url in (
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "//x",
            "https://",
            " ",
            "https:/x",
        )
    ),
]


@pytest.mark.parametrize(("op", "values", "words"), REFUSED)
def test_what_cannot_be_taken_is_refused_in_words_and_nothing_changes(
    admin: FlaskClient, app_services: Services, tour: list[Scene], op: str, values: dict[str, Any], words: str
) -> None:
    before = factories.row_counts(app_services.db), draft(admin)
    where = {"scene": tour[0].id} if op == "hotspot.add" else {"id": tour[0].id}
    error = send(admin, op, 422, **where, **values)["error"]
    assert words in error["message"]
    assert (factories.row_counts(app_services.db), draft(admin)) == before


def test_bodies_that_are_no_operation_or_are_too_large_are_refused(admin: FlaskClient, tour: list[Scene]) -> None:
    for body in (b"", b"[]", b"null", b'{"op": ', b"\xff\xfe", b'{"op": ["scene.change"]}'):
        answer = admin.post(f"{TOUR}/edit", data=body, content_type="application/json")
        assert answer.status_code == 422, body
        assert answer.get_json()["error"]["code"] == "invalid"
    huge = admin.post(f"{TOUR}/edit", json={"op": "scene.change", "values": "x" * 300_000})
    assert (huge.status_code, huge.get_json()["error"]["code"]) == (422, "too_large")


def test_right_to_left_text_and_emoji_are_kept_and_invisible_marks_are_not(
    admin: FlaskClient, tour: list[Scene]
) -> None:
    values = {
        "kind": "info",
        "yaw": 1,
        "pitch": 2,
        "label": {"en": "\u202eرافعة 🏗️\u0000"},
        "body": {"en": "عربي\u0000"},
    }
    point = send(admin, "hotspot.add", scene=tour[0].id, values=values)["scenes"][0]["hotspots"][-1]
    assert point["label"]["en"].startswith("رافعة 🏗")
    assert point["body"] == {"en": "عربي"}


def test_points_without_end_stop_at_the_limit(admin: FlaskClient, tour: list[Scene]) -> None:
    values = {"kind": "info", "yaw": 1, "pitch": 2, "label": {"en": "A"}, "body": {"en": "B"}}
    made = [
        admin.post(f"{TOUR}/edit", json={"op": "hotspot.add", "scene": tour[0].id, "values": values}).status_code
        for _ in range(101)
    ]
    assert made == [200] * 99 + [422] * 2


def test_scenes_and_points_of_another_site_are_not_found(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        _other, (foreign, _hall) = factories.make_tour(session)
        point = foreign.hotspots[0].id
        part = removal.take_hotspot(session, _hall.hotspots[0], actor=SYSTEM).id
    before = factories.row_counts(app_services.db)
    send(admin, "scene.change", 404, id=foreign.id, revision=1, values={"north": 1})
    send(admin, "scene.remove", 404, id=foreign.id, revision=1)
    send(admin, "hotspot.add", 404, scene=foreign.id, values={})
    send(admin, "hotspot.change", 404, id=point, revision=1, values={"yaw": 1})
    send(admin, "hotspot.remove", 404, id=point, revision=1)
    send(admin, "link_back", 404, hotspot=point)
    send(admin, "put_back", 404, removed=part)
    send(admin, "scene.order", 404, ids=[tour[0].id, foreign.id], revision=1)
    link = {"kind": "link", "yaw": 0, "pitch": 0, "label": {"en": "A"}, "to": foreign.id}
    send(admin, "hotspot.add", 422, scene=tour[0].id, values=link)
    assert factories.row_counts(app_services.db) == before


def test_the_right_to_this_very_site_is_asked_for_at_every_request(
    app: Flask, app_services: Services, tour: list[Scene]
) -> None:
    with app_services.db.write() as session:
        owner, other = factories.make_user(session), factories.make_user(session)
        elsewhere = factories.make_site(session)
        for user, site_id in ((owner, tour[0].site_id), (other, elsewhere.id)):
            rights.grant(session, Actor("user", user.id), "site_owner", "site", site_id, by=SYSTEM)
    mine, stranger = factories.signed_in(app, owner), factories.signed_in(app, other)
    send(mine, "scene.change", id=tour[0].id, revision=1, values={"north": 1})
    send(stranger, "scene.change", 403, id=tour[0].id, revision=2, values={"north": 2})
    assert stranger.get(f"{TOUR}/draft.json").status_code == 403
    with app_services.db.write() as session:
        actor = Actor("user", owner.id)
        rights.withdraw(session, actor, "site_owner", "site", tour[0].site_id, by=SYSTEM)
    send(mine, "scene.change", 403, id=tour[0].id, revision=2, values={"north": 2})
    nobody = app.test_client()
    told = nobody.post(f"{TOUR}/edit", json={}, headers={"Accept": "application/json"})
    assert (told.status_code, told.get_json()["error"]["code"]) == (401, "signed_out")
    with app_services.db.read() as session:
        assert session.get_one(Scene, tour[0].id).north == 1.0


def test_an_operation_without_the_forms_token_is_refused(
    app: Flask, app_services: Services, admin: FlaskClient, tour: list[Scene]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = admin.post(
        f"{TOUR}/edit",
        json={"op": "scene.remove", "id": tour[0].id, "revision": 1},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "csrf")
    with app_services.db.read() as session:
        assert len(scenes.of_site(session, tour[0].site_id)) == 2
        assert len(list(session.scalars(select(Hotspot)))) == 3
