"""The job that writes a picture or plan anew, smaller and without metadata, in a child with limits."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from tourserver.assets import refusals
from tourserver.assets.models import Asset
from tourserver.core import jobs
from tourserver.core.errors import Invalid, TourserverError
from tourserver.core.jobs import JobContext, Retry
from tourserver.panoramas import children
from tourserver.panoramas.sandbox import Limits

log = structlog.get_logger()

JOB: Final = "asset.shrink"
LIMITS: Final = Limits(memory_mb=1536, seconds=60, cpu_seconds=60, file_mb=64)


def mark_failed(session: Session, payload: dict[str, Any], error: TourserverError) -> None:
    """Tell the file that it can't be used, in the transaction that gives the job up."""
    asset = session.get(Asset, payload["asset"])
    if asset is not None and asset.state != "ready":
        asset.state = "failed"
        asset.error = {"message": error.message, "params": error.params, "code": error.code}


@jobs.handler(JOB, given_up=mark_failed)
def shrink(context: JobContext) -> None:
    """Make ``payload["asset"]`` fit to be shown; done again it finds it done."""
    services = context.services
    with services.db.read() as session:
        asset = session.get(Asset, context.payload["asset"])
    if asset is None or asset.state == "ready":
        return
    came = asset.storage_key
    suffix = "png" if asset.media_type == "image/png" else "jpg"
    key = f"assets/{asset.id}.{suffix}"
    scratch = services.storage.scratch()
    try:
        made = scratch / f"made.{suffix}"
        with services.storage.local(came) as source:
            width, height = rewrite(source, made, stopping=context.stopping)
        size = made.stat().st_size
        services.storage.put(key, made)
    except Invalid:
        raise
    except Exception as error:
        if context.stopping.is_set():
            raise Retry(str(error)) from error
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    with services.db.write() as session:
        row = session.get(Asset, asset.id, with_for_update={"of": Asset})
        if row is not None:
            row.state, row.error = "ready", None
            row.storage_key, row.bytes, row.width, row.height = key, size, width, height
    services.storage.delete(came if row is not None else key)
    log.info("asset.shrunk", asset=asset.id, width=width, height=height)


def rewrite(
    source: Path, target: Path, *, limits: Limits = LIMITS, stopping: threading.Event | None = None
) -> tuple[int, int]:
    """Write a picture anew in a child process; its new width and height in pixels.

    Raises ``Invalid`` for one that can't be decoded within the limits, and RuntimeError when it was stopped.
    """
    arguments = [str(source), str(target), limits.json()]
    code, told = children.run(
        "tourserver.assets.child", arguments, folder=target.parent, limits=limits, stopping=stopping
    )
    if "error" in told:
        raise refusals.damaged()
    if code == 0:
        with suppress(KeyError, IndexError, TypeError, ValueError):
            return int(told["size"][0]), int(told["size"][1])
    if stopping is not None and stopping.is_set():
        raise RuntimeError("stopped while a picture was written")
    log.warning("asset.child_ended", code=code)
    raise refusals.too_slow()
