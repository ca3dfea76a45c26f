"""Cut tiles in a child process that can't take the machine with it.

The child has limits on memory, processor time, file size and wall time; it writes into a folder that the
parent made and that only becomes visible after the child has ended well. So whatever happens to it, nothing
half made is ever published.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import structlog

from tourserver.core.errors import Invalid, TourserverError
from tourserver.panoramas import refusals
from tourserver.panoramas.manifest import Manifest, Progress
from tourserver.panoramas.publish import building
from tourserver.panoramas.regions import Region, as_json

log = structlog.get_logger()

MEGABYTE: Final = 1024 * 1024

_CRASHES: Final = {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take. Memory is address space, which is somewhat more than is really used."""

    memory_mb: int = 2048
    seconds: int = 300
    cpu_seconds: int = 300
    file_mb: int = 2048

    def json(self) -> str:
        """As the child reads it."""
        return json.dumps(
            {
                "memory": self.memory_mb * MEGABYTE,
                "cpu_seconds": self.cpu_seconds,
                "file_bytes": self.file_mb * MEGABYTE,
            }
        )


DEFAULT_LIMITS: Final = Limits()


def build_tiles(
    input_path: Path,
    out_dir: Path,
    progress: Progress | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    stopping: threading.Event | None = None,
) -> Manifest:
    """As :func:`tourserver.panoramas.tiles.build_tiles`, in a child process.

    Raises ``Invalid`` for a picture that can't be used, ``refusals.DiskFull`` and ``refusals.Stopped`` for
    what may be tried again.
    """
    try:
        with building(out_dir) as folder:
            return write_tiles(input_path, folder, progress, limits=limits, stopping=stopping)
    except OSError as error:
        raise io_error(error) from error


def write_tiles(
    input_path: Path,
    folder: Path,
    progress: Progress | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    stopping: threading.Event | None = None,
    regions: Iterable[Region] = (),
    ending: str = "jpg",
) -> Manifest:
    """As :func:`build_tiles`, into an existing empty folder, which the caller removes when this raises.

    ``regions`` are blurred; ``ending`` names the kind of tiles, ``jpg`` or ``webp``.
    """
    work = work_json(regions, ending)
    with tempfile.TemporaryFile() as complaints, _child(input_path, folder, limits, work, complaints) as child:
        watch = _Watch(child, limits.seconds, stopping)
        answer = _listen(child.stdout, progress)
        code = child.wait()
        watch.end()
        complaints.seek(0)
        complaint = complaints.read(100_000).decode(errors="replace").strip()[-2000:]
    if watch.reason == "timeout" or code == -signal.SIGXCPU:
        raise refusals.too_slow(limits.seconds if watch.reason == "timeout" else limits.cpu_seconds)
    if "manifest" in answer and code == 0:
        return Manifest.from_json(answer["manifest"])
    if "error" in answer:
        raise refused(answer["error"], limits)
    if code in _CRASHES:
        log.error("tiles.decoder_crashed", signal=-code, complaint=complaint)
        raise refusals.damaged()
    if code < 0 or watch.reason == "stopping":
        raise refusals.interrupted()
    raise RuntimeError(f"the tiling process ended with {code}: {complaint}")


@contextmanager
def _child(
    input_path: Path, folder: Path, limits: Limits, work: str, complaints: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        command(input_path, folder, limits, work),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=environment(folder),
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def command(input_path: Path, folder: Path, limits: Limits, work: str) -> list[str]:
    """How the child is started; ``work`` is the JSON of :func:`work_json`."""
    places = [str(input_path.absolute()), str(folder.absolute())]
    return [sys.executable, "-m", "tourserver.panoramas.child", *places, limits.json(), work]


def work_json(regions: Iterable[Region] = (), ending: str = "jpg") -> str:
    """What the child shall do."""
    return json.dumps({"regions": as_json(regions), "ending": ending})


def environment(folder: Path) -> dict[str, str]:
    """A small environment without the parent's secrets, tuned for one thread and large, reused buffers.

    glibc gives large blocks back to the system at once and gets them again as zeroed pages: with bands of
    pixels that is a third of the time and of the memory.
    """
    package_root = str(Path(__file__).resolve().parents[2])
    wanted = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
    inherited = {key: os.environ[key] for key in wanted if key in os.environ}
    return {
        **inherited,
        "PYTHONPATH": package_root,
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder),
        "VIPS_CONCURRENCY": "1",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(64 * MEGABYTE),
        "MALLOC_TRIM_THRESHOLD_": str(256 * MEGABYTE),
        "MALLOC_TOP_PAD_": str(16 * MEGABYTE),
    }


class _Watch:
    """Kills the child when its time is over or the parent shall stop."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float, stopping: threading.Event | None) -> None:
        self.reason: str | None = None
        self._child = child
        self._seconds = seconds
        self._stopping = stopping
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        end = time.monotonic() + self._seconds
        while self._child.poll() is None:
            if self._stopping is not None and self._stopping.is_set():
                self.reason = "stopping"
            elif time.monotonic() >= end:
                self.reason = "timeout"
            if self.reason:
                self._child.kill()
                return
            if self._done.wait(0.2):
                return

    def end(self) -> None:
        """The child has ended."""
        self._done.set()
        self._thread.join()


def _listen(lines: IO[bytes] | None, progress: Progress | None) -> dict[str, Any]:
    """Pass progress on until the child closes its output; the last line that is not progress."""
    answer: dict[str, Any] = {}
    for line in lines or ():
        try:
            message = json.loads(line)
        except ValueError:
            continue  # half a line of a child that was killed
        if "percent" in message:
            if progress:
                progress(int(message["percent"]))
        else:
            answer = message
    return answer


def refused(error: dict[str, Any], limits: Limits) -> TourserverError:
    """The error that a child told in JSON."""
    if error["kind"] == "invalid":
        return Invalid(error["message"], field=error["field"], code=error["code"], **error["params"])
    if error["kind"] == "memory":
        return refusals.too_much_memory(limits.memory_mb)
    return refusals.disk_full() if error["kind"] == "disk_full" else refusals.not_written(error["text"])


def io_error(error: OSError) -> TourserverError:
    """The person's error for a failed write."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return refusals.disk_full() if full else refusals.not_written(str(error))
