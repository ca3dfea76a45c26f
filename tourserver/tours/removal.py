"""Parts of a draft that were taken out: kept for a day, and put back with the ids they had."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import audit, clock
from tourserver.core.errors import Invalid, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import hotspots, scenes
from tourserver.tours.models import Hotspot, RemovedPart, Scene

KEPT: Final = timedelta(days=1)

_SCENE: Final = (
    "key", "title", "alternative", "start_yaw", "start_pitch", "start_fov", "north", "min_fov", "max_fov", "plan_x",
    "plan_y", "regions", "credit", "licence", "is_render", "withdrawn_by", "revision",
)  # fmt: skip
_HOTSPOT: Final = (
    "id", "scene_id", "position", "kind", "yaw", "pitch", "label", "body", "target_scene_id", "arrival", "target_yaw",
    "target_pitch", "target_fov", "asset_id", "captions_asset_id", "url", "revision",
)  # fmt: skip


@dataclass
class PutBack:
    """What came back: the scene, or the scene that the point is in; and what could not be put back with it."""

    scene: Scene
    hotspot: Hotspot | None = None
    left_out: int = 0
    others: list[Scene] = field(default_factory=list)


def take_scene(session: Session, scene: Scene, *, actor: Actor, seen_revision: int | None = None) -> RemovedPart:
    """Take a scene out with the links that lead to it, and keep all of it for a day."""
    scenes.lock(session, scene.site_id)
    session.refresh(scene, with_for_update={"of": Scene})
    if seen_revision is not None and scene.revision != seen_revision:
        raise scenes.stale()
    place = [each.id for each in scenes.of_site(session, scene.site_id)].index(scene.id)
    links = list(session.scalars(select(Hotspot).where(Hotspot.target_scene_id == scene.id)))
    content = {
        "place": place,
        "withdrawn_at": scene.withdrawn_at.isoformat() if scene.withdrawn_at else None,
        **{name: getattr(scene, name) for name in _SCENE},
        "hotspots": [_told(hotspot) for hotspot in scene.hotspots],
        "links": [_told(link) for link in links],
    }
    part = _keep(session, scene.site_id, "scene", scene.id, content, actor, panorama_id=scene.panorama_id)
    scenes.remove_scene(session, scene, actor=actor)
    return part


def take_hotspot(session: Session, hotspot: Hotspot, *, actor: Actor, seen_revision: int | None = None) -> RemovedPart:
    """Take a point out and keep it for a day."""
    session.refresh(hotspot, with_for_update={"of": Hotspot})
    if seen_revision is not None and hotspot.revision != seen_revision:
        raise hotspots.stale()
    part = _keep(session, hotspot.scene.site_id, "hotspot", hotspot.id, _told(hotspot), actor)
    hotspots.remove_hotspot(session, hotspot, actor=actor)
    return part


def put_back(session: Session, site: Site, removed_id: str, *, actor: Actor) -> PutBack:
    """Make a removed part what it was, with its id; each part comes back once."""
    scenes.lock(session, site.id)
    part = session.get(RemovedPart, removed_id, with_for_update=True, populate_existing=True)
    if part is None or part.site_id != site.id or part.removed_at < clock.now() - KEPT:
        raise NotFound(N_("This was put back already, or taken out more than a day ago."))
    back = _scene_again(session, site, part) if part.kind == "scene" else _hotspot_again(session, site, part)
    session.delete(part)
    session.flush()
    session.expire(back.scene)
    audit.record(session, actor, f"{part.kind}.put_back", part.kind, part.thing_id, after=part.content)
    return back


def of_site(session: Session, site_id: str) -> list[RemovedPart]:
    """What can still be put back, the latest first."""
    query = select(RemovedPart).where(RemovedPart.site_id == site_id, RemovedPart.removed_at >= clock.now() - KEPT)
    return list(session.scalars(query.order_by(RemovedPart.removed_at.desc(), RemovedPart.id.desc())))


def name_of(part: RemovedPart) -> dict[str, str]:
    """The title of a removed scene, or the name of a point, in all languages."""
    found: dict[str, str] = part.content["title" if part.kind == "scene" else "label"]
    return found


def was_in(part: RemovedPart, scene_id: str) -> bool:
    """Whether it is a point that stood in a scene."""
    return part.kind == "hotspot" and part.content["scene_id"] == scene_id


def forget_old(services: Services) -> None:
    """Delete what was taken out more than a day ago; called by the worker."""
    with services.db.write() as session:
        session.execute(delete(RemovedPart).where(RemovedPart.removed_at < clock.now() - KEPT))


def _keep(
    session: Session,
    site_id: str,
    kind: str,
    thing_id: str,
    content: dict[str, Any],
    actor: Actor,
    panorama_id: str | None = None,
) -> RemovedPart:
    part = RemovedPart(
        site_id=site_id,
        kind=kind,
        thing_id=thing_id,
        content=content,
        panorama_id=panorama_id,
        removed_by=actor.reference,
    )
    session.add(part)
    session.flush()
    return part


def _told(hotspot: Hotspot) -> dict[str, Any]:
    return {name: getattr(hotspot, name) for name in _HOTSPOT}


def _scene_again(session: Session, site: Site, part: RemovedPart) -> PutBack:
    content = part.content
    scenes.must_have_room(session, site.id)
    order = scenes.of_site(session, site.id)
    values = {name: content[name] for name in _SCENE}
    values["key"] = scenes.free_key(session, site.id, content["key"])
    values["revision"] += 1
    withdrawn_at = datetime.fromisoformat(content["withdrawn_at"]) if content["withdrawn_at"] else None
    scene = Scene(id=part.thing_id, site_id=site.id, panorama_id=part.panorama_id, withdrawn_at=withdrawn_at, **values)
    session.add(scene)
    order.insert(min(content["place"], len(order)), scene)
    for position, each in enumerate(order):
        each.position = position
    session.flush()
    back = PutBack(scene)
    for told in [*content["hotspots"], *content["links"]]:
        where = session.get(Scene, told["scene_id"])
        if where is None or not _can_return(session, told):
            back.left_out += 1
            continue
        _add(session, told)
        if where is not scene and where not in back.others:
            back.others.append(where)
    session.flush()
    for other in back.others:
        session.expire(other)
    return back


def _hotspot_again(session: Session, site: Site, part: RemovedPart) -> PutBack:
    scene = session.get(Scene, part.content["scene_id"])
    if scene is None or scene.site_id != site.id:
        raise Invalid(N_("The scene of this point is out of the tour. Put the scene back first."))
    if not _can_return(session, part.content):
        raise Invalid(N_("What this point leads to is gone. Put that back first, or make a new point."))
    hotspots.must_have_room(scene)
    hotspot = _add(session, part.content)
    session.flush()
    return PutBack(scene, hotspot)


def _can_return(session: Session, told: dict[str, Any]) -> bool:
    needed = ((Scene, "target_scene_id"), (Asset, "asset_id"), (Asset, "captions_asset_id"))
    present = all(told[name] is None or session.get(model, told[name]) is not None for model, name in needed)
    return present and session.get(Hotspot, told["id"]) is None


def _add(session: Session, told: dict[str, Any]) -> Hotspot:
    hotspot = Hotspot(**{**told, "revision": told["revision"] + 1})
    session.add(hotspot)
    return hotspot
