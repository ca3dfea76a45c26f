"""Files: originals, tiles and posters, by key. One interface, the local folder behind it by default."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from tourserver.core.errors import Invalid, NotFound
from tourserver.core.messages import N_

LEFT_BEHIND_SECONDS = 24 * 3600

_KEY = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*")


def check_key(key: str) -> str:
    """A key is a relative path of plain names: no empty part, none that starts with a dot."""
    if not _KEY.fullmatch(key):
        raise Invalid(N_("“%(key)s” is not a valid storage key."), key=key)
    return key


class Storage(Protocol):
    """What every kind of storage can do. Keys are plain relative paths; writing replaces, atomically."""

    def put(self, key: str, source: bytes | Path) -> None:
        """Store bytes, or move the file at a path (it is gone afterwards)."""

    def put_tree(self, prefix: str, folder: Path) -> None:
        """Store a whole folder under ``prefix`` so that readers see all of it or nothing."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading; raises :class:`NotFound`."""

    def exists(self, key: str) -> bool:
        """Whether something is stored there."""

    def delete(self, key: str) -> None:
        """Remove; nothing happens when it is not there."""

    def delete_tree(self, prefix: str) -> None:
        """Remove all under ``prefix``."""

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The content as a file on this machine, for programs that want a path."""
        yield Path()

    @contextmanager
    def local_tree(self, prefix: str) -> Iterator[Path]:
        """A whole tree as a folder on this machine, to read."""
        yield Path()

    def scratch(self) -> Path:
        """A new empty folder on the same medium, for work that ends in ``put``; the caller removes it."""

    def sweep(self) -> int:
        """Remove scratch folders that were left behind a day ago or more; gives their number."""

    def check(self) -> None:
        """Raise when the storage can't be written."""


class LocalStorage:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._scratch = root / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """Where the key lies, existing or not."""
        return self.root / check_key(key)

    def put(self, key: str, source: bytes | Path) -> None:
        """See :class:`Storage`."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Path):
            os.replace(source, target)
            return
        temporary = self._scratch / uuid.uuid4().hex
        try:
            with temporary.open("wb") as file:
                file.write(source)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)

    def put_tree(self, prefix: str, folder: Path) -> None:
        """See :class:`Storage`. A tree that is already there is kept: keys of trees are content hashes."""
        target = self.path(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.rename(folder, target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(folder, ignore_errors=True)

    def open(self, key: str) -> BinaryIO:
        """See :class:`Storage`."""
        try:
            return self.path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound(N_("There is no file “%(key)s”."), key=key) from error

    def exists(self, key: str) -> bool:
        """See :class:`Storage`."""
        return self.path(key).exists()

    def delete(self, key: str) -> None:
        """See :class:`Storage`."""
        self.path(key).unlink(missing_ok=True)

    def delete_tree(self, prefix: str) -> None:
        """See :class:`Storage`."""
        shutil.rmtree(self.path(prefix), ignore_errors=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """See :class:`Storage`."""
        path = self.path(key)
        if not path.is_file():
            raise NotFound(N_("There is no file “%(key)s”."), key=key)
        yield path

    @contextmanager
    def local_tree(self, prefix: str) -> Iterator[Path]:
        """See :class:`Storage`."""
        path = self.path(prefix)
        if not path.is_dir():
            raise NotFound(N_("There is no folder “%(key)s”."), key=prefix)
        yield path

    def scratch(self) -> Path:
        """See :class:`Storage`."""
        folder = self._scratch / uuid.uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def sweep(self) -> int:
        """See :class:`Storage`."""
        before = time.time() - LEFT_BEHIND_SECONDS
        old = [path for path in self._scratch.iterdir() if path.stat().st_mtime < before]
        for path in old:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        return len(old)

    def check(self) -> None:
        """See :class:`Storage`."""
        probe = self._scratch / f"probe-{uuid.uuid4().hex}"
        probe.write_bytes(b"ok")
        probe.unlink()
