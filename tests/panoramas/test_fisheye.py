from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import pytest
import pyvips

from tests.panoramas import pictures
from tourserver.core.errors import Invalid
from tourserver.panoramas import fisheye, sandbox
from tourserver.panoramas.fisheye import circles, is_dual_fisheye

ROOT = Path(__file__).resolve().parents[2]
RENDERS = sorted((ROOT / "panoramas").glob("*.jpg"))


@lru_cache(maxsize=8)
def render(name: str) -> pyvips.Image:
    return pyvips.Image.new_from_file(str(ROOT / "panoramas" / name)).resize(0.25).copy_memory()


def sphere(width: int = 1024) -> tuple[pyvips.Image, pyvips.Image]:
    """Longitude and latitude of each pixel, degrees."""
    position = pyvips.Image.xyz(width, width // 2)
    return (position[0] + 0.5) * (360 / width) - 180, 90 - (position[1] + 0.5) * (360 / width)


def plain(image: pyvips.Image) -> pyvips.Image:
    return image.cast("uchar").copy(interpretation="srgb").copy_memory()


def noisy(image: pyvips.Image, sigma: float) -> pyvips.Image:
    bands = [pyvips.Image.gaussnoise(image.width, image.height, sigma=sigma, mean=0, seed=seed) for seed in (1, 2, 3)]
    return plain(image + bands[0].bandjoin(bands[1:]))


def two_lenses(
    image: pyvips.Image,
    *,
    side: int = 512,
    field: float = 190,
    radius: float = 0.48,
    corner: tuple[int, int, int] = (0, 0, 0),
    offset: tuple[float, float] = (0, 0),
    falling: float = 0.0,
) -> pyvips.Image:
    """What a camera with two equidistant lenses back to back stores of a scene; ``field`` of view in degrees."""
    halves = []
    for facing, mirror in ((0, 1), (180, -1)):
        position = pyvips.Image.xyz(side, side)
        x = (position[0] + 0.5) / side - 0.5 - mirror * offset[0]
        y = (position[1] + 0.5) / side - 0.5 - offset[1]
        distance = (x * x + y * y) ** 0.5
        angle = distance * (field / 2 / radius)
        length = (distance < 1e-9).ifthenelse(1e-9, distance)
        right, down = angle.math("sin") * x / length, angle.math("sin") * y / length
        longitude = (right.math2(angle.math("cos"), "atan2") + facing + 540) % 360 - 180
        across = (longitude / 360 + 0.5) * image.width - 0.5
        below = (down.math("asin") / 180 + 0.5) * image.height - 0.5
        seen = image.mapim(across.bandjoin(below), extend="copy") * (1 - falling * (distance / radius) ** 4)
        halves.append((distance < radius).ifthenelse(seen, pyvips.Image.black(side, side) + list(corner)))
    return plain(halves[0].join(halves[1], "horizontal"))


@pytest.mark.parametrize("path", RENDERS, ids=lambda path: path.stem)
def test_the_demos_panoramas_are_panoramas_and_seen_by_two_lenses_they_are_not(path: Path) -> None:
    image = render(path.name)
    assert circles(image) is None
    pair = circles(two_lenses(image))
    assert pair is not None
    assert min(circle.share for circle in pair) > 0.95
    assert [circle.radius for circle in pair] == pytest.approx([0.48, 0.48], abs=0.01)
    assert is_dual_fisheye(two_lenses(image))


@pytest.mark.parametrize(
    ("radius", "field", "offset"),
    [(0.42, 190, (0, 0)), (0.46, 190, (0.02, -0.01)), (0.5, 195, (0, 0)), (0.54, 200, (-0.01, 0.01))],
)
def test_lenses_of_all_sizes_and_out_of_the_middle_are_recognised(
    radius: float, field: float, offset: tuple[float, float]
) -> None:
    assert is_dual_fisheye(two_lenses(render("heating-hall.jpg"), radius=radius, field=field, offset=offset))


@pytest.mark.parametrize(
    ("corner", "noise", "falling"),
    [((12, 10, 40), 8, 0.0), ((40, 30, 26), 4, 0.0), ((0, 0, 0), 3, 0.85), ((24, 24, 24), 12, 0.4)],
)
def test_corners_may_be_coloured_and_noisy_and_rims_dim(
    corner: tuple[int, int, int], noise: float, falling: float
) -> None:
    for name in ("biogas-yard.jpg", "sjostaden-quay.jpg"):
        image = two_lenses(render(name), corner=corner, falling=falling)
        assert is_dual_fisheye(noisy(image, noise))


@pytest.mark.parametrize(("above", "below"), [(80, 80), (65, 65), (45, 75), (60, 20), (30, 30)])
def test_a_scene_with_a_black_ceiling_and_floor_is_a_panorama(above: float, below: float) -> None:
    _longitude, latitude = sphere()
    shown = (latitude < above) & (latitude > -below)
    for name in ("heating-hall.jpg", "sjostaden-tram.jpg"):
        image = plain(shown.ifthenelse(render(name), 0))
        pair = circles(image)
        assert pair is not None, "the corners are black, so the circles decide"
        assert not is_dual_fisheye(image)
        assert not is_dual_fisheye(noisy(image + 10, 6))


@pytest.mark.parametrize("turned", [0, 45, 90])
@pytest.mark.parametrize(
    ("across", "along", "above", "below"), [(1, 1, 1, 1), (1, 4, 2, 1), (0.3, 3, 2, 1), (1, 10, 6, 5), (1, 2, 3, 2)]
)
def test_rooms_and_corridors_with_black_ceilings_and_floors_are_panoramas(
    across: float, along: float, above: float, below: float, turned: float
) -> None:
    longitude, latitude = sphere()
    cosine, sine = ((longitude + turned).math(name).abs() + 1e-6 for name in ("cos", "sin"))
    wall = (across / cosine < along / sine).ifthenelse(across / cosine, along / sine)
    shown = (latitude < (above / wall).math("atan")) & (latitude > (below / wall).math("atan") * -1)
    image = plain(shown.ifthenelse(render("timber-street.jpg"), 0))
    pair = circles(image)
    assert pair is not None
    assert min(circle.share for circle in pair) < fisheye.LEAST_SHARE - 0.05
    assert not is_dual_fisheye(image)


def test_lamps_in_the_night_and_blackness_are_panoramas() -> None:
    longitude, latitude = sphere()
    night = pyvips.Image.black(1024, 512, bands=3).linear(1, [5, 5, 12])
    for number in range(30):
        yaw, pitch, reach = number * 97 % 360 - 180, number * 31 % 70 - 30, 2 + number % 4 * 4
        near = latitude.math("sin") * math.sin(math.radians(pitch)) + latitude.math("cos") * math.cos(
            math.radians(pitch)
        ) * (longitude - yaw).math("cos")
        night = (near > math.cos(math.radians(reach))).ifthenelse([250, 220, 160], night).copy_memory()
    assert circles(plain(night)) is not None
    assert not is_dual_fisheye(plain(night))
    assert not is_dual_fisheye(noisy(night, 8))
    assert not is_dual_fisheye(plain(pyvips.Image.black(1024, 512, bands=3)))


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_an_unstitched_picture_is_refused_with_what_to_do_and_leaves_nothing(tmp_path: Path, ending: str) -> None:
    image = two_lenses(render("biogas-yard.jpg"), side=1040, corner=(8, 8, 20))
    image.write_to_file(str(tmp_path / f"raw.{ending}"))
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(tmp_path / f"raw.{ending}", tmp_path / "tiles")
    assert (caught.value.code, caught.value.field) == ("unstitched", "picture")
    assert "Stitch and export first" in caught.value.text
    assert [path.name for path in tmp_path.iterdir()] == [f"raw.{ending}"]


def test_a_night_scene_is_tiled(tmp_path: Path) -> None:
    _longitude, latitude = sphere(2048)
    scene = (latitude.abs() < 50).ifthenelse(pictures.scene(2048), 0)
    plain(scene).write_to_file(str(tmp_path / "night.jpg"))
    assert sandbox.build_tiles(tmp_path / "night.jpg", tmp_path / "tiles").width == 2048
