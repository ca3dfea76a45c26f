"""Run in a process of its own: a bucket used as the web process does, patched by eventlet; prints what it saw."""

# ruff: noqa: E402 - patching comes first, on purpose
import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated", category=Warning)
    import eventlet
eventlet.monkey_patch()

import hashlib
import json
import os
import sys
from pathlib import Path

from tourserver.core import storage as storages

MEGABYTE = 1024 * 1024
FILM_MEGABYTES = 64


def main(url: str, files: Path) -> None:
    """Store and read a tree and a film while another green thread goes on ticking."""
    storage = storages.start(url, files)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            eventlet.sleep(0.001)

    ticking = eventlet.spawn(tick)
    folder = storage.scratch()
    for number in range(40):
        (folder / f"{number}_0.jpg").write_bytes(os.urandom(1000))
    (folder / "manifest.json").write_text("{}")
    storage.put_tree("panoramas/abc", folder)
    with storage.local_tree("panoramas/abc") as tree:
        tiles = len(list(tree.glob("*.jpg")))
    film, written = storage.scratch() / "film.mp4", hashlib.sha256()
    with film.open("wb") as file:
        for _ in range(FILM_MEGABYTES):
            block = os.urandom(MEGABYTE)
            written.update(block)
            file.write(block)
    Path("/proc/self/clear_refs").write_text("5")  # forget the most; getrusage's figure would be the parent's
    before = _most_memory()
    storage.put("assets/film.mp4", film)
    with storage.local("assets/film.mp4") as path, path.open("rb") as copy:
        read = hashlib.file_digest(copy, "sha256")
    grown = _most_memory() - before
    ticking.kill()
    storage.delete_tree("panoramas/abc")
    gone = not storage.exists("panoramas/abc/0_0.jpg")
    storage.close()
    same = read.digest() == written.digest()
    print(json.dumps({"tiles": tiles, "same": same, "gone": gone, "ticks": ticks, "grown_mb": grown}))


def _most_memory() -> int:
    """The most that this process had since it was last told to forget, in megabytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
