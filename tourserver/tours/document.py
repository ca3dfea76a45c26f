"""The tour document: a published revision in one language, as the viewer and the text version read it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import jobs, markdown
from tourserver.core.db import Texts
from tourserver.core.i18n import pick
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import freezing
from tourserver.tours.models import TourRevision

MEDIA = "/media"
TILE_JOB = "panorama.tile"


def build(session: Session, revision: TourRevision, lang: str) -> dict[str, Any]:
    """The document of ``revision`` with texts in ``lang`` (or the nearest there is, marked with its language)."""
    site = session.get_one(Site, revision.site_id)
    scenes = revision.content["scenes"]
    wanted = {scene["panorama"] for scene in scenes}
    panoramas = {row.id: row for row in session.scalars(select(Panorama).where(Panorama.id.in_(wanted)))}
    files = freezing.assets(session, revision.content)
    return {
        "site": site.slug,
        "name": pick(site.name, lang).json(),
        "revision": revision.number,
        "start": revision.content["start"],
        "scenes": [_scene(session, scene, panoramas[scene["panorama"]], files, lang) for scene in scenes],
        "plan": _plan(revision.content.get("plan"), files),
    }


def _scene(
    session: Session, scene: dict[str, Any], panorama: Panorama, files: dict[str, Asset], lang: str
) -> dict[str, Any]:
    ready = panorama.state == "ready"
    poster = poster_name(panorama.content_hash, scene["view"])
    job = None if ready else jobs.latest(session, TILE_JOB, panorama.id)
    return {
        "id": scene["id"],
        "key": scene["key"],
        "title": pick(scene["title"], lang).json(),
        "alternative": pick(scene["alternative"], lang).json(),
        # revisions of the first release have these with their pictures
        "render": scene.get("render", panorama.is_render),
        "credit": scene.get("credit", panorama.credit),
        "licence": scene.get("licence", panorama.licence),
        "state": "ready" if ready else "failed" if panorama.state == "failed" else "tiling",
        "percent": 100 if ready else job.percent if job else 0,
        "poster": f"{MEDIA}/posters/{poster}.jpg" if ready else None,
        "thumb": f"{MEDIA}/posters/{poster}-thumb.jpg" if ready else None,
        "panorama": panorama_files(panorama) if ready else None,
        "view": scene["view"],
        "north": scene["north"],
        "limits": scene.get("limits", {"min": 30, "max": 90}),
        "plan": scene.get("plan"),
        "hotspots": [_hotspot(hotspot, files, lang) for hotspot in scene["hotspots"]],
    }


def _plan(plan: dict[str, Any] | None, files: dict[str, Asset]) -> dict[str, Any] | None:
    drawing = files.get((plan or {}).get("asset") or "")
    if plan is None or drawing is None:
        return None
    return {**file_facts(drawing), "width": drawing.width, "height": drawing.height, "north": plan["north"]}


def file_facts(asset: Asset) -> dict[str, Any]:
    """Address and facts of a file that a point shows."""
    return {
        "url": f"{MEDIA}/assets/{asset.id}",
        "type": asset.media_type,
        "bytes": asset.bytes,
        "name": asset.original_name,
        "width": asset.width,
        "height": asset.height,
    }


def panorama_files(panorama: Panorama) -> dict[str, Any]:
    """Sizes and addresses of a picture whose tiles are there."""
    folder = f"{MEDIA}/panoramas/{panorama.content_hash}"
    return {
        "width": panorama.width,
        "height": panorama.height,
        "base": f"{folder}/base.jpg",
        "webp": panorama.webp_at is not None,
        "levels": [{name: level[name] for name in ("width", "cols", "rows")} for level in panorama.levels],
        "tile": folder + "/{level}/{col}_{row}.jpg",
    }


def _hotspot(hotspot: dict[str, Any], files: dict[str, Asset], lang: str) -> dict[str, Any]:
    asset, captions = files.get(hotspot.get("asset") or ""), files.get(hotspot.get("captions") or "")
    return {
        "id": hotspot["id"],
        "kind": hotspot["kind"],
        "yaw": hotspot["yaw"],
        "pitch": hotspot["pitch"],
        "label": pick(hotspot["label"], lang).json(),
        "to": hotspot["to"],
        "arrival": hotspot.get("arrival", "start"),
        "view": hotspot.get("view"),
        "html": _html(hotspot["body"], lang),
        "asset": file_facts(asset) if asset else None,
        "captions": file_facts(captions) if captions else None,
        "url": hotspot.get("url"),
    }


def _html(body: Texts, lang: str) -> dict[str, str] | None:
    text = pick(body, lang)
    return {**text.json(), "value": markdown.to_html(text.value)} if text.value else None


def poster_name(content_hash: str, view: dict[str, float]) -> str:
    """Name of the poster of a start view: the picture's hash and the view's, so that it never changes content."""
    text = f"{view['yaw']:.3f},{view['pitch']:.3f},{view['fov']:.3f}"
    return f"{content_hash}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
