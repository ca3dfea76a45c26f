"""What files are by their bytes, and why others are refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from tests.assets import samples
from tourserver.assets import captions, inspect
from tourserver.core.errors import Invalid


def look(tmp_path: Path, content: bytes, kind: str) -> inspect.Inspection:
    path = tmp_path / "file"
    path.write_bytes(content)
    return inspect.inspect(path, kind)


def test_files_are_known_by_their_bytes(tmp_path: Path) -> None:
    found = look(tmp_path, samples.picture(), "picture")
    assert (found.media_type, found.extension, found.width, found.height) == ("image/jpeg", "jpg", 1500, 3000)
    assert look(tmp_path, samples.picture("PNG"), "plan").media_type == "image/png"
    assert look(tmp_path, samples.picture("WEBP"), "picture").media_type == "image/jpeg", "written anew as JPEG"
    assert look(tmp_path, samples.PDF, "document").media_type == "application/pdf"
    assert look(tmp_path, samples.CAPTIONS.encode(), "captions").media_type == "text/vtt"
    for ending in ("mp4", "webm"):
        assert look(tmp_path, samples.film(tmp_path, ending), "video").media_type == f"video/{ending}"


def bomb() -> bytes:
    """A PNG of a few bytes that declares 40,000 × 40,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("picture", b"", "empty"),
        ("picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        ("picture", samples.PDF, "not_a_picture"),
        ("picture", bomb(), "too_many_pixels"),
        ("picture", samples.picture(size=(20, 20)), "too_small"),
        ("picture", samples.picture()[:3000], "damaged"),
        ("plan", samples.picture("WEBP"), "not_a_plan"),
        ("video", samples.picture(), "not_a_film"),
        ("video", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "not_a_film"),
        ("document", b"<html>%PDF-1.4", "not_a_document"),
        ("document", samples.PDF[:-6], "damaged"),
        ("captions", b"\xff\xfeW\0E\0B\0", "not_captions"),
        ("captions", b"1\n00:00:01,000 --> 00:00:02,000\nSRT\n", "not_captions"),
    ],
)
def test_what_is_something_else_than_it_should_be_is_refused(
    tmp_path: Path, kind: str, content: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        look(tmp_path, content, kind)
    assert caught.value.code == code


def test_a_file_larger_than_its_kind_may_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(inspect.MOST_BYTES, "document", 100)
    with pytest.raises(Invalid) as caught:
        look(tmp_path, samples.PDF, "document")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\nA", 1),
        ("WEBVTT\n", 2),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nBackwards", 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n", 3),
        ("WEBVTT\n\nid\n0:01.000 --> 00:02.000\nA", 4),
        ("WEBVTT\n\n00:05.000 --> 00:06.000\nA\n\n00:01.000 --> 00:02.000\nB", 6),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nA\n00:02.000 --> 00:03.000\nB", 3),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nA", 3),
    ],
)
def test_captions_that_are_none_are_refused_with_the_line(text: str, line: int) -> None:
    with pytest.raises(Invalid) as caught:
        captions.check(text.encode())
    assert caught.value.params["line"] == line


def test_captions_may_have_notes_styles_names_and_places() -> None:
    text = (
        "\ufeffWEBVTT - a film\n\nSTYLE\n::cue { color: white }\n\n"
        "intro\n00:00:01.000 --> 00:00:02.500 align:start line:0\n<v Karin>你好\nمرحبا\n\r\n"
        "01:00:00.000 --> 01:00:01.000\nB"
    )
    assert captions.check(text.encode()) == 2
