"""Tours of Pannellum (https://pannellum.org/documentation/reference/), by its documented JSON.

Directions are the same as here: yaw 0 is the middle of an equirectangular picture and grows to the right, pitch grows
upwards, both in degrees. Two things differ.

**North.** Pannellum's ``northOffset`` is “the offset, in degrees, of the center of the panorama from North”: the
compass direction of the picture's middle. Someone who looks at yaw *y* therefore looks to *y* + northOffset (its
compass is turned by −yaw − northOffset, and ``sameAzimuth`` keeps yaw + northOffset). Here a scene has ``north``, the
yaw at which north lies: *north* + northOffset = 0, hence **north = −northOffset**.

**Field of view.** Pannellum's ``hfov`` is the horizontal one of whatever shape its frame has; here it is the vertical
one, 30°–90°. A site page shows tours at 16:9, so that a picture as wide there is tan(v/2) = tan(h/2) · 9/16 high:
Pannellum's usual 100° are 67.7°. What is outside of the limits is brought inside and reported.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tourserver.core.i18n import N_
from tourserver.tours.archive import values, words
from tourserver.tours.archive.parts import LEAST_FOV, MOST_FOV, USUAL_FOV, PicturePart, PointPart, ScenePart, TourPart
from tourserver.tours.archive.report import Report

if TYPE_CHECKING:
    from tourserver.tours.archive.finding import Pictures

FORMAT: Final = "pannellum"
_ASPECT: Final = 16 / 9
_MOST_UNLIKE: Final = frozenset(
    {
        "autoRotate",
        "minYaw",
        "maxYaw",
        "minPitch",
        "maxPitch",
        "horizonPitch",
        "horizonRoll",
        "preview",
        "strings",
        "fallback",
    }
)
"""Settings that change what one sees and have no counterpart here; settings of controls and loading aren't told."""

_POINT_CODE: Final = frozenset(
    {"cssClass", "createTooltipFunc", "clickHandlerFunc", "dragHandlerFunc", "attributes", "image", "video"}
)


def count(data: Any) -> int | None:
    """How many scenes a JSON has if it looks like a tour or a single panorama of Pannellum, else None."""
    if not isinstance(data, dict):
        return None
    scenes = data.get("scenes")
    if isinstance(scenes, dict):
        found = sum(isinstance(scene, dict) and _is_panorama(scene) for scene in scenes.values())
        return found or None
    return 1 if _is_panorama(data) else None


def _is_panorama(scene: dict[str, Any]) -> bool:
    kinds = ("equirectangular", "cubemap", "multires")
    return any(name in scene for name in ("panorama", "cubeMap", "multiRes")) or scene.get("type") in kinds


def read(data: dict[str, Any], pictures: Pictures, lang: str, report: Report) -> TourPart:
    """All scenes, the one that Pannellum starts with first; what there is no counterpart for is reported."""
    usual = data.get("default") if isinstance(data.get("default"), dict) else {}
    assert isinstance(usual, dict)
    told = data["scenes"] if isinstance(data.get("scenes"), dict) else {"scene": data}
    merged = {values.text(key): {**usual, **scene} for key, scene in told.items() if isinstance(scene, dict)}
    first = values.text(usual.get("firstScene"))
    order = sorted(merged, key=lambda key: key != first)
    reader = _Reader(pictures, lang, report, merged)
    scenes = [reader.scene(key, merged[key]) for key in order]
    reader.tell_rest()
    return TourPart(scenes=scenes)


def vertical(hfov: float) -> float:
    """The vertical field of view, degrees, of a 16:9 picture that shows ``hfov`` degrees across."""
    half = math.radians(min(max(hfov, 1.0), 179.0)) / 2
    return math.degrees(2 * math.atan(math.tan(half) / _ASPECT))


def _north(scene: dict[str, Any]) -> float:
    """The yaw at which north lies: see the head of this module."""
    offset = values.number(scene.get("northOffset"))
    return -offset if offset else 0.0


def _start(scene: dict[str, Any]) -> tuple[float, float, float]:
    """Where one looks at first: yaw, pitch, vertical field of view."""
    yaw, pitch = values.number(scene.get("yaw")), values.number(scene.get("pitch"))
    return yaw or 0.0, pitch or 0.0, _fov(scene.get("hfov"), USUAL_FOV)


def _fov(hfov: Any, usual: float) -> float:
    across = values.number(hfov)
    return usual if across is None else vertical(across)


class _Reader:
    def __init__(self, pictures: Pictures, lang: str, report: Report, scenes: dict[str, dict[str, Any]]) -> None:
        self.pictures = pictures
        self.lang = lang
        self.report = report
        self.norths = {key: _north(scene) for key, scene in scenes.items()}
        self.starts = {key: _start(scene) for key, scene in scenes.items()}
        self.unlike: set[str] = set()

    def scene(self, key: str, told: dict[str, Any]) -> ScenePart:
        title = words.to_plain(values.text(told.get("title"))) or key
        scene = ScenePart(key, {self.lang: title}, self._picture(title, told), credit=_credit(told))
        scene.view = self.starts[key]
        scene.north = self.norths[key]
        scene.limits = (_fov(told.get("minHfov"), LEAST_FOV), _fov(told.get("maxHfov"), MOST_FOV))
        self.unlike |= {name for name in _MOST_UNLIKE & set(told) if told[name] not in (None, 0, "", False)}
        for spot in values.records(told.get("hotSpots")):
            if (point := self._point(key, title, spot)) is not None:
                scene.points.append(point)
        return scene

    def tell_rest(self) -> None:
        """One line for all settings without a counterpart."""
        if self.unlike:
            names = ", ".join(sorted(self.unlike))
            self.report.left(N_("Settings that have no counterpart here: %(names)s."), names=names)

    def _picture(self, title: str, told: dict[str, Any]) -> PicturePart | None:
        kind = values.text(told.get("type")) or "equirectangular"
        name = values.text(told.get("panorama"))
        if kind != "equirectangular" or not name:
            self.report.left(
                N_("Its picture is of the kind %(kind)s. Upload the equirectangular original as a new scene."),
                title,
                kind=kind if kind != "equirectangular" else "–",
            )
            return None
        if told.get("dynamic") is True:
            self.report.left(N_("It is a film all around, which is not shown here."), title)
            return None
        if any(values.number(told.get(name, whole)) != whole for name, whole in (("haov", 360), ("vaov", 180))):
            self.report.left(N_("Its picture shows only a part of the sphere."), title)
            return None
        path = self.pictures.find(name, values.text(told.get("basePath")))
        if path is None:
            self.report.left(N_("Its picture “%(name)s” is not in the ZIP."), title, name=name)
            return None
        return PicturePart(path, path.rsplit("/", 1)[-1])

    def _point(self, key: str, title: str, spot: dict[str, Any]) -> PointPart | None:
        yaw, pitch = values.number(spot.get("yaw")), values.number(spot.get("pitch"))
        text = values.text(spot.get("text"))
        if yaw is None or pitch is None:
            self.report.left(N_("Point “%(point)s” has no direction."), title, point=words.to_plain(text)[:80] or "–")
            return None
        self.unlike |= _POINT_CODE & set(spot)
        target, address = values.text(spot.get("sceneId")), values.text(spot.get("URL")).strip()
        if target:
            point = PointPart("link", yaw, pitch, self._texts(words.to_plain(text)), to=target)
            self._arrive(point, key, title, spot)
            return point
        body = words.to_markdown(text)
        if address:
            whole = "https:" + address if address.startswith("//") else address
            label = words.to_plain(text) or _host(whole)
            return PointPart("outside", yaw, pitch, self._texts(label), self._texts(_longer(body, label)), url=whole)
        return PointPart("info", yaw, pitch, self._texts(words.shorten(words.to_plain(text), 80)), self._texts(body))

    def _arrive(self, point: PointPart, key: str, title: str, spot: dict[str, Any]) -> None:
        """Where one looks on arriving: a view of its own, or the compass direction that one walked in."""
        yaw, there = spot.get("targetYaw"), self.norths.get(point.to or "", 0.0)
        if yaw == "sameAzimuth" or (yaw == "same" and self.norths[key] == there):
            point.arrival = "heading"
        elif yaw == "same":
            self.report.changed(
                N_("The way “%(point)s” kept the yaw; it now leads to the start view of its scene."),
                title,
                point=words.shorten(next(iter(point.label.values()), point.to or ""), 80),
            )
        elif any(values.number(spot.get(name)) is not None for name in ("targetYaw", "targetPitch", "targetHfov")):
            start = self.starts.get(point.to or "", (0.0, 0.0, USUAL_FOV))
            to_yaw, to_pitch = values.number(yaw), values.number(spot.get("targetPitch"))
            point.view = (
                start[0] if to_yaw is None else to_yaw,
                start[1] if to_pitch is None else to_pitch,
                _fov(spot.get("targetHfov"), start[2]),
            )
            point.arrival = "view"

    def _texts(self, text: str) -> dict[str, str]:
        return {self.lang: text} if text else {}


def _longer(body: str, label: str) -> str:
    """What a text says beyond the name of its point."""
    return body if body != label else ""


def _credit(told: dict[str, Any]) -> str:
    author, address = words.to_plain(values.text(told.get("author"))), values.text(told.get("authorURL")).strip()
    return f"{author} ({address})" if author and address.startswith(("https://", "http://")) else author


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address
