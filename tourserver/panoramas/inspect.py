"""Decide about an uploaded panorama from its header: what it is, and why it can't be taken."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tourserver.panoramas import refusals
from tourserver.panoramas.formats import CutOffError, DamagedError, Header, UnsupportedError, read_header
from tourserver.panoramas.metadata import GPano, read_exif, read_gpano, read_xmp, xmp_place

MEGABYTE: Final = 1024 * 1024
MAX_BYTES: Final = 64 * MEGABYTE
MIN_WIDTH: Final = 2048
GOOD_WIDTH: Final = 4096
MAX_WIDTH: Final = 16384
MAX_PIXELS: Final = 134_217_728  # 16384 × 8192

_EXTENSIONS: Final = {"jpeg": "jpg", "png": "png", "webp": "webp"}


@dataclass(frozen=True, slots=True)
class Inspection:
    """A panorama that can be taken. Width and height are as shown, after the turning that EXIF asks for.

    ``gps`` is (latitude, longitude) in degrees, only to be offered to the editor.
    """

    width: int
    height: int
    format: str
    bytes: int
    warnings: list[str] = field(default_factory=list)
    gpano: GPano | None = None
    gps: tuple[float, float] | None = None

    @property
    def extension(self) -> str:
        """File ending by content: ``jpg``, ``png`` or ``webp``."""
        return _EXTENSIONS[self.format]


def inspect(path: Path, *, max_bytes: int | None = MAX_BYTES) -> Inspection:
    """Look at a file without decoding a pixel; raises ``Invalid`` with what to do about it."""
    size = os.path.getsize(path)
    if size == 0:
        raise refusals.empty()
    if max_bytes is not None and size > max_bytes:
        raise refusals.too_large(max_bytes // MEGABYTE)
    header = _header(path)
    exif = read_exif(header.exif)
    width, height = header.width, header.height
    if exif.orientation >= 5:
        width, height = height, width
    _check_size(width, height)
    if not header.complete:
        raise refusals.cut_off()
    properties = read_xmp(header.xmp)
    gpano = read_gpano(properties, width, height)
    _check_projection(gpano)
    in_xmp, xmp_gps = xmp_place(properties)
    warnings = [
        code
        for code, present in (
            ("small", width < GOOD_WIDTH),
            ("gpano_stale", gpano is not None and gpano.stale),
            ("gpano_partial", gpano is not None and gpano.partial),
            ("gps", exif.has_gps or in_xmp),
        )
        if present
    ]
    return Inspection(width, height, header.format, size, warnings, gpano, exif.gps or xmp_gps)


def _header(path: Path) -> Header:
    try:
        header = read_header(path)
    except DamagedError as error:
        raise refusals.damaged() from error
    except CutOffError as error:
        raise refusals.cut_off() from error
    except UnsupportedError as error:
        raise refusals.unsupported() from error
    if header is None:
        raise refusals.not_a_picture()
    return header


def _check_size(width: int, height: int) -> None:
    if width > MAX_WIDTH or width * height > MAX_PIXELS:
        raise refusals.too_many_pixels(width, height, MAX_WIDTH)
    if abs(width - 2 * height) > 1:
        raise refusals.wrong_ratio(width, height)
    if width < MIN_WIDTH:
        raise refusals.too_small(width, height, MIN_WIDTH)


def _check_projection(gpano: GPano | None) -> None:
    if gpano and gpano.projection and gpano.projection.lower() != "equirectangular":
        raise refusals.wrong_projection(gpano.projection)
