"""What both kinds of tiles have in common: a child makes them in scratch space, then the storage gets the tree."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tourserver.core.errors import Invalid
from tourserver.core.jobs import JobContext, Retry
from tourserver.core.storage import Storage
from tourserver.panoramas import refusals, sandbox
from tourserver.panoramas.manifest import MANIFEST, Manifest
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.regions import canonical
from tourserver.panoramas.sandbox import Limits

log = structlog.get_logger()

MOST_ATTEMPTS: Final = 5
"""Attempts before a picture whose process keeps dying is given up."""

FULL_DISK_WAIT: Final = timedelta(minutes=2)

FOLDERS: Final = {"jpg": "panoramas", "webp": "panoramas-webp"}
"""Where the storage keeps the trees of each kind of tile."""


def prefix(content_hash: str, ending: str) -> str:
    """Where the tiles of a picture are."""
    return f"{FOLDERS[ending]}/{content_hash}"


def made(storage: Storage, content_hash: str, ending: str) -> Manifest | None:
    """The manifest of tiles that are there, for instance from an attempt that was cut off after storing them."""
    key = f"{prefix(content_hash, ending)}/{MANIFEST}"
    if not storage.exists(key):
        return None
    with storage.open(key) as file:
        return Manifest.from_json(json.load(file))


def attempt(
    context: JobContext,
    panorama: Panorama,
    ending: str,
    wanted: Callable[[Manifest], bool] = lambda _made: True,
    *,
    most_attempts: int = MOST_ATTEMPTS,
    disk_wait: timedelta = FULL_DISK_WAIT,
) -> Manifest:
    """The tiles that are there, or else as :func:`make`, with trouble that may pass put as ``Retry``.

    Raises ``Invalid`` for a picture that can't be used, and ``refusals.given_up`` after too many attempts. A full disk
    is waited for without end.
    """
    try:
        return made(context.services.storage, panorama.content_hash, ending) or make(context, panorama, ending, wanted)
    except Invalid:
        raise  # the picture's own fault
    except refusals.DiskFull as error:
        log.error("tiles.disk_full", panorama=panorama.id, ending=ending)
        raise Retry(error.text, after=disk_wait) from error
    except Exception as error:
        if context.stopping.is_set():
            raise Retry(str(error), after=timedelta(seconds=1)) from error
        if context.attempts >= most_attempts:
            log.exception("tiles.given_up", panorama=panorama.id, ending=ending)
            raise refusals.given_up() from error
        log.warning("tiles.failed", panorama=panorama.id, ending=ending, error=str(error))
        raise Retry(str(error)) from error


def make(
    context: JobContext, panorama: Panorama, ending: str, wanted: Callable[[Manifest], bool] = lambda _made: True
) -> Manifest:
    """Make a picture's tiles from its original and store them, unless ``wanted`` says no to them.

    Raises what :func:`sandbox.write_tiles` raises; nothing is left behind then.
    """
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
                ending=ending,
            )
        if wanted(manifest):
            storage.put_tree(prefix(panorama.content_hash, ending), scratch)
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
