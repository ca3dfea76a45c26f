"""The draft of a tour as JSON, all languages, for the editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import jobs
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import document, plan, removal, scenes
from tourserver.tours.models import Hotspot, RemovedPart, Scene, Tour

Translate = Callable[[str], str]


def whole(session: Session, site: Site, translate: Translate = str) -> dict[str, Any]:
    """Everything that is edited of a site's tour."""
    found = scenes.of_site(session, site.id)
    files = session.scalars(select(Asset).where(Asset.site_id == site.id).order_by(Asset.created_at, Asset.id))
    return {
        "site": site.slug,
        "name": site.name,
        "tour": tour(plan.of(session, site.id)),
        "scenes": [scene(session, each, translate) for each in found],
        "assets": [asset(each, translate) for each in files],
        "removed": [removed(part) for part in removal.of_site(session, site.id)],
        "by_positions": {scene_id: {"x": x, "y": y} for scene_id, (x, y) in plan.by_positions(found).items()},
    }


def tour(found: Tour) -> dict[str, Any]:
    """The tour as a whole."""
    return {
        "revision": found.revision,
        "plan": asset(found.plan) if found.plan else None,
        "north": found.plan_north,
    }


def scene(session: Session, found: Scene, translate: Translate = str) -> dict[str, Any]:
    """A scene with its points."""
    view = {"yaw": found.start_yaw, "pitch": found.start_pitch, "fov": found.start_fov}
    ready = found.panorama.state == "ready"
    poster = f"{document.MEDIA}/posters/{document.poster_name(found.panorama.content_hash, view)}"
    return {
        "id": found.id,
        "key": found.key,
        "revision": found.revision,
        "position": found.position,
        "title": found.title,
        "alternative": found.alternative,
        "view": view,
        "north": found.north,
        "limits": {"min": found.min_fov, "max": found.max_fov},
        "plan": None if found.plan_x is None else {"x": found.plan_x, "y": found.plan_y},
        "regions": found.regions,
        "credit": found.credit,
        "licence": found.licence,
        "render": found.is_render,
        "withdrawn": found.withdrawn_at is not None,
        "poster": f"{poster}.jpg" if ready else None,
        "thumb": f"{poster}-thumb.jpg" if ready else None,
        "panorama": picture(session, found.panorama, translate),
        "hotspots": [hotspot(each) for each in found.hotspots],
    }


def picture(session: Session, panorama: Panorama, translate: Translate = str) -> dict[str, Any]:
    """How far a scene's picture is, and its files once they are there."""
    ready = panorama.state == "ready"
    job = None if ready else jobs.latest(session, document.TILE_JOB, panorama.id)
    return {
        "state": panorama.state,
        "percent": 100 if ready else job.percent if job else 0,
        "error": _error(panorama.error, translate),
        "files": document.panorama_files(panorama) if ready else None,
    }


def hotspot(found: Hotspot) -> dict[str, Any]:
    """A point."""
    own_view = {"yaw": found.target_yaw, "pitch": found.target_pitch, "fov": found.target_fov}
    return {
        "id": found.id,
        "scene": found.scene_id,
        "revision": found.revision,
        "kind": found.kind,
        "yaw": found.yaw,
        "pitch": found.pitch,
        "label": found.label,
        "body": found.body,
        "to": found.target_scene_id,
        "arrival": found.arrival,
        "view": own_view if found.arrival == "view" else None,
        "asset": found.asset_id,
        "captions": found.captions_asset_id,
        "url": found.url,
    }


def asset(found: Asset, translate: Translate = str) -> dict[str, Any]:
    """A file that points may show."""
    return {
        **document.file_facts(found),
        "id": found.id,
        "kind": found.kind,
        "state": found.state,
        "error": _error(found.error, translate),
    }


def removed(part: RemovedPart) -> dict[str, Any]:
    """What can be put back."""
    return {
        "id": part.id,
        "kind": part.kind,
        "thing": part.thing_id,
        "scene": part.content["scene_id"] if part.kind == "hotspot" else part.thing_id,
        "name": removal.name_of(part),
        "at": part.removed_at.isoformat(),
    }


def _error(error: dict[str, Any] | None, translate: Translate) -> str | None:
    return None if error is None else translate(error["message"]) % error.get("params", {})
