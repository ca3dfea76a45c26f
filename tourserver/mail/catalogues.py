"""Gettext catalogues by language, without a request: a mail speaks its recipient's language."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from tourserver.core.i18n import LANGUAGES
from tourserver.core.paths import resource

SOURCE_LANGUAGE = "en"
_UNTRANSLATED = NullTranslations()


def language(lang: str) -> str:
    """``lang`` when we have it, else English."""
    return lang if lang in LANGUAGES else SOURCE_LANGUAGE


def catalogue(lang: str) -> NullTranslations:
    """The messages of a language; English, or a language without a catalogue, gives the messages themselves.

    The compiled file is used unless the source beside it is newer or it is missing: a checkout works
    before its catalogues are compiled.
    """
    folder = resource("translations") / language(lang) / "LC_MESSAGES"
    source, compiled = folder / "messages.po", folder / "messages.mo"
    if _time(compiled) and _time(compiled) >= _time(source):
        return _load(compiled, _time(compiled))
    return _load(source, _time(source)) if _time(source) else _UNTRANSLATED


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> NullTranslations:
    content = path.read_bytes()
    if path.suffix == ".mo":
        return Translations(BytesIO(content))
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(content)))
    compiled.seek(0)
    return Translations(compiled)
