"""Panoramas made on the spot, sound ones and bad ones."""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyvips
from PIL import Image

GPS = {1: "N", 2: (48.0, 34.0, 37.4), 3: "E", 4: (13.0, 28.0, 17.7)}
"""EXIF GPS of 48.577056 N, 13.471583 E."""

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" {attributes}>{elements}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def gpano(**values: object) -> bytes:
    """An XMP packet with GPano properties as attributes."""
    attributes = " ".join(f'GPano:{name}="{value}"' for name, value in values.items())
    return XMP.format(attributes=attributes, elements="").encode()


@lru_cache(maxsize=6)
def scene(width: int, height: int | None = None) -> pyvips.Image:
    """Soft waves and a little noise, seamless at the sides: as hard to compress as a calm photograph."""
    height = height or width // 2
    turn = pyvips.Image.xyz(width, height).linear([360 / width, 180 / height], [0, 0])
    bands = [(turn[0] * k + 40 * k).math("sin") * 60 + (turn[1] * (k + 2)).math("cos") * 40 + 128 for k in (3, 5, 7)]
    noise = pyvips.Image.gaussnoise(width, height, sigma=4, mean=0)
    image = bands[0].bandjoin(bands[1:]) + noise
    return image.cast("uchar").copy(interpretation="srgb").copy_memory()


def save_scene(path: Path, width: int, height: int | None = None, **options: Any) -> Path:
    """A panorama file; the format follows the ending."""
    scene(width, height).write_to_file(str(path), **options)
    return path


def save_with_metadata(path: Path, width: int = 2048, *, xmp: bytes | None = None, gps: bool = False) -> Path:
    """A panorama with notes of a camera and of a stitching program."""
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    if gps:
        exif.get_ifd(0x8825).update(GPS)
    picture = Image.new("RGB", (width, width // 2), "teal")
    options: dict[str, Any] = {"exif": exif}
    if xmp is not None and path.suffix == ".png":
        from PIL.PngImagePlugin import PngInfo

        notes = PngInfo()
        notes.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = notes
    elif xmp is not None:
        options["xmp"] = xmp
    picture.save(path, **options)
    return path


def patch(path: Path, yaw: float, pitch: float, width: int = 4096) -> Path:
    """A grey panorama with a red patch of 8 degrees at a direction, correct at the seam and near the poles."""
    height = width // 2
    position = pyvips.Image.xyz(width, height)
    longitude = (position[0] + 0.5) * (360 / width) - 180
    latitude = (position[1] + 0.5) * (-180 / height) + 90
    sine, cosine = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))
    nearness = latitude.math("sin") * sine + latitude.math("cos") * cosine * (longitude - yaw).math("cos")
    inside = nearness > math.cos(math.radians(4))
    image = inside.ifthenelse([220, 20, 20], [128, 128, 128]).cast("uchar").copy(interpretation="srgb")
    image.write_to_file(str(path), Q=92)
    return path


def png_header(width: int, height: int, pixels: bytes = b"", *, interlace: bool = False) -> bytes:
    """A PNG that declares a size, with whatever pixels: a bomb weighs a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def cut(path: Path, share: float = 0.6) -> Path:
    """Cut a file off after a share of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def assemble(folder: Path, index: int, cols: int, rows: int) -> pyvips.Image:
    """Put a level's tiles together again, each at its own size."""
    bands = []
    for row in range(rows):
        tiles = [pyvips.Image.new_from_file(str(folder / str(index) / f"{col}_{row}.jpg")) for col in range(cols)]
        band = tiles[0]
        for tile in tiles[1:]:
            band = band.join(tile, "horizontal")
        bands.append(band.copy_memory())
    image = bands[0]
    for band in bands[1:]:
        image = image.join(band, "vertical")
    return image.copy_memory()


def psnr(one: pyvips.Image, other: pyvips.Image) -> float:
    """Peak signal to noise ratio in dB."""
    square = ((one.cast("float") - other.cast("float")) ** 2).avg()
    return 10 * math.log10(255**2 / square) if square else math.inf
