from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tourserver.panoramas.ladder import TILE, ladder


def sizes(width: int, height: int) -> list[tuple[int, int, int, int, int]]:
    return [(level.width, level.height, level.cols, level.rows, level.tile) for level in ladder(width, height)]


def test_the_ladder_of_8192_halves_down_to_2048() -> None:
    assert sizes(8192, 4096) == [
        (2048, 1024, 4, 2, 512),
        (4096, 2048, 8, 4, 512),
        (8192, 4096, 16, 8, 512),
    ]


@pytest.mark.parametrize(
    ("width", "cols", "tile", "below"),
    [(5760, 16, 360, [2048, 4096]), (6080, 16, 380, [2048, 4096]), (11968, 32, 374, [2048, 4096, 8192])],
)
def test_the_native_width_of_a_camera_is_the_top_level(width: int, cols: int, tile: int, below: list[int]) -> None:
    found = ladder(width, width // 2)
    assert [level.width for level in found] == [*below, width]
    assert (found[-1].cols, found[-1].rows, found[-1].tile) == (cols, cols // 2, tile)


def test_the_smallest_picture_has_one_level() -> None:
    assert sizes(2048, 1024) == [(2048, 1024, 4, 2, 512)]


@settings(deadline=None)
@given(st.integers(2048, 16384), st.booleans())
def test_every_size_is_cut_into_whole_tiles_that_the_viewer_can_show(width: int, up: bool) -> None:
    height = (width + up) // 2
    levels = ladder(width, height)
    assert (levels[-1].width, levels[-1].height) == (width, height)
    assert [level.width for level in levels] == sorted({level.width for level in levels})
    for smaller, larger in pairwise(levels):
        assert larger.width <= 2 * smaller.width
    for level in levels:
        assert level.cols & (level.cols - 1) == 0
        assert level.rows * 2 == level.cols <= 32
        for edges, size in ((level.col_edges, level.width), (level.row_edges, level.height)):
            assert (edges[0], edges[-1]) == (0, size)
            steps = [after - first for first, after in pairwise(edges)]
            assert max(steps) - min(steps) <= 1
            assert 0 < max(steps) <= TILE
            share = size / len(steps)
            assert all(abs(edge - index * share) <= 0.5 for index, edge in enumerate(edges))
        assert max(b - a for a, b in pairwise(level.col_edges)) == level.tile
