from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pyvips

from tests.panoramas import pictures
from tourserver.panoramas.blur import CELLS, Cover, pixels_of
from tourserver.panoramas.codec import open_picture
from tourserver.panoramas.regions import Region, canonical
from tourserver.panoramas.tiles import build_tiles

WHERE = {
    "middle": Region(10.0, 5.0, 12.0, 16.0),
    "seam": Region(179.0, -10.0, 14.0, 9.0),
    "near a pole": Region(60.0, 82.0, 14.0, 8.0),
    "pole": Region(0.0, -90.0, 20.0, 20.0),
    "small": Region(-100.0, -20.0, 2.0, 1.2),
    "huge": Region(-60.0, 20.0, 120.0, 90.0),
}


def detailed(width: int, height: int | None = None) -> pyvips.Image:
    """A picture full of detail: letters would be lost in it if anything was."""
    height = height or width // 2
    bands = [pyvips.Image.gaussnoise(width, height, mean=128, sigma=60, seed=seed) for seed in (1, 2, 3)]
    wide = pictures.scene(width, height)
    return (bands[0].bandjoin(bands[1:]) * 0.6 + wide * 0.4).cast("uchar").copy(interpretation="srgb").copy_memory()


def mask_of(region: Region, width: int, height: int | None = None) -> pyvips.Image:
    return next(pixels_of([region], width, height or width // 2))


def only(image: pyvips.Image, mask: pyvips.Image) -> pyvips.Image:
    """The picture where the mask is, black elsewhere."""
    return mask.ifthenelse(image, 0).cast("float")


def mean_square(image: pyvips.Image, mask: pyvips.Image) -> float:
    """Mean of the squares within the mask."""
    share = mask.avg() / 255
    return float((only(image, mask) ** 2).avg() / share)


def fine_energy(image: pyvips.Image, mask: pyvips.Image) -> float:
    """The energy of detail finer than about four pixels, within the mask but for its rim."""
    inner = mask.rank(9, 9, 0)  # the darkest of 81 neighbours: without four pixels of the rim
    return mean_square(image.cast("float") - image.gaussblur(2).cast("float"), inner)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "a.png"
    detailed(2048).write_to_file(str(path), compression=1)
    return path


@pytest.mark.parametrize("where", WHERE)
def test_a_region_loses_all_detail_and_not_a_bit_outside_changes(source: Path, where: str) -> None:
    region, size = WHERE[where], (2048, 1024)
    original = pyvips.Image.new_from_file(str(source)).copy_memory()
    covered = Cover(source, [region])(original, 0, size)
    mask = mask_of(region, 2048)
    assert mask.avg() > 0
    difference = (covered.cast("float") - original.cast("float")).abs()
    assert (mask == 0).ifthenelse(difference, 0).max() == 0
    assert mean_square(difference, mask) > 600, "PSNR below 21 dB"
    if mask.rank(9, 9, 0).max():
        assert fine_energy(covered, mask) < fine_energy(original, mask) / 50


def test_the_colours_lie_where_they_were(tmp_path: Path) -> None:
    # Four quarters of one region: red, green, blue and white, in a grey picture.
    region = Region(175.0, 30.0, 24.0, 24.0)
    quarters = {(-5, 5): [220, 20, 20], (5, 5): [20, 220, 20], (-5, -5): [20, 20, 220], (5, -5): [240, 240, 240]}
    position = pyvips.Image.xyz(2048, 1024)
    longitude, latitude = (position[0] + 0.5) * (360 / 2048) - 180, 90 - (position[1] + 0.5) * (180 / 1024)
    image = pyvips.Image.black(2048, 1024, bands=3) + 128
    aside = (longitude - region.yaw + 540) % 360 - 180
    for (right, up), colour in quarters.items():
        here = (aside * right > 0) & ((latitude - region.pitch) * up > 0) & (aside.abs() < 40)
        image = here.ifthenelse(colour, image)
    image = image.cast("uchar").copy(interpretation="srgb")
    image.write_to_file(str(tmp_path / "a.png"))
    covered = Cover(tmp_path / "a.png", [region])(image.copy_memory(), 0, (2048, 1024))
    for (right, up), colour in quarters.items():
        column = int((region.yaw + right + 180) % 360 / 360 * 2048)
        row = int((90 - region.pitch - up) / 180 * 1024)
        assert covered(column, row) == pytest.approx(colour, abs=60)


def test_bands_covered_one_by_one_are_the_picture_covered_at_once(source: Path) -> None:
    original = pyvips.Image.new_from_file(str(source)).copy_memory()
    cover = Cover(source, WHERE.values())
    whole = cover(original, 0, (2048, 1024))
    for first in range(0, 1024, 128):
        band = cover(original.crop(0, first, 2048, 128).copy_memory(), first, (2048, 1024))
        assert (band - whole.crop(0, first, 2048, 128)).abs().max() == 0


def test_all_that_is_left_of_a_region_are_sixteen_coarse_colours(source: Path) -> None:
    cover = Cover(source, [WHERE["middle"], WHERE["small"]])
    for cells in cover._cells:
        assert max(cells.width, cells.height) <= CELLS
        assert set(bytes(cells.write_to_memory())) <= {level * 8 + 4 for level in range(32)}


@pytest.mark.parametrize(
    ("size", "ending"), [((4096, 2048), "jpg"), ((2048, 1024), "png"), ((2500, 1250), "png"), ((4100, 2050), "jpg")]
)
def test_no_level_nor_base_has_anything_of_a_region_left(tmp_path: Path, size: tuple[int, int], ending: str) -> None:
    image = detailed(*size)
    image.write_to_file(str(tmp_path / f"a.{ending}"), **({"Q": 95} if ending == "jpg" else {"compression": 1}))
    regions = (Region(-30.0, 20.0, 30.0, 24.0), Region(178.0, -30.0, 16.0, 20.0), Region(0.0, 88.0, 30.0, 30.0))
    manifest = build_tiles(tmp_path / f"a.{ending}", tmp_path / "blurred", regions=regions)
    build_tiles(tmp_path / f"a.{ending}", tmp_path / "plain")
    levels: list[tuple[pyvips.Image, pyvips.Image]] = [
        (
            pictures.assemble(tmp_path / "blurred", index, level.cols, level.rows),
            pictures.assemble(tmp_path / "plain", index, level.cols, level.rows),
        )
        for index, level in enumerate(manifest.levels)
    ]
    levels.append(tuple(pyvips.Image.new_from_file(str(tmp_path / name / "base.jpg")) for name in ("blurred", "plain")))
    for blurred, plain in levels:
        away = pyvips.Image.black(blurred.width, blurred.height)
        for region in regions:
            mask = mask_of(region, blurred.width, blurred.height)
            away = away | mask
            box = max(region.boxes(blurred.width, blurred.height), key=lambda box: box[2] * box[3])
            left, other, covered = (image.crop(*box).copy_memory() for image in (blurred, plain, mask))
            energy = fine_energy(other, covered)
            assert fine_energy(left, covered) < energy / 12
            assert mean_square(left.cast("float") - other.cast("float"), covered) > energy / 2
        # Elsewhere the same: but for the blocks of 16 pixels that the rims run through, and the filter's reach.
        away = away.gaussblur(12, min_ampl=0.05) == 0
        assert mean_square(blurred.cast("float") - plain.cast("float"), away) < 0.02


def test_overlapping_regions_are_both_covered(source: Path) -> None:
    one, other = Region(0.0, 0.0, 20.0, 20.0), Region(6.0, 3.0, 20.0, 12.0)
    original = pyvips.Image.new_from_file(str(source)).copy_memory()
    covered = Cover(source, [one, other])(original, 0, (2048, 1024))
    for region in (one, other):
        mask = mask_of(region, 2048)
        assert mean_square(covered.cast("float") - original.cast("float"), mask) > 600


def test_without_regions_nothing_is_done(tmp_path: Path) -> None:
    band = pictures.scene(2048)
    assert Cover(tmp_path / "no such file", ())(band, 0, (2048, 1024)) is band


def test_two_hundred_regions_take_no_exponential_time(source: Path) -> None:
    many: list[dict[str, Any]] = [{"yaw": n % 20, "pitch": n // 20, "width": 9, "height": 9} for n in range(200)]
    original = pyvips.Image.new_from_file(str(source)).copy_memory()
    covered = Cover(source, canonical(many))(original, 0, (2048, 1024))
    assert (covered - original).abs().max() > 0


@pytest.mark.parametrize("kind", ["grey", "deep", "glass", "print", "turned", "wide gamut"])
def test_the_colours_that_are_left_are_those_of_the_picture_whatever_its_kind(tmp_path: Path, kind: str) -> None:
    width = 2500  # so that the small copy is really a smaller one
    plain = (pictures.scene(width) * 0.3 + [120, 60, 20]).cast("uchar").copy(interpretation="srgb")
    path = tmp_path / ("a.jpg" if kind in ("print", "turned") else "a.png")
    if kind == "grey":
        plain = plain.colourspace("b-w")
    elif kind == "deep":
        plain = (plain.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    elif kind == "glass":
        plain = plain.bandjoin(255)
    elif kind == "print":
        plain = plain.colourspace("cmyk")
    elif kind == "turned":
        plain = plain.rot180().copy()
        plain.set_type(pyvips.GValue.gint_type, "orientation", 3)
    elif kind == "wide gamut":
        plain = plain.icc_export(output_profile="p3", depth=8)
    plain.write_to_file(str(path))
    shown = open_picture(path, sequential=False).copy_memory()
    region = Region(30.0, 20.0, 40.0, 30.0)
    covered = Cover(path, [region])(shown, 0, (width, width // 2))
    mask = mask_of(region, width)
    for band in range(3):
        before, after = (only(image, mask)[band].avg() for image in (shown, covered))
        assert after * 255 / mask.avg() == pytest.approx(before * 255 / mask.avg(), abs=6)
