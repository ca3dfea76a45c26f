"""Files are removed by how their names begin, in a folder of this machine and in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tourserver.core import storage as storages
from tourserver.core.errors import Invalid
from tourserver.core.storage import Storage


@pytest.fixture
def storage(storage_url: str, tmp_path: Path) -> Iterator[Storage]:
    found = storages.start(storage_url, tmp_path / "files")
    yield found
    found.close()


def test_files_are_removed_by_the_beginning_of_their_names_and_no_others(storage: Storage) -> None:
    gone = ["posters/ab-1.jpg", "posters/ab-2-thumb.jpg", "posters/ab"]
    kept = ["posters/b-1.jpg", "posters/a-1.jpg", "ab-1.jpg", "posters/ab-3/x.jpg", "other/ab-1.jpg"]
    for key in gone + kept:
        storage.put(key, b"x")
    storage.delete_beginning("posters/ab")
    storage.delete_beginning("posters/ab")
    storage.delete_beginning("nothing/ab")
    assert [key for key in gone + kept if storage.exists(key)] == kept


@pytest.mark.parametrize("start", ["", "../a", "posters/", "/a", ".a"])
def test_a_beginning_that_could_leave_the_storage_is_refused(storage: Storage, start: str) -> None:
    with pytest.raises(Invalid):
        storage.delete_beginning(start)
