"""Start the child that makes a picture of tiles, and watch it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from tourserver.panoramas import refusals
from tourserver.panoramas.sandbox import Limits

log = structlog.get_logger()

FULL_DISK_WAIT: Final = timedelta(minutes=2)
_STEP: Final = 0.2


class Stopped(Exception):
    """The work was ended from outside; it may be tried again."""


def make(
    task: str, folder: Path, target: Path, work: dict[str, Any], *, limits: Limits, stopping: threading.Event | None
) -> None:
    """Do a task of :mod:`.child` on the tiles in ``folder``; the picture is at ``target`` afterwards.

    Raises ``Invalid`` for tiles that can't be decoded within the limits, and :class:`Stopped`.
    """
    command = [sys.executable, "-m", "tourserver.tours.archive.child", task, str(folder), str(target)]
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "VIPS_CONCURRENCY": "1"}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [*command, limits.json(), json.dumps(work)],
        stdin=subprocess.PIPE,  # held open: when we are gone, so is the child
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(target.parent)},
    ) as child:
        ended = threading.Event()
        watch = threading.Thread(target=_kill_later, args=(child, limits.seconds, ended, stopping), daemon=True)
        watch.start()
        answer = child.stdout.read() if child.stdout else b""
        code = child.wait()
        ended.set()
        watch.join()
    told: dict[str, Any] = {}
    with suppress(ValueError, IndexError):
        told = json.loads(answer.splitlines()[-1])
    if told.get("ok") and code == 0:
        return
    if stopping is not None and stopping.is_set():
        raise Stopped
    if "error" in told:
        raise refusals.damaged()
    log.warning("archive.child_ended", task=task, code=code)
    raise refusals.too_slow(limits.seconds)


def _kill_later(
    child: subprocess.Popen[bytes], seconds: float, ended: threading.Event, stopping: threading.Event | None
) -> None:
    left = seconds
    while left > 0 and not ended.wait(_STEP):
        left -= _STEP
        if stopping is not None and stopping.is_set():
            break
    if not ended.is_set():
        child.kill()
