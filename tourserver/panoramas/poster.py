"""The start view of a scene as a small flat picture: shown before any script runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyvips

from tourserver.panoramas.codec import encode, open_picture
from tourserver.panoramas.manifest import MANIFEST, Manifest

POSTER: Final = (960, 540)
THUMB: Final = (320, 180)
MAX_BYTES: Final = 40_000
_BEST, _WORST = 80, 25


@dataclass(frozen=True, slots=True)
class Poster:
    """What was written: size in pixels, quality and bytes."""

    width: int
    height: int
    quality: int
    bytes: int


def poster(
    source: Path,
    yaw: float,
    pitch: float,
    fov: float,
    out_path: Path,
    *,
    size: tuple[int, int] = POSTER,
    max_bytes: int = MAX_BYTES,
) -> Poster:
    """Write a view as a JPEG of at most ``max_bytes``, in the best quality that fits.

    ``source`` is a folder of tiles or a panorama file. Angles in degrees: ``yaw`` to the right of the
    middle, ``pitch`` up, ``fov`` the vertical field of view as the viewer means it. A view so rich that it
    does not even fit at low quality is made smaller, in the same shape.
    """
    return write(rectilinear(open_source(source, size, fov), yaw, pitch, fov, size), out_path, max_bytes)


def write(flat: pyvips.Image, out_path: Path, max_bytes: int) -> Poster:
    """Write a flat picture in the best quality that fits; as WebP where the path ends so, as JPEG otherwise."""
    save = _webp if out_path.suffix == ".webp" else _jpeg
    while True:
        fitting = _fit(flat, max_bytes, save)
        if fitting is not None:
            data, quality = fitting
            out_path.write_bytes(data)
            return Poster(flat.width, flat.height, quality, len(data))
        flat = flat.resize(0.75).copy_memory()


def rectilinear(image: pyvips.Image, yaw: float, pitch: float, fov: float, size: tuple[int, int]) -> pyvips.Image:
    """What a camera in the middle of the sphere sees; angles in degrees, ``fov`` vertical."""
    width, height = size
    focal = height / 2 / math.tan(math.radians(fov) / 2)
    position = pyvips.Image.xyz(width, height)
    right = (position[0] - (width - 1) / 2) / focal
    up = (position[1] - (height - 1) / 2) / -focal
    sine, cosine = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))
    ahead, above = up * -sine + cosine, up * cosine + sine
    longitude = right.math2(ahead, "atan2") + yaw  # libvips counts in degrees here
    longitude = (longitude + 540) % 360 - 180
    latitude = (above / (right * right + ahead * ahead) ** 0.5).math("atan")
    # A few columns of the other edge on either side, so that nothing is seen of the seam.
    margin = 8
    wrapped = image.embed(margin, 0, image.width + 2 * margin, image.height, extend="repeat")
    x = (longitude / 360 + 0.5) * image.width - 0.5 + margin
    y = (latitude / -180 + 0.5) * image.height - 0.5
    flat = wrapped.mapim(x.bandjoin(y), interpolate=pyvips.Interpolate.new("bicubic"), extend="copy")
    return flat.cast("uchar").copy_memory()


def open_source(source: Path, size: tuple[int, int], fov: float) -> pyvips.Image:
    """A panorama in memory, of the tiles' level that is just sharp enough for a view, or of a file."""
    if not source.is_dir():
        return open_picture(source, sequential=False).copy_memory()
    manifest = Manifest.from_json(json.loads((source / MANIFEST).read_text()))
    # Pixels per turn in the middle of the view, where a flat picture is coarsest on the sphere.
    needed = 2 * math.pi * size[1] / 2 / math.tan(math.radians(fov) / 2)
    last = len(manifest.levels) - 1
    index = next((i for i, level in enumerate(manifest.levels) if level.width >= needed), last)
    level = manifest.levels[index]
    rows = []
    for row in range(level.rows):
        paths = [source / str(index) / f"{col}_{row}.jpg" for col in range(level.cols)]
        tiles = [open_picture(path, sequential=False) for path in paths]
        joined = tiles[0]
        for tile in tiles[1:]:
            joined = joined.join(tile, "horizontal")
        rows.append(joined.copy_memory())
    image = rows[0]
    for band in rows[1:]:
        image = image.join(band, "vertical")
    return image.copy_memory()


def _jpeg(image: pyvips.Image, quality: int) -> bytes:
    return encode(image, quality=quality, interlace=True, optimize_coding=True, trellis_quant=True)


def _webp(image: pyvips.Image, quality: int) -> bytes:
    data: bytes = image.webpsave_buffer(Q=quality, effort=4, keep="none")
    return data


def _fit(image: pyvips.Image, max_bytes: int, save: Callable[[pyvips.Image, int], bytes]) -> tuple[bytes, int] | None:
    """The bytes and quality of the best picture within ``max_bytes``, found by halving; None when none is."""
    best: tuple[bytes, int] | None = None
    low, high = _WORST, _BEST
    while low <= high:
        quality = (low + high + 1) // 2
        data = save(image, quality)
        if len(data) <= max_bytes:
            best, low = (data, quality), quality + 1
        else:
            high = quality - 1
    return best
