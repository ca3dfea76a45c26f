"""Posters and thumbnails of start views, made by the worker once a picture's tiles are there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import jobs
from tourserver.core.jobs import JobContext
from tourserver.panoramas import poster
from tourserver.panoramas.models import Panorama
from tourserver.tours.document import poster_name
from tourserver.tours.models import Scene, TourRevision
from tourserver.tours.publishing import published

POSTER = (960, 540)
THUMBNAIL = (320, 180)
JOB = "tour.poster"


def enqueue_for_revision(session: Session, *, site_id: str, revision_id: str) -> None:
    """Ask for the posters of a newly published tour (receiver of ``tour_published``)."""
    _enqueue(session, session.get_one(TourRevision, revision_id).content["scenes"])


def enqueue_for_panorama(session: Session, *, panorama_id: str) -> None:
    """Ask for the posters of published scenes that waited for this picture (receiver of ``panorama_ready``)."""
    for site_id in set(session.scalars(select(Scene.site_id).where(Scene.panorama_id == panorama_id))):
        revision = published(session, site_id)
        if revision:
            _enqueue(session, [s for s in revision.content["scenes"] if s["panorama"] == panorama_id])


def _enqueue(session: Session, scenes: list[dict[str, Any]]) -> None:
    for scene in scenes:
        panorama = session.get_one(Panorama, scene["panorama"])
        if panorama.state == "ready":
            name = poster_name(panorama.content_hash, scene["view"])
            jobs.enqueue(session, JOB, name, {"hash": panorama.content_hash, "name": name, **scene["view"]})


@jobs.handler(JOB)
def make(context: JobContext) -> None:
    """Project the start view out of the tiles; done again it makes the same files."""
    storage, wanted = context.services.storage, context.payload
    if storage.exists(f"posters/{wanted['name']}.jpg") and storage.exists(f"posters/{wanted['name']}-thumb.jpg"):
        return
    poster.publish(
        storage,
        wanted["hash"],
        wanted["name"],
        yaw=wanted["yaw"],
        pitch=wanted["pitch"],
        fov=wanted["fov"],
        sizes={"": POSTER, "-thumb": THUMBNAIL},
    )
