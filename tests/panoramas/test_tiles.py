from __future__ import annotations

import errno
import io
import json
from itertools import pairwise
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from tests.panoramas import pictures
from tourserver.core.errors import Conflict, Invalid
from tourserver.panoramas import ladder
from tourserver.panoramas.codec import encode
from tourserver.panoramas.rows import encode_row
from tourserver.panoramas.tiles import build_tiles, write_tiles


def tile_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jpg"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A panorama with every kind of metadata, and its tiles."""
    folder = tmp_path_factory.mktemp("built")
    source = pictures.save_scene(folder / "plain.jpg", 4096, Q=95)
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(pictures.GPS)
    notes = pictures.gpano(ProjectionType="equirectangular", StitchingSoftware="A program")
    Image.open(source).save(folder / "full.jpg", quality=95, exif=exif, xmp=notes, comment=b"Taken by Anna")
    build_tiles(folder / "full.jpg", folder / "tiles")
    return folder / "full.jpg", folder / "tiles"


def test_the_manifest_tells_what_lies_there(built: tuple[Path, Path]) -> None:
    _source, folder = built
    manifest = json.loads((folder / "manifest.json").read_text())
    files = tile_files(folder)
    assert (manifest["width"], manifest["height"]) == (4096, 2048)
    assert [level["width"] for level in manifest["levels"]] == [2048, 4096]
    assert manifest["files"] == len(files) == 8 * 4 + 4 * 2 + 1
    assert manifest["bytes"] == sum(file.stat().st_size for file in files)
    assert manifest["seconds"] > 0
    assert (manifest["base"], manifest["tile"]) == ("base.jpg", "{level}/{col}_{row}.jpg")


def test_the_base_is_1024_by_512(built: tuple[Path, Path]) -> None:
    with Image.open(built[1] / "base.jpg") as base:
        assert base.size == (1024, 512)


def test_no_tile_holds_a_place_notes_or_a_comment(built: tuple[Path, Path]) -> None:
    for file in tile_files(built[1]):
        data = file.read_bytes()
        for trace in (b"Exif", b"http://ns.adobe.com", b"GPano", b"Anna", b"ICC_PROFILE"):
            assert trace not in data, file
        with Image.open(file) as tile:
            assert not tile.getexif()
            assert set(tile.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def test_the_tiles_put_together_are_as_good_as_saving_the_picture_once(built: tuple[Path, Path]) -> None:
    source, folder = built
    original = pyvips.Image.new_from_file(str(source))
    once = pyvips.Image.new_from_buffer(original.jpegsave_buffer(Q=82), "")
    assembled = pictures.assemble(folder, 1, 8, 4)
    assert pictures.psnr(assembled, original) > pictures.psnr(once, original) - 0.3
    half = pictures.assemble(folder, 0, 4, 2)
    assert pictures.psnr(half, original.shrink(2, 2)) > 36
    base = pyvips.Image.new_from_file(str(folder / "base.jpg"))
    assert pictures.psnr(base, original.shrink(4, 4)) > 36


@pytest.mark.parametrize(
    ("width", "height", "ending"),
    [(5760, 2880, "jpg"), (4095, 2048, "png"), (4097, 2048, "png"), (2500, 1250, "webp"), (2048, 1024, "png")],
)
def test_native_sizes_lose_no_pixel_and_get_every_level(tmp_path: Path, width: int, height: int, ending: str) -> None:
    source = pictures.save_scene(tmp_path / f"a.{ending}", width, height)
    manifest = build_tiles(source, tmp_path / "tiles")
    top = manifest.levels[-1]
    for col, (left, right) in enumerate(pairwise(top.col_edges)):
        with Image.open(tmp_path / "tiles" / str(len(manifest.levels) - 1) / f"{col}_0.jpg") as tile:
            assert tile.size == (right - left, top.row_edges[1])
    original = pyvips.Image.new_from_file(str(source))
    for index, level in enumerate(manifest.levels):
        assembled = pictures.assemble(tmp_path / "tiles", index, level.cols, level.rows)
        assert (assembled.width, assembled.height) == (level.width, level.height)
        wanted = original.resize(level.width / width, vscale=level.height / height)
        assert pictures.psnr(assembled, wanted) > 35
    with Image.open(tmp_path / "tiles" / "base.jpg") as base:
        assert base.size == (1024, 512)


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_progressive_and_interlaced_pictures_come_out_the_same(tmp_path: Path, ending: str, interlace: bool) -> None:
    source = pictures.save_scene(tmp_path / f"a.{ending}", 4096, interlace=interlace)
    build_tiles(source, tmp_path / "tiles")
    original = pyvips.Image.new_from_file(str(source))
    assert pictures.psnr(pictures.assemble(tmp_path / "tiles", 1, 8, 4), original) > 36


def test_grey_transparent_and_16_bit_pictures_become_plain_colour_tiles(tmp_path: Path) -> None:
    colour = pictures.scene(2048)
    deep = (colour.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    variants = {
        "grey.jpg": colour.colourspace("b-w"),
        "glass.png": colour.bandjoin(255),
        "deep.png": deep,
    }
    for name, image in variants.items():
        image.write_to_file(str(tmp_path / name))
        build_tiles(tmp_path / name, tmp_path / f"{name}.tiles")
        assembled = pictures.assemble(tmp_path / f"{name}.tiles", 0, 4, 2)
        assert (assembled.bands, assembled.format) == (3, "uchar")
        wanted = image.colourspace("srgb")[:3]
        assert pictures.psnr(assembled, wanted) > 35, name


def test_another_colour_profile_is_converted_and_not_just_dropped(tmp_path: Path) -> None:
    image = pictures.scene(2048).icc_transform("p3", input_profile="srgb", depth=8)
    image.write_to_file(str(tmp_path / "p3.png"))
    build_tiles(tmp_path / "p3.png", tmp_path / "tiles")
    wide = pyvips.Image.new_from_file(str(tmp_path / "p3.png"))
    assembled = pictures.assemble(tmp_path / "tiles", 0, 4, 2)
    seen = wide.icc_transform("srgb", embedded=True, intent="relative", depth=8)
    assert pictures.psnr(assembled, seen) > 35
    assert pictures.psnr(assembled, wide) < 35


def test_a_picture_that_asks_to_be_turned_is_turned(tmp_path: Path) -> None:
    image = pictures.scene(2048)
    turned = image.rot180()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 3)
    turned.write_to_file(str(tmp_path / "a.jpg"), Q=95)
    build_tiles(tmp_path / "a.jpg", tmp_path / "tiles")
    assert pictures.psnr(pictures.assemble(tmp_path / "tiles", 0, 4, 2), image) > 35


def test_progress_rises_from_low_to_100(tmp_path: Path) -> None:
    seen: list[int] = []
    build_tiles(pictures.save_scene(tmp_path / "a.jpg", 4096), tmp_path / "tiles", seen.append)
    assert seen == sorted(set(seen))
    assert seen[0] < 10
    assert seen[-1] == 100
    assert len(seen) > 20


@pytest.mark.parametrize("interlace", [False, True])
def test_a_jpeg_damaged_in_the_middle_is_refused_and_leaves_nothing(tmp_path: Path, interlace: bool) -> None:
    # The end marker is there, so only decoding shows that pixels are missing.
    source = pictures.save_scene(tmp_path / "a.jpg", 4096, interlace=interlace)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    with pytest.raises(Invalid) as caught:
        build_tiles(source, tmp_path / "tiles")
    assert caught.value.code in ("cut_off", "damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("interlace", [False, True])
def test_padding_before_the_end_of_a_jpeg_costs_no_pixel_and_is_taken(tmp_path: Path, interlace: bool) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 4096, interlace=interlace)
    original = pyvips.Image.new_from_file(str(source)).copy_memory()
    source.write_bytes(source.read_bytes()[:-2] + b"\0" * 64 + b"\xff\xd9")
    seen: list[int] = []
    manifest = build_tiles(source, tmp_path / "tiles", seen.append)
    assert manifest.files == len(tile_files(tmp_path / "tiles"))
    assert seen == sorted(seen)
    assert pictures.psnr(pictures.assemble(tmp_path / "tiles", 1, 8, 4), original) > 36


def test_bits_that_fell_over_in_the_middle_of_a_jpeg_are_noticed(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 4096)
    data = bytearray(source.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    source.write_bytes(data)
    with pytest.raises(Invalid) as caught:
        build_tiles(source, tmp_path / "tiles")
    assert caught.value.code == "damaged"


def test_a_png_with_too_few_pixels_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(pictures.png_header(16384, 8192, b"\0" * 1_000_000))
    with pytest.raises(Invalid) as caught:
        build_tiles(source, tmp_path / "tiles")
    assert caught.value.code in ("cut_off", "damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_building_again_replaces_an_earlier_build(tmp_path: Path) -> None:
    build_tiles(pictures.save_scene(tmp_path / "a.jpg", 4096), tmp_path / "tiles")
    build_tiles(pictures.save_scene(tmp_path / "b.jpg", 2048), tmp_path / "tiles")
    assert json.loads((tmp_path / "tiles" / "manifest.json").read_text())["width"] == 2048
    assert not (tmp_path / "tiles" / "1").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.jpg", "tiles"]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear Anna")
    with pytest.raises(Conflict, match=r"is not a folder of tiles\. Choose another folder\.$"):
        build_tiles(pictures.save_scene(tmp_path / "a.jpg", 2048), tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "Dear Anna"


def test_a_failed_write_keeps_the_earlier_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 2048)
    build_tiles(source, tmp_path / "tiles")
    before = (tmp_path / "tiles" / "manifest.json").read_bytes()

    def fail(_path: Path, _data: bytes) -> int:
        raise OSError(errno.EIO, "The disk is ill")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="The disk is ill"):
        build_tiles(source, tmp_path / "tiles")
    assert (tmp_path / "tiles" / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "tiles"]


def test_loaders_that_libvips_calls_untrusted_are_blocked(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_file(str(path))


@pytest.mark.parametrize(
    ("width", "columns", "height"), [(2048, 4, 500), (2048, 4, 512), (2048, 3, 40), (2500, 8, 333), (2499, 8, 17)]
)
def test_a_row_encoded_at_once_gives_the_tiles_that_would_be_encoded_one_by_one(
    width: int, columns: int, height: int
) -> None:
    band = pictures.scene(width, 1100).crop(0, 100, width, height).copy_memory()
    edges = ladder.edges(width, columns)
    tiles = list(encode_row(band, edges))
    for tile, (left, right) in zip(tiles, pairwise(edges), strict=True):
        alone = pyvips.Image.new_from_buffer(encode(band.crop(left, 0, right - left, height)), "")
        found = pyvips.Image.new_from_buffer(tile, "", fail_on="warning")
        assert (found.width, found.height) == (right - left, height)
        assert (found - alone).abs().max() == 0
        with Image.open(io.BytesIO(tile)) as other_reader:
            other_reader.load()
            assert other_reader.size == (right - left, height)


@pytest.mark.parametrize("name", ["heating-hall", "sjostaden-quay", "timber-street"])
@pytest.mark.parametrize(("ending", "most"), [("jpg", 132_000), ("webp", 92_000)])
def test_the_small_whole_picture_of_a_real_scene_is_small(tmp_path: Path, name: str, ending: str, most: int) -> None:
    source = Path(__file__).resolve().parents[2] / "panoramas" / f"{name}.jpg"
    write_tiles(source, tmp_path, ending=ending)
    with Image.open(tmp_path / f"base.{ending}") as base:
        assert base.size == (1024, 512)
    assert 10_000 < (tmp_path / f"base.{ending}").stat().st_size <= most
