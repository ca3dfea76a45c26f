"""The tour document: a published revision in one language, as the viewer and the text version read it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import jobs, markdown
from tourserver.core.db import Texts
from tourserver.core.i18n import pick
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours.models import TourRevision

MEDIA = "/media"
TILE_JOB = "panorama.tile"


def build(session: Session, revision: TourRevision, lang: str) -> dict[str, Any]:
    """The document of ``revision`` with texts in ``lang`` (or the nearest there is, marked with its language)."""
    site = session.get_one(Site, revision.site_id)
    scenes = revision.content["scenes"]
    wanted = {scene["panorama"] for scene in scenes}
    panoramas = {row.id: row for row in session.scalars(select(Panorama).where(Panorama.id.in_(wanted)))}
    return {
        "site": site.slug,
        "name": pick(site.name, lang).json(),
        "revision": revision.number,
        "start": revision.content["start"],
        "scenes": [_scene(session, scene, panoramas[scene["panorama"]], lang) for scene in scenes],
    }


def _scene(session: Session, scene: dict[str, Any], panorama: Panorama, lang: str) -> dict[str, Any]:
    ready = panorama.state == "ready"
    poster = poster_name(panorama.content_hash, scene["view"])
    job = None if ready else jobs.latest(session, TILE_JOB, panorama.id)
    return {
        "id": scene["id"],
        "key": scene["key"],
        "title": pick(scene["title"], lang).json(),
        "alternative": pick(scene["alternative"], lang).json(),
        "render": panorama.is_render,
        "credit": panorama.credit,
        "licence": panorama.licence,
        "state": "ready" if ready else "failed" if panorama.state == "failed" else "tiling",
        "percent": 100 if ready else job.percent if job else 0,
        "poster": f"{MEDIA}/posters/{poster}.jpg" if ready else None,
        "thumb": f"{MEDIA}/posters/{poster}-thumb.jpg" if ready else None,
        "panorama": _panorama(panorama) if ready else None,
        "view": scene["view"],
        "north": scene["north"],
        "hotspots": [_hotspot(hotspot, lang) for hotspot in scene["hotspots"]],
    }


def _panorama(panorama: Panorama) -> dict[str, Any]:
    folder = f"{MEDIA}/panoramas/{panorama.content_hash}"
    return {
        "width": panorama.width,
        "height": panorama.height,
        "base": f"{folder}/base.jpg",
        "levels": [{name: level[name] for name in ("width", "cols", "rows")} for level in panorama.levels],
        "tile": folder + "/{level}/{col}_{row}.jpg",
    }


def _hotspot(hotspot: dict[str, Any], lang: str) -> dict[str, Any]:
    return {
        "id": hotspot["id"],
        "kind": hotspot["kind"],
        "yaw": hotspot["yaw"],
        "pitch": hotspot["pitch"],
        "label": pick(hotspot["label"], lang).json(),
        "to": hotspot["to"],
        "html": _html(hotspot["body"], lang),
    }


def _html(body: Texts, lang: str) -> dict[str, str] | None:
    text = pick(body, lang)
    return {**text.json(), "value": markdown.to_html(text.value)} if text.value else None


def poster_name(content_hash: str, view: dict[str, float]) -> str:
    """Name of the poster of a start view: the picture's hash and the view's, so that it never changes content."""
    text = f"{view['yaw']:.3f},{view['pitch']:.3f},{view['fov']:.3f}"
    return f"{content_hash}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
