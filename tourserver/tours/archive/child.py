"""``python -m tourserver.tours.archive.child TASK FOLDER TARGET LIMITS WORK``: makes a picture of tiles, under limits.

TASK is ``cube`` (faces of a cube, from a stranger's ZIP, become equirectangular) or ``join`` (our own tiles are put
together). LIMITS and WORK are JSON. The last line on stdout is ``{"ok": true}`` or ``{"error": "damaged"}``. Ends with
its parent, as :mod:`tourserver.panoramas.child` does.
"""

from __future__ import annotations

import json
import math
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tourserver.panoramas.child import die_with_parent, limit
from tourserver.tours.archive.cubes import FACES

if TYPE_CHECKING:
    import pyvips

_EDGE: Final = 2
"""Pixels that each face is continued by, so that the interpolation never mixes two faces."""

CUBE_QUALITY: Final = 95
JOIN_QUALITY: Final = 92


def main(arguments: list[str]) -> int:
    """Do one task; see the head of this file."""
    task, folder, target = arguments[0], Path(arguments[1]), Path(arguments[2])
    limits, work = json.loads(arguments[3]), json.loads(arguments[4])
    threading.Thread(target=die_with_parent, daemon=True).start()
    limit(limits)
    import pyvips

    from tourserver.panoramas import codec  # noqa: F401 - blocks the loaders that are unfit for strangers' files

    try:
        image, quality = (cube(folder, work), CUBE_QUALITY) if task == "cube" else (join(folder, work), JOIN_QUALITY)
        image.jpegsave(str(target), Q=quality, keep="none")
    except (pyvips.Error, ValueError, MemoryError) as error:
        print(str(error)[:500], file=sys.stderr)
        print(json.dumps({"error": "damaged"}))
        return 1
    print(json.dumps({"ok": True}))
    return 0


def join(folder: Path, work: dict[str, Any]) -> pyvips.Image:
    """One level of tiles, ``<column>_<row>.jpg``, put together."""
    import pyvips

    cols, rows = work["cols"], work["rows"]
    names = [folder / f"{column}_{row}.jpg" for row in range(rows) for column in range(cols)]
    tiles = [pyvips.Image.new_from_file(str(name), access="sequential") for name in names]
    if len({(tile.width, tile.height) for tile in tiles}) == 1:
        return pyvips.Image.arrayjoin(tiles, across=cols)  # a third of the memory
    lines = [_together(tiles[row * cols : (row + 1) * cols], "horizontal") for row in range(rows)]
    return _together(lines, "vertical")


def cube(folder: Path, work: dict[str, Any]) -> pyvips.Image:
    """Six faces of ``size`` pixels in tiles of ``tile`` as an equirectangular picture ``width`` pixels wide."""
    import pyvips

    size, tile, width = work["size"], work["tile"], work["width"]
    faces = [_face(folder, face, size, tile).copy_memory() for face in FACES]
    strip = _together(faces, "horizontal").copy_memory()
    return strip.mapim(_places(width, size), interpolate=pyvips.Interpolate.new("bicubic"))


def _face(folder: Path, face: str, size: int, tile: int) -> pyvips.Image:
    from tourserver.panoramas import codec

    side, rows = math.ceil(size / tile), []
    for row in range(side):
        tiles = [codec.open_picture(folder / f"{face}_{column}_{row}") for column in range(side)]
        rows.append(_together(tiles, "horizontal"))
    image = _together(rows, "vertical")
    if (image.width, image.height) != (size, size):
        raise ValueError(f"face {face} has {image.width} × {image.height} pixels and not {size} a side")
    whole = size + 2 * _EDGE
    return image.embed(_EDGE, _EDGE, whole, whole, extend="copy")


def _places(width: int, size: int) -> pyvips.Image:
    """For each pixel of the equirectangular picture, where on the strip of faces its colour is.

    A direction (x right, y up, z backwards) leaves the cube through the face of its longest part.
    """
    import pyvips

    turn = pyvips.Image.xyz(width, width // 2)
    yaw = (turn[0] + 0.5) * (360.0 / width) - 180.0
    pitch = (turn[1] + 0.5) * (-360.0 / width) + 90.0
    x, y, z = yaw.math("sin") * pitch.math("cos"), pitch.math("sin"), -(yaw.math("cos") * pitch.math("cos"))
    upright = y.abs() >= _larger(x.abs(), z.abs())
    across = x.abs() > z.abs()
    # per face of the order f b l r u d: right and up on it, as multiples of half its side
    ahead = (z < 0).ifthenelse((x / -z).bandjoin([y / -z, 0]), (-x / z).bandjoin([y / z, 1]))
    beside = (x < 0).ifthenelse((z / x).bandjoin([y / -x, 2]), (z / x).bandjoin([y / x, 3]))
    poles = (y > 0).ifthenelse((x / y).bandjoin([z / y, 4]), (x / -y).bandjoin([z / y, 5]))
    found = upright.ifthenelse(poles, across.ifthenelse(beside, ahead))
    right = (found[0] + 1.0) * (size / 2) - 0.5 + _EDGE
    down = (1.0 - found[1]) * (size / 2) - 0.5 + _EDGE
    return (found[2] * float(size + 2 * _EDGE) + right).bandjoin(down)


def _larger(one: pyvips.Image, other: pyvips.Image) -> pyvips.Image:
    return (one > other).ifthenelse(one, other)


def _together(images: list[pyvips.Image], direction: str) -> pyvips.Image:
    whole = images[0]
    for image in images[1:]:
        whole = whole.join(image, direction)
    return whole


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
