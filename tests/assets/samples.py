"""Small real files of every kind."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from PIL import Image

GPS_IFD = 0x8825

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
CAPTIONS = (
    "WEBVTT\n\nNOTE made for a test\n\n1\n00:01.000 --> 00:04.000\nWater comes in.\n\n00:05.000 --> 00:06.000\nOut.\n"
)


def picture(form: str = "JPEG", size: tuple[int, int] = (3000, 1500), mode: str = "RGB") -> bytes:
    """A picture that tells where it was taken, where its format has a place for that."""
    image = Image.new(mode, size, (200, 30, 30, 0) if mode == "RGBA" else (200, 30, 30))
    options = {}
    if form != "PNG":
        exif = image.getexif()
        exif[0x0112] = 6  # lies on its side
        exif.get_ifd(GPS_IFD).update({1: "N", 2: (59.0, 18.0, 15.0), 3: "E", 4: (18.0, 6.0, 30.0)})
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def film(folder: Path, ending: str) -> bytes:
    """A second of moving picture."""
    path = folder / f"film.{ending}"
    codec = "libx264" if ending == "mp4" else "libvpx"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", codec, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()
