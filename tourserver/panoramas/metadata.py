"""What EXIF and XMP say: turning, place, and the panorama notes (GPano). All untrusted, none of it kept.

GPano is described at https://developers.google.com/streetview/spherical-metadata; EXIF in CIPA DC-008.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

GPANO: Final = "http://ns.google.com/photos/1.0/panorama/"
EXIF_IN_XMP: Final = "http://ns.adobe.com/exif/1.0/"
_WANTED: Final = {GPANO, EXIF_IN_XMP}
_LARGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Exif:
    """Orientation 1 to 8 (TIFF), whether there is a place, and the place in degrees when it can be read."""

    orientation: int = 1
    has_gps: bool = False
    gps: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class GPano:
    """The panorama notes, all pixels rescaled to the picture's real width.

    ``claimed`` is the size of the picture as the notes have it; None when they do not say. ``heading`` is the
    compass direction of the middle, in degrees.
    """

    projection: str | None
    full_width: int
    full_height: int
    cropped_width: int
    cropped_height: int
    cropped_left: int
    cropped_top: int
    heading: float | None
    claimed: tuple[int, int] | None
    stale: bool

    @property
    def partial(self) -> bool:
        """True when the picture is said to show only a part of the sphere, by more than rounding."""
        return self.full_width > self.cropped_width + 1 or self.full_height > self.cropped_height + 1


def read_exif(block: bytes | None) -> Exif:
    """Orientation and place from a TIFF block; whatever can't be read is as if it were not there."""
    if not block or block[:4] not in (b"II*\0", b"MM\0*"):
        return Exif()
    order = "<" if block[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(order + "I", block, 4)
        entries = _directory(block, order, first)
        orientation = entries.get(0x0112, 1)
        place = _directory(block, order, entries[0x8825]) if 0x8825 in entries else {}
        gps = _place(block, order, place, entries.get(0x8825, 0))
    except struct.error:
        return Exif()
    has_gps = 2 in place or 4 in place
    return Exif(orientation if 1 <= orientation <= 8 else 1, has_gps, gps)


def _directory(block: bytes, order: str, start: int) -> dict[int, int]:
    """Tags of an IFD with their value, or the offset of it where it does not fit into four bytes."""
    (count,) = struct.unpack_from(order + "H", block, start)
    entries: dict[int, int] = {}
    for index in range(min(count, 200)):
        at = start + 2 + 12 * index
        tag, kind, _count = struct.unpack_from(order + "HHI", block, at)
        (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), block, at + 8)
        entries[tag] = value
    return entries


def _place(block: bytes, order: str, entries: dict[int, int], start: int) -> tuple[float, float] | None:
    if 2 not in entries or 4 not in entries:
        return None
    latitude = _angle(block, order, entries[2], _letter(block, order, start, 1) == b"S")
    longitude = _angle(block, order, entries[4], _letter(block, order, start, 3) == b"W")
    return _checked(latitude, longitude)


def _letter(block: bytes, order: str, start: int, tag: int) -> bytes:
    """The reference letter (N, S, E, W), which lies in the entry itself."""
    (count,) = struct.unpack_from(order + "H", block, start)
    for index in range(min(count, 200)):
        at = start + 2 + 12 * index
        if struct.unpack_from(order + "H", block, at)[0] == tag:
            return block[at + 8 : at + 9].upper()
    return b""


def _angle(block: bytes, order: str, at: int, negative: bool) -> float | None:
    parts = struct.unpack_from(order + "6I", block, at)
    if 0 in (parts[1], parts[3], parts[5]):
        return None
    value: float = parts[0] / parts[1] + parts[2] / parts[3] / 60 + parts[4] / parts[5] / 3600
    return -value if negative else value


def _checked(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return round(latitude, 6), round(longitude, 6)


class _RefusedError(Exception):
    """The XMP has a DOCTYPE or an entity: nothing in it is read."""


def read_xmp(packet: bytes | None) -> dict[str, str]:
    """GPano and EXIF properties of an XMP packet, as ``GPano:Name`` and ``exif:Name``.

    Attributes and elements are read alike. A document type or entity declaration makes the whole packet count
    as absent, and so does broken XML.
    """
    found: dict[str, str] = {}
    text: list[str] = []
    if not packet:
        return found

    def keep(name: str, value: str) -> None:
        space, _, local = name.rpartition(" ")
        if space in _WANTED and len(found) < 100:
            found[("GPano:" if space == GPANO else "exif:") + local] = value.strip()[:100]

    def start(_name: str, attributes: dict[str, str]) -> None:
        text.clear()
        for key, value in attributes.items():
            keep(key, value)

    def end(name: str) -> None:
        if text:
            keep(name, "".join(text))
        text.clear()

    def refuse(*_arguments: object) -> None:
        raise _RefusedError

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(packet.strip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, _RefusedError, ValueError):
        return {}
    return found


def xmp_place(properties: dict[str, str]) -> tuple[bool, tuple[float, float] | None]:
    """Whether XMP tells the place, and the place in degrees; XMP writes ``48,34.5N`` or ``48,34,30N``."""
    latitude, longitude = properties.get("exif:GPSLatitude"), properties.get("exif:GPSLongitude")
    if not latitude or not longitude:
        return False, None
    return True, _checked(_xmp_angle(latitude), _xmp_angle(longitude))


def _xmp_angle(text: str) -> float | None:
    match = re.fullmatch(r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])", text)
    if match is None:
        return None
    value = int(match[1]) + float(match[2]) / 60 + float(match[3] or 0) / 3600
    return -value if match[4] in "SW" else value


def read_gpano(properties: dict[str, str], width: int, height: int) -> GPano | None:
    """The panorama notes in terms of the real picture of ``width`` × ``height``; None when there are none."""
    if not any(key.startswith("GPano:") for key in properties):
        return None

    def pixels(name: str) -> int | None:
        value = _number(properties.get("GPano:" + name))
        return None if value is None or not 0 <= value <= _LARGEST else round(value)

    claimed_width = pixels("CroppedAreaImageWidthPixels") or pixels("FullPanoWidthPixels")
    claimed_height = pixels("CroppedAreaImageHeightPixels") or pixels("FullPanoHeightPixels")
    scale = width / claimed_width if claimed_width else 1.0

    def real(name: str, otherwise: int) -> int:
        value = pixels(name)
        return otherwise if value is None else round(value * scale)

    claimed = (claimed_width, claimed_height) if claimed_width and claimed_height else None
    return GPano(
        projection=properties.get("GPano:ProjectionType") or None,
        full_width=max(width, real("FullPanoWidthPixels", width)),
        full_height=max(height, real("FullPanoHeightPixels", height)),
        cropped_width=width,
        cropped_height=height,
        cropped_left=real("CroppedAreaLeftPixels", 0),
        cropped_top=real("CroppedAreaTopPixels", 0),
        heading=_number(properties.get("GPano:PoseHeadingDegrees")),
        claimed=claimed,
        stale=claimed is not None and claimed != (width, height),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
