"""Faces and number plates made unrecognisable for good, before a pixel of them reaches any tile.

All that is left of a region are at most 4 × 4 colours, each the mean of a sixteenth of it (seen on a copy of the
picture 2048 pixels wide, so that small regions lose even more) in steps of eight levels, spread smoothly over the
ellipse. There is nothing to sharpen or to guess back: of a face of 3° on 8192 pixels, 3,700 pixels, sixteen colours
stay. Angles are taken on the sphere, so the ellipse is right near the poles and over the seam.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyvips

from tourserver.panoramas.codec import open_picture, to_srgb
from tourserver.panoramas.regions import Region

CELLS: Final = 4
STEP: Final = 8

_SAMPLES: Final = 16  # a side of each cell
_COPY_WIDTH: Final = 2048
_MARGIN: Final = 8


def small_copy(path: Path) -> pyvips.Image:
    """The picture 2048 pixels wide, in memory; JPEG is decoded at a fraction of its size."""
    width = open_picture(path).width
    if width <= _COPY_WIDTH:
        return open_picture(path, sequential=False).copy_memory()
    image = pyvips.Image.thumbnail(str(path), _COPY_WIDTH, height=_COPY_WIDTH, fail_on="error")
    return to_srgb(image).copy_memory()


class Cover:
    """Covers regions in a picture that passes by in bands, from top to bottom or in any order."""

    def __init__(self, path: Path, regions: Iterable[Region]) -> None:
        self._regions = tuple(regions)
        if self._regions:
            copy = small_copy(path)
            self._cells = [_cells(copy, region) for region in self._regions]

    def __call__(self, band: pyvips.Image, first: int, size: tuple[int, int], grow: int = 0) -> pyvips.Image:
        """``band`` with its part of the regions covered: the rows from ``first`` on of a picture of ``size`` pixels.

        Outside of the ellipses not a bit is changed. ``grow`` widens them by so many pixels, for a picture whose
        pixels were mixed with their neighbours' before. Where two overlap, the later covers the earlier.
        """
        patches = list(self._patches(first, first + band.height, size, grow * 360 / size[0]))
        if not patches:
            return band
        pixels, line = bytearray(band.write_to_memory()), 3 * band.width
        # A view of the same bytes: a region that is covered sees those that were covered before it.
        view = pyvips.Image.new_from_memory(pixels, band.width, band.height, 3, "uchar").copy(interpretation="srgb")
        for region, cells, (left, top, width, height) in patches:
            inside, colours = _cover(region, cells, size, (left, top, width, height))
            covered = inside.ifthenelse(colours, view.crop(left, top - first, width, height)).write_to_memory()
            for row in range(height):
                start = (top - first + row) * line + 3 * left
                pixels[start : start + 3 * width] = covered[row * 3 * width : (row + 1) * 3 * width]
        return view

    def _patches(
        self, first: int, after: int, size: tuple[int, int], grow: float
    ) -> Iterator[tuple[Region, pyvips.Image, tuple[int, int, int, int]]]:
        if not self._regions:
            return
        for region, cells in zip(self._regions, self._cells, strict=True):
            grown = replace(region, width=region.width + 2 * grow, height=region.height + 2 * grow)
            for left, top, width, height in grown.boxes(*size):
                start, end = max(top, first), min(top + height, after)
                if start < end:
                    yield grown, cells, (left, start, width, end - start)


def _cells(copy: pyvips.Image, region: Region) -> pyvips.Image:
    """The few colours that are left of a region, its upper left first."""
    across, down = _grid(region)
    position = pyvips.Image.xyz(across * _SAMPLES, down * _SAMPLES)
    x = ((position[0] + 0.5) / (across * _SAMPLES) - 0.5) * region.width
    y = (0.5 - (position[1] + 0.5) / (down * _SAMPLES)) * region.height
    # From the region's own longitude and latitude to those of the sphere: tilt up by its pitch, turn by its yaw.
    right = y.math("cos") * x.math("sin")
    level = y.math("cos") * x.math("cos")
    sine, cosine = math.sin(math.radians(region.pitch)), math.cos(math.radians(region.pitch))
    ahead, up = level * cosine - y.math("sin") * sine, y.math("sin") * cosine + level * sine
    longitude = (right.math2(ahead, "atan2") + region.yaw + 540) % 360 - 180
    latitude = _arc_sine(up)
    wrapped = copy.embed(_MARGIN, 0, copy.width + 2 * _MARGIN, copy.height, extend="repeat")
    column = (longitude / 360 + 0.5) * copy.width - 0.5 + _MARGIN
    row = (latitude / -180 + 0.5) * copy.height - 0.5
    seen = wrapped.mapim(column.bandjoin(row), extend="copy").shrink(_SAMPLES, _SAMPLES)
    coarse = (seen / STEP).floor() * STEP + STEP / 2
    return coarse.cast("uchar").copy(interpretation="srgb").copy_memory()


def _grid(region: Region) -> tuple[int, int]:
    """Cells across and down: about square, at most four a side."""
    longer = max(region.width, region.height)
    return (
        max(1, round(CELLS * region.width / longer)),
        max(1, round(CELLS * region.height / longer)),
    )


def _cover(
    region: Region, cells: pyvips.Image, size: tuple[int, int], box: tuple[int, int, int, int]
) -> tuple[pyvips.Image, pyvips.Image]:
    """Which pixels of ``box`` lie in the ellipse, and the colours to put there."""
    left, top, width, height = box
    position = pyvips.Image.xyz(width, height)
    longitude = (position[0] + (left + 0.5)) * (360 / size[0]) - (180 + region.yaw)
    latitude = 90 - (position[1] + (top + 0.5)) * (180 / size[1])
    level, climb = latitude.math("cos") * longitude.math("cos"), latitude.math("sin")
    sine, cosine = math.sin(math.radians(region.pitch)), math.cos(math.radians(region.pitch))
    ahead, up = level * cosine + climb * sine, climb * cosine - level * sine
    right = latitude.math("cos") * longitude.math("sin")
    x = ((right.math2(ahead, "atan2") + 540) % 360 - 180) / (region.width / 2)
    y = _arc_sine(up) / (region.height / 2)
    inside = x * x + y * y <= 1
    across = (x + 1) * (cells.width / 2) - 0.5
    down = (1 - y) * (cells.height / 2) - 0.5
    colours = cells.mapim(across.bandjoin(down), interpolate=pyvips.Interpolate.new("bilinear"), extend="copy")
    return inside, colours


def _arc_sine(image: pyvips.Image) -> pyvips.Image:
    """Degrees; what rounding brought outside of −1 … 1 is brought back."""
    image = (image > 1).ifthenelse(1, image)
    return (image < -1).ifthenelse(-1, image).math("asin")


def pixels_of(regions: Iterable[Region], width: int, height: int) -> Iterator[pyvips.Image]:
    """A mask of the whole picture for each region: 255 where it covers. For checks, not for the pipeline."""
    cell = pyvips.Image.black(1, 1, bands=3)
    for region in regions:
        mask = pyvips.Image.black(width, height)
        for box in region.boxes(width, height):
            inside, _colours = _cover(region, cell, (width, height), box)
            mask = mask.insert(inside, box[0], box[1])
        yield mask.copy_memory()
