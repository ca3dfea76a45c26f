"""Make what a ZIP says fit what a tour can have, and say what had to change. Every format goes through here."""

from __future__ import annotations

import math
from typing import Final

from tourserver.core.db import Texts
from tourserver.core.errors import Invalid
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.tours import hotspots, scenes
from tourserver.tours.archive import words
from tourserver.tours.archive.parts import LEAST_FOV, MOST_FOV, USUAL_FOV, PointPart, ScenePart, TourPart
from tourserver.tours.archive.report import Report

MOST_POINTS: Final = 5_000
_LEAST_REGION, _MOST_REGION = 0.2, 180.0
_NAME_FROM_TEXT: Final = 80
"""Characters of a text that become its point's name."""


def fit(tour: TourPart, report: Report, *, room: int) -> None:
    """Change the parts in place; ``room`` is how many scenes the site's tour can still have."""
    for scene in tour.scenes[room:]:
        report.left(N_("A tour has at most %(count)s scenes."), scene.name, count=scenes.MAX_SCENES)
    del tour.scenes[room:]
    for scene in tour.scenes:
        _fit_scene(scene, report)
    tour.scenes = [scene for scene in tour.scenes if _is_private(scene, report)]
    known = {scene.key: scene for scene in tour.scenes}
    for scene in tour.scenes:
        fitted = [point for point in scene.points if _fit_point(point, scene, known, report)]
        if len(fitted) > hotspots.MAX_HOTSPOTS:
            report.left(
                N_("A scene has at most %(count)s points; %(left)s more were left out."),
                scene.name,
                count=hotspots.MAX_HOTSPOTS,
                left=len(fitted) - hotspots.MAX_HOTSPOTS,
            )
        scene.points = fitted[: hotspots.MAX_HOTSPOTS]
    _bound_points(tour, report)


def _bound_points(tour: TourPart, report: Report) -> None:
    """All points are made in one transaction, which must not keep the room's database waiting for long."""
    room, left = MOST_POINTS, 0
    for scene in tour.scenes:
        left += max(0, len(scene.points) - room)
        scene.points = scene.points[:room]
        room -= len(scene.points)
    if left:
        report.left(
            N_("An import takes at most %(count)s points; %(left)s more were left out."), count=MOST_POINTS, left=left
        )


def drop_ways(tour: TourPart, report: Report) -> None:
    """Leave out ways to scenes whose pictures turned out to be unusable."""
    known = {scene.key for scene in tour.scenes}
    for scene in tour.scenes:
        for point in scene.points:
            if point.kind == "link" and point.to not in known:
                report.left(
                    N_("The way “%(point)s” leads to a scene that was not taken."), scene.name, point=_point_name(point)
                )
        scene.points = [point for point in scene.points if point.kind != "link" or point.to in known]


def _is_private(scene: ScenePart, report: Report) -> bool:
    """Without all its blurred regions a picture isn't taken: faces would be shown."""
    if len(scene.regions) <= scenes.MAX_REGIONS:
        return True
    report.left(N_("A picture has at most %(count)s blurred regions."), scene.name, count=scenes.MAX_REGIONS)
    return False


def _fit_scene(scene: ScenePart, report: Report) -> None:
    scene.title = _lines(scene.title, report, scene.name) or {"en": scene.key[:40]}
    scene.alternative = _paragraphs(scene.alternative, report, scene.name)
    scene.credit = _line(scene.credit, report, scene.name)
    scene.licence = _line(scene.licence, report, scene.name)
    yaw, pitch, fov = scene.view
    scene.view = (turn(yaw), clamp(pitch, -90, 90), clamp(fov, LEAST_FOV, MOST_FOV))
    if scene.view[1:] != (pitch, fov):
        report.changed(
            N_("The start view was brought within what can be shown: pitch %(pitch)s°, field of view %(fov)s°."),
            scene.name,
            pitch=round(scene.view[1], 1),
            fov=round(scene.view[2], 1),
        )
    scene.north = turn(scene.north)
    nearest, widest = (clamp(value, LEAST_FOV, MOST_FOV) for value in scene.limits)
    if nearest > widest:
        nearest, widest = LEAST_FOV, MOST_FOV
    if (nearest, widest) != scene.limits:
        report.changed(
            N_("One may look between %(nearest)s° and %(widest)s° high."),
            scene.name,
            nearest=round(nearest, 1),
            widest=round(widest, 1),
        )
    scene.limits = (nearest, widest)
    if scene.plan is not None:
        scene.plan = (clamp(scene.plan[0], 0, 1), clamp(scene.plan[1], 0, 1))
    scene.regions = [_region(region) for region in scene.regions]


def _region(region: dict[str, float]) -> dict[str, float]:
    return {
        "yaw": turn(region["yaw"]),
        "pitch": clamp(region["pitch"], -90, 90),
        "width": clamp(region["width"], _LEAST_REGION, _MOST_REGION),
        "height": clamp(region["height"], _LEAST_REGION, _MOST_REGION),
    }


def _fit_point(point: PointPart, scene: ScenePart, known: dict[str, ScenePart], report: Report) -> bool:
    """Whether a point can be taken, after making it fit."""
    name = _point_name(point)
    if not -90 <= point.pitch <= 90:
        report.left(
            N_("Point “%(point)s” lies at pitch %(pitch)s°, outside of −90° to 90°."),
            scene.name,
            point=name,
            pitch=round(point.pitch, 1),
        )
        return False
    point.yaw = turn(point.yaw)
    point.body = _paragraphs(point.body, report, scene.name)
    if point.kind == "link" and not _fit_link(point, scene, known, report):
        return False
    if point.kind == "outside":
        _fit_address(point, scene, report)
    if not any(point.label.values()):
        point.label = {lang: words.shorten(words.to_plain(text), _NAME_FROM_TEXT) for lang, text in point.body.items()}
    point.label = _lines(point.label, report, scene.name)
    if point.kind == "info" and not point.body:
        point.body = dict(point.label)
    if not any(point.label.values()):
        report.left(N_("A point at yaw %(yaw)s° has no words."), scene.name, yaw=round(point.yaw, 1))
        return False
    return True


def _fit_link(point: PointPart, scene: ScenePart, known: dict[str, ScenePart], report: Report) -> bool:
    target = known.get(point.to or "")
    if target is None:
        report.left(
            N_("The way “%(point)s” leads to a scene that was not taken."), scene.name, point=_point_name(point)
        )
        return False
    if target is scene:
        report.left(N_("The way “%(point)s” leads to its own scene."), scene.name, point=_point_name(point))
        return False
    if not any(point.label.values()):
        point.label = dict(target.title)
    if point.view is not None:
        yaw, pitch, fov = point.view
        point.view = (turn(yaw), clamp(pitch, -90, 90), clamp(fov, LEAST_FOV, MOST_FOV))
    if point.arrival == "view" and point.view is None:
        point.arrival = "start"
    return True


def _fit_address(point: PointPart, scene: ScenePart, report: Report) -> None:
    """An address that isn't followed is left out; the words of its point stay."""
    try:
        point.url = hotspots.safe_url(point.url or "")
    except Invalid:
        report.left(
            N_("Point “%(point)s” leads to an address that isn't followed: %(address)s. Its words were taken."),
            scene.name,
            point=_point_name(point),
            address=words.shorten(point.url or "–", 80),
        )
        point.kind, point.url = "info", None


def _point_name(point: PointPart) -> str:
    for texts in (point.label, point.body):
        for text in texts.values():
            if text:
                return words.shorten(words.to_plain(text), _NAME_FROM_TEXT)
    return point.to or "–"


def _lines(texts: Texts, report: Report, where: str) -> Texts:
    return {lang: text for lang in LANGUAGES if (text := _line(texts.get(lang, ""), report, where))}


def _line(text: str, report: Report, where: str) -> str:
    fitted, shortened = words.line(text)
    if shortened:
        report.changed(N_("Shortened to “%(short)s”. It was: %(text)s"), where, short=fitted, text=text)
    return fitted


def _paragraphs(texts: Texts, report: Report, where: str) -> Texts:
    found = {}
    for lang in LANGUAGES:
        text, shortened = words.paragraphs(texts.get(lang, ""))
        if text:
            found[lang] = text
        if shortened:
            report.changed(N_("A text of more than %(most)s characters was shortened."), where, most=len(text))
    return found


def turn(degrees: float) -> float:
    """A yaw within −180 … 180."""
    return scenes.turn(degrees) if math.isfinite(degrees) else 0.0


def clamp(value: float, low: float, high: float) -> float:
    """The nearest number within limits; for what is no number the usual one."""
    if not math.isfinite(value):
        return clamp(USUAL_FOV, low, high) if low > 0 else 0.0
    return min(max(float(value), low), high)
