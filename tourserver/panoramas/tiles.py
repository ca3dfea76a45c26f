"""Cut a panorama into tiles in one pass: decoded once, from top to bottom, never whole in memory.

The picture flows through as bands as high as a row of tiles. A band is cut and saved, then halved; two halves
make a band of the next smaller level. Only a native size that is not a power of two needs real resampling,
for the first step below it.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyvips

from tourserver.panoramas import refusals
from tourserver.panoramas.blur import Cover
from tourserver.panoramas.codec import is_harmless, open_picture
from tourserver.panoramas.fisheye import is_dual_fisheye
from tourserver.panoramas.inspect import Inspection, inspect
from tourserver.panoramas.ladder import Level, ladder
from tourserver.panoramas.manifest import MANIFEST, Manifest, Progress
from tourserver.panoramas.publish import building
from tourserver.panoramas.regions import Region
from tourserver.panoramas.rows import ENCODERS, Encoder

_FILTER_REACH: Final = 4
"""Pixels of a resampled picture over which the filter mixes: three, and one for rounding."""

_LINES: Final = 16
"""Lines that are decoded and kept together, where they are kept at all."""


def build_tiles(
    input_path: Path, out_dir: Path, progress: Progress | None = None, *, regions: Iterable[Region] = ()
) -> Manifest:
    """Check a picture and make its tiles in ``out_dir``, which appears whole or not at all.

    ``regions`` are blurred in all of them. Runs in this process, without limits: for strangers' files there is
    ``sandbox.build_tiles``. Raises ``Invalid`` for a bad picture and ``OSError`` when the disk is full.
    """
    with building(out_dir) as folder:
        return write_tiles(input_path, folder, progress, regions=regions)


def write_tiles(
    input_path: Path,
    folder: Path,
    progress: Progress | None = None,
    *,
    regions: Iterable[Region] = (),
    ending: str = "jpg",
) -> Manifest:
    """As :func:`build_tiles`, straight into an existing empty folder; manifest.json is written last.

    ``ending`` names the kind of the tiles: ``jpg`` or ``webp``.
    """
    started = time.perf_counter()
    inspection = inspect(input_path, max_bytes=None)  # the bytes are here already
    levels = ladder(inspection.width, inspection.height)
    output = _Output(folder, levels, ENCODERS[ending], progress or (lambda _percent: None))
    try:
        cover = Cover(input_path, regions)
        try:
            _flow(_open(input_path, inspection, strict=inspection.format == "jpeg"), levels, output, cover)
        except pyvips.Error as error:
            if not is_harmless(error):
                raise
            output.restart()
            _flow(_open(input_path, inspection, strict=False), levels, output, cover)
    except pyvips.Error as error:
        raise _explain(error) from error
    manifest = Manifest(inspection.width, inspection.height, levels, output.files, output.bytes, 0.0, ending)
    manifest = replace(manifest, seconds=round(time.perf_counter() - started, 3))
    (folder / MANIFEST).write_text(json.dumps(manifest.json(), separators=(",", ":")) + "\n")
    output.progress(100)
    return manifest


def _open(path: Path, inspection: Inspection, *, strict: bool) -> pyvips.Image:
    image = open_picture(path, strict=strict)
    if (image.width, image.height) != (inspection.width, inspection.height):
        raise refusals.damaged()  # our reader and libvips do not see the same picture
    return image


class _Output:
    """Saves tiles and counts them."""

    def __init__(self, folder: Path, levels: tuple[Level, ...], encoder: Encoder, progress: Progress) -> None:
        self.folder = folder
        self.encoder = encoder
        self.progress = progress
        self.files = self.bytes = 0
        self._total = sum(level.cols * level.rows for level in levels) + 1
        self._percent = -1
        for index in range(len(levels)):
            (folder / str(index)).mkdir()

    def restart(self) -> None:
        """Count from nothing again; the tiles there are written over. Progress does not fall back."""
        self.files = self.bytes = 0

    def write_base(self, image: pyvips.Image) -> None:
        """The last and smallest picture, on which one can see what kind of picture it is."""
        if is_dual_fisheye(image):
            raise refusals.unstitched()
        self.write(f"base.{self.encoder.ending}", self.encoder.base(image))

    def write(self, name: str, data: bytes) -> None:
        """Save a file. By Python and not by libvips, so that a full disk is an OSError with its number."""
        (self.folder / name).write_bytes(data)
        self.files += 1
        self.bytes += len(data)
        percent = min(99, 100 * self.files // self._total)
        if percent > self._percent:
            self._percent = percent
            self.progress(percent)


class _Pyramid:
    """A level and all that halve from it: takes bands from top to bottom."""

    def __init__(self, levels: tuple[Level, ...], output: _Output) -> None:
        self._level = levels[-1]
        self._index = len(levels) - 1
        self._output = output
        self._below = _Pyramid(levels[:-1], output) if _halves(levels) else None
        self._makes_base = len(levels) == 1
        self._row = 0
        self._halves: list[pyvips.Image] = []

    def push(self, band: pyvips.Image) -> None:
        """Cut the next row of tiles, and pass its half on."""
        encoder = self._output.encoder
        for col, tile in enumerate(encoder.row(band, self._level.col_edges)):
            self._output.write(f"{self._index}/{col}_{self._row}.{encoder.ending}", tile)
        self._row += 1
        if self._below is None and not self._makes_base:
            return
        self._halves.append(band.shrink(2, 2).copy_memory())
        if len(self._halves) == 2:
            joined = self._halves[0].join(self._halves[1], "vertical")
            self._halves.clear()
            if self._below is not None:
                self._below.push(joined)
            else:
                self._output.write_base(joined)


def _halves(levels: tuple[Level, ...]) -> bool:
    """Whether the last level is exactly twice the one before it, and so is each of their bands."""
    if len(levels) < 2:
        return False
    smaller, larger = levels[-2:]
    return (larger.width, larger.height) == (2 * smaller.width, 2 * smaller.height)


def _flow(image: pyvips.Image, levels: tuple[Level, ...], output: _Output, cover: Cover) -> None:
    top = levels[-1]
    pyramid = _Pyramid(levels, output)
    if len(levels) == 1 or _halves(levels):
        # 512 lines end where decoders end theirs (JPEG: 8 or 16), so each band may be a pipeline of its own.
        for first, after in pairwise(top.row_edges):
            size = (top.width, top.height)
            # Without a name for the band: it would live on while the next one is decoded.
            pyramid.push(cover(image.crop(0, first, top.width, after - first).copy_memory(), first, size))
        return
    # Two readers of one decoder: native bands, and resampled ones that follow as soon as all their lines
    # have come. The cache bridges what lies between: one band of the step below (less than two native ones)
    # and the reach of the filter.
    step = levels[-2]
    image = image.tilecache(tile_width=top.width, tile_height=_LINES, max_tiles=3 * top.tile // _LINES + 4)
    native, resampled = _Reader(image), _Reader(_resample(image, step))
    below = _Pyramid(levels[:-1], output)
    waiting = list(pairwise(step.row_edges))
    for first, after in pairwise(top.row_edges):
        pyramid.push(cover(native.band(first, after), first, (top.width, top.height)))
        while waiting and waiting[0][1] * top.height <= after * step.height:
            start, end = waiting.pop(0)
            # Resampling has carried what shall be covered over the rim, so the cover is wider than its reach.
            below.push(cover(resampled.band(start, end), start, (step.width, step.height), grow=_FILTER_REACH))


class _Reader:
    """Hands out bands of any height from top to bottom.

    One region lives as long as the picture: libvips lets a decoder forget its lines whenever a pipeline ends,
    and here a band may end inside the lines that were decoded last. Few lines at a time keep buffers small.
    """

    def __init__(self, image: pyvips.Image) -> None:
        self._image = image
        self._region = pyvips.Region.new(image)

    def band(self, first: int, after: int) -> pyvips.Image:
        """The rows from ``first`` up to ``after``, in memory."""
        width, height = self._image.width, after - first
        pixels, filled = bytearray(3 * width * height), 0
        for line in range(first, after, _LINES):
            piece = self._region.fetch(0, line, width, min(_LINES, after - line))
            pixels[filled : filled + len(piece)] = piece
            filled += len(piece)
        band = pyvips.Image.new_from_memory(pixels, width, height, 3, "uchar")
        return band.copy(interpretation="srgb")


def _resample(image: pyvips.Image, step: Level) -> pyvips.Image:
    smaller = image.resize(step.width / image.width, vscale=step.height / image.height)
    if (smaller.width, smaller.height) != (step.width, step.height):
        raise AssertionError(f"resampled to {smaller.width} × {smaller.height}, not {step}")
    return smaller


def _explain(error: pyvips.Error) -> Exception:
    """The person's error for libvips' message: cut off, a full disk, no memory, else damaged."""
    text = str(error).lower()
    if "no space left" in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if any(sign in text for sign in ("out of memory", "insufficient memory", "unable to allocate")):
        return MemoryError(text)
    if any(sign in text for sign in ("premature end of jpeg", "end of file", "truncated")):
        return refusals.cut_off()
    return refusals.damaged()
