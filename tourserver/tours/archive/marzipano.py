"""Tours of the Marzipano tool: ``data.js``, which gives ``APP_DATA`` a value that is JSON. It is never run.

Angles are radians. Yaw is as here; pitch grows *downwards*, whatever its documentation says: a direction is made of
y = −sin(pitch) with y up (src/views/Rectilinear.js), so that pitch here is the negative. ``fov`` is the vertical one,
as here. The tool keeps no equirectangular picture, only faces of a cube cut into tiles: see :mod:`.cubes`.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from tourserver.core.i18n import N_
from tourserver.tours.archive import cubes, values, words
from tourserver.tours.archive.parts import USUAL_FOV, PicturePart, PointPart, ScenePart, TourPart
from tourserver.tours.archive.report import Report

if TYPE_CHECKING:
    from tourserver.tours.archive.finding import Pictures

FORMAT: Final = "marzipano"
_DATA: Final = re.compile(r"\bAPP_DATA\s*=\s*(?=\{)")


def load(content: bytes) -> dict[str, Any] | None:
    """The tour in a data.js; None when there is none, also when its value was changed into what isn't JSON."""
    text = content.decode("utf-8-sig", "replace")
    if (found := _DATA.search(text)) is None:
        return None
    data = values.load_at(text, found.end())
    return data if isinstance(data, dict) and values.records(data.get("scenes")) else None


def read(data: dict[str, Any], pictures: Pictures, lang: str, report: Report) -> TourPart:
    """All scenes in order; a scene's picture is the one of its name in the ZIP, else it is made of its tiles."""
    scenes = [_scene(told, pictures, lang, report) for told in values.records(data["scenes"])]
    return TourPart(scenes=scenes)


def _scene(told: dict[str, Any], pictures: Pictures, lang: str, report: Report) -> ScenePart:
    key = values.text(told.get("id"))
    title = words.to_plain(values.text(told.get("name"))) or key
    scene = ScenePart(key, {lang: title}, _picture(key, title, told, pictures, report))
    view = told.get("initialViewParameters")
    if isinstance(view, dict):
        yaw, pitch = _direction(view) or (0.0, 0.0)
        fov = values.number(view.get("fov"))
        scene.view = (yaw, pitch, USUAL_FOV if fov is None else math.degrees(fov))
    for spot in values.records(told.get("linkHotspots")):
        if (at := _place(spot, title, report)) is not None:
            scene.points.append(PointPart("link", *at, {}, to=values.text(spot.get("target"))))
    for spot in values.records(told.get("infoHotspots")):
        if (at := _place(spot, title, report)) is not None:
            label = _texts(lang, words.to_plain(values.text(spot.get("title"))))
            body = _texts(lang, words.to_markdown(values.text(spot.get("text"))))
            scene.points.append(PointPart("info", *at, label, body))
    return scene


def _picture(key: str, title: str, told: dict[str, Any], pictures: Pictures, report: Report) -> PicturePart | None:
    path = pictures.named(key, values.text(told.get("name")))
    if path is not None:
        return PicturePart(path, path.rsplit("/", 1)[-1])
    cube = cubes.find(key, told, pictures)
    if cube is None:
        report.left(
            N_("Its picture is not in the ZIP. Upload the equirectangular original, or put it in as “%(name)s.jpg”."),
            title,
            name=key,
        )
        return None
    report.changed(
        N_("Its picture was put together from tiles of %(size)s pixels a side. The original is sharper; keep it."),
        title,
        size=cube.size,
    )
    return PicturePart("", f"{key}.jpg", cube)


def _place(spot: dict[str, Any], title: str, report: Report) -> tuple[float, float] | None:
    at = _direction(spot)
    if at is None:
        report.left(N_("Point “%(point)s” has no direction."), title, point=values.text(spot.get("title"))[:80] or "–")
    return at


def _texts(lang: str, text: str) -> dict[str, str]:
    return {lang: text} if text else {}


def _direction(told: dict[str, Any]) -> tuple[float, float] | None:
    """Yaw and pitch, degrees, pitch upwards."""
    yaw, pitch = values.number(told.get("yaw")), values.number(told.get("pitch"))
    return None if yaw is None or pitch is None else (math.degrees(yaw), -math.degrees(pitch))
