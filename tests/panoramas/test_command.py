from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.panoramas import pictures
from tourserver.panoramas.command import tiles

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(tiles, ["build", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_json_tells_width_height_levels_files_bytes_and_seconds(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 4096)
    code, out, error = run(source, tmp_path / "tiles", "--json")
    found = json.loads(out)
    files = list((tmp_path / "tiles").rglob("*.jpg"))
    assert (code, error) == (0, "")
    assert (found["width"], found["height"]) == (4096, 2048)
    assert [level["cols"] for level in found["levels"]] == [4, 8]
    assert (found["files"], found["bytes"]) == (len(files), sum(file.stat().st_size for file in files))
    assert found["seconds"] > 0
    assert found["warnings"] == []


def test_without_json_people_read_the_same_and_warnings_go_to_stderr(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 2048)
    code, out, error = run(source, tmp_path / "tiles")
    assert code == 0
    assert out.splitlines()[:2] == [
        f"2048 × 1024: 9 files, {sum(file.stat().st_size for file in (tmp_path / 'tiles').rglob('*.jpg'))} bytes",
        "levels 2048 × 1024",
    ]
    assert error.startswith("The picture is 2048 × 1024; 4096 × 2048 is needed to look sharp")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no picture" * 10, "The file is not a JPEG, PNG or WebP picture."),
        (pictures.png_header(50_000, 25_000), "The picture is 50000 × 25000; at most 16384 × 8192 can be taken."),
        (pictures.png_header(1024, 512), "The picture is 1024 × 512; 2048 × 1024 is needed."),
        (pictures.png_header(4096, 2048), "The file "),
    ],
)
def test_bad_input_ends_with_2_and_the_reason_on_stderr(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    code, out, error = run(tmp_path / "a.jpg", tmp_path / "tiles", "--json")
    assert (code, out) == (2, "")
    assert error.startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, _out, error = run(tmp_path / "missing.jpg", tmp_path / "tiles")
    assert code == 2
    assert "missing.jpg" in error


def test_the_picture_library_stays_out_of_commands_that_do_not_need_it() -> None:
    modules = "tourserver.cli, tourserver.panoramas.store, tourserver.panoramas.jobs"
    program = f"import sys, {modules}; sys.exit('pyvips' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def in_a_terminal(tmp_path: Path, *arguments: object) -> tuple[str, str]:
    """Standard output, and what a terminal on standard error shows."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "tourserver", "tiles", *map(str, arguments)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=other, env=environment, cwd=ROOT) as process:
        os.close(other)
        shown = b""
        while True:
            try:
                shown += os.read(main, 65536)
            except OSError:  # as Linux says that the other side was closed
                break
        assert process.stdout is not None
        printed = process.stdout.read().decode()
    os.close(main)
    assert process.returncode == 0, shown.decode()
    return printed, shown.decode()


@pytest.mark.parametrize(
    ("arguments", "title"), [(("build", "a.jpg", "tiles"), "Tiles"), (("bench", "a.jpg", "--runs", "1"), "Measuring")]
)
def test_a_terminal_sees_a_bar_of_progress_and_standard_output_does_not(
    tmp_path: Path, arguments: tuple[str, ...], title: str
) -> None:
    pictures.save_scene(tmp_path / "a.jpg", 4096)
    paths = [tmp_path / word if word in ("a.jpg", "tiles") else word for word in arguments]
    printed, shown = in_a_terminal(tmp_path, *paths, "--json")
    assert json.loads(printed)["width"] == 4096
    assert title in shown
    assert "%" in shown
    assert "━" in shown
