from __future__ import annotations

import os
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tourserver.mail import catalogues

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Sound"
msgstr "{}"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogues, "resource", lambda name: tmp_path / name)
    found = tmp_path / "translations" / "sv" / "LC_MESSAGES"
    found.mkdir(parents=True)
    return found


def test_without_catalogues_messages_are_english(folder: Path) -> None:
    assert catalogues.catalogue("sv").gettext("Sound") == "Sound"


def test_a_catalogue_that_is_not_compiled_is_read_and_read_again_when_it_changes(folder: Path) -> None:
    source = folder / "messages.po"
    source.write_text(PO.format("Ljud"))
    assert catalogues.catalogue("sv").gettext("Sound") == "Ljud"
    source.write_text(PO.format("Ton"))
    os.utime(source, ns=(0, source.stat().st_mtime_ns + 1_000_000))
    assert catalogues.catalogue("sv").gettext("Sound") == "Ton"


def test_the_compiled_catalogue_is_used_unless_it_is_older(folder: Path) -> None:
    source, compiled = folder / "messages.po", folder / "messages.mo"
    source.write_text(PO.format("Ljud"))
    with source.open("rb") as file, compiled.open("wb") as output:
        catalogue = read_po(file)
        catalogue["Sound"].string = "Ton"
        write_mo(output, catalogue)
    stamp = source.stat().st_mtime_ns
    os.utime(compiled, ns=(0, stamp + 1_000_000))
    assert catalogues.catalogue("sv").gettext("Sound") == "Ton"
    os.utime(compiled, ns=(0, stamp - 1_000_000))
    assert catalogues.catalogue("sv").gettext("Sound") == "Ljud"


def test_an_unknown_language_is_english(folder: Path) -> None:
    assert catalogues.catalogue("../../etc").gettext("Sound") == "Sound"
