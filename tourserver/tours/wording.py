"""Texts of scenes and points as people type them: cleaned and measured once, before they are stored."""

from __future__ import annotations

from typing import Final

from tourserver.core.db import Texts
from tourserver.core.errors import Invalid
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.people.names import one_line

LINE: Final = 200
"""Characters of a title, a point's name, a credit or a licence."""

PARAGRAPHS: Final = 20_000
"""Characters of a text alternative or of what there is to read at a point."""


def line(text: str, field: str) -> str:
    """One line without marks that can't be seen; raises Invalid when it is too long."""
    cleaned = one_line(text, len(text) * 2)
    _measure(cleaned, LINE, field)
    return cleaned


def paragraphs(text: str, field: str) -> str:
    """Lines ended by ``\\n``, without what no database takes; raises Invalid when it is too long."""
    shown = (char for char in text.replace("\r\n", "\n") if char == "\n" or char == "\t" or _storable(char))
    cleaned = "".join(shown).strip()
    _measure(cleaned, PARAGRAPHS, field)
    return cleaned


def lines(texts: Texts, field: str) -> Texts:
    """:func:`line` in each language; languages without a text are left out."""
    return {lang: text for lang, typed in _known(texts, field).items() if (text := line(typed, field))}


def all_paragraphs(texts: Texts, field: str) -> Texts:
    """:func:`paragraphs` in each language; languages without a text are left out."""
    return {lang: text for lang, typed in _known(texts, field).items() if (text := paragraphs(typed, field))}


def _known(texts: Texts, field: str) -> Texts:
    if strange := set(texts) - set(LANGUAGES):
        raise Invalid(N_("“%(name)s” is none of this site's languages."), field=field, name=sorted(strange)[0][:20])
    return texts


def _storable(char: str) -> bool:
    """No control characters and no halves of a pair: neither means anything to a reader."""
    return char >= " " and char != "\x7f" and not "\ud800" <= char <= "\udfff"


def _measure(text: str, most: int, field: str) -> None:
    if len(text) > most:
        raise Invalid(
            N_("This has %(length)s characters; at most %(most)s fit. Shorten it."),
            field=field,
            length=len(text),
            most=most,
        )
