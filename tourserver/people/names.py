"""Names and other single lines that people type: cleaned once, before they are stored."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners, without which Persian and Indic names are misspelt; all other invisible marks go."""


def one_line(text: str, longest: int) -> str:
    """One line in Unicode's composed form (NFC), without control and direction marks, at most so many characters.

    Line ends become spaces: what is typed here ends up in mail headers and calendar files.
    """
    shown = (char if char.isprintable() or char in JOINERS else _instead(char) for char in text)
    words = unicodedata.normalize("NFC", "".join(shown)).split()
    return " ".join(words)[:longest].strip()


def _instead(char: str) -> str:
    """A space for what separates words, nothing for what can't be seen."""
    return " " if char.isspace() or unicodedata.category(char).startswith("Z") else ""
