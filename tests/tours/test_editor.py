"""The rules behind the editor, on both databases: also when two people save at the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tourserver.core import audit
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import draft, editor, hotspots, ops, overview, plan, removal, scenes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, RemovedPart, Scene, Tour
from tourserver.tours.slow import BYTES_A_SECOND, Lines


def tour_of(services: Services) -> tuple[str, list[str]]:
    """Ids of a site and its two scenes."""
    with services.db.write() as session:
        site, made = factories.make_tour(session)
        return site.id, [scene.id for scene in made]


def perform(services: Services, site_id: str, **command: Any) -> dict[str, Any]:
    with services.db.write() as session:
        site = session.get_one(Site, site_id)
        return editor.perform(ops.read(command), session, site, SYSTEM)


def at_once(work: list[Any]) -> list[Any]:
    """What each function gives or raises, all begun at the same moment."""
    found: list[Any] = [None] * len(work)
    barrier = threading.Barrier(len(work))

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work[number]()
        except TourserverError as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_saves_at_the_same_moment_one_is_kept_and_the_others_are_told(services: Services) -> None:
    site_id, (quay, _hall) = tour_of(services)

    def save(north: float) -> Any:
        return perform(services, site_id, op="scene.change", id=quay, revision=1, values={"north": north})

    found = at_once([lambda north=north: save(north) for north in (10.0, 20.0, 30.0, 40.0)])
    assert [type(each) for each in found].count(Conflict) == 3
    (kept,) = (each for each in found if isinstance(each, dict))
    with services.db.read() as session:
        scene = session.get_one(Scene, quay)
        assert (scene.revision, scene.north) == (2, kept["scenes"][0]["north"])


def test_a_removed_part_is_put_back_once_however_many_press_at_the_same_moment(services: Services) -> None:
    site_id, (_quay, hall) = tour_of(services)
    removed = perform(services, site_id, op="scene.remove", id=hall, revision=1)["removed"]["id"]
    found = at_once([lambda: perform(services, site_id, op="put_back", removed=removed)] * 3)
    assert [type(each) for each in found].count(NotFound) == 2
    with services.db.read() as session:
        assert [scene.key for scene in scenes.of_site(session, site_id)] == ["quay", "hall"]
        assert len(list(session.scalars(select(Hotspot)))) == 3
        assert list(session.scalars(select(RemovedPart))) == []


def test_points_added_at_the_same_moment_stop_at_the_limit(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hotspots, "MAX_HOTSPOTS", 3)
    site_id, (quay, _hall) = tour_of(services)
    values = {"kind": "info", "yaw": 1, "pitch": 1, "label": {"en": "A"}, "body": {"en": "B"}}
    found = at_once([lambda: perform(services, site_id, op="hotspot.add", scene=quay, values=values)] * 5)
    assert [type(each) for each in found].count(Invalid) == 3
    with services.db.read() as session:
        assert [point.position for point in session.get_one(Scene, quay).hotspots] == [0, 1, 2]


def test_the_first_order_of_a_tour_makes_its_row_once(services: Services) -> None:
    site_id, ids = tour_of(services)
    found = at_once([lambda: perform(services, site_id, op="scene.order", ids=ids[::-1], revision=1) for _ in range(3)])
    assert [type(each) for each in found].count(Conflict) == 2
    with services.db.read() as session:
        assert session.get_one(Tour, site_id).revision == 2
        assert [scene.id for scene in scenes.of_site(session, site_id)] == ids[::-1]


def test_a_scene_that_comes_back_finds_its_name_taken_and_gets_another_for_deep_links(services: Services) -> None:
    site_id, (_quay, hall) = tour_of(services)
    removed = perform(services, site_id, op="scene.remove", id=hall, revision=1)["removed"]["id"]
    with services.db.write() as session:
        factories.make_scene(session, session.get_one(Site, site_id), title={"en": "Hall"})
    back = perform(services, site_id, op="put_back", removed=removed)
    assert back["scenes"][0]["key"] == "hall-2"
    assert back["order"].index(hall) == 1, "it stands where it stood"


def test_a_withdrawn_scene_comes_back_withdrawn(services: Services) -> None:
    from tourserver.core import clock

    site_id, (_quay, hall) = tour_of(services)
    with services.db.write() as session:
        scene = session.get_one(Scene, hall)
        scene.withdrawn_at, scene.withdrawn_by = clock.now(), SYSTEM.reference
    removed = perform(services, site_id, op="scene.remove", id=hall, revision=1)["removed"]["id"]
    assert perform(services, site_id, op="put_back", removed=removed)["scenes"][0]["withdrawn"] is True


def test_every_operation_is_written_down(services: Services) -> None:
    site_id, (quay, hall) = tour_of(services)
    removed = perform(services, site_id, op="scene.remove", id=hall, revision=1)["removed"]["id"]
    perform(services, site_id, op="put_back", removed=removed)
    perform(services, site_id, op="scene.order", ids=[hall, quay], revision=1)
    perform(services, site_id, op="tour.change", revision=2, values={"north": 5})
    with services.db.read() as session:
        verbs = set(session.scalars(select(audit.Audit.verb)))
    assert {"scene.remove", "scene.put_back", "tour.order", "tour.change"} <= verbs


def test_positions_keep_their_proportions_on_the_plan(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        made = [factories.make_scene(session, site, title={"en": name}) for name in "abcd"]
        # a degree of longitude is half as long at 60° north
        for scene, place in zip(made, ((60.0, 18.0), (60.0, 18.002), (60.001, 18.0)), strict=False):
            scene.panorama.gps_latitude, scene.panorama.gps_longitude = place
        places = plan.by_positions(made)
        assert set(places) == {scene.id for scene in made[:3]}
        a, b, c = (places[scene.id] for scene in made[:3])
        assert b[0] - a[0] == pytest.approx(a[1] - c[1], abs=0.005)
        assert a[1] > c[1], "north is up"
        for scene in made[1:3]:
            scene.panorama.gps_latitude, scene.panorama.gps_longitude = 60.0, 18.0
        assert plan.by_positions(made) == {}


def test_what_is_missing_is_counted_by_language(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        scene = factories.make_scene(session, site, title={"en": "A", "sv": "A"}, alternative={})
        hotspots.add_hotspot(
            session, scene, Point("outside", 0, 0, {"en": "City"}, url="https://example.org"), actor=SYSTEM
        )
        found = scenes.of_site(session, site.id)
        assert overview.missing(found) == {"en": 1, "sv": 2, "zh_Hans": 3}
        entry = overview.entries(found)[1]
        assert (entry.lacks("label"), entry.lacks("body")) == (["sv", "zh_Hans"], []), "what nobody wrote is not missed"


def test_the_draft_of_an_empty_tour_is_empty(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        found = draft.whole(session, site)
        assert (found["scenes"], found["tour"]["revision"], found["removed"]) == ([], 1, [])
        assert removal.of_site(session, site.id) == []


def test_a_slow_line_is_shared_by_what_one_person_loads_at_the_same_time() -> None:
    lines = Lines()
    assert lines.wait_for("karin", BYTES_A_SECOND) == pytest.approx(1, abs=0.05)
    assert lines.wait_for("karin", BYTES_A_SECOND) == pytest.approx(2, abs=0.05)
    assert lines.wait_for("omar", BYTES_A_SECOND // 2) == pytest.approx(0.5, abs=0.05)
