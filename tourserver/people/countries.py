"""Countries by ISO 3166-1, asked and never guessed from an address or a language."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pycountry
from babel import Locale

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_, sort_key

UNDISCLOSED: Final = "ZZ"
"""“Prefer not to say” (ISO 3166 leaves ZZ to users); counted apart from countries."""


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """All alpha-2 codes."""
    return frozenset(country.alpha_2 for country in pycountry.countries)


def check(code: str) -> str:
    """A known code, in capitals, or :class:`Invalid`."""
    code = code.strip().upper()
    if code not in codes() and code != UNDISCLOSED:
        raise Invalid(N_("Choose a country from the list, or “prefer not to say”."), field="country")
    return code


def name(code: str, lang: str) -> str:
    """A country's name in a language; empty when it was not disclosed."""
    if code == UNDISCLOSED or code not in codes():
        return ""
    found: str = Locale.parse(lang).territories.get(code, code)
    return found


@lru_cache(maxsize=8)
def choices(lang: str) -> tuple[tuple[str, str], ...]:
    """``(code, name)`` of all countries, sorted as readers of that language look for them."""
    found = [(code, name(code, lang)) for code in codes()]
    return tuple(sorted(found, key=lambda entry: _order(entry[1], lang)))


def _order(text: str, lang: str) -> tuple[str, str]:
    """As readers look for a name; Chinese in the order of GB 2312, whose common characters stand by their sound."""
    return (text.encode("gb18030").hex(), text) if lang == "zh_Hans" else sort_key(text, lang)
