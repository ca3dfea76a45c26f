"""Start the child that makes a picture of tiles, and watch it."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from tourserver.panoramas import children, refusals
from tourserver.panoramas.sandbox import Limits

log = structlog.get_logger()

FULL_DISK_WAIT: Final = timedelta(minutes=2)


class Stopped(Exception):
    """The work was ended from outside; it may be tried again."""


def make(
    task: str, folder: Path, target: Path, work: dict[str, Any], *, limits: Limits, stopping: threading.Event | None
) -> None:
    """Do a task of :mod:`.child` on the tiles in ``folder``; the picture is at ``target`` afterwards.

    Raises ``Invalid`` for tiles that can't be decoded within the limits, and :class:`Stopped`.
    """
    arguments = [task, str(folder), str(target), limits.json(), json.dumps(work)]
    code, told = children.run(
        "tourserver.tours.archive.child", arguments, folder=target.parent, limits=limits, stopping=stopping
    )
    if told.get("ok") and code == 0:
        return
    if stopping is not None and stopping.is_set():
        raise Stopped
    if "error" in told:
        raise refusals.damaged()
    log.warning("archive.child_ended", task=task, code=code)
    raise refusals.too_slow(limits.seconds)
