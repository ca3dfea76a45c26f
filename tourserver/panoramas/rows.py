"""Rows of tiles, encoded: JPEG at once for the whole row, WebP tile by tile.

Starting libjpeg and a libvips pipeline for each tile costs as much as encoding it. So a band becomes one JPEG with a
restart marker after every tile's share of each line of blocks, which is then taken apart. Between two markers the coder
starts anew (ITU-T T.81, F.1.1.5), so the pieces of one column, put together under a header of their own, are the very
coefficients that encoding the tile alone gives; markers add about one per cent of bytes.
Tiles that aren't whole blocks wide get some columns more, which their header then doesn't count.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pyvips

from tourserver.panoramas.codec import encode, encode_webp

_BLOCK: Final = 16
"""Pixels a side of what 4:2:0 JPEG codes together."""

_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_FRAME, _SCAN = 0xC0, 0xDA


@dataclass(frozen=True, slots=True)
class Encoder:
    """How the tiles between edges of a band, from left to right, and the small whole picture are made."""

    ending: str
    row: Callable[[pyvips.Image, list[int]], Iterator[bytes]]
    base: Callable[[pyvips.Image], bytes]


def encode_row(band: pyvips.Image, edges: list[int]) -> Iterator[bytes]:
    """The tiles of ``band`` between ``edges`` (pixels, from 0 to its width) as JPEG files, from left to right."""
    widths = {right - left for left, right in pairwise(edges)}
    if len(widths) > 1:  # of odd pictures alone; what cameras make divides
        return (encode(band.crop(left, 0, right - left, band.height)) for left, right in pairwise(edges))
    width, columns = widths.pop(), len(edges) - 1
    blocks = -(-width // _BLOCK)
    if width % _BLOCK:
        band = _to_whole_blocks(band, columns, width, blocks * _BLOCK)
    return _take_apart(encode(band, restart_interval=blocks, subsample_mode="on"), columns, width)


def _to_whole_blocks(band: pyvips.Image, columns: int, width: int, wanted: int) -> pyvips.Image:
    """Each tile's last column of pixels repeated up to ``wanted`` columns, as an encoder does with a tile alone.

    The lines of the band, cut into the tiles' shares, are taken as lines of their own: then it is one widening.
    """
    shares = pyvips.Image.new_from_memory(band.write_to_memory(), width, columns * band.height, 3, "uchar")
    wider = shares.embed(0, 0, wanted, shares.height, extend="copy").write_to_memory()
    row = pyvips.Image.new_from_memory(wider, columns * wanted, band.height, 3, "uchar")
    return row.copy(interpretation="srgb")


def _take_apart(whole: bytes, columns: int, width: int) -> Iterator[bytes]:
    header, scan = _header(whole, width)
    pieces = _RESTART.split(whole[scan:-2])  # the last two bytes are the end of the picture
    lines, left_over = divmod(len(pieces), columns)
    if left_over:
        raise AssertionError(f"{len(pieces)} pieces are not {columns} columns")
    markers = [bytes((0xFF, 0xD0 + line % 8)) for line in range(lines - 1)]
    for column in range(columns):
        parts = [header] * (2 * lines)
        parts[1::2] = pieces[column::columns]
        parts[2::2] = markers
        yield b"".join((*parts, b"\xff\xd9"))


def _header(whole: bytes, width: int) -> tuple[bytes, int]:
    """All before the coded pixels, with the width of a tile, and where the coded pixels begin."""
    header, position = bytearray(whole[:2]), 2
    while True:
        marker, length = struct.unpack_from(">xBH", whole, position)
        segment = bytearray(whole[position : position + 2 + length])
        if marker == _FRAME:
            struct.pack_into(">H", segment, 7, width)
        header += segment
        position += len(segment)
        if marker == _SCAN:
            return bytes(header), position


def _webp_row(band: pyvips.Image, edges: list[int]) -> Iterator[bytes]:
    return (encode_webp(band.crop(left, 0, right - left, band.height)) for left, right in pairwise(edges))


def _base(image: pyvips.Image) -> bytes:
    # Everybody loads this one: tables made for the picture save a sixth of its bytes.
    return encode(image, optimize_coding=True)


def _webp_base(image: pyvips.Image) -> bytes:
    return encode_webp(image, effort=4)


ENCODERS: Final = {
    encoder.ending: encoder for encoder in (Encoder("jpg", encode_row, _base), Encoder("webp", _webp_row, _webp_base))
}
