"""The job that makes a picture's tiles."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tourserver.core import clock, jobs, signals
from tourserver.core.errors import Invalid, TourserverError
from tourserver.core.jobs import JobContext, Retry
from tourserver.panoramas import refusals, sandbox
from tourserver.panoramas.manifest import MANIFEST, Manifest
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.regions import canonical
from tourserver.panoramas.sandbox import Limits
from tourserver.panoramas.store import TILE_JOB

log = structlog.get_logger()

MOST_ATTEMPTS: Final = 5
"""Attempts before a picture whose process keeps dying is given up. A full disk is waited for without end."""

FULL_DISK_WAIT: Final = timedelta(minutes=2)


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
    try:
        manifest = _made(context, panorama) or _make(context, panorama)
    except Invalid:
        raise  # the picture's own fault: the job fails, and mark_failed hears of it
    except refusals.DiskFull as error:
        log.error("tiles.disk_full", panorama=panorama.id)
        raise Retry(error.text, after=FULL_DISK_WAIT) from error
    except Exception as error:
        if context.stopping.is_set():
            raise Retry(str(error), after=timedelta(seconds=1)) from error
        if context.attempts >= MOST_ATTEMPTS:
            log.exception("tiles.given_up", panorama=panorama.id)
            raise refusals.given_up() from error
        log.warning("tiles.failed", panorama=panorama.id, error=str(error))
        raise Retry(str(error)) from error
    _finish(context, panorama.id, manifest)
    log.info("tiles.made", panorama=panorama.id, files=manifest.files, seconds=manifest.seconds)


def _begin(context: JobContext) -> Panorama | None:
    with context.services.db.write() as session:
        panorama = session.get(Panorama, context.payload["panorama"])
        if panorama is None or panorama.state == "ready":
            return None
        panorama.state, panorama.error = "tiling", None
        return panorama


def _prefix(panorama: Panorama) -> str:
    return f"panoramas/{panorama.content_hash}"


def _made(context: JobContext, panorama: Panorama) -> Manifest | None:
    """The manifest of tiles that an earlier attempt stored before it was cut off."""
    key = f"{_prefix(panorama)}/{MANIFEST}"
    if not context.services.storage.exists(key):
        return None
    with context.services.storage.open(key) as file:
        return Manifest.from_json(json.load(file))


def _make(context: JobContext, panorama: Panorama) -> Manifest:
    storage, settings = context.services.storage, context.services.settings
    limits = Limits(settings.tile_memory_mb, settings.tile_seconds, settings.tile_seconds)
    scratch = None
    try:
        scratch = storage.scratch()
        with storage.local(panorama.original_key) as original:
            manifest = sandbox.write_tiles(
                original,
                scratch,
                _progress(context),
                limits=limits,
                stopping=context.stopping,
                regions=canonical(panorama.regions),
            )
        storage.put_tree(_prefix(panorama), scratch)
        return manifest
    except OSError as error:
        raise sandbox.io_error(error) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def _progress(context: JobContext) -> Callable[[int], None]:
    """Tell the job's row about progress, at most twice a second."""
    last = 0.0

    def tell(percent: int) -> None:
        nonlocal last
        if time.monotonic() - last >= 0.5:
            last = time.monotonic()
            # A disk that fills up may stop the database first; what the tiles say about it counts.
            with suppress(SQLAlchemyError):
                context.progress(min(percent, 99))

    return tell


def _finish(context: JobContext, panorama_id: str, manifest: Manifest) -> None:
    with context.services.db.write() as session:
        panorama = session.get_one(Panorama, panorama_id)
        panorama.width, panorama.height = manifest.width, manifest.height
        panorama.levels = [level.json() for level in manifest.levels]
        panorama.state, panorama.error, panorama.ready_at = "ready", None, clock.now()
        session.flush()
        signals.panorama_ready.send(session, panorama_id=panorama_id)
