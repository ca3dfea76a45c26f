"""Languages: which there are, how addresses and HTML write them, and texts kept in several of them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from tourserver.core.db import Texts
from tourserver.core.messages import N_ as N_

LANGUAGES: Final = ("en", "sv", "zh_Hans")
"""Gettext names of the languages that are complete, the fallback first."""

NATIVE_NAMES: Final = {"en": "English", "sv": "Svenska", "zh_Hans": "中文"}

_URL: Final = {"en": "en", "sv": "sv", "zh_Hans": "zh"}
_HTML: Final = {"en": "en", "sv": "sv", "zh_Hans": "zh-Hans"}
_RTL: Final = frozenset({"ar", "fa", "he", "ur"})


def url_lang(lang: str) -> str:
    """The path segment of a language: ``zh`` for zh_Hans."""
    return _URL.get(lang, "en")


def html_lang(lang: str) -> str:
    """The BCP 47 tag for ``lang=``: ``zh-Hans`` for zh_Hans."""
    return _HTML.get(lang, lang.replace("_", "-"))


def direction(lang: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return "rtl" if lang.split("_")[0].split("-")[0] in _RTL else "ltr"


def parse_language(tag: str | None) -> str | None:
    """The language we have for a tag from an address, cookie or header; None when we have none.

    ``zh``, ``zh-CN``, ``zh-SG`` and ``zh-Hans`` all mean Simplified Chinese; ``zh-TW`` gets it as the nearest.
    """
    if not tag:
        return None
    primary = tag.strip().replace("-", "_").split("_")[0].lower()
    return {"en": "en", "sv": "sv", "zh": "zh_Hans"}.get(primary)


def from_accept_language(header: str | None) -> str | None:
    """The best of our languages for an Accept-Language header (RFC 9110 12.5.4)."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate((header or "").split(",")[:20]):
        tag, _, parameter = part.partition(";")
        quality = 1.0
        if parameter.strip().startswith("q="):
            try:
                quality = float(parameter.strip()[2:])
            except ValueError:
                quality = 0.0
        if quality > 0 and (lang := parse_language(tag)):
            wishes.append((-quality, position, lang))
    return min(wishes)[2] if wishes else None


@dataclass(frozen=True, slots=True)
class Text:
    """A text with the language it is really in."""

    value: str
    lang: str

    @property
    def html_lang(self) -> str:
        """For ``lang=``."""
        return html_lang(self.lang)

    @property
    def dir(self) -> str:
        """For ``dir=``."""
        return direction(self.lang)

    def json(self) -> dict[str, str]:
        """As the viewer reads it."""
        return {"value": self.value, "lang": self.html_lang, "dir": self.dir}


def pick(texts: Texts | None, lang: str) -> Text:
    """The text in ``lang``, else in English, else in whatever language it has."""
    texts = texts or {}
    for candidate in (lang, *LANGUAGES, *texts):
        if texts.get(candidate):
            return Text(texts[candidate], candidate)
    return Text("", lang)


def sort_key(text: str, lang: str) -> tuple[str, str]:
    """Where readers of ``lang`` look for a name: accents aside, but å, ä and ö after z in Swedish."""
    text = text.casefold()
    if lang == "sv":
        text = text.replace("å", "z\uffffa").replace("ä", "z\uffffb").replace("ö", "z\uffffc")
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)), text


def missing_languages(texts: Texts | None) -> list[str]:
    """Our languages that a text does not have yet."""
    return [lang for lang in LANGUAGES if not (texts or {}).get(lang)]
