"""Scenes and points in the draft of a tour, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import hotspots, scenes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, Scene


def keys(session: Session, site: Site) -> list[str]:
    return [scene.key for scene in scenes.of_site(session, site.id)]


def add_info(session: Session, scene: Scene, **values: Any) -> Hotspot:
    values = {"kind": "info", "yaw": 0, "pitch": 0, "label": {"en": "Pump"}, "body": {"en": "It pumps."}, **values}
    return hotspots.add_hotspot(session, scene, Point(**values), actor=SYSTEM)


def test_a_new_scene_stands_at_the_end_even_after_others_were_taken_out(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        made = [factories.make_scene(session, site, title={"en": name}) for name in ("a", "b", "c")]
        for scene in made[:2]:
            scenes.remove_scene(session, scene, actor=SYSTEM)
        factories.make_scene(session, site, title={"en": "d"})
        assert keys(session, site) == ["c", "d"]


def test_scenes_move_up_and_down_and_stop_at_the_ends(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        a, _b, c = (factories.make_scene(session, site, title={"en": name}) for name in ("a", "b", "c"))
        for scene, by, order in ((c, -1, "acb"), (c, -5, "cab"), (c, -1, "cab"), (a, 1, "cba"), (a, 1, "cba")):
            scenes.move(session, site, scene, by, actor=SYSTEM)
            assert "".join(keys(session, site)) == order


def test_keys_for_deep_links_are_plain_and_unique_in_a_site(services: Services) -> None:
    with services.db.write() as session:
        site, other = factories.make_site(session), factories.make_site(session)
        made = [factories.make_scene(session, site, title={"en": name}).key for name in ("Quay!", "quay", "Öl", "水")]
        assert made == ["quay", "quay-2", "l", "scene"]
        assert factories.make_scene(session, other, title={"en": "Quay"}).key == "quay"


def test_angles_are_turned_into_range_or_refused(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        scene = factories.make_scene(session, site, view=(190.0, 12.3456, 70.0), north=-540.0)
        assert (scene.start_yaw, scene.start_pitch, scene.north) == (-170.0, 12.346, -180.0)
        point = add_info(session, scene, yaw=725.5, pitch=-90)
        assert (point.yaw, point.pitch) == (5.5, -90.0)
        nowhere = (float("nan"), float("inf"), float("-inf"))
        for view in ((0, 90.1, 70), (0, 0, 29), (0, 0, 91), *((0, bad, 70) for bad in nowhere)):
            with pytest.raises(Invalid, match="angle"):
                factories.make_scene(session, site, view=view)
        for bad in nowhere:
            with pytest.raises(Invalid, match="angle"):
                add_info(session, scene, yaw=bad)
            with pytest.raises(Invalid, match="angle"):
                scenes.change_scene(session, scene, {"north": bad}, seen_revision=1, actor=SYSTEM)


def test_a_stale_save_of_a_scene_is_refused(services: Services) -> None:
    with services.db.write() as session:
        scene = factories.make_scene(session, factories.make_site(session))
        scenes.change_scene(session, scene, {"start_yaw": 10}, seen_revision=1, actor=SYSTEM)
        with pytest.raises(Conflict, match="Both versions"):
            scenes.change_scene(session, scene, {"start_yaw": 20}, seen_revision=1, actor=SYSTEM)
        assert (scene.start_yaw, scene.revision) == (10.0, 2)
        with pytest.raises(ValueError, match="panorama_id"):
            scenes.change_scene(session, scene, {"panorama_id": "x"}, seen_revision=2, actor=SYSTEM)


def test_a_point_needs_a_name_a_kind_and_where_it_leads(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        scene = factories.make_scene(session, site)
        foreign = factories.make_scene(session, factories.make_site(session))
        refused: list[tuple[str, dict[str, Any]]] = [
            ("label", {"label": {"en": ""}}),
            ("kind", {"kind": "portal"}),
            ("target", {"kind": "link"}),
            ("target", {"kind": "link", "target": foreign}),
            ("target", {"kind": "link", "target": scene}),
            ("body", {"body": {}}),
            ("asset", {"kind": "picture"}),
            ("url", {"kind": "outside", "url": "javascript:alert(1)"}),
            ("url", {"kind": "outside", "url": "https://"}),
            ("url", {"kind": "outside"}),
            ("pitch", {"pitch": 91}),
        ]
        for field, values in refused:
            with pytest.raises(Invalid) as caught:
                add_info(session, scene, **values)
            assert caught.value.field == field, values
        assert scene.hotspots == []


def test_points_keep_their_order_when_some_are_taken_away(services: Services) -> None:
    with services.db.write() as session:
        scene = factories.make_scene(session, factories.make_site(session))
        for name in ("a", "b", "c"):
            add_info(session, scene, label={"en": name})
        for point in list(scene.hotspots[:2]):
            hotspots.remove_hotspot(session, point, actor=SYSTEM)
        add_info(session, scene, label={"en": "d"})
        scene_id = scene.id
    with services.db.read() as session:
        assert [point.label["en"] for point in session.get_one(Scene, scene_id).hotspots] == ["c", "d"]


def test_taking_a_scene_out_takes_the_ways_to_it_along(services: Services) -> None:
    with services.db.write() as session:
        site, (quay, hall) = factories.make_tour(session)
        scenes.remove_scene(session, hall, actor=SYSTEM)
        session.expire_all()
        assert keys(session, site) == ["quay"]
        assert session.get_one(Scene, quay.id).hotspots == []
        assert list(session.scalars(select(Hotspot))) == []


def test_the_database_itself_refuses_points_that_cannot_be(services: Services) -> None:
    with services.db.write() as session:
        scene = factories.make_scene(session, factories.make_site(session))
    refused: list[dict[str, Any]] = [
        {"kind": "portal"},
        {"kind": "link"},
        {"kind": "info", "target_scene_id": scene.id},
        {"kind": "info", "url": "https://example.org"},
        {"kind": "outside"},
        {"kind": "picture"},
        {"kind": "link", "target_scene_id": scene.id, "arrival": "view"},
        {"kind": "info", "yaw": 181.0},
        {"kind": "info", "pitch": -90.5},
    ]
    for values in refused:
        row = Hotspot(**{"scene_id": scene.id, "yaw": 0.0, "pitch": 0.0, "label": {}, **values})
        with pytest.raises(IntegrityError), services.db.write() as session:
            session.add(row)


def test_the_database_itself_refuses_views_out_of_range_and_scenes_of_no_site(services: Services) -> None:
    with services.db.write() as session:
        scene = factories.make_scene(session, factories.make_site(session))
    for name, value in (("start_yaw", 200.0), ("start_pitch", 91.0), ("start_fov", 10.0), ("site_id", new_id())):
        with pytest.raises(IntegrityError), services.db.write() as session:
            setattr(session.get_one(Scene, scene.id), name, value)


def test_a_tour_and_a_scene_have_an_upper_limit(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "MAX_SCENES", 1)
    monkeypatch.setattr(hotspots, "MAX_HOTSPOTS", 1)
    with services.db.write() as session:
        site = factories.make_site(session)
        scene = factories.make_scene(session, site)
        add_info(session, scene)
        with pytest.raises(Invalid, match="at most 1 scenes"):
            factories.make_scene(session, site)
        with pytest.raises(Invalid, match="at most 1 points"):
            add_info(session, scene)
