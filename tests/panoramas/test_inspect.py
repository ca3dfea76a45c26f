from __future__ import annotations

import io
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.panoramas import pictures
from tourserver.core.errors import Invalid
from tourserver.panoramas import warnings
from tourserver.panoramas.formats import CutOffError, DamagedError, UnsupportedError, read_header
from tourserver.panoramas.inspect import Inspection, inspect
from tourserver.panoramas.metadata import read_exif, read_gpano, read_xmp, xmp_place


def refusal(path: Path, **options: int) -> Invalid:
    with pytest.raises(Invalid) as caught:
        inspect(path, **options)
    assert caught.value.field == "picture"
    return caught.value


def plain(path: Path, width: int, height: int) -> Path:
    Image.new("RGB", (width, height), "teal").save(path)
    return path


def test_a_text_file_is_refused_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "panorama.jpg"
    path.write_text("This is not a picture, it only says so.\n" * 100)
    error = refusal(path)
    assert error.code == "not_a_picture"
    assert error.text == ("The file is not a JPEG, PNG or WebP picture. Export the panorama as JPEG and upload that.")


@pytest.mark.parametrize("content", [b"GIF89a" + b"\0" * 40, b"II*\0" + b"\0" * 40, b"<svg xmlns='x'/>    "])
def test_other_picture_formats_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert refusal(path).code == "not_a_picture"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    assert refusal(path).text == "The file is empty. Choose the picture again."


def test_1024_by_512_is_too_small(tmp_path: Path) -> None:
    error = refusal(plain(tmp_path / "a.jpg", 1024, 512))
    assert error.text == "The picture is 1024 × 512; 2048 × 1024 is needed. Export it larger."
    assert error.params["width"] == 1024


def test_2048_by_1024_is_taken_with_a_warning(tmp_path: Path) -> None:
    found = inspect(plain(tmp_path / "a.jpg", 2048, 1024))
    assert (found.width, found.height, found.format, found.warnings) == (2048, 1024, "jpeg", ["small"])
    assert warnings.texts(found.warnings, found.width, found.height) == [
        "The picture is 2048 × 1024; 4096 × 2048 is needed to look sharp on a large screen. "
        "It is taken as it is; upload a larger one when you have it."
    ]


def test_4096_by_2048_is_taken_without_a_warning(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.jpg", 4096, 2048)
    assert inspect(path) == Inspection(4096, 2048, "jpeg", path.stat().st_size)


@pytest.mark.parametrize(("ending", "form"), [("jpg", "jpeg"), ("png", "png"), ("webp", "webp")])
def test_the_format_is_told_by_content_and_not_by_name(tmp_path: Path, ending: str, form: str) -> None:
    path = plain(tmp_path / f"a.{ending}", 2048, 1024).rename(tmp_path / "a.bin")
    found = inspect(path)
    assert (found.format, found.extension, found.width) == (form, ending, 2048)


def test_lossless_webp_is_read_too(tmp_path: Path) -> None:
    Image.new("RGB", (2048, 1024), "teal").save(tmp_path / "a.webp", lossless=True)
    assert inspect(tmp_path / "a.webp").width == 2048


@pytest.mark.parametrize(("width", "height"), [(3000, 2000), (4096, 2046), (2048, 2048), (4096, 2050)])
def test_a_wrong_ratio_is_refused_with_the_reason(tmp_path: Path, width: int, height: int) -> None:
    error = refusal(plain(tmp_path / "a.png", width, height))
    assert error.text == (
        f"The picture is {width} × {height}; a 360° picture is exactly twice as wide as it is high. "
        "Export it as equirectangular, 360 × 180 degrees."
    )


@pytest.mark.parametrize(("width", "height"), [(4095, 2048), (4097, 2048), (5760, 2880)])
def test_a_pixel_of_rounding_is_no_wrong_ratio(tmp_path: Path, width: int, height: int) -> None:
    assert inspect(plain(tmp_path / "a.png", width, height)).width == width


def test_a_bomb_of_1250_megapixels_is_refused_without_decoding(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(pictures.png_header(50_000, 25_000, b"\0" * 1_000_000))
    assert path.stat().st_size < 2000
    tracemalloc.start()
    error = refusal(path)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200_000
    assert error.text == "The picture is 50000 × 25000; at most 16384 × 8192 can be taken. Export it smaller."


def test_a_bomb_in_the_notes_is_unpacked_no_further_than_the_limit(tmp_path: Path) -> None:
    body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * 20_000_000)
    chunk = len(body).to_bytes(4, "big") + b"iTXt" + body + b"\0\0\0\0"
    head = pictures.png_header(2048, 1024)
    path = tmp_path / "a.png"
    path.write_bytes(head[:33] + chunk + head[33:])
    header = read_header(path)
    assert header is not None
    assert header.xmp is not None
    assert len(header.xmp) <= 256 * 1024


def test_more_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.png", 2048, 1024)
    with path.open("ab") as file:
        file.truncate(3 * 1024 * 1024)
    assert refusal(path, max_bytes=2 * 1024 * 1024).text == (
        "The file is larger than 2 MB. Save it as a JPEG of quality 90 and upload that."
    )
    assert inspect(path).width == 2048


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("share", [0.002, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_refused_from_its_header(tmp_path: Path, ending: str, share: float) -> None:
    path = pictures.save_scene(tmp_path / f"a.{ending}", 2048)
    error = refusal(pictures.cut(path, share))
    assert error.text == (
        "The file ends before the picture does: it was cut off on the way. Copy or export it again and upload it."
    )


def test_what_a_camera_appends_behind_the_end_does_no_harm(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.jpg", 4096, 2048)
    with path.open("ab") as file:
        file.write(b"trailer of a camera" * 1000)
    assert inspect(path).warnings == []


def test_a_progressive_jpeg_is_taken(tmp_path: Path) -> None:
    Image.new("RGB", (4096, 2048), "teal").save(tmp_path / "a.jpg", progressive=True)
    assert inspect(tmp_path / "a.jpg").format == "jpeg"


def test_a_jpeg_kind_that_browsers_do_not_read_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.jpg", 4096, 2048)
    path.write_bytes(path.read_bytes().replace(b"\xff\xc0", b"\xff\xc9", 1))
    assert refusal(path).code == "unsupported"


def test_garbage_between_the_segments_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x04ab" + b"garbage" * 40)
    assert refusal(path).text == (
        "The file is damaged and can't be read. Open it in a picture program, save it again and upload that."
    )


def test_a_file_turned_by_its_camera_is_measured_as_shown(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1024, 2048), "teal").save(tmp_path / "a.jpg", exif=exif)
    found = inspect(tmp_path / "a.jpg")
    assert (found.width, found.height) == (2048, 1024)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_the_place_in_the_file_is_offered_with_a_warning(tmp_path: Path, ending: str) -> None:
    found = inspect(pictures.save_with_metadata(tmp_path / f"a.{ending}", 4096, gps=True))
    assert found.warnings == ["gps"]
    assert found.gps == pytest.approx((48.577056, 13.471583), abs=1e-5)


def test_a_place_without_sense_is_warned_of_and_not_offered() -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (13.0, 0.0, 0.0)})
    Image.new("RGB", (8, 8)).save(stream, "jpeg", exif=exif)
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    assert read_exif(block).has_gps
    assert read_exif(block).gps is None


def test_a_place_in_xmp_counts_as_a_place() -> None:
    packet = pictures.XMP.format(
        attributes='xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'exif:GPSLatitude="33,51.5S" exif:GPSLongitude="151,12,36E"',
        elements="",
    ).encode()
    assert xmp_place(read_xmp(packet)) == (True, (-33.858333, 151.21))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_stale_notes_are_rescaled_and_warned_of(tmp_path: Path, ending: str) -> None:
    notes = pictures.gpano(
        ProjectionType="equirectangular", FullPanoWidthPixels=10000, FullPanoHeightPixels=5000,
        CroppedAreaImageWidthPixels=10000, CroppedAreaImageHeightPixels=5000, CroppedAreaLeftPixels=0,
        CroppedAreaTopPixels=0, PoseHeadingDegrees=295.0,
    )  # fmt: skip
    found = inspect(pictures.save_with_metadata(tmp_path / f"a.{ending}", 4096, xmp=notes))
    assert found.warnings == ["gpano_stale"]
    assert found.gpano is not None
    assert (found.gpano.full_width, found.gpano.full_height) == (4096, 2048)
    assert (found.gpano.claimed, found.gpano.heading) == ((10000, 5000), 295.0)
    assert "The real size, 4096 × 2048, is used" in warnings.texts(found.warnings, found.width, found.height)[0]


def test_notes_that_fit_raise_no_warning(tmp_path: Path) -> None:
    notes = pictures.gpano(
        ProjectionType="equirectangular", FullPanoWidthPixels=4096, FullPanoHeightPixels=2048,
        CroppedAreaImageWidthPixels=4096, CroppedAreaImageHeightPixels=2048,
    )  # fmt: skip
    assert inspect(pictures.save_with_metadata(tmp_path / "a.jpg", 4096, xmp=notes)).warnings == []


def test_a_picture_said_to_be_a_part_of_the_sphere_is_warned_of() -> None:
    notes = read_xmp(
        pictures.gpano(
            FullPanoWidthPixels=20000,
            FullPanoHeightPixels=10000,
            CroppedAreaImageWidthPixels=10000,
            CroppedAreaImageHeightPixels=5000,
            CroppedAreaLeftPixels=5000,
            CroppedAreaTopPixels=2500,
        )
    )
    found = read_gpano(notes, 4096, 2048)
    assert found is not None
    assert found.partial
    assert (found.full_width, found.cropped_left, found.cropped_top) == (8192, 2048, 1024)


def test_notes_written_as_elements_are_read_like_attributes() -> None:
    packet = pictures.XMP.format(
        attributes="",
        elements="<GPano:ProjectionType>equirectangular</GPano:ProjectionType>"
        "<GPano:FullPanoWidthPixels>8192</GPano:FullPanoWidthPixels>",
    ).encode()
    found = read_gpano(read_xmp(packet), 4096, 2048)
    assert found is not None
    assert (found.projection, found.full_width) == ("equirectangular", 4096)


@pytest.mark.parametrize("value", ["nan", "-1", "1e300", "many", "", "99999999999"])
def test_numbers_without_sense_in_the_notes_are_as_if_absent(value: str) -> None:
    found = read_gpano(read_xmp(pictures.gpano(FullPanoWidthPixels=value)), 4096, 2048)
    assert found is not None
    assert (found.full_width, found.claimed) == (4096, None)


def test_another_projection_is_refused_by_name(tmp_path: Path) -> None:
    notes = pictures.gpano(ProjectionType="cylindrical")
    error = refusal(pictures.save_with_metadata(tmp_path / "a.jpg", 4096, xmp=notes))
    assert error.text == (
        "Notes inside the file call its projection “cylindrical”; only equirectangular is shown right. "
        "Export it as equirectangular, 360 × 180 degrees."
    )


def test_notes_with_a_document_type_are_not_read_at_all() -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        + pictures.gpano(ProjectionType="cylindrical", FullPanoWidthPixels="&b;").split(b"?>", 1)[1]
    )
    assert read_xmp(bomb) == {}
    assert read_xmp(b"<broken") == {}
    assert read_xmp(None) == {}


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP"]))
def test_no_bytes_make_the_header_reader_fail_in_a_way_nobody_expects(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.bin"
    path.write_bytes(head + tail)
    with suppress(CutOffError, DamagedError, UnsupportedError):
        read_header(path)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_metadata_readers_fail(tail: bytes) -> None:
    for head in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        read_exif(head + tail)
    read_gpano(read_xmp(tail), 4096, 2048)


def test_the_largest_size_is_taken_and_a_pixel_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(pictures.png_header(16384, 8192))
    assert inspect(path).width == 16384
    for width, height in ((16385, 8192), (16386, 8193), (2**31 - 1, 2**30), (0, 0)):
        path.write_bytes(pictures.png_header(width, height))
        assert refusal(path).code in ("too_many_pixels", "too_small")


def test_a_moving_picture_is_refused_and_the_first_of_several_taken(tmp_path: Path) -> None:
    first = Image.new("RGB", (2048, 1024), "teal")
    second = Image.new("RGB", (2048, 1024), "red")
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second], duration=100)
    assert refusal(tmp_path / "a.webp").code == "unsupported"
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    assert inspect(tmp_path / "a.jpg").width == 2048
