"""One piece of work on strangers' pictures in a child process that ends with us, with the limits, or when told to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tourserver.panoramas.sandbox import Limits

_STEP_SECONDS: Final = 0.2


def run(
    module: str, arguments: list[str], *, folder: Path, limits: Limits, stopping: threading.Event | None
) -> tuple[int, dict[str, Any]]:
    """Run ``python -m module …``, temporary files in ``folder``; gives its exit code and its last line as JSON.

    The answer is empty when there was none that can be read, as when it was killed: after ``limits.seconds``, or
    once ``stopping`` is set. The other limits are the child's to set on itself.
    """
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "VIPS_CONCURRENCY": "1"}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,  # held open: when we are gone, so is the child
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)},
    ) as child:
        ended = threading.Event()
        watch = threading.Thread(target=_kill_later, args=(child, limits.seconds, ended, stopping), daemon=True)
        watch.start()
        # not communicate(): that would close its input at once, and with it the child would end
        answer = child.stdout.read() if child.stdout else b""
        code = child.wait()
        ended.set()
        watch.join()
    with suppress(ValueError, IndexError):
        told = json.loads(answer.splitlines()[-1])
        if isinstance(told, dict):
            return code, told
    return code, {}


def _kill_later(
    child: subprocess.Popen[bytes], seconds: float, ended: threading.Event, stopping: threading.Event | None
) -> None:
    left = seconds
    while left > 0 and not ended.wait(_STEP_SECONDS):
        left -= _STEP_SECONDS
        if stopping is not None and stopping.is_set():
            break
    if not ended.is_set():
        child.kill()
