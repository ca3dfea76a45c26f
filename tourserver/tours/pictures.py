"""Posters of many sites at once, for lists: a constant number of queries however many sites there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core.i18n import Text, pick
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours.document import MEDIA, poster_name
from tourserver.tours.models import TourRevision


def of_sites(session: Session, sites: Iterable[Site]) -> dict[str, dict[str, Any]]:
    """``{site id: {"poster", "thumb", "render", "alternative"}}`` of first scenes whose pictures are ready."""
    starts = _first_scenes(session, [site.id for site in sites])
    wanted = {scene["panorama"] for scene in starts.values()}
    query = select(Panorama).where(Panorama.id.in_(wanted), Panorama.state == "ready")
    ready = {panorama.id: panorama for panorama in session.scalars(query)}
    return {
        site_id: _picture(scene, ready[scene["panorama"]])
        for site_id, scene in starts.items()
        if scene["panorama"] in ready
    }


def alternative(picture: dict[str, Any], lang: str) -> Text:
    """The picture in words."""
    return pick(picture["alternative"], lang)


def _first_scenes(session: Session, site_ids: list[str]) -> dict[str, dict[str, Any]]:
    newest = (
        select(TourRevision.site_id, func.max(TourRevision.number).label("number"))
        .where(TourRevision.site_id.in_(site_ids))
        .group_by(TourRevision.site_id)
        .subquery()
    )
    query = select(TourRevision).join(
        newest, (TourRevision.site_id == newest.c.site_id) & (TourRevision.number == newest.c.number)
    )
    return {revision.site_id: revision.content["scenes"][0] for revision in session.scalars(query)}


def _picture(scene: dict[str, Any], panorama: Panorama) -> dict[str, Any]:
    name = poster_name(panorama.content_hash, scene["view"])
    return {
        "poster": f"{MEDIA}/posters/{name}.jpg",
        "poster_large": f"{MEDIA}/posters/{name}-large.jpg",
        "thumb": f"{MEDIA}/posters/{name}-thumb.jpg",
        "render": scene.get("render", panorama.is_render),
        "alternative": scene["alternative"],
    }
