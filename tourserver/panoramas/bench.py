"""``tourserver tiles bench``: what our tiles cost, beside the least that anybody could pay for the same pixels.

The *floor* decodes the picture and encodes its pixels once, as one JPEG of the tiles' quality, with the same library in
the same environment: no levels, no files, no checks. *Cold* is a fresh process for each run, start of the interpreter
included, as our child is; *warm* is one run among several in a process that has done it before. Runs alternate, and
medians are told. CPU is user and system time of the child, as the kernel counted it when the child ended.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from tourserver.panoramas import sandbox
from tourserver.panoramas.inspect import inspect
from tourserver.panoramas.manifest import TILE_QUALITY
from tourserver.panoramas.sandbox import DEFAULT_LIMITS, MEGABYTE

RUNS: Final = 7
GOALS: Final = {"ratio_cold": 2.5, "ratio_warm": 3.5, "psnr_loss": 0.3}
PEAK_GOALS: Final = ((8192, 150), (16384, 300))
"""Widths up to which so many megabytes above the interpreter's own are aimed at."""

_FLOOR: Final = """
import sys, time
import pyvips
from tourserver.panoramas.memory import peak_bytes
pyvips.cache_set_max(0)
for line in sys.stdin:
    cpu, wall = time.process_time(), time.perf_counter()
    pyvips.Image.new_from_file(sys.argv[1], access="sequential").jpegsave_buffer(Q=int(sys.argv[2]), keep="none")
    print(time.process_time() - cpu, time.perf_counter() - wall, peak_bytes(), flush=True)
"""
_NOTHING: Final = "from tourserver.panoramas.memory import peak_bytes; print(peak_bytes())"
_QUALITY: Final = """
import sys
from pathlib import Path
from tourserver.panoramas.bench import quality
print(*quality(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took: seconds of processor and of wall time, most memory in bytes."""

    cpu: float
    wall: float
    peak: int


def bench(
    path: Path, *, runs: int = RUNS, webp: bool = False, step: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Measure on one picture; ``step`` is called after each of :func:`steps` parts.

    Raises ``Invalid`` as tiling does.
    """
    looked = inspect(path, max_bytes=None)
    floor, ours, warm, webps = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tile(path, folder / "first")  # once without counting: the file comes into memory, a bad one is refused
        step()
        once = ["-c", _FLOOR, str(path), str(TILE_QUALITY)]
        with _warm(folder, once) as again:
            again()
            for run in range(runs):
                floor.append(_run(folder, once, "go\n")[0])
                ours.append(tile(path, folder / f"jpg{run}"))
                warm.append(again())
                step()
        for run in range(runs if webp else 0):
            webps.append(tile(path, folder / f"webp{run}", ending="webp"))
            step()
        interpreter, printed = _run(folder, ["-c", _NOTHING])
        bare = int(printed)
        _cost, printed = _run(folder, ["-c", _QUALITY, str(path), str(folder / "first")])
        step()
        manifest = json.loads((folder / "first" / "manifest.json").read_text())
    top, plain = map(float, printed.split())
    mine, cold, warmed = _middle(ours), _middle(floor), _middle(warm)
    return {
        "input": path.name,
        "width": looked.width,
        "height": looked.height,
        "runs": runs,
        "files": manifest["files"],
        "bytes": manifest["bytes"],
        "ours": _told(mine),
        "floor_cold": _told(cold),
        "floor_warm": _told(warmed),
        "interpreter": {"cpu_seconds": round(interpreter.cpu, 3), "peak_mb": round(bare / MEGABYTE, 1)},
        "ratio_cold": round(mine.cpu / cold.cpu, 2),
        "ratio_warm": round(mine.cpu / warmed.cpu, 2),
        "peak_mb_above_interpreter": round((mine.peak - bare) / MEGABYTE, 1),
        "psnr_top": round(top, 2),
        "psnr_plain": round(plain, 2),
        "psnr_loss": round(plain - top, 2),
        **({"webp": _told(_middle(webps))} if webp else {}),
    }


def steps(runs: int, *, webp: bool) -> int:
    """How often :func:`bench` calls its ``step``."""
    return runs * (2 if webp else 1) + 2


def missed(result: dict[str, Any]) -> list[str]:
    """The names of the goals that a result doesn't reach."""
    names = [name for name, goal in GOALS.items() if result[name] > goal]
    most = next((goal for width, goal in PEAK_GOALS if result["width"] <= width), PEAK_GOALS[-1][1])
    return names + (["peak_mb_above_interpreter"] if result["peak_mb_above_interpreter"] > most else [])


def tile(path: Path, folder: Path, ending: str = "jpg") -> Cost:
    """Make tiles once as the worker does, in a child with its limits, and count."""
    folder.mkdir()
    command = sandbox.command(path, folder, DEFAULT_LIMITS, sandbox.work_json(ending=ending))
    cost, printed = _run(folder, command[1:])
    answer = json.loads(printed.splitlines()[-1])
    if "manifest" not in answer:
        raise sandbox.refused(answer["error"], DEFAULT_LIMITS)
    return Cost(cost.cpu, cost.wall, answer["peak"])


def quality(path: Path, tiles: Path) -> tuple[float, float]:
    """PSNR in dB against the picture itself: of the top level of its tiles, and of one plain re-encode of all of it."""
    import pyvips

    from tourserver.panoramas.codec import encode, open_picture
    from tourserver.panoramas.manifest import MANIFEST, Manifest

    original = open_picture(path, sequential=False).copy_memory()
    manifest = Manifest.from_json(json.loads((tiles / MANIFEST).read_text()))
    index, level = len(manifest.levels) - 1, manifest.levels[-1]
    square = 0.0
    for row, first in enumerate(level.row_edges[:-1]):
        for col, left in enumerate(level.col_edges[:-1]):
            tile = pyvips.Image.new_from_file(str(tiles / str(index) / f"{col}_{row}.jpg"))
            same = original.crop(left, first, tile.width, tile.height)
            square += float(((tile.cast("float") - same) ** 2).avg()) * tile.width * tile.height
    again = pyvips.Image.new_from_buffer(encode(original), "")
    plain = float(((again.cast("float") - original) ** 2).avg())
    return _decibel(square / level.width / level.height), _decibel(plain)


def _decibel(square: float) -> float:
    return 10 * math.log10(255**2 / square) if square else 99.0


def _run(folder: Path, arguments: list[str], said: str = "") -> tuple[Cost, str]:
    """Run our interpreter as the tiling child is run; its cost (memory as it printed it last, if so) and output."""
    started = time.perf_counter()
    with _start(folder, arguments) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        if said:
            child.stdin.write(said.encode())
            child.stdin.close()
        printed = child.stdout.read().decode()
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode and "error" not in printed:
        raise RuntimeError(f"a measured process ended with {child.returncode}: {printed}")
    last = printed.split()[-1] if printed.split() else ""
    return Cost(used.ru_utime + used.ru_stime, wall, int(last) if last.isdecimal() else 0), printed


@contextmanager
def _warm(folder: Path, arguments: list[str]) -> Iterator[Callable[[], Cost]]:
    """A process that stays: each call has it do its work once more and tells what that took."""
    with _start(folder, arguments) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        stdin, stdout = child.stdin, child.stdout

        def again() -> Cost:
            stdin.write(b"go\n")
            stdin.flush()
            cpu, wall, peak = stdout.readline().split()
            return Cost(float(cpu), float(wall), int(peak))

        yield again
        stdin.close()


def _start(folder: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, *arguments]
    environment = sandbox.environment(folder)
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - our own


def _middle(costs: list[Cost]) -> Cost:
    """Medians of each; of memory the most."""
    return Cost(
        median(cost.cpu for cost in costs), median(cost.wall for cost in costs), max(cost.peak for cost in costs)
    )


def _told(cost: Cost) -> dict[str, float]:
    return {
        "cpu_seconds": round(cost.cpu, 3),
        "wall_seconds": round(cost.wall, 3),
        "peak_mb": round(cost.peak / MEGABYTE, 1),
    }
