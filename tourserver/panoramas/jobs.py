"""The job that makes a picture's tiles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from tourserver.core import clock, jobs, signals
from tourserver.core.errors import TourserverError
from tourserver.core.jobs import JobContext, Retry
from tourserver.panoramas import leaving, making, refusals, webp
from tourserver.panoramas.manifest import Manifest
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.store import TILE_JOB

log = structlog.get_logger()

LEAVING_WAIT: Final = timedelta(seconds=5)


def mark_failed(session: Session, payload: dict[str, Any], error: TourserverError) -> None:
    """Tell the picture that its tiles will not come, in the transaction that gives the job up."""
    panorama = session.get(Panorama, payload["panorama"], with_for_update=True)
    if panorama is None or panorama.state == "ready":
        return
    if error.code == "worker_lost":
        error = refusals.worker_lost(error.params["count"])
    panorama.state = "failed"
    panorama.error = {"message": error.message, "params": error.params, "code": error.code}


@jobs.handler(TILE_JOB, given_up=mark_failed)
def tile(context: JobContext) -> None:
    """Make the tiles of ``payload["panorama"]``; done again it finds them made.

    A picture that can't be used fails with the reason; a full disk or an interruption is tried again.
    """
    panorama = _begin(context)
    if panorama is None:
        return
    with context.services.db.read() as session:
        if leaving.of(session, panorama.content_hash):
            raise Retry("The files of the same picture, freed before, are still being removed.", after=LEAVING_WAIT)
    manifest = making.attempt(context, panorama, "jpg")
    _finish(context, panorama.id, manifest)
    log.info("tiles.made", panorama=panorama.id, files=manifest.files, seconds=manifest.seconds)


def _begin(context: JobContext) -> Panorama | None:
    with context.services.db.write() as session:
        panorama = session.get(Panorama, context.payload["panorama"])
        if panorama is None or panorama.state == "ready":
            return None
        panorama.state, panorama.error = "tiling", None
        return panorama


def _finish(context: JobContext, panorama_id: str, manifest: Manifest) -> None:
    with context.services.db.write() as session:
        panorama = session.get_one(Panorama, panorama_id)
        panorama.width, panorama.height = manifest.width, manifest.height
        panorama.levels = [level.json() for level in manifest.levels]
        panorama.state, panorama.error, panorama.ready_at = "ready", None, clock.now()
        webp.ask(session, panorama)
        session.flush()
        signals.panorama_ready.send(session, panorama_id=panorama_id)
