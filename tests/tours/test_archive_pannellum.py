"""Tours of Pannellum, as somebody wrote them by hand, become scenes and points of a draft."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.tours import archives
from tourserver.core import audit, jobs
from tourserver.core.errors import Invalid
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import publishing, scenes
from tourserver.tours.archive import fitting, pannellum
from tourserver.tours.archive.report import Report
from tourserver.tours.models import Scene


@pytest.fixture
def site(services: Services) -> Site:
    with services.db.write() as session:
        return factories.make_site(session, slug="harbour", source_language="sv")


def imported(services: Services, site: Site, path: Path) -> tuple[Report, dict[str, Scene]]:
    report = archives.import_now(services, site, path)
    with services.db.read() as session:
        return report, {scene.key: scene for scene in scenes.of_site(session, site.id)}


def many(count: int) -> list[dict[str, Any]]:
    return [{"yaw": number, "pitch": 0, "text": f"Point {number}"} for number in range(count)]


def one_scene(tmp_path: Path, **scene: Any) -> Path:
    """A tour of two scenes, of which the first is as told."""
    told = {"scenes": {"gate": {"panorama": "gate.jpg", **scene}, "hall": {"panorama": "hall.jpg", "northOffset": 50}}}
    files: dict[str, bytes | str] = {
        "tour.json": json.dumps(told),
        "gate.jpg": archives.panorama(),
        "hall.jpg": archives.panorama(1),
    }
    return archives.zip_of(tmp_path / "tour.zip", files)


def test_six_scenes_become_the_draft_and_nothing_is_published(services: Services, site: Site, tmp_path: Path) -> None:
    report, found = imported(services, site, archives.pannellum_zip(tmp_path / "tour.zip"))
    assert list(found) == ["hall", "gate", "roof", "boiler", "yard", "office"], "the first scene of Pannellum first"
    assert (report.format, report.source, report.scenes) == ("pannellum", "export/tour.json", 6)
    assert report.points == sum(len(scene.hotspots) for scene in found.values()) == 9
    gate, hall = found["gate"], found["hall"]
    assert gate.title == {"sv": "The gate"}, "texts go to the site's source language"
    assert gate.credit == "Anna Berg (https://example.org/anna)"
    assert (gate.start_yaw, gate.start_pitch) == (-90, -3)
    into, built = gate.hotspots
    assert (into.kind, into.label, into.target_scene_id, into.arrival) == (
        "link", {"sv": "Into the hall"}, hall.id, "heading",
    )  # fmt: skip
    assert (built.kind, built.yaw, built.pitch) == ("info", 40, 12)
    assert built.label == {"sv": "Built in 1954 & rebuilt"}
    assert built.body == {"sv": "Built in **1954** & rebuilt"}
    back, _up, owner = hall.hotspots
    assert back.label == {"sv": "The gate"}, "a way without words is called like the scene it leads to"
    assert (back.arrival, back.target_yaw, back.target_pitch) == ("view", -23, 2)
    assert back.target_fov == pytest.approx(pannellum.vertical(80), abs=0.001)
    assert (owner.kind, owner.url) == ("outside", "https://example.org/owner")
    with services.db.read() as session:
        assert publishing.published(session, site.id) is None
        assert {job.kind for job in session.scalars(select(jobs.Job)) if job.state == "waiting"} == {"panorama.tile"}
        verbs = list(session.scalars(select(audit.Audit.verb)))
    assert verbs.count("tour.import") == 1
    assert verbs.count("scene.add") == 6


@pytest.mark.parametrize(("offset", "north"), [(0, 0), (30, -30), (-100, 100), (180, -180), (350, 10)])
def test_north_lies_where_the_compass_of_pannellum_shows_it(offset: float, north: float) -> None:
    # looking at yaw y one looks to the compass direction y + northOffset; at north that is 0
    found = pannellum._north({"northOffset": offset})
    assert (found + offset) % 360 == 0
    assert scenes.turn(found) == north


def test_the_same_azimuth_is_the_same_here_and_there() -> None:
    """``sameAzimuth`` of Pannellum and arrival “heading” of the viewer turn the picture by the same angle."""
    for here, there, yaw in ((30, -100, 75), (0, 90, -170), (-45, 200, 10)):
        theirs = yaw + here - there
        north_here, north_there = (pannellum._north({"northOffset": offset}) for offset in (here, there))
        ours = yaw - north_here + north_there
        assert (theirs - ours) % 360 == 0


@pytest.mark.parametrize("hfov", [50, 80, 100, 120])
def test_a_horizontal_field_of_view_becomes_the_height_of_a_picture_as_wide(hfov: float) -> None:
    vertical = pannellum.vertical(hfov)
    # as static/src/viewer/projection.ts computes the width of a picture of 16:9
    across = 2 * math.degrees(math.atan(math.tan(math.radians(vertical) / 2) * 16 / 9))
    assert across == pytest.approx(hfov)


def test_fields_of_view_outside_of_the_limits_are_brought_inside_and_told(
    services: Services, site: Site, tmp_path: Path
) -> None:
    report, found = imported(services, site, one_scene(tmp_path, hfov=150, minHfov=10, maxHfov=179, pitch=-120))
    gate = found["gate"]
    assert (gate.start_fov, gate.start_pitch, gate.min_fov, gate.max_fov) == (90, -90, 30, 90)
    said = archives.lines(report, "changed")
    assert any("start view was brought within" in line for line in said)
    assert any("between 30.0° and 90.0°" in line for line in said)


def test_what_has_no_counterpart_is_told(services: Services, site: Site, tmp_path: Path) -> None:
    tour = archives.pannellum_tour()
    tour["scenes"]["gate"] |= {"type": "cubemap", "cubeMap": ["1.jpg"] * 6}
    tour["scenes"]["roof"] |= {"type": "multires", "multiRes": {"basePath": "tiles"}}
    tour["scenes"]["boiler"] |= {"panorama": "film.mp4", "dynamic": True}
    tour["scenes"]["yard"] |= {"haov": 180}
    tour["scenes"]["office"] |= {"autoRotate": -2, "horizonRoll": 3}
    tour["scenes"]["office"]["hotSpots"].append(
        {
            "yaw": 1,
            "pitch": 1,
            "text": "Press",
            "cssClass": "mine",
            "clickHandlerFunc": "boom",
            "createTooltipFunc": "x",
        }
    )
    report, found = imported(services, site, archives.pannellum_zip(tmp_path / "tour.zip", tour))
    assert list(found) == ["hall", "office"]
    said = "\n".join(archives.lines(report, "left"))
    for words in (
        "The gate: Its picture is of the kind cubemap.",
        "Roof: Its picture is of the kind multires.",
        "Boiler: It is a film all around",
        "Yard: Its picture shows only a part of the sphere.",
        "Turbine hall: The way “The gate” leads to a scene that was not taken.",
        "autoRotate, clickHandlerFunc, createTooltipFunc, cssClass, horizonRoll",
    ):
        assert words in said
    assert [point.label for point in found["office"].hotspots] == [{"sv": "Press"}]


def test_points_outside_of_the_sphere_and_addresses_that_run_code_are_left_and_told(
    services: Services, site: Site, tmp_path: Path
) -> None:
    spots = [
        {"pitch": 91, "yaw": 0, "text": "Too high"},
        {"pitch": -1e9, "yaw": 0, "text": "Too low"},
        {"pitch": 0, "yaw": "NaN", "text": "Nowhere"},
        {"pitch": 0, "yaw": 0, "text": "Bad", "URL": "javascript:alert(document.cookie)"},
        {"pitch": 0, "yaw": 0, "text": "Worse", "URL": " JaVa\tScript:alert(1)"},
        {"pitch": 0, "yaw": 0, "text": "<a href='javascript:alert(1)'>Link</a> <img src=x onerror=alert(1)>"},
        {"pitch": 0, "yaw": 0, "text": "Own", "sceneId": "gate"},
        {"pitch": 0, "yaw": 0, "text": "Lost", "sceneId": "nowhere"},
        {"pitch": 90, "yaw": -540, "text": "Zenith"},
    ]
    report, found = imported(services, site, one_scene(tmp_path, hotSpots=spots))
    kept = {next(iter(point.label.values())): point for point in found["gate"].hotspots}
    assert set(kept) == {"Bad", "Worse", "Link", "Zenith"}
    assert all(point.kind == "info" and point.url is None for point in kept.values())
    assert (kept["Zenith"].pitch, kept["Zenith"].yaw) == (90, -180)
    assert kept["Link"].body == {"sv": "Link"}
    said = "\n".join(archives.lines(report, "left"))
    for words in (
        "“Too high” lies at pitch 91",
        "“Too low”",
        "“Nowhere” has no direction",
        "javascript:alert",
        "own scene",
    ):
        assert words in said
    assert "“Lost” leads to a scene that was not taken" in said


def test_long_names_and_texts_of_all_scripts_come_in_and_nothing_of_them_is_lost(
    services: Services, site: Site, tmp_path: Path
) -> None:
    long = " ".join(["Värmeverkets"] * 30)[:300].replace(" V", "-V")
    assert len(long) == 300
    arabic, emoji = "محطة الطاقة في الميناء", "Hall 🏭👩‍🔧 of 100 %"
    spots = [{"pitch": 0, "yaw": 0, "text": text} for text in (long, arabic, emoji, "half \ud83d pair \u0000 zero")]
    report, found = imported(services, site, one_scene(tmp_path, title=long, hotSpots=spots))
    gate = found["gate"]
    assert len(gate.title["sv"]) <= 200
    assert any(long in line for line in archives.lines(report, "changed")), "the report has the whole of it"
    bodies = [point.body["sv"] for point in gate.hotspots]
    assert bodies[:3] == [long, arabic, emoji]
    assert gate.hotspots[1].label == {"sv": arabic}
    assert "\0" not in bodies[3]


def test_a_single_panorama_is_a_tour_of_one_scene(services: Services, site: Site, tmp_path: Path) -> None:
    told = {
        "type": "equirectangular",
        "panorama": "https://example.org/pano/Plan%20B.jpg",
        "title": "B",
        "autoLoad": True,
    }
    path = archives.zip_of(tmp_path / "t.zip", {"c.json": json.dumps(told), "img/Plan B.jpg": archives.panorama()})
    report, found = imported(services, site, path)
    assert [scene.title for scene in found.values()] == [{"sv": "B"}]
    assert report.scenes == 1


def test_pictures_that_are_missing_or_refused_cost_their_scenes_alone(
    services: Services, site: Site, tmp_path: Path
) -> None:
    files: dict[str, bytes | str] = {
        "t.json": json.dumps({"scenes": {
            "a": {"panorama": "a.jpg", "hotSpots": [{"yaw": 0, "pitch": 0, "sceneId": name} for name in "bcde"]},
            "b": {"panorama": "missing.jpg"},
            "c": {"panorama": "c.jpg"},
            "d": {"panorama": "d.jpg"},
            "e": {"panorama": "A.JPG"},
        }}),
        "a.jpg": archives.panorama(), "c.jpg": b"no picture", "d.jpg": archives.panorama()[:5000],
    }  # fmt: skip
    report, found = imported(services, site, archives.zip_of(tmp_path / "t.zip", files))
    assert list(found) == ["a", "e"]
    assert found["a"].panorama_id == found["e"].panorama_id, "one picture for two scenes is kept once"
    assert [point.target_scene_id for point in found["a"].hotspots] == [found["e"].id]
    said = "\n".join(archives.lines(report, "left"))
    assert "b: Its picture “missing.jpg” is not in the ZIP." in said
    assert "c: The file is not a JPEG, PNG or WebP picture." in said
    assert "d: The file ends before the picture does" in said


def test_of_several_descriptions_the_one_with_most_scenes_is_taken_and_that_is_told(
    services: Services, site: Site, tmp_path: Path
) -> None:
    other = json.dumps({"scenes": {"x": {"panorama": "x.jpg"}}})
    more: dict[str, bytes | str] = {"a/first.json": other, "package.json": '{"name": "x"}', "broken.json": "{"}
    path = archives.pannellum_zip(tmp_path / "t.zip", None, **more, **{"old/tour.zip": b"PK"})
    report, found = imported(services, site, path)
    assert len(found) == 6
    said = archives.lines(report, "left")
    assert "“a/first.json” describes a tour as well; “export/tour.json” was taken." in said
    assert "“old/tour.zip” is a ZIP in the ZIP and was not opened." in said


def test_scenes_are_added_behind_those_that_are_there(services: Services, site: Site, tmp_path: Path) -> None:
    with services.db.write() as session:
        factories.make_scene(session, site, title={"sv": "Hall"}, key="hall")
    _report, found = imported(services, site, archives.pannellum_zip(tmp_path / "t.zip"))
    assert list(found)[:3] == ["hall", "hall-2", "gate"]
    assert found["gate"].hotspots[0].target_scene_id == found["hall-2"].id


def test_a_full_tour_takes_no_more_and_says_so(services: Services, site: Site, tmp_path: Path) -> None:
    with services.db.write() as session:
        picture = factories.make_panorama(session)
        for _ in range(scenes.MAX_SCENES - 2):
            factories.make_scene(session, site, picture)
    report = archives.import_now(services, site, archives.pannellum_zip(tmp_path / "t.zip"))
    assert report.scenes == 2
    assert sum("A tour has at most 200 scenes" in line for line in archives.lines(report, "left")) == 4


def test_more_points_than_a_scene_can_have_are_counted(services: Services, site: Site, tmp_path: Path) -> None:
    report, found = imported(services, site, one_scene(tmp_path, hotSpots=many(130)))
    assert len(found["gate"].hotspots) == 100
    assert any("30 more were left out" in line for line in archives.lines(report, "left"))


def test_thousands_of_points_are_bounded_and_the_rest_is_counted(
    app_services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "MOST_POINTS", 50)
    with app_services.db.write() as session:
        site = factories.make_site(session)
    told = {f"s{number}": {"panorama": "a.jpg", "hotSpots": many(30)} for number in range(3)}
    files: dict[str, bytes | str] = {"t.json": json.dumps({"scenes": told}), "a.jpg": archives.panorama()}
    report = archives.import_now(app_services, site, archives.zip_of(tmp_path / "t.zip", files))
    assert (report.scenes, report.points) == (3, 50)
    assert "An import takes at most 50 points; 40 more were left out." in archives.lines(report, "left")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"scenes": {}}',
        '{"scenes": []}',
        "[" * 100_000,
        '{"a": ' + "9" * 6000 + "}",
        '{"panorama": NaN}',
        "",
    ],
)
def test_a_zip_without_a_tour_is_refused_and_nothing_is_added(
    services: Services, site: Site, tmp_path: Path, content: str
) -> None:
    path = archives.zip_of(tmp_path / "t.zip", {"tour.json": content, "a.jpg": archives.panorama()})
    job = archives.do_import(services, site, path)
    assert job.state == "failed"
    assert "There is no tour in the ZIP." in (job.error or "")
    assert job.payload["error"]["code"] == "no_tour"
    with services.db.read() as session:
        assert scenes.of_site(session, site.id) == []


def test_an_import_of_somebody_who_lost_the_right_adds_nothing(services: Services, site: Site, tmp_path: Path) -> None:
    with services.db.write() as session:
        actor = factories.make_user(session)
    from tourserver.core.rights import Actor

    job = archives.do_import(services, site, archives.pannellum_zip(tmp_path / "t.zip"), Actor("user", actor.id))
    assert (job.state, job.payload["error"]["code"]) == ("failed", "forbidden")
    with services.db.read() as session:
        assert scenes.of_site(session, site.id) == []


def test_values_of_wrong_kinds_are_taken_as_if_they_were_not_there(
    services: Services, site: Site, tmp_path: Path
) -> None:
    path = one_scene(
        tmp_path,
        title=["x"],
        yaw="12.5",
        pitch=None,
        hfov=True,
        northOffset={},
        hotSpots=[1, None, {"text": 5}],
        author=7,
    )
    _report, found = imported(services, site, path)
    gate = found["gate"]
    assert (gate.title, gate.start_yaw, gate.start_pitch, gate.start_fov, gate.north) == (
        {"sv": "gate"},
        12.5,
        0,
        70,
        0,
    )
    assert gate.hotspots == []


def test_what_breaks_the_zip_is_refused_before_anything_is_kept(services: Services, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    path.write_bytes(archives.pannellum_zip(tmp_path / "whole.zip").read_bytes()[:-40])
    before = {file for file in services.settings.files.rglob("*") if file.is_file()}
    with pytest.raises(Invalid, match="not a whole ZIP"):
        archives.do_import(services, site, path)
    assert {file for file in services.settings.files.rglob("*") if file.is_file()} == before
