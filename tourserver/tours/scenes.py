"""Scenes: added, changed, ordered, taken out."""

from __future__ import annotations

import math
import re
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.db import Texts, new_id
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import wording
from tourserver.tours.models import Hotspot, Scene

MAX_SCENES = 200
MAX_REGIONS = 60

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")

CHANGEABLE = frozenset(
    {
        "title",
        "alternative",
        "start_yaw",
        "start_pitch",
        "start_fov",
        "north",
        "min_fov",
        "max_fov",
        "plan_x",
        "plan_y",
        "regions",
        "credit",
        "licence",
        "is_render",
    }
)


def of_site(session: Session, site_id: str) -> list[Scene]:
    """All scenes of a site in order."""
    query = select(Scene).where(Scene.site_id == site_id).order_by(Scene.position, Scene.id)
    return list(session.scalars(query))


def lock(session: Session, site_id: str) -> None:
    """Hold a site until the transaction ends, so that its scenes and revisions are numbered one after the other.

    On PostgreSQL by FOR UPDATE; on SQLite the writing transaction is alone anyway.
    """
    session.execute(select(Site.id).where(Site.id == site_id).with_for_update())


def must_have_room(session: Session, site_id: str) -> None:
    """Raise Invalid when a site's tour can't have one more scene."""
    count = session.scalar(select(func.count()).select_from(Scene).where(Scene.site_id == site_id)) or 0
    if count >= MAX_SCENES:
        raise Invalid(N_("A tour has at most %(count)s scenes. Take one away first."), count=MAX_SCENES)


def free_key(session: Session, site_id: str, wanted: str) -> str:
    """An ASCII key for deep links that no other scene of the site has. What is a key already stays as it is."""
    base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:40].strip("-") or "scene"
    if _KEY.fullmatch(wanted):
        base = wanted
    taken = set(session.scalars(select(Scene.key).where(Scene.site_id == site_id)))
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key


def add_scene(
    session: Session,
    site: Site,
    panorama: Panorama,
    *,
    title: Texts,
    alternative: Texts,
    key: str = "",
    actor: Actor,
    view: tuple[float, float, float] = (0.0, 0.0, 70.0),
    north: float = 0.0,
    credit: str = "",
    licence: str = "",
    is_render: bool = False,
) -> Scene:
    """Add a scene at the end of a site's tour; ``view`` is start yaw, pitch and field of view in degrees."""
    lock(session, site.id)
    must_have_room(session, site.id)
    last = session.scalar(select(func.max(Scene.position)).where(Scene.site_id == site.id))
    scene = Scene(
        site_id=site.id,
        key=free_key(session, site.id, key or title.get("en") or title.get("sv") or ""),
        position=1 + (last if last is not None else -1),
        title=title,
        alternative=alternative,
        panorama_id=panorama.id,
        start_yaw=turn(view[0]),
        start_pitch=bounded(view[1], -90, 90, "start_pitch"),
        start_fov=bounded(view[2], 30, 90, "start_fov"),
        north=turn(north),
        credit=credit,
        licence=licence,
        is_render=is_render,
    )
    session.add(scene)
    session.flush()
    audit.record(session, actor, "scene.add", "scene", scene.id, after=audit.snapshot(scene))
    return scene


def change_scene(session: Session, scene: Scene, changes: dict[str, Any], *, seen_revision: int, actor: Actor) -> None:
    """Save a scene's form; raises :class:`Conflict` when somebody saved it since ``seen_revision``."""
    session.refresh(scene, with_for_update={"key_share": True, "of": Scene})
    if scene.revision != seen_revision:
        raise stale()
    before = audit.snapshot(scene)
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise ValueError(f"a scene has no {name} to change")
        setattr(scene, name, _clean(name, value))
    if scene.min_fov > scene.max_fov:
        raise Invalid(N_("The nearest view must not be wider than the widest."), field="min_fov")
    if (scene.plan_x is None) != (scene.plan_y is None):
        raise Invalid(N_("A point on the plan needs both its distances, or neither."), field="plan_x")
    scene.revision += 1
    session.flush()
    audit.record(session, actor, "scene.change", "scene", scene.id, before=before, after=audit.snapshot(scene))


def move(session: Session, site: Site, scene: Scene, by: int, *, actor: Actor) -> None:
    """Move a scene ``by`` places; at the ends nothing happens. Positions are counted anew without gaps."""
    order = of_site(session, site.id)
    place = order.index(scene)
    order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
    for position, each in enumerate(order):
        each.position = position
    session.flush()
    audit.record(session, actor, "scene.move", "scene", scene.id, after=[each.id for each in order])


def remove_scene(session: Session, scene: Scene, *, actor: Actor) -> None:
    """Take a scene out of the tour, with the links that lead to it. Published revisions keep it."""
    before = audit.snapshot(scene)
    for link in session.scalars(select(Hotspot).where(Hotspot.target_scene_id == scene.id)):
        link.scene.hotspots.remove(link)
    session.flush()
    session.delete(scene)
    session.flush()
    audit.record(session, actor, "scene.remove", "scene", scene.id, before=before)


def stale() -> Conflict:
    """Somebody saved the scene first."""
    return Conflict(
        N_("Somebody else changed this scene after you opened it. Both versions are shown; nothing is lost.")
    )


def turn(degrees: float) -> float:
    """A yaw brought into −180 … 180; raises Invalid for what is no number."""
    if not math.isfinite(degrees):
        raise Invalid(N_("The angle must be a number of degrees."))
    turned = (float(degrees) + 180.0) % 360.0 - 180.0
    return round(turned, 3)


def _clean(name: str, value: Any) -> Any:
    if name in {"start_yaw", "north"}:
        return turn(value)
    if name == "start_pitch":
        return bounded(value, -90, 90, name)
    if name in {"start_fov", "min_fov", "max_fov"}:
        return bounded(value, 30, 90, name)
    if name in {"plan_x", "plan_y"}:
        return None if value is None else bounded(value, 0, 1, name)
    if name == "regions":
        return clean_regions(value)
    if name == "title":
        return wording.lines(value, name)
    if name == "alternative":
        return wording.all_paragraphs(value, name)
    if name in {"credit", "licence"}:
        return wording.line(value, name)
    return value


def clean_regions(regions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Regions to be blurred, degrees: checked, rounded, each with an id."""
    if len(regions) > MAX_REGIONS:
        raise Invalid(N_("A picture has at most %(count)s blurred regions."), field="regions", count=MAX_REGIONS)
    return [
        {
            "id": str(region.get("id") or new_id())[:40],
            "yaw": turn(region["yaw"]),
            "pitch": bounded(region["pitch"], -90, 90, "regions"),
            "width": bounded(region["width"], 0.2, 180, "regions"),
            "height": bounded(region["height"], 0.2, 180, "regions"),
        }
        for region in regions
    ]


def bounded(value: float, low: float, high: float, field: str) -> float:
    """A number of degrees (or a fraction) within limits, rounded; raises Invalid otherwise."""
    value = float(value)
    if not low <= value <= high:
        raise Invalid(N_("The angle must lie between %(low)s and %(high)s degrees."), field=field, low=low, high=high)
    return round(value, 3)
