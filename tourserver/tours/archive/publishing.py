"""The job that makes a ZIP of a published tour: its pictures are put together from the tiles that visitors load.

So blurred faces stay blurred and no private original is in it. The ZIP lies in the storage for a day.
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, jobs
from tourserver.core.actors import Actor
from tourserver.core.errors import Conflict, NotFound, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.jobs import Job, JobContext, Retry
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.sandbox import Limits, io_error
from tourserver.sites.models import Site
from tourserver.tours.archive import exporting, making
from tourserver.tours.archive.dropping import drop_later
from tourserver.tours.archive.exporting import Item
from tourserver.tours.models import TourRevision

log = structlog.get_logger()

JOB: Final = "tour.export"
KEPT: Final = timedelta(days=1)


def begin(session: Session, site: Site, revision: TourRevision, *, actor: Actor) -> Job:
    """Ask for the ZIP of a revision; while one is being made, that is it. Raises Conflict while tiles are missing."""
    if any(panorama.state != "ready" for panorama in _panoramas(session, revision)):
        raise Conflict(N_("Some pictures of the tour are still being made. Try again in a moment."))
    payload = {"site": site.id, "revision": revision.id, "number": revision.number}
    job = jobs.enqueue(session, JOB, site.id, payload)
    audit.record(session, actor, "tour.export", "site", site.id, after={"published": revision.number})
    return job


def file_key(job: Job) -> str:
    """Where the storage keeps the finished ZIP."""
    return f"exports/{job.id}.zip"


def latest(session: Session, site_id: str) -> Job | None:
    """A site's newest export, finished or not."""
    return jobs.latest(session, JOB, site_id)


def mark_failed(session: Session, payload: dict[str, Any], error: TourserverError) -> None:
    """Note the reason for the page."""
    job = latest(session, payload["site"])
    if job is not None:
        job.payload = {**job.payload, "error": {"message": error.message, "params": error.params, "code": error.code}}


@jobs.handler(JOB, given_up=mark_failed)
def run(context: JobContext) -> None:
    """Make the ZIP of ``payload["revision"]``; done again it is made again, with the same bytes."""
    services, folder = context.services, None
    try:
        folder = services.storage.scratch()
        _make(context, folder)
    except making.Stopped as error:
        raise Retry("stopped", after=timedelta(seconds=1)) from error
    except OSError as error:
        known = io_error(error)
        raise Retry(known.text, after=making.FULL_DISK_WAIT) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _make(context: JobContext, folder: Path) -> None:
    services = context.services
    with services.db.read() as session:
        job = session.get_one(Job, context.job_id)
        revision = session.get(TourRevision, context.payload["revision"])
        if revision is None:
            raise NotFound(N_("This site has no tour yet."))
        panoramas = _panoramas(session, revision)
    pictures = {}
    for number, panorama in enumerate(panoramas):
        pictures[panorama.id] = _picture(context, panorama, folder / f"{number}.jpg")
        context.progress(int(90 * (number + 1) / len(panoramas)))
    with services.db.read() as session:
        package = exporting.of_published(session, session.get_one(TourRevision, revision.id), pictures)
    path = folder / "tour.zip"
    with path.open("wb") as target:
        exporting.write(services, package, target)
    services.storage.put(exporting_key := file_key(job), path)
    with services.db.write() as session:
        drop_later(session, exporting_key, after=KEPT)
    log.info("export.done", site=context.payload["site"], revision=revision.number, pictures=len(pictures))


def _picture(context: JobContext, panorama: Panorama, target: Path) -> Item:
    settings, level = context.services.settings, panorama.levels[-1]
    limits = Limits(settings.tile_memory_mb, settings.tile_seconds, settings.tile_seconds)
    with context.services.storage.local_tree(f"panoramas/{panorama.content_hash}") as tree:
        tiles = tree / str(len(panorama.levels) - 1)
        work = {"cols": level["cols"], "rows": level["rows"]}
        making.make("join", tiles, target, work, limits=limits, stopping=context.stopping)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Item(f"pictures/{digest}.jpg", target)


def _panoramas(session: Session, revision: TourRevision) -> list[Panorama]:
    wanted = {scene["panorama"] for scene in revision.content["scenes"]}
    return list(session.scalars(select(Panorama).where(Panorama.id.in_(wanted)).order_by(Panorama.id)))
