from __future__ import annotations

import json
from pathlib import Path

import pytest
import pyvips
from click.testing import CliRunner

from tests.panoramas import pictures
from tourserver.panoramas import bench
from tourserver.panoramas.command import tiles

COSTS = {"cpu_seconds", "wall_seconds", "peak_mb"}


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(tiles, ["bench", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.save_scene(tmp_path_factory.mktemp("source") / "a.jpg", 4096, Q=92)


def test_json_tells_costs_of_ours_and_of_both_floors_memory_and_quality(picture: Path) -> None:
    code, out, error = run(picture, "--json", "--runs", 2, "--webp")
    assert (code, error) == (0, "")
    found = json.loads(out)
    assert (found["input"], found["width"], found["height"], found["runs"]) == ("a.jpg", 4096, 2048, 2)
    assert found["files"] == 8 * 4 + 4 * 2 + 1
    for name in ("ours", "floor_cold", "floor_warm", "webp"):
        assert set(found[name]) == COSTS
        assert all(value > 0 for value in found[name].values())
    assert found["ratio_cold"] == pytest.approx(
        found["ours"]["cpu_seconds"] / found["floor_cold"]["cpu_seconds"], rel=0.02
    )
    assert 0 < found["peak_mb_above_interpreter"] < found["ours"]["peak_mb"]
    assert found["interpreter"]["peak_mb"] < found["floor_cold"]["peak_mb"]
    assert abs(found["psnr_loss"]) < 0.3
    assert found["psnr_top"] > 30
    assert isinstance(found["missed"], list)


def test_without_json_people_read_the_same(picture: Path) -> None:
    code, out, _error = run(picture, "--runs", 1)
    assert code == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["ours", "floor_cold", "floor_warm"]
    assert any(line.startswith("psnr_loss") for line in lines)


def test_a_picture_that_cannot_be_used_ends_with_2_and_the_reason(tmp_path: Path) -> None:
    data = pictures.save_scene(tmp_path / "a.jpg", 2048).read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    code, out, error = run(tmp_path / "a.jpg", "--json", "--runs", 1)
    assert (code, out) == (2, "")
    assert error.startswith("The file is damaged")
    (tmp_path / "b.jpg").write_text("no picture at all")
    assert run(tmp_path / "b.jpg")[0] == 2


def test_goals_that_are_not_reached_are_named() -> None:
    good = {"width": 8192, "ratio_cold": 2.5, "ratio_warm": 3.5, "psnr_loss": 0.3, "peak_mb_above_interpreter": 150}
    assert bench.missed(good) == []
    assert bench.missed({**good, "ratio_cold": 2.51}) == ["ratio_cold"]
    assert bench.missed({**good, "peak_mb_above_interpreter": 151}) == ["peak_mb_above_interpreter"]
    assert bench.missed({**good, "width": 16384, "peak_mb_above_interpreter": 300}) == []


def test_the_quality_of_tiles_is_that_of_one_plain_reencode(picture: Path, tmp_path: Path) -> None:
    bench.tile(picture, tmp_path / "tiles")
    top, plain = bench.quality(picture, tmp_path / "tiles")
    assert top == pytest.approx(plain, abs=0.3)
    once = pictures.psnr(pictures.assemble(tmp_path / "tiles", 1, 8, 4), pyvips.Image.new_from_file(str(picture)))
    assert top == pytest.approx(once, abs=0.01)
