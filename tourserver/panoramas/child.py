"""``python -m tourserver.panoramas.child SOURCE FOLDER LIMITS WORK``: decodes strangers' pictures.

Started by :mod:`tourserver.panoramas.sandbox`. WORK is JSON: ``{"regions": […], "ending": "jpg"}``. The child limits
itself first, then works, and speaks JSON lines on stdout: ``{"percent": 40}``, and at the end ``{"manifest": …,
"peak": …}`` (bytes of memory) or ``{"error": …}``. Its standard input is held open by the parent; when that ends, the
parent is gone and so is the child.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> int:
    """Tile ``arguments[0]`` into ``arguments[1]`` under the limits ``[2]``, as ``[3]`` says (both JSON)."""
    source, folder, limits, work = Path(arguments[0]), Path(arguments[1]), *map(json.loads, arguments[2:4])
    threading.Thread(target=die_with_parent, daemon=True).start()
    limit(limits)
    try:
        from tourserver.core.errors import TourserverError
        from tourserver.panoramas.memory import peak_bytes
        from tourserver.panoramas.regions import canonical
        from tourserver.panoramas.tiles import write_tiles

        try:
            regions = canonical(work["regions"])
            manifest = write_tiles(source, folder, _progress, regions=regions, ending=work["ending"])
        except TourserverError as error:
            _say({"error": _describe(error)})
            return 1
    except MemoryError:
        _say({"error": {"kind": "memory"}})
        return 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        _say({"error": {"kind": "disk_full" if full else "io", "text": str(error)}})
        return 1
    _say({"manifest": manifest.json(), "peak": peak_bytes()})
    return 0


def limit(limits: dict[str, int]) -> None:
    """Take the system's limits: memory in bytes, processor time in seconds, size of a file in bytes."""
    os.nice(5)
    for name, which in (
        ("memory", resource.RLIMIT_AS),
        ("cpu_seconds", resource.RLIMIT_CPU),
        ("file_bytes", resource.RLIMIT_FSIZE),
    ):
        _soft, hard = resource.getrlimit(which)
        # A second more for the hard limit: at the soft one the kernel says SIGXCPU, at the hard one only SIGKILL.
        most = limits[name] + 1
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (min(limits[name], most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with_parent() -> None:
    """Wait until the parent closes our standard input or is gone, and end at once."""
    while os.read(0, 1024):  # not sys.stdin: its lock would be held when Python ends
        pass
    os._exit(9)


def _describe(error: Any) -> dict[str, Any]:
    return {
        "kind": "invalid",
        "message": error.message,
        "field": error.field,
        "code": error.code,
        "params": error.params,
    }


def _progress(percent: int) -> None:
    _say({"percent": percent})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
