"""Read a stranger's ZIP without believing it.

The directory is checked before an entry is looked at, names before a byte is unpacked, and bytes while they are
unpacked: what headers declare is only the first of the limits. Nothing is ever written under a name from the ZIP.
Source of the format: APPNOTE.TXT 6.3.10 by PKWARE.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

from tourserver.tours.archive import refusals

MOST_ENTRIES: Final = 2_000
MOST_RATIO: Final = 200
"""Times its packed size that a file may have; text rarely has 30, pictures have one."""

FREE_BYTES: Final = 1024 * 1024
"""Files up to this size may be packed however well."""

_MEGABYTE: Final = 1024 * 1024
_MOST_DIRECTORY_BYTES: Final = 2 * _MEGABYTE
_END, _END64, _LOCATOR, _LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x03\x04"
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_UTF8: Final = 0x0800
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ARCHIVES: Final = frozenset({".zip", ".jar", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})
_LITTER: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class Archive:
    """A ZIP that passed; give its files by name. Use :func:`open_archive`."""

    def __init__(self, file: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], most_bytes: int) -> None:
        self._file = file
        self._entries = entries
        self._most_bytes = most_bytes
        self._taken = 0
        self._folded = {fold(name): name for name in entries}

    @property
    def names(self) -> list[str]:
        """All files that may be used, in order; no folders, no ZIPs in the ZIP, no litter of file managers."""
        return sorted(name for name in self._entries if not _is_archive(name))

    @property
    def nested(self) -> list[str]:
        """Archives in the archive, which are not opened."""
        return sorted(name for name in self._entries if _is_archive(name))

    def size(self, name: str) -> int:
        """Bytes of a file as declared."""
        return self._entries[name].file_size

    def find(self, name: str) -> str | None:
        """The file of this path, also if capitals or the composition of accents differ."""
        return self._folded.get(fold(name))

    def open(self, name: str, most_bytes: int) -> Reader:
        """A file as a stream that raises ``Invalid`` as soon as it is larger than allowed or not what it says."""
        entry = self._entries[name]
        if entry.file_size > most_bytes:
            raise refusals.too_large_entry(name, most_bytes // _MEGABYTE)
        with _minding(name):
            return Reader(self, name, self._file.open(entry), entry.compress_size, most_bytes)

    def read(self, name: str, most_bytes: int) -> bytes:
        """A small file."""
        with self.open(name, most_bytes) as reader:
            return b"".join(iter(lambda: reader.read(64 * 1024), b""))

    def count(self, size: int) -> None:
        """Note bytes that were really unpacked, over all files and readings."""
        self._taken += size
        if self._taken > self._most_bytes:
            raise refusals.too_much_inside(self._most_bytes // _MEGABYTE)


class Reader:
    """Bytes of one file, counted."""

    def __init__(self, archive: Archive, name: str, stream: IO[bytes], packed: int, most_bytes: int) -> None:
        self._archive, self._name, self._stream = archive, name, stream
        self._packed, self._most_bytes, self._size = packed, most_bytes, 0

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        with _minding(self._name):
            block = self._stream.read(size)
        self._size += len(block)
        if self._size > self._most_bytes:
            raise refusals.too_large_entry(self._name, self._most_bytes // _MEGABYTE)
        if _swells(self._size, self._packed):
            raise refusals.bomb(self._name)
        self._archive.count(len(block))
        return block

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


@contextmanager
def open_archive(path: Path, *, most_bytes: int) -> Iterator[Archive]:
    """Check a ZIP and give its files; ``most_bytes`` is what they may have together.

    Raises ``Invalid`` for everything that a ZIP of pictures and texts has no need of.
    """
    with path.open("rb") as raw:
        directory = _directory(raw)
        with _minding(""), zipfile.ZipFile(raw) as file:
            entries = _checked(raw, file.infolist(), directory, most_bytes)
            yield Archive(file, entries, most_bytes)


def fold(name: str) -> str:
    """A name as the least careful file system compares it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class _Directory(NamedTuple):
    entries: int
    size: int
    offset: int


def _directory(raw: IO[bytes]) -> _Directory:
    """Where the directory lies, from the end of the file, before any of its entries is read."""
    length = raw.seek(0, 2)
    tail_at = max(0, length - 22 - 0xFFFF)
    raw.seek(tail_at)
    tail = raw.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise refusals.not_a_zip()
    disk, first_disk, here, count, size, offset, comment = struct.unpack_from("<4xHHHHIIH", tail, at)
    if at + 22 + comment != len(tail):
        raise refusals.not_a_zip()
    end = tail_at + at
    found = _Directory(count, size, offset)
    if end >= 20 and (large := _directory64(raw, end, (disk, first_disk, here, count, size, offset))):
        found, end = large
    elif (disk, first_disk) != (0, 0) or here != count:
        raise refusals.several_parts()
    if found.entries > MOST_ENTRIES:
        raise refusals.too_many_entries(found.entries, MOST_ENTRIES)
    if found.size > _MOST_DIRECTORY_BYTES or found.offset + found.size != end:
        raise refusals.damaged()
    return found


def _directory64(raw: IO[bytes], end: int, small: tuple[int, ...]) -> tuple[_Directory, int] | None:
    """The large form of the end, when there is one: it must say the same wherever the small one says anything."""
    raw.seek(end - 20)
    mark, disk, at, disks = struct.unpack("<4sIQI", raw.read(20))
    if mark != _LOCATOR:
        return None
    if end < 76 or at != end - 76 or disk != 0 or disks != 1:
        raise refusals.damaged()
    raw.seek(at)
    mark, length, here_disk, first_disk, here, count, size, offset = struct.unpack("<4sQ4xIIQQQQ", raw.read(56))
    large = (here_disk, first_disk, here, count, size, offset)
    unsaid = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    agree = all(one in (other, none) for one, other, none in zip(small, large, unsaid, strict=True))
    if mark != _END64 or length != 44 or (here_disk, first_disk) != (0, 0) or here != count or not agree:
        raise refusals.damaged()
    return _Directory(count, size, offset), at


def _checked(
    raw: IO[bytes], found: list[zipfile.ZipInfo], directory: _Directory, most_bytes: int
) -> dict[str, zipfile.ZipInfo]:
    """The files by their names; raises for the first thing that is wrong with any entry."""
    if len(found) != directory.entries:
        raise refusals.damaged()
    entries: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for entry in found:
        name = _name(entry)
        _check_entry(name, entry)
        key = fold(name.rstrip("/"))
        if key in seen:
            raise refusals.twice(name)
        seen.add(key)
        if not name.endswith("/") and not _is_litter(name):
            entries[name] = entry
    if sum(entry.file_size for entry in found) > most_bytes:
        raise refusals.too_much_inside(most_bytes // _MEGABYTE)
    _check_places(raw, found, directory.offset)
    return entries


def _name(entry: zipfile.ZipInfo) -> str:
    """The name as it was written. Some programs write UTF-8 without saying so; both readings must be harmless."""
    name = entry.orig_filename
    _check_name(name)
    if not entry.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
        _check_name(name)
    return name


def _check_name(name: str) -> None:
    parts = name.removesuffix("/").split("/")
    unsafe = (
        any(part in ("", ".", "..") for part in parts)
        or "\\" in name
        or name[1:2] == ":"
        or len(name) > 1_000
        or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    )
    if unsafe:
        raise refusals.unsafe_name(name)


def _check_entry(name: str, entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise refusals.encrypted()
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refusals.link(name)
    if entry.compress_type not in _METHODS:
        raise refusals.unknown_method(name)
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        raise refusals.damaged()
    if _swells(entry.file_size, entry.compress_size):
        raise refusals.bomb(name)


def _swells(size: int, packed: int) -> bool:
    return size > FREE_BYTES and size > MOST_RATIO * max(packed, 1)


def _check_places(raw: IO[bytes], found: list[zipfile.ZipInfo], directory_at: int) -> None:
    """No two entries share bytes: that is how a small ZIP is made to unpack to terabytes without a high ratio."""
    before = 0
    for entry in sorted(found, key=lambda each: each.header_offset):
        if not before <= entry.header_offset <= directory_at - 30:
            raise refusals.damaged()
        raw.seek(entry.header_offset)
        mark, flags, method, name, extra = struct.unpack("<4s2xHH16xHH", raw.read(30))
        if mark != _LOCAL or method != entry.compress_type or (flags ^ entry.flag_bits) & _ENCRYPTED:
            raise refusals.damaged()
        before = entry.header_offset + 30 + name + extra + entry.compress_size
    if before > directory_at:
        raise refusals.damaged()


@contextmanager
def _minding(name: str) -> Iterator[None]:
    """Turn the library's many ways of finding a ZIP broken into one."""
    try:
        yield
    # a RuntimeError is the library's for versions and flags that it doesn't read
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeError, RuntimeError) as error:
        raise (refusals.damaged_entry(name) if name else refusals.damaged()) from error


def _is_archive(name: str) -> bool:
    return PurePosixPath(name.lower()).suffix in _ARCHIVES


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or parts[-1].lower() in _LITTER or parts[-1].startswith("._")
