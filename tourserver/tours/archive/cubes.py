"""Faces of a cube as the Marzipano tool cuts them: where their tiles lie, and one equirectangular picture of them.

The tool writes ``tiles/<id>/<level>/<face>/<row>/<column>.jpg``; level 0 is the small preview. Faces and their
orientation are those of its src/geometries/Cube.js: seen from the middle, x grows to the right and y upwards on each
face; up and down hang on the front one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tourserver.tours.archive import values
from tourserver.tours.archive.parts import CubePart
from tourserver.tours.archive.zips import Archive

if TYPE_CHECKING:
    from tourserver.tours.archive.finding import Pictures

FACES: Final = "fblrud"
_MOST_SIZE: Final = 4096
_MOST_TILE: Final = 2048
_MOST_TILE_BYTES: Final = 8 * 1024 * 1024


def find(key: str, told: dict[str, Any], pictures: Pictures) -> CubePart | None:
    """The largest level of a scene whose tiles are all in the ZIP; None when there is none."""
    levels = told.get("levels")
    for number in reversed(range(len(levels) if isinstance(levels, list) else 0)):
        level = levels[number] if isinstance(levels, list) else None
        if not isinstance(level, dict) or level.get("fallbackOnly") is True:
            continue
        size, tile = level.get("size"), level.get("tileSize")
        if not isinstance(size, int) or not isinstance(tile, int) or not 0 < size <= _MOST_SIZE:
            continue
        if not 64 <= tile <= _MOST_TILE:
            continue
        tiles = _tiles(key, number, math.ceil(size / tile), pictures)
        if tiles is not None:
            sharp = int(values.number(told.get("faceSize")) or size)
            return CubePart(size, min(max(sharp, 1), size), tile, tiles)
    return None


def _tiles(key: str, level: int, side: int, pictures: Pictures) -> dict[tuple[str, int, int], str] | None:
    found = {}
    for face in FACES:
        for row in range(side):
            for column in range(side):
                tail = f"tiles/{key}/{level}/{face}/{row}/{column}.jpg"
                path = pictures.exact(tail) or pictures.archive.find(tail)
                if path is None:
                    return None
                found[face, column, row] = path
    return found


def unpack(archive: Archive, cube: CubePart, folder: Path) -> None:
    """Write all tiles into a folder, under names of our own: ``<face>_<column>_<row>``."""
    for (face, column, row), path in cube.tiles.items():
        (folder / f"{face}_{column}_{row}").write_bytes(archive.read(path, _MOST_TILE_BYTES))


def width(cube: CubePart) -> int:
    """Pixels across of the equirectangular picture that shows what the faces show: four faces stand side by side."""
    return min(16384, 4 * cube.sharp // 2 * 2)
