"""Our own format: ``manifest.json`` beside folders of pictures and files. docs/tour-archive.md describes it.

The same tour gives the same bytes: nothing in it is an id, a moment or a site's name, files are named by their
content, keys are sorted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from tourserver.core.i18n import N_
from tourserver.core.strict import Strict
from tourserver.tours.archive import refusals
from tourserver.tours.archive.parts import FilePart, PicturePart, PointPart, ScenePart, TourPart
from tourserver.tours.archive.report import Report
from tourserver.tours.shapes import Limits, Number, Spot, View, Words

if TYPE_CHECKING:
    from tourserver.tours.archive.finding import Pictures

FORMAT: Final = "tourserver-tour"
VERSION: Final = 1
NAME: Final = "manifest.json"

Texts = dict[Annotated[str, Field(pattern=r"^(en|sv|zh_Hans)$")], Words]


class Region(Strict):
    """What is to be blurred, degrees."""

    yaw: Number
    pitch: Number
    width: Number
    height: Number


class File(Strict):
    """A file of the ZIP with its name and media type as it was uploaded."""

    file: Words
    name: Words = ""
    type: Words = ""


class Picture(Strict):
    """A scene's picture."""

    file: Words
    name: Words = ""


class Plan(Strict):
    """The drawing of the place."""

    drawing: File | None = None
    north: Number = 0.0


class Hotspot(Strict):
    """A point; ``to`` is a scene's key."""

    kind: Literal["link", "info", "picture", "video", "document", "outside"]
    yaw: Number
    pitch: Number
    label: Texts
    body: Texts = Field(default_factory=dict)
    to: Words | None = None
    arrival: Literal["start", "heading", "view"] = "start"
    view: View | None = None
    asset: File | None = None
    captions: File | None = None
    url: Words | None = None


class Scene(Strict):
    """A scene, ``picture`` by its file."""

    key: Words
    title: Texts
    alternative: Texts = Field(default_factory=dict)
    picture: Picture
    view: View
    north: Number = 0.0
    limits: Limits
    plan: Spot | None = None
    regions: list[Region] = Field(default_factory=list)
    credit: Words = ""
    licence: Words = ""
    render: bool = False
    withdrawn: bool = False
    hotspots: list[Hotspot] = Field(default_factory=list)


class Manifest(Strict):
    """The whole. ``pictures`` says which ones lie in the ZIP: originals as uploaded, or as visitors see them."""

    format: Literal["tourserver-tour"]
    version: Literal[1]
    pictures: Literal["original", "published"]
    plan: Plan | None = None
    scenes: list[Scene]


def write(manifest: Manifest) -> bytes:
    """The file's bytes."""
    data = manifest.model_dump(mode="json")
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def count(data: Any) -> int | None:
    """How many scenes a JSON has if it is a manifest, of whatever version, else None."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return None
    scenes = data.get("scenes")
    return len(scenes) if isinstance(scenes, list) else 0


def read(data: dict[str, Any], pictures: Pictures, report: Report) -> TourPart:
    """The tour of a manifest. Raises Invalid for a newer version and for what was changed into something else."""
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise refusals.newer_format(version)
    try:
        told = Manifest.model_validate(data)
    except ValidationError as error:
        place = error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"]
        raise refusals.unreadable_manifest(".".join(str(part) for part in place) or NAME) from None
    tour = TourPart(scenes=[_scene(scene, pictures, report) for scene in told.scenes])
    if told.plan is not None:
        tour.plan_north = told.plan.north
        tour.plan = _file(told.plan.drawing, "plan", pictures, report, "")
    return tour


def _scene(told: Scene, pictures: Pictures, report: Report) -> ScenePart:
    path = pictures.exact(told.picture.file)
    scene = ScenePart(
        key=told.key,
        title=dict(told.title),
        picture=PicturePart(path, told.picture.name) if path else None,
        alternative=dict(told.alternative),
        view=(told.view.yaw, told.view.pitch, told.view.fov),
        north=told.north,
        limits=(told.limits.min, told.limits.max),
        plan=(told.plan.x, told.plan.y) if told.plan else None,
        regions=[region.model_dump() for region in told.regions],
        credit=told.credit,
        licence=told.licence,
        is_render=told.render,
        withdrawn=told.withdrawn,
    )
    if path is None:
        report.left(N_("Its picture “%(name)s” is not in the ZIP."), scene.name, name=told.picture.file)
    scene.points = [_point(point, pictures, report, scene.name) for point in told.hotspots]
    return scene


def _point(told: Hotspot, pictures: Pictures, report: Report, where: str) -> PointPart:
    return PointPart(
        kind=told.kind,
        yaw=told.yaw,
        pitch=told.pitch,
        label=dict(told.label),
        body=dict(told.body),
        to=told.to,
        arrival=told.arrival,
        view=(told.view.yaw, told.view.pitch, told.view.fov) if told.view else None,
        asset=_file(told.asset, told.kind, pictures, report, where),
        captions=_file(told.captions, "captions", pictures, report, where),
        url=told.url,
    )


def _file(told: File | None, kind: str, pictures: Pictures, report: Report, where: str) -> FilePart | None:
    if told is None:
        return None
    path = pictures.exact(told.file)
    if path is None:
        report.left(N_("The file “%(name)s” is not in the ZIP."), where, name=told.name or told.file)
        return None
    return FilePart(path, kind, told.name, told.type)
