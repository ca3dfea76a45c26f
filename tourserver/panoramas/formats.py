"""Read the headers of JPEG, PNG and WebP files: size, EXIF, XMP, and whether the end is there.

Done in Python on purpose: the web process decides about a stranger's upload without handing it to a native
decoder, and no pixel is decoded, however many the file declares. Sources: ITU-T T.81 annex B, the PNG
specification (third edition) and RFC 9649.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EXIF_MARK: Final = b"Exif\0\0"
XMP_MARK: Final = b"http://ns.adobe.com/xap/1.0/\0"
METADATA_LIMIT: Final = 256 * 1024
"""Bytes of EXIF or XMP that are looked at; JPEG can't hold more than 64 kB in one piece anyway."""

_JPEG_SIZES: Final = {0xC0, 0xC1, 0xC2}
_JPEG_STRANGE: Final = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_BARE: Final = {0x01, *range(0xD0, 0xD9)}
_MOST_PIECES: Final = 100_000
"""Segments or chunks that are walked: enough for 64 MB of ordinary ones, too few to keep a server busy."""
_END_OF_IMAGE: Final = b"\xff\xd9"


class DamagedError(Exception):
    """The bytes do not follow the format they begin with."""


class CutOffError(Exception):
    """The file ends inside its own header."""


class UnsupportedError(Exception):
    """A rare variant that browsers and decoders do not read."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself. Nothing in it is to be trusted."""

    format: str
    width: int
    height: int
    exif: bytes | None
    xmp: bytes | None
    complete: bool


def sniff(head: bytes) -> str | None:
    """``jpeg``, ``png`` or ``webp`` by the first twelve bytes, else None; names count for nothing."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def read_header(path: Path) -> Header | None:
    """The header of a picture file, or None when it is none of the three formats.

    Raises :class:`DamagedError`, :class:`CutOffError` or :class:`UnsupportedError`.
    """
    if os.path.getsize(path) < 12:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind = sniff(data[:12])
        if kind is None:
            return None
        reader: Callable[[mmap.mmap], Header] = {"jpeg": _jpeg, "png": _png, "webp": _webp}[kind]
        try:
            return reader(data)
        except (struct.error, IndexError) as error:  # both mean a read behind the last byte
            raise CutOffError from error


def _jpeg(data: mmap.mmap) -> Header:
    size: tuple[int, int] | None = None
    exif = xmp = None
    position = 2
    for _piece in range(_MOST_PIECES):
        if data[position] != 0xFF:
            raise DamagedError("no marker where one must be")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _JPEG_BARE:
            position += 2
            continue
        if marker == 0xD9:
            raise DamagedError("the picture has no scan")
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            raise DamagedError("a segment is too short")
        start, end = position + 4, position + 2 + length
        if marker in _JPEG_STRANGE:
            raise UnsupportedError("lossless or arithmetic JPEG")
        if marker in _JPEG_SIZES:
            precision, height, width = struct.unpack_from(">BHH", data, start)
            if precision != 8:
                raise UnsupportedError("JPEG of more than 8 bits")
            if size is not None:
                raise DamagedError("two frames")
            size = (width, height)
        elif marker == 0xE1 and exif is None and data[start : start + len(EXIF_MARK)] == EXIF_MARK:
            exif = data[start + len(EXIF_MARK) : end]
        elif marker == 0xE1 and xmp is None and data[start : start + len(XMP_MARK)] == XMP_MARK:
            xmp = data[start + len(XMP_MARK) : end]
        elif marker == 0xDA:
            break
        position = end
    if size is None:
        raise DamagedError("a scan before the frame")
    # Inside a scan every FF is followed by 00 or a restart marker, so the first FF D9 from here is the end.
    # Cameras may append more after it (previews, motion), which is why the last bytes prove nothing.
    return Header("jpeg", *size, exif, xmp, data.find(_END_OF_IMAGE, end) >= 0)


def _png_chunks(data: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    position = 8
    for _piece in range(_MOST_PIECES):
        if position + 12 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data):
            return
        yield name, position + 8, length
        position += 12 + length


def _png(data: mmap.mmap) -> Header:
    length, name, width, height = struct.unpack_from(">I4sII", data, 8)
    if name != b"IHDR" or length != 13:
        raise DamagedError("the first chunk must be IHDR")
    exif = xmp = None
    complete = False
    for name, start, length in _png_chunks(data):
        if name == b"IEND":
            complete = True
            break
        if length > METADATA_LIMIT:
            continue
        if name == b"eXIf":
            exif = data[start : start + length]
        elif name == b"iTXt" and data[start : start + 18] == b"XML:com.adobe.xmp\0":
            xmp = _international_text(data[start + 18 : start + length])
    return Header("png", width, height, exif, xmp, complete)


def _international_text(body: bytes) -> bytes | None:
    """The text of an iTXt chunk after its keyword; None when it can't be unpacked within the limit."""
    packed = body[0] == 1
    _language, _translated, text = body[2:].split(b"\0", 2) if body.count(b"\0", 2) >= 2 else (b"", b"", b"")
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, METADATA_LIMIT)
    except zlib.error:
        return None


def _webp(data: mmap.mmap) -> Header:
    (riff,) = struct.unpack_from("<I", data, 4)
    size: tuple[int, int] | None = None
    exif = xmp = None
    position = 12
    for _piece in range(_MOST_PIECES):
        if position + 8 > len(data):
            break
        name, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if name == b"VP8X":
            size = (_u24(data, start + 4) + 1, _u24(data, start + 7) + 1)
            if data[start] & 0x02:
                raise UnsupportedError("animated WebP")
        elif name == b"VP8 " and size is None:
            width, height = struct.unpack_from("<HH", data, start + 6)
            size = (width & 0x3FFF, height & 0x3FFF)
        elif name == b"VP8L" and size is None:
            (bits,) = struct.unpack_from("<I", data, start + 1)
            size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        elif name == b"EXIF" and length <= METADATA_LIMIT:
            exif = data[start : start + length].removeprefix(EXIF_MARK)
        elif name == b"XMP " and length <= METADATA_LIMIT:
            xmp = data[start : start + length]
        position = start + length + length % 2
    if size is None:
        raise DamagedError("no picture chunk")
    return Header("webp", *size, exif, xmp, len(data) >= riff + 8)


def _u24(data: mmap.mmap, position: int) -> int:
    return int.from_bytes(data[position : position + 3], "little")
