"""What both kinds of storage promise: a folder of this machine, and a bucket."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tourserver.core import storage as storages
from tourserver.core.errors import Invalid, NotFound
from tourserver.core.storage import LEFT_BEHIND_SECONDS, OutOfRange, Span, Storage


@pytest.fixture
def storage(storage_url: str, tmp_path: Path) -> Iterator[Storage]:
    found = storages.start(storage_url, tmp_path / "files")
    yield found
    found.close()


def make_tree(storage: Storage, content: bytes = b"tile", *, tiles: int = 3) -> Path:
    """A folder as the cutting of tiles leaves it."""
    folder = storage.scratch()
    (folder / "0").mkdir()
    for number in range(tiles):
        (folder / "0" / f"{number}_0.jpg").write_bytes(content)
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../secret", "a/../b", "a//b", ".hidden", "a/.b", "a\\b", "a b", "ä"]
)
def test_a_key_that_could_leave_the_storage_is_refused(storage: Storage, key: str, tmp_path: Path) -> None:
    folder = make_tree(storage)
    for attempt in (
        lambda: storage.put(key, b"x"),
        lambda: storage.put_tree(key, folder),
        lambda: storage.open(key),
        lambda: storage.read(key),
        lambda: storage.facts(key),
        lambda: storage.exists(key),
        lambda: storage.delete(key),
        lambda: storage.delete_tree(key),
        lambda: storage.local(key).__enter__(),
        lambda: storage.local_tree(key).__enter__(),
    ):
        with pytest.raises(Invalid):
            attempt()


def test_what_is_put_can_be_read_replaced_and_removed(storage: Storage) -> None:
    storage.put("originals/a.jpg", b"one")
    storage.put("originals/a.jpg", b"two")
    with storage.open("originals/a.jpg") as file:
        assert file.read() == b"two"
    assert storage.exists("originals/a.jpg")
    assert not storage.exists("originals")
    storage.delete("originals/a.jpg")
    storage.delete("originals/a.jpg")
    assert not storage.exists("originals/a.jpg")


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    storage.put("a/b.jpg", b"x")
    for key in ("nothing", "a", "a/b", "a/b.jpg/c", "a/c.jpg"):
        for attempt in (storage.open, storage.read, storage.facts):
            with pytest.raises(NotFound):
                attempt(key)
        with pytest.raises(NotFound), storage.local(key):
            pass
    with pytest.raises(NotFound), storage.local_tree("nothing"):
        pass
    storage.delete_tree("nothing")


def test_a_file_that_is_put_is_moved(storage: Storage) -> None:
    scratch = storage.scratch()
    for size in (0, 100, 9 * 1024 * 1024):  # the last goes to a bucket in parts
        content = os.urandom(size)
        (scratch / "upload").write_bytes(content)
        storage.put(f"originals/{size}.bin", scratch / "upload")
        assert not (scratch / "upload").exists()
        with storage.open(f"originals/{size}.bin") as file:
            assert file.read() == content
        with storage.local(f"originals/{size}.bin") as path:
            assert path.read_bytes() == content
            assert path.suffix == ".bin"
        assert storage.facts(f"originals/{size}.bin").size == size


def test_a_tree_appears_whole_and_the_first_one_stays(storage: Storage) -> None:
    for content in (b"first", b"second"):
        folder = make_tree(storage, content, tiles=20)
        storage.put_tree("panoramas/abc", folder)
        assert not folder.exists()
    with storage.local_tree("panoramas/abc") as tree:
        assert (tree / "0" / "19_0.jpg").read_bytes() == b"first"
        assert sum(path.is_file() for path in tree.rglob("*")) == 21
    with storage.open("panoramas/abc/0/3_0.jpg") as file:
        assert file.read() == b"first"


def test_a_folder_without_a_manifest_is_no_tree(storage: Storage) -> None:
    folder = storage.scratch()
    (folder / "0_0.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"manifest\.json"):
        storage.put_tree("panoramas/abc", folder)
    assert not storage.exists("panoramas/abc/0_0.jpg")


def test_who_sees_the_manifest_sees_every_tile(storage: Storage) -> None:
    seen: list[bool] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if storage.exists("panoramas/abc/manifest.json"):
                seen.append(all(storage.exists(f"panoramas/abc/0/{number}_0.jpg") for number in range(40)))
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    storage.put_tree("panoramas/abc", make_tree(storage, tiles=40))
    watcher.join(30)
    done.set()
    assert seen == [True]


def test_a_tree_is_removed_with_all_in_it_and_its_neighbours_stay(storage: Storage) -> None:
    for prefix in ("panoramas/ab", "panoramas/abc", "panoramas-webp/ab"):
        storage.put_tree(prefix, make_tree(storage))
    storage.delete_tree("panoramas/ab")
    storage.delete_tree("panoramas/ab")
    assert not storage.exists("panoramas/ab/manifest.json")
    assert not storage.exists("panoramas/ab/0/0_0.jpg")
    with pytest.raises(NotFound), storage.local_tree("panoramas/ab"):
        pass
    assert storage.exists("panoramas/abc/0/0_0.jpg")
    assert storage.exists("panoramas-webp/ab/0/0_0.jpg")


@pytest.mark.parametrize(
    ("span", "start", "content"),
    [
        (None, 0, b"0123456789"),
        ((0, 4), 0, b"0123"),
        ((4, 5), 4, b"4"),
        ((7, None), 7, b"789"),
        ((7, 4000), 7, b"789"),
        ((-3, None), 7, b"789"),
        ((-4000, None), 0, b"0123456789"),
    ],
)
def test_a_span_of_a_file_is_read(storage: Storage, span: Span | None, start: int, content: bytes) -> None:
    storage.put("assets/film.mp4", b"0123456789")
    part = storage.read("assets/film.mp4", span)
    with part.file as file:
        assert file.read(part.length) == content
    assert (part.start, part.length, part.facts) == (start, len(content), storage.facts("assets/film.mp4"))
    assert part.facts.size == 10


def test_a_span_behind_the_end_is_refused(storage: Storage) -> None:
    storage.put("assets/film.mp4", b"0123456789")
    with pytest.raises(OutOfRange):
        storage.read("assets/film.mp4", (10, None))


def test_the_validator_changes_with_the_content(storage: Storage) -> None:
    storage.put("a.jpg", b"one")
    first = storage.facts("a.jpg").etag
    storage.put("a.jpg", b"two")
    assert storage.facts("a.jpg").etag != first
    assert '"' not in first


def test_what_was_left_behind_yesterday_is_swept_and_work_in_hand_is_not(storage: Storage) -> None:
    old, fresh = storage.scratch(), storage.scratch()
    (old / "original").write_bytes(b"x")
    past = time.time() - LEFT_BEHIND_SECONDS - 60
    os.utime(old, (past, past))
    assert storage.sweep() == 1
    assert not old.exists()
    assert fresh.exists()


def test_nothing_of_a_local_copy_stays_in_the_scratch_folder(storage: Storage, tmp_path: Path) -> None:
    storage.put("originals/a.jpg", b"one")
    storage.put_tree("panoramas/abc", make_tree(storage))
    with storage.local("originals/a.jpg") as path, storage.local_tree("panoramas/abc") as tree:
        assert path.is_file()
        assert tree.is_dir()
    assert list((tmp_path / "files" / "scratch").iterdir()) == []


def test_a_storage_that_can_be_written_passes_the_check(storage: Storage) -> None:
    storage.check()
    storage.check()
