"""The job that makes scenes of a ZIP: pictures first, each by itself; then the whole tour in one transaction.

A worker that is killed leaves pictures that are kept by their content and found again, and never half a tour. That
the scenes are made is noted in the job's own row in the same transaction, so that they are made once.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, jobs, rights
from tourserver.core.actors import SYSTEM, Actor
from tourserver.core.db import new_id
from tourserver.core.errors import Invalid, NotFound, TourserverError, Unavailable
from tourserver.core.i18n import N_
from tourserver.core.jobs import Job, JobContext, Retry
from tourserver.core.services import Services
from tourserver.panoramas.inspect import MEGABYTE
from tourserver.panoramas.refusals import DiskFull
from tourserver.sites.models import Site
from tourserver.sites.rules import thing
from tourserver.tours import scenes
from tourserver.tours.archive import building, finding, fitting, making, refusals
from tourserver.tours.archive.dropping import drop_later
from tourserver.tours.archive.parts import TourPart
from tourserver.tours.archive.report import Report
from tourserver.tours.archive.unpacking import Unpacked, Unpacker
from tourserver.tours.archive.zips import Archive, open_archive

log = structlog.get_logger()

JOB: Final = "tour.import"
_READ, _PICTURES = 2, 95
"""Percent when the description is read and when the pictures are in."""


def most_bytes(services: Services) -> int:
    """The largest ZIP, and the most that its files may have together: a full tour of pictures of the largest size."""
    return services.settings.max_upload_mb * MEGABYTE * scenes.MAX_SCENES


def check(services: Services, path: Path) -> None:
    """Raise Invalid for a ZIP that would not be opened: said at once, not only when the worker comes to it."""
    with open_archive(path, most_bytes=most_bytes(services)):
        pass


@contextmanager
def put(services: Services, path: Path) -> Iterator[str]:
    """Move a checked ZIP into the storage; gives the import's id. It is removed again if the block raises."""
    import_id = new_id()
    services.storage.put(archive_key(import_id), path)
    try:
        yield import_id
    except BaseException:
        services.storage.delete(archive_key(import_id))
        raise


def begin(session: Session, site: Site, import_id: str, *, name: str, actor: Actor) -> Job:
    """Ask for the import of a ZIP that was put; it is done as ``actor``, who needs the right then, too."""
    payload = {"import": import_id, "site": site.id, "name": refusals.plain(name), "actor": [actor.kind, actor.id]}
    job = jobs.enqueue(session, JOB, job_key(site.id, import_id), payload)
    audit.record(session, actor, "tour.import_begin", "site", site.id, after=payload)
    return job


def archive_key(import_id: str) -> str:
    """Where the storage keeps the ZIP until it is done with."""
    return f"archives/{import_id}.zip"


def job_key(site_id: str, import_id: str) -> str:
    """The job's key: a site's imports are found by its beginning."""
    return f"{site_id}.{import_id}"


def find(session: Session, site_id: str, import_id: str) -> Job | None:
    """An import of a site."""
    return jobs.latest(session, JOB, job_key(site_id, import_id))


def of_site(session: Session, site_id: str, most: int = 5) -> list[Job]:
    """A site's newest imports, newest first."""
    query = select(Job).where(Job.kind == JOB, Job.key.startswith(f"{site_id}."))
    return list(session.scalars(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(most)))


def mark_failed(session: Session, payload: dict[str, Any], error: TourserverError) -> None:
    """Note why nothing was added, for the page, and have the ZIP removed."""
    job = find(session, payload["site"], payload["import"])
    if job is None or "report" in job.payload:
        return
    if error.code == "worker_lost":
        error = refusals.worker_lost(error.params["count"])
    job.payload = {**job.payload, "error": {"message": error.message, "params": error.params, "code": error.code}}
    drop_later(session, archive_key(payload["import"]))


@jobs.handler(JOB, given_up=mark_failed)
def run(context: JobContext) -> None:
    """Import ``payload``'s ZIP into its site's draft; done again it finds it done."""
    services, key = context.services, archive_key(context.payload["import"])
    if "report" not in context.payload:
        folder = None
        try:
            folder = services.storage.scratch()
            with services.storage.local(key) as path, open_archive(path, most_bytes=most_bytes(services)) as archive:
                _import(context, archive, folder)
        except NotFound as error:
            raise Unavailable(N_("The ZIP is no longer here. Upload it again.")) from error
        except DiskFull as error:
            raise Retry(error.text, after=making.FULL_DISK_WAIT) from error
        except making.Stopped as error:
            raise Retry("stopped", after=timedelta(seconds=1)) from error
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
    services.storage.delete(key)


def _import(context: JobContext, archive: Archive, folder: Path) -> None:
    services, actor, report = context.services, _actor(context), Report()
    with services.db.read() as session:
        site = _site(session, context, actor)
        room = scenes.MAX_SCENES - len(scenes.of_site(session, site.id))
    tour = finding.read_tour(archive, site.source_language, report)
    tell = _progress(context)
    tell(0.0)
    fitting.fit(tour, report, room=room)
    unpacker = Unpacker(services, archive, report, actor, folder, tell, context.stopping)
    unpacked = Unpacked()
    unpacker.pictures(tour, unpacked)
    fitting.drop_ways(tour, report)
    unneeded = unpacked.files  # until the transaction has kept them
    try:
        unpacker.files(tour, unpacked)
        context.progress(_PICTURES)
        used = _finish(context, tour, unpacked, report, actor)
        unneeded = {name: stored for name, stored in unpacked.files.items() if stored.id not in used}
    finally:
        for stored in unneeded.values():
            services.storage.delete(stored.key)


def _finish(context: JobContext, tour: TourPart, unpacked: Unpacked, report: Report, actor: Actor) -> set[str]:
    """The transaction in which the tour appears; ids of the files that were kept. None when another worker did it."""
    with context.services.db.write() as session:
        job = session.get_one(Job, context.job_id, with_for_update=True)
        if "report" in job.payload or (context.worker and job.leased_by != context.worker):
            log.warning("import.done_by_another", job=job.id)
            return set()
        site = _site(session, context, actor)
        built = building.build(session, site, tour, unpacked, report, actor=actor)
        job.payload = {**job.payload, "report": report.json()}
        audit.record(session, actor, "tour.import", "site", site.id, after=report.json())
    log.info("import.done", site=site.id, scenes=report.scenes, points=report.points, left=len(list(report.of("left"))))
    return built


def _actor(context: JobContext) -> Actor:
    kind, actor_id = context.payload["actor"]
    return SYSTEM if kind == SYSTEM.kind else Actor(kind, actor_id)


def _site(session: Session, context: JobContext, actor: Actor) -> Site:
    site = session.get(Site, context.payload["site"])
    if site is None:
        raise Invalid(N_("The site is no longer here."))
    rights.require(session, actor, "site.change", thing(site))
    return site


def _progress(context: JobContext) -> Any:
    """Tell the job's row how far the pictures are, at most twice a second; stop when the worker shall."""
    last = 0.0

    def tell(share: float) -> None:
        nonlocal last
        if context.stopping.is_set():
            raise making.Stopped
        if share in (0.0, 1.0) or time.monotonic() - last >= 0.5:
            last = time.monotonic()
            context.progress(_READ + int((_PICTURES - _READ) * share))

    return tell
