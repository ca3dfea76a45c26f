"""The one place that opens and saves pictures with libvips, set up for files from strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyvips

from tourserver.panoramas.manifest import TILE_QUALITY

WEBP_QUALITY: Final = 78
WEBP_EFFORT: Final = 0

_HARMLESS: Final = (  # of libjpeg's warnings; the others mean lost pixels
    "extraneous bytes before marker",
    "invalid sos parameters",
    "unknown adobe color transform",
    "unknown jfif revision",
    "bad icc marker",
)

# Loaders that libvips itself calls unfit for untrusted input: ImageMagick, PDF, SVG, and many more.
pyvips.block_untrusted_set(True)
# Every picture is used once: remembering operations would only hold memory.
pyvips.cache_set_max(0)


def open_picture(path: Path, *, sequential: bool = True, strict: bool = False) -> pyvips.Image:
    """Open a JPEG, PNG or WebP lazily, upright, as 8-bit sRGB with three bands.

    A file that is damaged or cut off raises ``pyvips.Error`` when its pixels are read. ``strict`` raises at the
    least irregularity too: libjpeg only warns of missing pixels and fills them with grey.
    """
    access = "sequential" if sequential and not _is_turned(path) else "random"
    fail_on = "warning" if strict else "error"
    image = pyvips.Image.new_from_file(str(path), access=access, fail_on=fail_on)
    return to_srgb(image.autorot())


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """8-bit sRGB with three bands, by the embedded profile when it is another one; no alpha."""
    if image.get_typeof("icc-profile-data") and not _is_srgb(image):
        image = image.icc_transform("srgb", embedded=True, intent="relative", depth=8)
    elif image.interpretation != "srgb":
        image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten()
    if image.format != "uchar":
        image = image.cast("uchar")
    return image


def is_harmless(error: pyvips.Error) -> bool:
    """Whether a strict reader stopped at something that costs no pixel, as some cameras write it."""
    text = str(error).lower()
    return any(sign in text for sign in _HARMLESS)


def encode(image: pyvips.Image, *, quality: int = TILE_QUALITY, **options: Any) -> bytes:
    """JPEG bytes without any metadata: no place, no notes, no profile (it is sRGB, which needs none)."""
    data: bytes = image.jpegsave_buffer(Q=quality, keep="none", **options)
    return data


def encode_webp(image: pyvips.Image, *, effort: int = WEBP_EFFORT) -> bytes:
    """WebP bytes without any metadata; ``effort`` from 0 to 6 buys bytes with time."""
    data: bytes = image.webpsave_buffer(Q=WEBP_QUALITY, effort=effort, keep="none")
    return data


def _is_turned(path: Path) -> bool:
    image = pyvips.Image.new_from_file(str(path))
    return bool(image.get_typeof("orientation")) and image.get("orientation") > 1


def _is_srgb(image: pyvips.Image) -> bool:
    """Whether the embedded profile calls itself sRGB, so that converting would change nothing."""
    profile: bytes = image.get("icc-profile-data")
    return image.bands >= 3 and (b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile)
