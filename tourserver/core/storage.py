"""Files: originals, tiles and posters, by key. One interface; behind it a local folder, or a bucket by one setting."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from tourserver.core.errors import Invalid, NotFound, TourserverError
from tourserver.core.messages import N_

LEFT_BEHIND_SECONDS: Final = 24 * 3600

TREE_MARK: Final = "manifest.json"
"""The file that every tree has: a tree counts as present when its mark is there."""

_KEY = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*")

Span = tuple[int, int | None]
"""Bytes from the first up to and without the second; ``(7, None)`` to the end, ``(-7, None)`` the last seven."""


def check_key(key: str) -> str:
    """A key is a relative path of plain names: no empty part, none that starts with a dot."""
    if not _KEY.fullmatch(key):
        raise Invalid(N_("“%(key)s” is not a valid storage key."), key=key)
    return key


def no_file(key: str) -> NotFound:
    """Nothing is stored at ``key``."""
    return NotFound(N_("There is no file “%(key)s”."), key=key)


def no_folder(prefix: str) -> NotFound:
    """No whole tree is stored under ``prefix``."""
    return NotFound(N_("There is no folder “%(key)s”."), key=prefix)


class OutOfRange(TourserverError):
    """The file has no such bytes."""

    status = 416
    code = "out_of_range"


def out_of_range() -> OutOfRange:
    """A span begins behind the end."""
    return OutOfRange(N_("The file is shorter than that."))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a stored file: its bytes, and a strong validator (RFC 9110, 8.8.3) without quotes."""

    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or the span of it that was asked for: read ``length`` bytes from ``file``, then close it."""

    file: BinaryIO
    start: int
    length: int
    facts: Facts


class Storage(Protocol):
    """What every kind of storage can do. Keys are plain relative paths; writing replaces, atomically."""

    def put(self, key: str, source: bytes | Path) -> None:
        """Store bytes, or move the file at a path (it is gone afterwards)."""

    def put_tree(self, prefix: str, folder: Path) -> None:
        """Store a whole folder under ``prefix`` so that readers see all of it or nothing; it is gone afterwards.

        The folder has a ``manifest.json``. A tree that is already there is kept: keys of trees are content hashes.
        """

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the beginning on, without seeking; raises :class:`NotFound`."""

    def read(self, key: str, span: Span | None = None) -> Part:
        """Open a file or a span of it; raises :class:`NotFound` and :class:`OutOfRange`."""

    def facts(self, key: str) -> Facts:
        """Size and validator without the content; raises :class:`NotFound`."""

    def exists(self, key: str) -> bool:
        """Whether a file is stored there."""

    def delete(self, key: str) -> None:
        """Remove; nothing happens when it is not there."""

    def delete_tree(self, prefix: str) -> None:
        """Remove all under ``prefix``; readers see the whole tree or none."""

    def delete_beginning(self, start: str) -> None:
        """Remove all files whose keys begin so: ``posters/3f7a`` takes ``posters/3f7a-1.jpg`` and not ``posters``."""

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The content as a file on this machine, to read, for programs that want a path."""
        yield Path()

    @contextmanager
    def local_tree(self, prefix: str) -> Iterator[Path]:
        """A whole tree as a folder on this machine, to read."""
        yield Path()

    def scratch(self) -> Path:
        """A new empty folder on this machine, for work that ends in ``put``; the caller removes it."""

    def sweep(self) -> int:
        """Remove what was left behind a day ago or more, such as scratch folders; gives their number."""

    def check(self) -> None:
        """Raise when the storage can't be written."""

    def close(self) -> None:
        """Give connections back."""


class Scratch:
    """Folders for work in hand, on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self) -> Path:
        """A new name; nothing is there yet."""
        return self.root / uuid.uuid4().hex

    def folder(self) -> Path:
        """A new empty folder; the caller removes it."""
        folder = self.path()
        folder.mkdir(parents=True)
        return folder

    def sweep(self) -> int:
        """Remove what was left behind a day ago or more; gives the number."""
        before = time.time() - LEFT_BEHIND_SECONDS
        count = 0
        for path in self.root.iterdir():
            with suppress(FileNotFoundError):  # its owner was quicker
                if path.stat().st_mtime < before:
                    _remove(path)
                    count += 1
        return count


class LocalStorage:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._scratch = Scratch(root / "scratch")

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
        temporary = self._scratch.path()
        try:
            with temporary.open("wb") as file:
                file.write(source)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)

    def put_tree(self, prefix: str, folder: Path) -> None:
        """See :class:`Storage`."""
        target = self.path(prefix)
        require_mark(folder)
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
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise no_file(key) from error

    def read(self, key: str, span: Span | None = None) -> Part:
        """See :class:`Storage`."""
        file = self.open(key)
        try:
            facts = _facts(key, os.fstat(file.fileno()))
            start, length = _within(span, facts.size)
            file.seek(start)
        except BaseException:
            file.close()
            raise
        return Part(file, start, length, facts)

    def facts(self, key: str) -> Facts:
        """See :class:`Storage`."""
        path = self.path(key)
        if not path.is_file():
            raise no_file(key)
        return _facts(key, path.stat())

    def exists(self, key: str) -> bool:
        """See :class:`Storage`."""
        return self.path(key).is_file()

    def delete(self, key: str) -> None:
        """See :class:`Storage`."""
        self.path(key).unlink(missing_ok=True)

    def delete_tree(self, prefix: str) -> None:
        """See :class:`Storage`."""
        aside = self._scratch.path()
        try:
            os.rename(self.path(prefix), aside)
        except (FileNotFoundError, NotADirectoryError):
            return
        _remove(aside)

    def delete_beginning(self, start: str) -> None:
        """See :class:`Storage`."""
        path = self.path(start)
        with suppress(FileNotFoundError, NotADirectoryError):
            for found in path.parent.iterdir():
                if found.name.startswith(path.name) and found.is_file():
                    found.unlink(missing_ok=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """See :class:`Storage`."""
        path = self.path(key)
        if not path.is_file():
            raise no_file(key)
        yield path

    @contextmanager
    def local_tree(self, prefix: str) -> Iterator[Path]:
        """See :class:`Storage`."""
        path = self.path(prefix)
        if not path.is_dir():
            raise no_folder(prefix)
        yield path

    def scratch(self) -> Path:
        """See :class:`Storage`."""
        return self._scratch.folder()

    def sweep(self) -> int:
        """See :class:`Storage`."""
        return self._scratch.sweep()

    def check(self) -> None:
        """See :class:`Storage`."""
        probe = self._scratch.root / f"probe-{uuid.uuid4().hex}"
        probe.write_bytes(b"ok")
        probe.unlink()

    def close(self) -> None:
        """See :class:`Storage`: there are none."""


def start(url: str, files: Path) -> Storage:
    """The storage that the setting names: a bucket, or the folder ``files`` when ``url`` is empty.

    Raises :class:`Invalid` for an address that can't be read and ``Unavailable`` for a bucket that can't be written.
    """
    if not url:
        return LocalStorage(files)
    from tourserver.core import storage_s3  # its library takes half a second to import

    return storage_s3.start(url, files / "scratch")


def require_mark(folder: Path) -> None:
    """Every tree has its mark: without it nobody could tell a whole one from half of one."""
    if not (folder / TREE_MARK).is_file():
        raise ValueError(f"A tree needs a {TREE_MARK}.")


def _facts(key: str, stat: os.stat_result) -> Facts:
    """Two files, and two versions of one, never share a validator: name, moment of writing, size."""
    return Facts(stat.st_size, f"{stat.st_mtime_ns:x}-{stat.st_size:x}-{zlib.crc32(key.encode()):x}")


def _within(span: Span | None, size: int) -> tuple[int, int]:
    """Start and length of a span of a file of ``size`` bytes."""
    if span is None:
        return 0, size
    first, last = span
    start = max(0, size + first) if first < 0 else first
    if start >= size:
        raise out_of_range()
    return start, min(size, size if last is None else last) - start


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
