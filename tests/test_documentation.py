"""What an operator can set or run is in the README; what the README shows exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import translations
from tourserver.cli import cli, setting_rows

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", setting_rows(), ids=lambda row: row[0])
def test_every_setting_is_in_the_readme_with_default_and_meaning(row: tuple[str, str, str]) -> None:
    name, default, description = row
    shown = f"`{default}`" if default else ""
    assert f"| `{name}` | {shown} | {description} |" in README


def test_the_readme_has_no_setting_that_does_not_exist() -> None:
    known = {name for name, _default, _description in setting_rows()}
    assert set(re.findall(r"\| `(TOURSERVER_\w+)` \|", README)) == known


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`tourserver {command}" in README


def test_every_link_of_the_documents_leads_to_a_file() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


def test_every_message_is_translated_into_every_language() -> None:
    assert translations.problems() == []


def test_no_lock_file_names_a_host() -> None:
    for path in ROOT.glob("requirements*.txt"):
        assert "://" not in path.read_text()
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
