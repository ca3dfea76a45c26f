"""Posters and thumbnails of start views, made by the worker once a picture's tiles are there."""

from __future__ import annotations

import shutil
from typing import Any

from sqlalchemy.orm import Session

from tourserver.core import jobs
from tourserver.core.jobs import JobContext
from tourserver.panoramas import poster
from tourserver.panoramas.models import Panorama
from tourserver.tours.document import poster_name
from tourserver.tours.models import TourRevision
from tourserver.tours.publishing import published, sites_with_tours

SIZES = {  # end of the name: pixels, most bytes
    "": ((960, 540), 40_000),
    "-large": ((1920, 1080), 180_000),
    "-thumb": ((320, 180), 9_000),
}
WEBP_SHARE = 0.65
"""Of the JPEG's most bytes: as sharp, and on a slow line the poster is there before the words are read."""

JOB = "tour.poster"


def enqueue_for_revision(session: Session, *, site_id: str, revision_id: str) -> None:
    """Ask for the posters of a newly published tour (receiver of ``tour_published``)."""
    _enqueue(session, session.get_one(TourRevision, revision_id).content["scenes"])


def enqueue_for_panorama(session: Session, *, panorama_id: str) -> None:
    """Ask for the posters of published scenes that waited for this picture (receiver of ``panorama_ready``)."""
    for site_id in sites_with_tours(session):  # by what is published: the draft may have lost the scene meanwhile
        if revision := published(session, site_id):
            _enqueue(session, [scene for scene in revision.content["scenes"] if scene["panorama"] == panorama_id])


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
    if all(storage.exists(f"posters/{wanted['name']}{end}{kind}") for end in SIZES for kind in (".jpg", ".webp")):
        return
    scratch = storage.scratch()
    try:
        with storage.local_tree(f"panoramas/{wanted['hash']}") as tiles:
            view = (wanted["yaw"], wanted["pitch"], wanted["fov"])
            for end, (size, max_bytes) in SIZES.items():
                flat = poster.rectilinear(poster.open_source(tiles, size, wanted["fov"]), *view, size)
                for kind, share in ((".jpg", 1.0), (".webp", WEBP_SHARE)):
                    made = scratch / f"poster{end}{kind}"
                    poster.write(flat, made, int(max_bytes * share))
                    storage.put(f"posters/{wanted['name']}{end}{kind}", made)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
