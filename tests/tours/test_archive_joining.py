"""Tiles that visitors load become one picture again, whatever width the camera gave it."""

from __future__ import annotations

from pathlib import Path

import pytest
import pyvips

from tests.panoramas import pictures
from tourserver.core.errors import Invalid
from tourserver.panoramas.sandbox import Limits
from tourserver.panoramas.tiles import build_tiles
from tourserver.tours.archive import making


@pytest.mark.parametrize("width", [2048, 2050, 2980])
def test_the_largest_level_is_put_together_as_it_was(tmp_path: Path, width: int) -> None:
    source = pictures.save_scene(tmp_path / "p.png", width)
    manifest = build_tiles(source, tmp_path / "tiles")
    index, level = len(manifest.levels) - 1, manifest.levels[-1]
    work = {"cols": level.cols, "rows": level.rows}
    making.make("join", tmp_path / "tiles" / str(index), tmp_path / "out.jpg", work, limits=Limits(), stopping=None)
    made = pyvips.Image.new_from_file(str(tmp_path / "out.jpg"))
    whole = pictures.assemble(tmp_path / "tiles", index, level.cols, level.rows)
    assert (made.width, made.height) == (whole.width, whole.height) == (width, width // 2)
    assert pictures.psnr(made, whole) > 35


def test_tiles_that_are_missing_are_told_and_not_filled_in(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="damaged"):
        making.make("join", tmp_path, tmp_path / "out.jpg", {"cols": 1, "rows": 1}, limits=Limits(), stopping=None)


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    limits = Limits(seconds=0)
    with pytest.raises(Invalid, match="longer than 0 seconds"):
        making.make("join", tmp_path, tmp_path / "out.jpg", {"cols": 1, "rows": 1}, limits=limits, stopping=None)
