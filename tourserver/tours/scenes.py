"""Scenes and hotspots: added, changed, ordered; and the check of what a tour needs before it is published."""

from __future__ import annotations

import math
import re
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours.models import Hotspot, Scene

KINDS = ("link", "info")
MAX_SCENES = 200
MAX_HOTSPOTS = 100


def of_site(session: Session, site_id: str) -> list[Scene]:
    """All scenes of a site in order."""
    query = select(Scene).where(Scene.site_id == site_id).order_by(Scene.position, Scene.id)
    return list(session.scalars(query))


def lock(session: Session, site_id: str) -> None:
    """Hold a site until the transaction ends, so that its scenes and revisions are numbered one after the other.

    On PostgreSQL by FOR UPDATE; on SQLite the writing transaction is alone anyway.
    """
    session.execute(select(Site.id).where(Site.id == site_id).with_for_update())


def free_key(session: Session, site_id: str, wanted: str) -> str:
    """An ASCII key for deep links that no other scene of the site has."""
    base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:40] or "scene"
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
) -> Scene:
    """Add a scene at the end of a site's tour; ``view`` is start yaw, pitch and field of view in degrees."""
    lock(session, site.id)
    count = session.scalar(select(func.count()).select_from(Scene).where(Scene.site_id == site.id)) or 0
    if count >= MAX_SCENES:
        raise Invalid(N_("A tour has at most %(count)s scenes. Take one away first."), count=MAX_SCENES)
    last = session.scalar(select(func.max(Scene.position)).where(Scene.site_id == site.id))
    scene = Scene(
        site_id=site.id,
        key=free_key(session, site.id, key or title.get("en") or title.get("sv") or ""),
        position=1 + (last if last is not None else -1),
        title=title,
        alternative=alternative,
        panorama_id=panorama.id,
        start_yaw=turn(view[0]),
        start_pitch=_bounded(view[1], -90, 90, "start_pitch"),
        start_fov=_bounded(view[2], 30, 90, "start_fov"),
        north=turn(north),
    )
    session.add(scene)
    session.flush()
    audit.record(session, actor, "scene.add", "scene", scene.id, after=audit.snapshot(scene))
    return scene


def change_scene(session: Session, scene: Scene, changes: dict[str, Any], *, seen_revision: int, actor: Actor) -> None:
    """Save a scene's form; raises :class:`Conflict` when somebody saved it since ``seen_revision``."""
    session.refresh(scene, with_for_update={"key_share": True, "of": Scene})
    if scene.revision != seen_revision:
        raise Conflict(
            N_("Somebody else changed this scene after you opened it. Both versions are shown; nothing is lost.")
        )
    before = audit.snapshot(scene)
    for name, value in changes.items():
        if name not in {"title", "alternative", "start_yaw", "start_pitch", "start_fov", "north", "position"}:
            raise ValueError(f"a scene has no {name} to change")
        if name in {"start_yaw", "north"}:
            value = turn(value)
        elif name == "start_pitch":
            value = _bounded(value, -90, 90, name)
        elif name == "start_fov":
            value = _bounded(value, 30, 90, name)
        setattr(scene, name, value)
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
        session.delete(link)
    session.flush()
    session.delete(scene)
    session.flush()
    audit.record(session, actor, "scene.remove", "scene", scene.id, before=before)


def add_hotspot(
    session: Session,
    scene: Scene,
    *,
    kind: str,
    yaw: float,
    pitch: float,
    label: Texts,
    body: Texts | None = None,
    target: Scene | None = None,
    actor: Actor,
) -> Hotspot:
    """Add a point: ``link`` with a target scene of the same site, or ``info`` with a text."""
    if len(scene.hotspots) >= MAX_HOTSPOTS:
        raise Invalid(N_("A scene has at most %(count)s points. Take one away first."), count=MAX_HOTSPOTS)
    if kind not in KINDS:
        raise Invalid(N_("Choose what kind of point it is."), field="kind")
    check_target(scene, kind, target)
    if not any(label.values()):
        raise Invalid(N_("Give the point a name: it is read aloud and shown on its button."), field="label")
    hotspot = Hotspot(
        scene_id=scene.id,
        position=1 + max((each.position for each in scene.hotspots), default=-1),
        kind=kind,
        yaw=turn(yaw),
        pitch=_bounded(pitch, -90, 90, "pitch"),
        label=label,
        body=body or {},
        target_scene_id=target.id if target and kind == "link" else None,
    )
    scene.hotspots.append(hotspot)
    session.flush()
    audit.record(session, actor, "hotspot.add", "hotspot", hotspot.id, after=audit.snapshot(hotspot))
    return hotspot


def check_target(scene: Scene, kind: str, target: Scene | None) -> None:
    """A link needs a target scene, of the same site."""
    if kind == "link" and target is None:
        raise Invalid(N_("Choose the scene that this point leads to."), field="target")
    if target is not None and target.site_id != scene.site_id:
        raise Invalid(N_("A point leads to a scene of the same site."), field="target")


def change_hotspot(session: Session, hotspot: Hotspot, changes: dict[str, Any], *, actor: Actor) -> None:
    """Save a point's form: angles, label, text, target."""
    before = audit.snapshot(hotspot)
    for name, value in changes.items():
        if name not in {"yaw", "pitch", "label", "body", "target_scene_id"}:
            raise ValueError(f"a point has no {name} to change")
        if name == "yaw":
            value = turn(value)
        elif name == "pitch":
            value = _bounded(value, -90, 90, name)
        setattr(hotspot, name, value)
    session.flush()
    audit.record(session, actor, "hotspot.change", "hotspot", hotspot.id, before=before, after=audit.snapshot(hotspot))


def remove_hotspot(session: Session, hotspot: Hotspot, *, actor: Actor) -> None:
    """Take a point away."""
    before = audit.snapshot(hotspot)
    hotspot.scene.hotspots.remove(hotspot)
    session.flush()
    audit.record(session, actor, "hotspot.remove", "hotspot", hotspot.id, before=before)


def turn(degrees: float) -> float:
    """A yaw brought into −180 … 180; raises Invalid for what is no number."""
    if not math.isfinite(degrees):
        raise Invalid(N_("The angle must be a number of degrees."))
    turned = (float(degrees) + 180.0) % 360.0 - 180.0
    return round(turned, 3)


def _bounded(value: float, low: float, high: float, field: str) -> float:
    value = float(value)
    if not low <= value <= high:
        raise Invalid(N_("The angle must lie between %(low)s and %(high)s degrees."), field=field, low=low, high=high)
    return round(value, 3)
