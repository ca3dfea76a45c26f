"""What a file for a tour is by its bytes, whatever its name says. No pixel is decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tourserver.assets import captions, refusals
from tourserver.panoramas.formats import CutOffError, DamagedError, Header, UnsupportedError, read_header
from tourserver.panoramas.metadata import read_exif

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = {
    "picture": 64 * MEGABYTE,
    "plan": 64 * MEGABYTE,
    "video": 500 * MEGABYTE,
    "captions": MEGABYTE,
    "document": 50 * MEGABYTE,
}
"""The largest file of each kind."""

MOST_PIXELS: Final = 134_217_728
LEAST_SIDE: Final = 64

_FORMATS: Final = {"picture": ("jpeg", "png", "webp"), "plan": ("jpeg", "png")}
_EBML: Final = b"\x1a\x45\xdf\xa3"
_BRANDS: Final = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash")


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file that can be taken. Width and height in pixels, of pictures, as shown."""

    kind: str
    media_type: str
    extension: str
    bytes: int
    width: int | None = None
    height: int | None = None


def inspect(path: Path, kind: str) -> Inspection:
    """Decide about a file from its bytes; raises ``Invalid`` with what to do about it."""
    size = os.path.getsize(path)
    if size == 0:
        raise refusals.empty()
    if size > MOST_BYTES[kind]:
        raise refusals.too_large(MOST_BYTES[kind] // MEGABYTE)
    if kind in _FORMATS:
        return _picture(path, kind, size)
    if kind == "video":
        return _video(path, size)
    if kind == "captions":
        captions.check(path.read_bytes())
        return Inspection(kind, "text/vtt", "vtt", size)
    return _document(path, size)


def _picture(path: Path, kind: str, size: int) -> Inspection:
    try:
        header = read_header(path)
    except (DamagedError, CutOffError, UnsupportedError) as error:
        raise refusals.damaged() from error
    if header is None or header.format not in _FORMATS[kind]:
        raise refusals.no_picture() if kind == "picture" else refusals.no_plan()
    width, height = _shown(header)
    if width * height > MOST_PIXELS:
        raise refusals.too_many_pixels(width, height)
    if min(width, height) < LEAST_SIDE:
        raise refusals.too_small(width, height, LEAST_SIDE)
    if not header.complete:
        raise refusals.damaged()
    extension = "png" if header.format == "png" else "jpg"
    return Inspection(kind, f"image/{'png' if extension == 'png' else 'jpeg'}", extension, size, width, height)


def _shown(header: Header) -> tuple[int, int]:
    turned = read_exif(header.exif).orientation >= 5
    return (header.height, header.width) if turned else (header.width, header.height)


def _video(path: Path, size: int) -> Inspection:
    with path.open("rb") as file:
        head = file.read(4096)
    if head[4:8] == b"ftyp" and any(brand in head[8:64] for brand in _BRANDS):
        return Inspection("video", "video/mp4", "mp4", size)
    if head.startswith(_EBML) and b"webm" in head[:128]:
        return Inspection("video", "video/webm", "webm", size)
    raise refusals.no_film()


def _document(path: Path, size: int) -> Inspection:
    with path.open("rb") as file:
        if file.read(5) != b"%PDF-":
            raise refusals.no_document()
        file.seek(max(0, size - 2048))
        if b"%%EOF" not in file.read():
            raise refusals.damaged()
    return Inspection("document", "application/pdf", "pdf", size)
