import os
import time
from pathlib import Path

import pytest

from tourserver.core.errors import Invalid, NotFound
from tourserver.core.storage import LEFT_BEHIND_SECONDS, LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../secret", "a/../b", "a//b", ".hidden", "a/.b", "a\\b", "a b", "ä"]
)
def test_a_key_that_could_leave_the_folder_is_refused(storage: LocalStorage, key: str) -> None:
    with pytest.raises(Invalid):
        storage.put(key, b"x")
    with pytest.raises(Invalid):
        storage.open(key)


def test_what_is_put_can_be_read_replaced_and_removed(storage: LocalStorage) -> None:
    storage.put("originals/a.jpg", b"one")
    storage.put("originals/a.jpg", b"two")
    with storage.open("originals/a.jpg") as file:
        assert file.read() == b"two"
    storage.delete("originals/a.jpg")
    storage.delete("originals/a.jpg")
    assert not storage.exists("originals/a.jpg")
    with pytest.raises(NotFound):
        storage.open("originals/a.jpg")


def test_a_tree_appears_whole_and_the_first_one_stays(storage: LocalStorage) -> None:
    for content in (b"first", b"second"):
        folder = storage.scratch()
        (folder / "0").mkdir()
        (folder / "0" / "0_0.jpg").write_bytes(content)
        storage.put_tree("panoramas/abc", folder)
        assert not folder.exists()
    with storage.local_tree("panoramas/abc") as tree:
        assert (tree / "0" / "0_0.jpg").read_bytes() == b"first"


def test_what_was_left_behind_yesterday_is_swept_and_work_in_hand_is_not(storage: LocalStorage) -> None:
    old, fresh = storage.scratch(), storage.scratch()
    (old / "original").write_bytes(b"x")
    past = time.time() - LEFT_BEHIND_SECONDS - 60
    os.utime(old, (past, past))
    assert storage.sweep() == 1
    assert not old.exists()
    assert fresh.exists()
