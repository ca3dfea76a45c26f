"""The sizes a panorama is offered in, and where each is cut. Pure arithmetic; no picture library."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

TILE: Final = 512
"""The largest side of a tile, in pixels."""

STEPS: Final = (2048, 4096, 8192, 16384)
"""Widths of the levels. Half of the first is base.jpg: the whole sphere, shown until tiles are there."""


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the panorama, cut into ``cols`` × ``rows`` tiles of at most ``tile`` pixels a side.

    The viewer wants powers of two and spreads each tile over its own share of the sphere. So a width that
    does not divide is cut at the nearest whole pixel: no pixel is lost, doubled or blurred, and none lies
    more than half a pixel from its place.
    """

    width: int
    height: int
    cols: int
    rows: int
    tile: int

    @property
    def col_edges(self) -> list[int]:
        """Where columns begin, and the width as the last."""
        return edges(self.width, self.cols)

    @property
    def row_edges(self) -> list[int]:
        """Where rows begin, and the height as the last."""
        return edges(self.height, self.rows)

    def json(self) -> dict[str, Any]:
        """As the manifest has it."""
        return asdict(self)


def edges(size: int, parts: int) -> list[int]:
    """Cut ``size`` pixels into ``parts`` as equal as whole pixels allow."""
    return [(2 * index * size + parts) // (2 * parts) for index in range(parts + 1)]


def ladder(width: int, height: int) -> tuple[Level, ...]:
    """The levels of a panorama, the smallest first: each step below the native width, and the native size.

    ``width`` is at least 2048 and twice ``height``, give or take a pixel.
    """
    return (*(_level(step, step // 2) for step in STEPS if step < width), _level(width, height))


def _level(width: int, height: int) -> Level:
    cols = 2
    while cols * TILE < width:
        cols *= 2
    return Level(width, height, cols, cols // 2, -(-width // cols))
