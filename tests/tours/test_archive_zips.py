"""ZIPs that were made to harm, or only badly, are refused in words before anything of them is kept."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.tours import archives
from tourserver.core.errors import Invalid
from tourserver.tours.archive import zips
from tourserver.tours.archive.zips import open_archive

MEGABYTE = 1024 * 1024
MOST = 50 * MEGABYTE
END, CENTRAL, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"


def refusal(path: Path, most_bytes: int = MOST) -> str:
    """The code with which a ZIP is refused when it is opened and all of it is read."""
    with pytest.raises(Invalid) as caught:
        read_all(path, most_bytes)
    assert caught.value.field == "archive"
    assert "%(" not in caught.value.text
    return caught.value.code


def read_all(path: Path, most_bytes: int) -> None:
    with open_archive(path, most_bytes=most_bytes) as archive:
        for name in archive.names:
            archive.read(name, most_bytes)


def raw_zip(path: Path, entries: list[zipfile.ZipInfo | str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for entry in entries:
            file.writestr(entry, b"content")
    return path


def test_an_ordinary_zip_gives_its_files_and_no_litter(tmp_path: Path) -> None:
    names = ["b/", "b/tour.json", "a.jpg", "__MACOSX/._a.jpg", "b/.DS_Store", "inner.zip", "Thumbs.db", "b/._x.json"]
    with open_archive(raw_zip(tmp_path / "a.zip", [*names]), most_bytes=MOST) as archive:
        assert archive.names == ["a.jpg", "b/tour.json"]
        assert archive.nested == ["inner.zip"]
        assert archive.read("a.jpg", 100) == b"content"
        assert archive.find("B/Tour.JSON") == "b/tour.json"


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 50, END, END + b"\0" * 17])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert refusal(path) == "not_a_zip"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_zip_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = archives.zip_of(tmp_path / "a.zip", {"a.jpg": archives.panorama(), "t.json": "{}"})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(path) == "not_a_zip"


def test_ten_thousand_entries_are_refused_before_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = raw_zip(tmp_path / "a.zip", [f"{number}.jpg" for number in range(10_000)])

    def never(*_: object) -> None:
        raise AssertionError("the directory was read")

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", never)
    assert refusal(path) == "too_many_entries"


def test_a_directory_that_lies_about_the_number_of_its_entries_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [f"{number}.jpg" for number in range(10_000)])
    archives.tamper(path, END, 8, "<HH", 3, 3)
    assert refusal(path) == "damaged"


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "a/../../evil",
        "/etc/passwd",
        "C:/evil.json",
        "c:evil",
        "a\\..\\evil",
        "a//b",
        "./a",
        "a/.",
        "new\nline",
        "a" * 1001,
        "\x1b[31m.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(raw_zip(tmp_path / "a.zip", ["good.jpg", name])) == "unsafe_name"


def test_a_name_that_is_harmless_only_in_one_of_its_two_readings_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["xx/evil"])
    data = path.read_bytes().replace(b"xx/evil", b"../evil")
    path.write_bytes(data)
    assert refusal(path) == "unsafe_name"


def test_a_zero_byte_in_a_name_does_not_hide_its_end(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["good.jpgX/evil"])
    path.write_bytes(path.read_bytes().replace(b"good.jpgX/evil", b"good.jpg\0/evil"))
    assert refusal(path) == "unsafe_name"


@pytest.mark.parametrize("kind", [0o120777, 0o020666, 0o010666, 0o140777])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("link.jpg")
    info.create_system, info.external_attr = 3, kind << 16
    assert refusal(raw_zip(tmp_path / "a.zip", ["a.jpg", info])) == "link"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.jpg", "A.JPG"),
        ("Kök.jpg", "Ko\u0308k.jpg"),
        ("straße.jpg", "STRASSE.jpg"),
        ("x/a.jpg", "X/a.jpg"),
        ("x", "x/"),
    ],
)
def test_one_name_twice_is_refused_however_it_is_written(tmp_path: Path, one: str, other: str) -> None:
    assert refusal(raw_zip(tmp_path / "a.zip", [one, other])) == "twice"


def test_the_very_same_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        raw_zip(tmp_path / "a.zip", ["a.jpg", "a.jpg"])
    assert refusal(tmp_path / "a.zip") == "twice"


@pytest.mark.parametrize("bit", [0x0001, 0x0040, 0x2000])
def test_a_zip_with_a_password_is_refused(tmp_path: Path, bit: int) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    archives.tamper(path, CENTRAL, 8, "<H", bit)
    archives.tamper(path, LOCAL, 6, "<H", bit)
    assert refusal(path) == "encrypted"


def test_an_entry_that_is_encrypted_only_by_its_own_header_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    archives.tamper(path, LOCAL, 6, "<H", 1)
    assert refusal(path) == "damaged"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_rare_ways_of_packing_are_refused(tmp_path: Path, method: int) -> None:
    archives.zip_of(tmp_path / "a.zip", {"a.json": "{}" * 100}, method)
    assert refusal(tmp_path / "a.zip") == "unknown_method"


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    archives.zip_of(tmp_path / "a.zip", {"a.json": b"\0" * (20 * MEGABYTE)})
    assert refusal(tmp_path / "a.zip") == "bomb"


def test_files_that_are_too_much_together_are_refused(tmp_path: Path) -> None:
    archives.zip_of(tmp_path / "a.zip", {f"{n}.jpg": archives.panorama(n) for n in range(3)}, zipfile.ZIP_STORED)
    assert refusal(tmp_path / "a.zip", most_bytes=100_000) == "too_much_inside"


def test_bytes_are_counted_while_they_are_unpacked_over_all_readings(tmp_path: Path) -> None:
    archives.zip_of(tmp_path / "a.zip", {"a.json": b"x" * 1000}, zipfile.ZIP_STORED)
    with open_archive(tmp_path / "a.zip", most_bytes=2500) as archive:
        archive.read("a.json", 1000)
        archive.read("a.json", 1000)
        with pytest.raises(Invalid) as caught:
            archive.read("a.json", 1000)
    assert caught.value.code == "too_much_inside"


def test_a_file_that_is_larger_than_its_kind_may_be_is_refused(tmp_path: Path) -> None:
    archives.zip_of(tmp_path / "a.zip", {"a.json": b"x" * 1000})
    with open_archive(tmp_path / "a.zip", most_bytes=MOST) as archive, pytest.raises(Invalid) as caught:
        archive.read("a.json", 999)
    assert caught.value.code == "too_large_entry"


def test_an_entry_that_unpacks_to_more_than_it_declares_is_never_unpacked_further(tmp_path: Path) -> None:
    content = b"x" * (3 * MEGABYTE) + bytes(range(256)) * 4000
    path = archives.zip_of(tmp_path / "a.zip", {"a.json": content})
    archives.tamper(path, CENTRAL, 24, "<I", 1000)
    with open_archive(path, most_bytes=MOST) as archive:
        reader = archive.open("a.json", MOST)
        with reader, pytest.raises(Invalid, match="is damaged"):
            reader.read(65536)


def test_content_that_was_changed_is_noticed(tmp_path: Path) -> None:
    path = archives.zip_of(tmp_path / "a.zip", {"a.json": b"x" * 1000}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"xxxx", b"yyyy", 1))
    assert refusal(path) == "damaged_entry"


def overlapping(path: Path, count: int = 20) -> Path:
    """Many entries whose bytes are the same: each quotes the headers of those behind it (a “quoted” bomb)."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(b"\0" * 500_000) + kernel.flush()
    crc = zlib.crc32(b"\0" * 500_000)
    body = struct.pack("<4sHHHHHIIIHH", LOCAL, 20, 0, 8, 0, 0, crc, len(packed), 500_000, 1, 0) + b"a" + packed
    central = b"".join(
        struct.pack("<4sHHHHHHIIIHHHHHII", CENTRAL, 20, 20, 0, 8, 0, 0, crc, len(packed), 500_000, 2, 0, 0, 0, 0, 0, 0)
        + f"{number:02}".encode()
        for number in range(count)
    )
    end = struct.pack("<4sHHHHIIH", END, 0, 0, count, count, len(central), len(body), 0)
    path.write_bytes(body + central + end)
    return path


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    assert refusal(overlapping(tmp_path / "a.zip")) == "damaged"


def test_an_entry_that_reaches_into_the_directory_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    archives.tamper(path, CENTRAL, 20, "<II", 400, 400)
    assert refusal(path) == "damaged"


def test_a_stored_entry_of_two_sizes_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    archives.tamper(path, CENTRAL, 24, "<I", 700)
    assert refusal(path) == "damaged"


def test_bytes_before_the_first_entry_and_around_the_directory_are_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    path.write_bytes(b"#!/bin/sh\n" * 10 + path.read_bytes())
    assert refusal(path) == "damaged"


def with_large_end(path: Path, count: int, size_of_record: int = 44, at_shift: int = 0) -> Path:
    """Put the large form of the end (zip64) before the small one, which says that all is told there."""
    data = path.read_bytes()
    at = data.rindex(END)
    _mark, _d, _f, _here, _count, size, offset, _c = struct.unpack("<4sHHHHIIH", data[at:])
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", size_of_record, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + at_shift, 1)
    small = struct.pack("<4sHHHHIIH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:at] + large + locator + small)
    return path


def test_the_large_form_of_the_end_is_read(tmp_path: Path) -> None:
    path = with_large_end(raw_zip(tmp_path / "a.zip", ["a.jpg", "b.jpg"]), 2)
    with open_archive(path, most_bytes=MOST) as archive:
        assert archive.names == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(("count", "record", "shift"), [(1, 44, 0), (2**40, 44, 0), (2, 4000, 0), (2, 44, 7)])
def test_the_large_form_of_the_end_is_not_believed_when_it_lies(
    tmp_path: Path, count: int, record: int, shift: int
) -> None:
    path = with_large_end(raw_zip(tmp_path / "a.zip", ["a.jpg", "b.jpg"]), count, record, shift)
    assert refusal(path) == ("too_many_entries" if count > zips.MOST_ENTRIES else "damaged")


def test_a_small_end_that_contradicts_the_large_one_is_refused(tmp_path: Path) -> None:
    path = with_large_end(raw_zip(tmp_path / "a.zip", ["a.jpg", "b.jpg"]), 2)
    archives.tamper(path, END, 8, "<HH", 1, 1)
    assert refusal(path) == "damaged"


def test_a_part_of_a_split_archive_is_refused(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["a.jpg"])
    archives.tamper(path, END, 4, "<HH", 1, 0)
    assert refusal(path) == "several_parts"


def test_names_in_utf_8_that_do_not_say_so_are_read_as_what_they_are(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", ["KXXk.jpg"])
    path.write_bytes(path.read_bytes().replace(b"KXXk.jpg", "Kök.jpg".encode()))
    with open_archive(path, most_bytes=MOST) as archive:
        assert archive.names == ["Kök.jpg"]


def test_a_comment_behind_the_end_does_not_hide_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.jpg", b"content")
        file.comment = b"made by hand"
    with open_archive(tmp_path / "a.zip", most_bytes=MOST) as archive:
        assert archive.names == ["a.jpg"]


def test_a_second_end_in_the_comment_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.jpg", b"content")
        file.comment = END + b"\0" * 30
    assert refusal(tmp_path / "a.zip") == "not_a_zip"
