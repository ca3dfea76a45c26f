from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips

from tests.panoramas import pictures
from tests.panoramas.disks import on_a_small_disk
from tourserver.core.errors import Invalid, TourserverError
from tourserver.panoramas import refusals, sandbox, tiles
from tourserver.panoramas.sandbox import Limits


def children() -> list[int]:
    """Process ids of this process's tiling children; other fixtures' servers are its children too."""
    folder = Path(f"/proc/{os.getpid()}/task")
    found = [int(pid) for task in folder.iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in found if b"tourserver.panoramas.child" in command(pid)]


def command(pid: int) -> bytes:
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def signal_child(number: signal.Signals) -> None:
    """Send a signal to the tiling process, if it still runs."""
    for child in children():
        os.kill(child, number)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A panorama that takes about half a second."""
    return pictures.save_scene(tmp_path_factory.mktemp("source") / "a.jpg", 4096, Q=90)


def test_the_child_makes_the_same_tiles_as_this_process(picture: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    manifest = sandbox.build_tiles(picture, tmp_path / "child", seen.append)
    direct = tiles.build_tiles(picture, tmp_path / "here")
    assert (manifest.files, manifest.bytes, manifest.levels) == (direct.files, direct.bytes, direct.levels)
    assert seen == sorted(set(seen))
    assert seen[-1] == 100
    for file in (tmp_path / "here").rglob("*.jpg"):
        assert file.read_bytes() == (tmp_path / "child" / file.relative_to(tmp_path / "here")).read_bytes()


def test_a_refusal_comes_back_with_its_words_values_and_code(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.png", 1024)
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(source, tmp_path / "tiles")
    assert caught.value.text == "The picture is 1024 × 512; 2048 × 1024 is needed. Export it larger."
    assert caught.value.params["min_width"] == 2048
    assert (caught.value.code, caught.value.field) == ("too_small", "picture")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_full_disk_while_tiling_says_so_and_publishes_nothing(picture: Path, tmp_path: Path) -> None:
    done = on_a_small_disk(tmp_path, 600, f'"$PYTHON" -m tourserver tiles build {picture} tiles; echo "code $?"; ls -A')
    assert done.stderr == (
        "The disk is full. Free some space on the server. Nothing was published; it will be tried again.\n"
    )
    assert done.stdout == "code 2\n"


def test_a_full_disk_keeps_the_earlier_build(picture: Path, tmp_path: Path) -> None:
    small = pictures.save_scene(tmp_path / "small.jpg", 2048, Q=90)
    done = on_a_small_disk(
        tmp_path,
        600,
        f'"$PYTHON" -m tourserver tiles build {small} tiles >/dev/null 2>&1; "$PYTHON" -m tourserver tiles build '
        f'{picture} tiles 2>/dev/null; echo "code $?"; ls -A; cat tiles/manifest.json',
    )
    code, listing, manifest = done.stdout.splitlines()
    assert (code, listing) == ("code 2", "tiles")
    assert json.loads(manifest)["width"] == 2048


def test_a_killed_child_leaves_nothing_and_may_be_tried_again(picture: Path, tmp_path: Path) -> None:
    def kill(percent: int) -> None:
        if percent >= 20:
            signal_child(signal.SIGKILL)

    with pytest.raises(refusals.Stopped) as caught:
        sandbox.build_tiles(picture, tmp_path / "tiles", kill)
    assert caught.value.text.endswith("Nothing was published; it will be tried again.")
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_that_crashes_is_the_fault_of_the_picture(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(picture, tmp_path / "tiles", lambda _: signal_child(signal.SIGSEGV))
    assert caught.value.code == "damaged"
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_stops_takes_its_child_with_it(picture: Path, tmp_path: Path) -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(refusals.Stopped):
        sandbox.build_tiles(picture, tmp_path / "tiles", lambda _: time.sleep(0.05), stopping=stopping)
    assert children() == []
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_killed_takes_its_child_with_it(picture: Path, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tourserver.panoramas import sandbox\n"
        "def tell(percent):\n"
        "    print(percent, flush=True); time.sleep(60)\n"
        "sandbox.build_tiles(Path(sys.argv[1]), Path(sys.argv[2]), tell)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(picture), str(tmp_path / "tiles")], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    child = int(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()[0])
    parent.kill()
    parent.wait()
    parent.stdout.close()

    def gone() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    until(gone)
    assert not (tmp_path / "tiles").exists()


def test_the_memory_limit_holds_and_is_explained(tmp_path: Path) -> None:
    # An interlaced picture has to be whole in memory: 400 MB here, though the file is tiny.
    source = tmp_path / "a.png"
    source.write_bytes(pictures.png_header(16384, 8192, b"\0" * 1_000_000, interlace=True))
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(source, tmp_path / "tiles", limits=Limits(memory_mb=300))
    assert caught.value.text == (
        "The picture needs more than 300 MB of memory to be read. Save it as an ordinary (not progressive or "
        "interlaced) 8-bit JPEG and upload that."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_limit_of_processor_time_holds(tmp_path: Path) -> None:
    pyvips.Image.black(16384, 8192, bands=3).copy(interpretation="srgb").jpegsave(str(tmp_path / "a.jpg"))
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(tmp_path / "a.jpg", tmp_path / "tiles", limits=Limits(cpu_seconds=1))
    assert caught.value.code == "too_slow"
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_the_limit_of_wall_time_holds(picture: Path, tmp_path: Path) -> None:
    # The child is stopped, as by a machine that is too busy: it uses no processor time, and no end comes.
    limits = Limits(seconds=1)
    with pytest.raises(Invalid) as caught:
        sandbox.build_tiles(picture, tmp_path / "tiles", lambda _: signal_child(signal.SIGSTOP), limits=limits)
    assert caught.value.text.startswith("The picture took longer than 1 seconds and was given up.")
    assert list(tmp_path.iterdir()) == []


def test_the_child_sees_none_of_the_parents_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURSERVER_DATABASE_URL", "postgresql://user:secret@host/name")
    environment = sandbox.environment(tmp_path)
    assert "secret" not in str(environment)


def test_a_folder_that_cannot_be_written_is_reported_as_such(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TourserverError, match=r"^The tiles could not be written: "):
        sandbox.build_tiles(picture, tmp_path / "file" / "tiles")
    shutil.rmtree(tmp_path)
