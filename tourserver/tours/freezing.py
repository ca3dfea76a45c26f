"""The draft as an immutable document: what a revision, a submission and a preview hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.sites.models import Site
from tourserver.tours.models import Hotspot, Scene, Tour, TourRevision, TourRevisionPanorama


def freeze(session: Session, site: Site, scenes: list[Scene]) -> dict[str, Any]:
    """All facts of a tour in all languages; pictures and files by id. Withdrawn scenes are left out."""
    shown = [scene for scene in scenes if scene.withdrawn_at is None]
    ids = {scene.id for scene in shown}
    return {
        "start": shown[0].id if shown else None,
        "scenes": [_scene(scene, ids) for scene in shown],
        "plan": _plan(session.get(Tour, site.id)),
    }


def list_pictures(session: Session, revision: TourRevision) -> None:
    """Note the pictures of a stored revision, so that they are kept as long as it is needed."""
    for panorama_id in sorted({scene["panorama"] for scene in revision.content["scenes"]}):
        session.add(TourRevisionPanorama(revision_id=revision.id, panorama_id=panorama_id))
    session.flush()


def _plan(tour: Tour | None) -> dict[str, Any] | None:
    if tour is None:
        return None
    plan = tour.plan if tour.plan is not None and tour.plan.state == "ready" else None
    return {"asset": plan.id if plan else None, "north": tour.plan_north}


def _scene(scene: Scene, shown: set[str]) -> dict[str, Any]:
    points = [hotspot for hotspot in scene.hotspots if hotspot.kind != "link" or hotspot.target_scene_id in shown]
    return {
        "id": scene.id,
        "key": scene.key,
        "title": scene.title,
        "alternative": scene.alternative,
        "panorama": scene.panorama_id,
        "view": {"yaw": scene.start_yaw, "pitch": scene.start_pitch, "fov": scene.start_fov},
        "north": scene.north,
        "limits": {"min": scene.min_fov, "max": scene.max_fov},
        "plan": None if scene.plan_x is None else {"x": scene.plan_x, "y": scene.plan_y},
        "credit": scene.credit,
        "licence": scene.licence,
        "render": scene.is_render,
        "hotspots": [_hotspot(hotspot) for hotspot in points],
    }


def _hotspot(hotspot: Hotspot) -> dict[str, Any]:
    own_view = {"yaw": hotspot.target_yaw, "pitch": hotspot.target_pitch, "fov": hotspot.target_fov}
    return {
        "id": hotspot.id,
        "kind": hotspot.kind,
        "yaw": hotspot.yaw,
        "pitch": hotspot.pitch,
        "label": hotspot.label,
        "body": hotspot.body,
        "to": hotspot.target_scene_id,
        "arrival": hotspot.arrival,
        "view": own_view if hotspot.arrival == "view" else None,
        "asset": hotspot.asset_id,
        "captions": hotspot.captions_asset_id,
        "url": hotspot.url,
    }


def assets(session: Session, content: dict[str, Any]) -> dict[str, Asset]:
    """The files that a frozen tour shows, by id; those that were deleted since are left out."""
    found = (session.get(Asset, asset_id) for asset_id in sorted(asset_ids(content)))
    return {asset.id: asset for asset in found if asset is not None}


def asset_ids(content: dict[str, Any]) -> set[str]:
    """Ids of the files that a frozen tour shows."""
    wanted = {point.get(name) for scene in content["scenes"] for point in scene["hotspots"] for name in FILES}
    wanted.add((content.get("plan") or {}).get("asset"))
    return {asset_id for asset_id in wanted if asset_id}


FILES = ("asset", "captions")
