"""What differs between two frozen tours, in words that a reviewer reads: scene by scene, language by language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core.db import Texts
from tourserver.core.i18n import N_
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.regions import Region, as_json, canonical
from tourserver.sites.models import Site
from tourserver.tours import freezing
from tourserver.tours.models import Scene

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Detail:
    """One difference. ``message`` is a gettext id with ``params``; before and after are texts as people typed them."""

    message: str
    before: str = ""
    after: str = ""
    # the language of a text, a gettext name; "" when it has none
    lang: str = ""
    # the point that it is about
    point: Texts | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A scene that was added, removed or changed, or (``tour``) what belongs to no scene."""

    kind: str
    title: Texts = field(default_factory=dict)
    details: list[Detail] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Picture:
    """Which picture a scene shows, and the regions blurred in it."""

    source: str
    regions: tuple[Region, ...] = ()


SCENE_TEXTS: Final = {"title": N_("Title"), "alternative": N_("Text alternative")}
SCENE_LINES: Final = {"credit": N_("Photographer or source"), "licence": N_("Licence")}
SCENE_FACTS: Final = {
    "view": N_("Start view"),
    "north": N_("North"),
    "limits": N_("Nearest and widest view"),
    "plan": N_("Place on the plan"),
}
POINT_TEXTS: Final = {"label": N_("Name"), "body": N_("Text")}
POINT_FACTS: Final = {
    "kind": N_("Another kind of point"),
    "to": N_("Leads to another scene"),
    "arrival": N_("View on arriving"),
    "view": N_("View on arriving"),
    "asset": N_("Another file"),
    "captions": N_("Other captions"),
}
OLD: Final = {"limits": {"min": 30, "max": 90}, "arrival": "start"}
"""What revisions of the first release don't say."""


def between(session: Session, before: Content | None, after: Content) -> list[Change]:
    """All differences, in the order of the newer tour, removed scenes at the end."""
    old = {scene["id"]: scene for scene in (before or {"scenes": []})["scenes"]}
    new = {scene["id"]: scene for scene in after["scenes"]}
    pictures = _pictures(session, [*old.values(), *new.values()])
    found = [*_of_tour(before, after)] if before else []
    for scene_id, scene in new.items():
        if scene_id not in old:
            found.append(Change("added", scene["title"], [*_counts(scene)]))
        elif details := [*_of_scene(old[scene_id], scene, pictures)]:
            found.append(Change("changed", scene["title"], details))
    found += [Change("removed", scene["title"]) for scene_id, scene in old.items() if scene_id not in new]
    return found


def pictures_of(session: Session, content: Content) -> dict[str, Picture]:
    """What the scenes of a frozen tour show, by scene."""
    found = _pictures(session, content["scenes"])
    return {scene["id"]: found[scene["panorama"]] for scene in content["scenes"] if scene["panorama"] in found}


def draft_content(session: Session, site: Site, scenes: list[Scene]) -> Content:
    """The draft, frozen for comparing alone: scenes with blur regions name them instead of a baked picture."""
    content, by_id = freezing.freeze(session, site, scenes), {scene.id: scene for scene in scenes}
    for entry in content["scenes"]:
        if regions := by_id[entry["id"]].regions:
            entry["regions"] = regions
    return content


def _pictures(session: Session, scenes: list[dict[str, Any]]) -> dict[str, Picture]:
    query = select(Panorama).where(Panorama.id.in_({scene["panorama"] for scene in scenes}))
    return {row.id: Picture(row.source_id or row.id, canonical(row.regions)) for row in session.scalars(query)}


def _picture(scene: dict[str, Any], pictures: dict[str, Picture]) -> Picture:
    """What a scene shows; in a draft its regions come on top of what its picture has baked in already."""
    found = pictures.get(scene["panorama"], Picture(scene["panorama"]))
    own = scene.get("regions", [])
    return Picture(found.source, canonical([*as_json(found.regions), *own])) if own else found


def _of_tour(before: Content, after: Content) -> Iterator[Change]:
    details = []
    both = {scene["id"] for scene in before["scenes"]} & {scene["id"] for scene in after["scenes"]}
    orders = [[scene["id"] for scene in each["scenes"] if scene["id"] in both] for each in (before, after)]
    if orders[0] != orders[1]:
        details.append(Detail(N_("The scenes stand in another order.")))
    if before["start"] != after["start"]:
        details.append(Detail(N_("The tour starts at another scene.")))
    if _plan(before) != _plan(after):
        details.append(Detail(N_("The plan changed.")))
    if details:
        yield Change("tour", {}, details)


def _plan(content: Content) -> tuple[Any, float]:
    plan = content.get("plan") or {}
    return plan.get("asset"), float(plan.get("north") or 0.0)


def _counts(scene: dict[str, Any]) -> Iterator[Detail]:
    for name, message in SCENE_TEXTS.items():
        for lang, text in scene[name].items():
            yield Detail(message, "", text, lang)


def _of_scene(old: dict[str, Any], new: dict[str, Any], pictures: dict[str, Picture]) -> Iterator[Detail]:
    before, after = _picture(old, pictures), _picture(new, pictures)
    if before.source != after.source:
        yield Detail(N_("Another picture"))
    elif before.regions != after.regions:
        yield Detail(N_("Blurred regions"), str(len(before.regions)), str(len(after.regions)))
    yield from _texts(SCENE_TEXTS, old, new)
    for name, message in SCENE_LINES.items():
        if name in old and old[name] != new.get(name):
            yield Detail(message, old[name], new.get(name, ""))
    if "render" in old and old["render"] != new.get("render"):
        yield Detail(N_("Labelled as a render") if new.get("render") else N_("No longer labelled as a render"))
    yield from _facts(SCENE_FACTS, old, new)
    yield from _points(old, new)


def _points(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Detail]:
    before = {point["id"]: point for point in old["hotspots"]}
    after = {point["id"]: point for point in new["hotspots"]}
    for point_id, point in after.items():
        if point_id not in before:
            yield Detail(N_("New point"), point=point["label"])
            continue
        was = before[point_id]
        for detail in [*_texts(POINT_TEXTS, was, point), *_facts(POINT_FACTS, was, point)]:
            yield Detail(detail.message, detail.before, detail.after, detail.lang, point["label"])
        if (was["yaw"], was["pitch"]) != (point["yaw"], point["pitch"]):
            yield Detail(N_("Moved"), _angles(was), _angles(point), point=point["label"])
        if was.get("url") != point.get("url"):
            yield Detail(N_("Address"), was.get("url") or "", point.get("url") or "", point=point["label"])
    for point_id, point in before.items():
        if point_id not in after:
            yield Detail(N_("Point removed"), point=point["label"])


def _texts(names: dict[str, str], old: dict[str, Any], new: dict[str, Any]) -> Iterator[Detail]:
    for name, message in names.items():
        was, now = old[name] or {}, new[name] or {}
        for lang in dict.fromkeys((*was, *now)):
            if (was.get(lang) or "") != (now.get(lang) or ""):
                yield Detail(message, was.get(lang) or "", now.get(lang) or "", lang)


def _facts(names: dict[str, str], old: dict[str, Any], new: dict[str, Any]) -> Iterator[Detail]:
    told: set[str] = set()
    for name, message in names.items():
        was, now = old.get(name, OLD.get(name)), new.get(name, OLD.get(name))
        if was != now and message not in told:
            told.add(message)
            yield Detail(message, _shown(was), _shown(now))


def _shown(value: Any) -> str:
    """Numbers as they are; ids and names of kinds say nothing to a reader."""
    if isinstance(value, dict) and "yaw" in value:
        return f"{_angles(value)}, {value['fov']:g}°"
    if isinstance(value, dict) and "min" in value:
        return f"{value['min']:g}°–{value['max']:g}°"
    if isinstance(value, dict):
        return " ".join(f"{100 * part:.0f} %" for part in value.values())
    return f"{value:g}°" if isinstance(value, (int, float)) else ""


def _angles(where: dict[str, float]) -> str:
    return f"{where['yaw']:g}° {where['pitch']:g}°"
