from __future__ import annotations

from pathlib import Path

import pytest
import pyvips
from PIL import Image

from tests.panoramas import pictures
from tourserver.panoramas.poster import POSTER, THUMB, poster
from tourserver.panoramas.tiles import build_tiles

DIRECTIONS = [(0.0, 0.0), (90.0, 0.0), (-120.0, 35.0), (180.0, 0.0), (179.0, -40.0), (45.0, 80.0), (10.0, -89.0)]


def reddest(path: Path) -> tuple[float, float]:
    """The middle of what is red, as shares of width and height."""
    image = pyvips.Image.new_from_file(str(path))
    red = ((image[0] > 170) & (image[1] < 90)) / 255
    position = pyvips.Image.xyz(image.width, image.height)
    weight = red.avg()
    assert weight > 0, "nothing red is seen"
    x, y = ((position[band] + 0.5) * red for band in (0, 1))
    return x.avg() / weight / image.width, y.avg() / weight / image.height


@pytest.mark.parametrize(("yaw", "pitch"), DIRECTIONS)
def test_what_the_view_points_at_is_in_the_middle_of_the_poster(tmp_path: Path, yaw: float, pitch: float) -> None:
    source = pictures.patch(tmp_path / "a.png", yaw, pitch)
    poster(source, yaw, pitch, 60, tmp_path / "poster.jpg")
    assert reddest(tmp_path / "poster.jpg") == pytest.approx((0.5, 0.5), abs=0.01)


@pytest.mark.parametrize(
    ("yaw", "pitch", "x", "y"),
    [
        (-20, 0, "right", "middle"),
        (20, 0, "left", "middle"),
        (0, 15, "middle", "below"),
        (0, -15, "middle", "above"),
    ],
)
def test_yaw_turns_to_the_right_and_pitch_looks_up(tmp_path: Path, yaw: float, pitch: float, x: str, y: str) -> None:
    source = pictures.patch(tmp_path / "a.png", 0, 0, width=2048)
    poster(source, yaw, pitch, 60, tmp_path / "poster.jpg")
    across, down = reddest(tmp_path / "poster.jpg")
    assert (across > 0.6, across < 0.4) == {"right": (True, False), "left": (False, True), "middle": (False, False)}[x]
    assert (down > 0.6, down < 0.4) == {"below": (True, False), "above": (False, True), "middle": (False, False)}[y]


def test_the_field_of_view_is_the_vertical_one(tmp_path: Path) -> None:
    # A patch 30 degrees up lies at the upper edge of a view of 60 degrees.
    source = pictures.patch(tmp_path / "a.png", 0, 30)
    poster(source, 0, 0, 60, tmp_path / "poster.jpg")
    assert reddest(tmp_path / "poster.jpg")[1] < 0.06
    poster(source, 0, 0, 90, tmp_path / "poster.jpg")
    assert reddest(tmp_path / "poster.jpg")[1] == pytest.approx(0.5 - 0.5 * 3**-0.5, abs=0.01)


def test_a_poster_from_tiles_is_the_same_as_from_the_picture(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.png", 4096)
    build_tiles(source, tmp_path / "tiles")
    poster(source, 30, 10, 70, tmp_path / "one.jpg", max_bytes=400_000)
    poster(tmp_path / "tiles", 30, 10, 70, tmp_path / "two.jpg", max_bytes=400_000)
    one, two = (pyvips.Image.new_from_file(str(tmp_path / name)) for name in ("one.jpg", "two.jpg"))
    assert pictures.psnr(one, two) > 33


def test_no_seam_is_seen_where_the_sides_of_the_picture_meet(tmp_path: Path) -> None:
    source = pictures.patch(tmp_path / "a.png", 0, 0)
    poster(source, 180, 0, 60, tmp_path / "poster.jpg")
    image = pyvips.Image.new_from_file(str(tmp_path / "poster.jpg"))
    assert image.max() - image.min() <= 2


def test_a_poster_has_its_size_and_at_most_40_kilobytes(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.png", 4096)
    made = poster(source, 0, 0, 70, tmp_path / "poster.jpg")
    size = (tmp_path / "poster.jpg").stat().st_size
    assert made.bytes == size <= 40_000
    with Image.open(tmp_path / "poster.jpg") as image:
        assert image.size == POSTER == (made.width, made.height)
        assert not image.getexif()


def test_the_quality_is_the_best_that_fits(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.png", 4096)
    tight = poster(source, 0, 0, 70, tmp_path / "a.jpg", max_bytes=20_000)
    roomy = poster(source, 0, 0, 70, tmp_path / "b.jpg", max_bytes=60_000)
    assert tight.quality < roomy.quality
    assert tight.bytes <= 20_000 < roomy.bytes <= 60_000


def test_a_view_too_rich_to_fit_is_made_smaller_in_the_same_shape(tmp_path: Path) -> None:
    noise = pyvips.Image.gaussnoise(2048, 1024, mean=128, sigma=90).cast("uchar")
    noise.bandjoin([noise.rot180(), noise.fliphor()]).copy(interpretation="srgb").write_to_file(str(tmp_path / "a.png"))
    made = poster(tmp_path / "a.png", 0, 0, 70, tmp_path / "poster.jpg")
    assert made.bytes <= 40_000
    assert made.width < 960
    assert made.width / made.height == pytest.approx(16 / 9, abs=0.01)


def test_a_thumbnail_is_the_same_view_in_small(tmp_path: Path) -> None:
    source = pictures.patch(tmp_path / "a.png", 70, 20)
    made = poster(source, 70, 20, 60, tmp_path / "thumb.jpg", size=THUMB, max_bytes=12_000)
    assert (made.width, made.height) == (320, 180)
    assert reddest(tmp_path / "thumb.jpg") == pytest.approx((0.5, 0.5), abs=0.01)


def test_a_poster_as_webp_shows_the_same_in_fewer_bytes(tmp_path: Path) -> None:
    source = pictures.patch(tmp_path / "a.png", 30, 10)
    poster(source, 30, 10, 60, tmp_path / "poster.webp", max_bytes=26_000)
    with Image.open(tmp_path / "poster.webp") as image:
        assert image.format == "WEBP"
    assert reddest(tmp_path / "poster.webp") == pytest.approx((0.5, 0.5), abs=0.01)
    assert (tmp_path / "poster.webp").stat().st_size <= 26_000
