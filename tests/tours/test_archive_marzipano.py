"""Tours of the Marzipano tool: words, ways and views, and pictures put together from the faces of a cube."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import pyvips

from tests import factories
from tests.panoramas import pictures
from tests.tours import archives
from tourserver.core.services import Services
from tourserver.tours import scenes
from tourserver.tours.archive import child, marzipano
from tourserver.tours.archive.cubes import FACES
from tourserver.tours.models import Scene

FACE = 1024


def app_data(*, face: int = FACE) -> dict[str, Any]:
    levels = [{"tileSize": 256, "size": 256, "fallbackOnly": True}]
    levels += [{"tileSize": 512, "size": size} for size in (512, 1024) if size <= face]
    common = {"levels": levels, "faceSize": face}
    return {
        "scenes": [
            {
                "id": "0-lobby",
                "name": "Lobby",
                **common,
                "initialViewParameters": {"yaw": math.pi / 2, "pitch": 0.2, "fov": math.pi / 3},
                "linkHotspots": [
                    {"yaw": -0.5, "pitch": 0.25, "rotation": 0, "target": "1-hall"},
                    {"yaw": 0, "pitch": 0, "target": "9-nowhere"},
                ],
                "infoHotspots": [
                    {"yaw": 1, "pitch": -0.5, "title": "Art", "text": "By <b>E. Ek</b><script>alert(1)</script>"},
                    {"yaw": 0, "pitch": 2.5, "title": "Beyond", "text": "x"},
                ],
            },
            {"id": "1-hall", "name": "Hall", **common, "linkHotspots": [], "infoHotspots": []},
        ],
        "name": "Project",
        "settings": {"mouseViewMode": "drag"},
    }


def data_js(data: Any) -> str:
    return f"// made by a tool\nvar APP_DATA = {json.dumps(data, indent=2)};\nalert('never run');\n"


def look(source: pyvips.Image, face: str, size: int) -> pyvips.Image:
    """What one sees on a face of the cube around an equirectangular picture, by the tool's own geometry."""
    spot = pyvips.Image.xyz(size, size)
    right, up = (spot[0] + 0.5) / size * 2 - 1, 1 - (spot[1] + 0.5) / size * 2
    one = right * 0 + 1
    x, y, z = {
        "f": (right, up, -one),
        "b": (-right, up, one),
        "l": (-one, up, -right),
        "r": (one, up, right),
        "u": (right, one, up),
        "d": (right, -one, -up),
    }[face]
    yaw = (x.atan2(-z) + 180) % 360
    pitch = (y / (x * x + z * z) ** 0.5).math("atan")
    places = (yaw / 360 * source.width - 0.5).bandjoin((90 - pitch) / 180 * source.height - 0.5)
    return source.mapim(places, interpolate=pyvips.Interpolate.new("bicubic"), extend="copy").cast("uchar")


def cut(source: pyvips.Image, scene: str, level: int, size: int) -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = {}
    for face in FACES:
        image = look(source, face, size)
        for row in range(size // 512):
            for column in range(size // 512):
                tile = image.crop(column * 512, row * 512, 512, 512)
                files[f"app-files/tiles/{scene}/{level}/{face}/{row}/{column}.jpg"] = tile.jpegsave_buffer(Q=95)
    return files


def imported(services: Services, path: Path) -> tuple[Any, dict[str, Scene]]:
    with services.db.write() as session:
        site = factories.make_site(session)
    report = archives.import_now(services, site, path)
    with services.db.read() as session:
        return report, {scene.key: scene for scene in scenes.of_site(session, site.id)}


def test_words_ways_and_views_come_in_and_pictures_by_their_names(app_services: Services, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "app-files/data.js": data_js(app_data()),
        "originals/Lobby.jpg": archives.panorama(0),
        "1-hall.jpg": archives.panorama(1),
    }
    report, found = imported(app_services, archives.zip_of(tmp_path / "m.zip", files))
    assert (report.format, report.scenes) == ("marzipano", 2)
    lobby = found["0-lobby"]
    assert lobby.title == {"en": "Lobby"}
    # pitch grows downwards there, and the field of view is the vertical one
    assert lobby.start_yaw == pytest.approx(90, abs=0.001)
    assert lobby.start_pitch == pytest.approx(-math.degrees(0.2), abs=0.001)
    assert lobby.start_fov == pytest.approx(60, abs=0.001)
    way, art = lobby.hotspots
    assert (way.kind, way.label, way.target_scene_id) == ("link", {"en": "Hall"}, found["1-hall"].id)
    assert (way.yaw, way.pitch) == (round(math.degrees(-0.5), 3), round(-math.degrees(0.25), 3))
    assert (art.label, art.body) == ({"en": "Art"}, {"en": "By **E. Ek**"})
    said = "\n".join(archives.lines(report, "left"))
    assert "“Beyond” lies at pitch -143.2°" in said
    assert "leads to a scene that was not taken" in said


def test_a_picture_is_put_together_from_the_faces_of_a_cube(app_services: Services, tmp_path: Path) -> None:
    source = pictures.scene(4 * FACE).gaussblur(2).copy_memory()
    data = app_data()
    data["scenes"] = data["scenes"][:1]
    files = {"app-files/data.js": data_js(data), **cut(source, "0-lobby", 2, FACE)}
    report, found = imported(app_services, archives.zip_of(tmp_path / "m.zip", files))
    lobby = found["0-lobby"]
    assert (lobby.panorama.width, lobby.panorama.height) == (4096, 2048)
    assert any("put together from tiles of 1024 pixels" in line for line in archives.lines(report, "changed"))
    with app_services.storage.local(lobby.panorama.original_key) as path:
        back = pyvips.Image.new_from_file(str(path)).copy_memory()
    assert pictures.psnr(back, source) > 38
    for left, top in ((0, 300), (0, 1600), (1990, 970), (3996, 1000)):  # above, below, middle, seam
        part = (left, top, 100, 100)
        assert pictures.psnr(back.crop(*part), source.crop(*part)) > 34


def test_a_smaller_level_is_taken_when_tiles_of_the_largest_are_missing(app_services: Services, tmp_path: Path) -> None:
    source = pictures.scene(2048)
    data = app_data()
    data["scenes"] = data["scenes"][:1]
    files = cut(source, "0-lobby", 1, 512) | cut(source, "0-lobby", 2, 1024)
    del files["app-files/tiles/0-lobby/2/u/1/1.jpg"]
    files["app-files/data.js"] = data_js(data)
    _report, found = imported(app_services, archives.zip_of(tmp_path / "m.zip", files))
    assert found["0-lobby"].panorama.width == 2048


def test_tiles_that_are_no_pictures_or_of_wrong_sizes_cost_their_scene_alone(
    app_services: Services, tmp_path: Path
) -> None:
    source = pictures.scene(2048)
    files = cut(source, "0-lobby", 1, 512) | cut(source, "1-hall", 1, 512)
    files["app-files/tiles/0-lobby/1/b/0/0.jpg"] = b"no picture"
    files["app-files/tiles/1-hall/1/b/0/0.jpg"] = archives.small_picture()
    files["app-files/data.js"] = data_js(app_data(face=512))
    report, found = imported(app_services, archives.zip_of(tmp_path / "m.zip", files))
    assert found == {}
    said = archives.lines(report, "left")
    assert sum("is damaged and can't be read" in line for line in said) == 2


def test_a_tour_without_pictures_says_what_to_put_in(app_services: Services, tmp_path: Path) -> None:
    report, found = imported(app_services, archives.zip_of(tmp_path / "m.zip", {"data.js": data_js(app_data())}))
    assert found == {}
    assert any("put it in as “0-lobby.jpg”" in line for line in archives.lines(report, "left"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "var APP_DATA = ",
        "var APP_DATA = {scenes: [{id: 1}]};",
        "var APP_DATA = (function () { return {scenes: []}; })();",
        'var APP_DATA = {"scenes": []};',
        'var APP_DATA = {"scenes": ' + "[" * 100_000,
        'var NO_DATA = {"scenes": [{"id": "x"}]};',
    ],
)
def test_what_is_no_json_is_not_run(content: str) -> None:
    assert marzipano.load(content.encode()) is None


def test_faces_hang_as_the_tool_hangs_them() -> None:
    """The four corners of the front face, and the poles, lie where they are looked for."""
    places = child._places(360, 90)
    stride = 90 + 2 * child._EDGE
    assert places(180, 90)[0] == pytest.approx(44.5 + child._EDGE + 0.78, abs=0.5), "the middle of the front"
    assert places(0, 90)[0] // stride == FACES.index("b")
    assert places(90, 90)[0] // stride == FACES.index("l")
    assert places(270, 90)[0] // stride == FACES.index("r")
    assert places(180, 0)[0] // stride == FACES.index("u")
    assert places(180, 179)[0] // stride == FACES.index("d")
