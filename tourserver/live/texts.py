"""What people type in a room: made safe to keep, and its language as far as its letters tell it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Final

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_

OVERRIDES: Final = frozenset("\u202d\u202e")
"""Signs that turn the writing direction of all that follows; no language needs them, tricksters do."""

UNKNOWN: Final = ""
LATIN: Final = "LATIN"
KANA: Final = frozenset({"HIRAGANA", "KATAKANA"})
LANGUAGES: Final = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "CJK": "zh",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "THAI": "th",
}
"""Languages by their script, by the first word of a letter's Unicode name. Scripts of many languages are missing."""
NOT_ARABIC: Final = frozenset("پچژگٹڈڑںھہےکیۋۇۆېە")
"""Letters of Persian, Urdu, Kurdish, Uyghur …, which share the script."""
SYLLABLE: Final = 3
"""A sign of these scripts says about as much as so many letters, so a few Latin names don't outweigh it."""


def clean(text: str, limit: int, *, field: str) -> str:
    """``text`` in NFC, with plain line ends and at most ``limit`` characters. Raises :class:`Invalid`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    # by category: control characters, and halves of surrogate pairs, which no database can store
    if any((unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n") or sign in OVERRIDES for sign in text):
        raise Invalid(
            N_("The text has control characters that can't be shown. Remove them and send again."),
            field=field,
        )
    text = unicodedata.normalize("NFC", text)
    if len(text) > limit:
        raise Invalid(
            N_("The text has %(length)s characters; %(limit)s fit."),
            field=field,
            length=len(text),
            limit=limit,
        )
    if not any(unicodedata.category(sign)[0] in "LNPS" for sign in text):
        raise Invalid(N_("Write something first."), field=field)
    return text


def language_of(text: str, usual: str) -> str:
    """The language of ``text``: ``usual``, its writer's, unless it is written in another script.

    BCP 47 or gettext name; :data:`UNKNOWN` for a script that says no more than that it isn't the usual language's.
    """
    scripts = Counter(unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha())
    for script in ("CJK", "HANGUL", *KANA):
        scripts[script] *= SYLLABLE
    if not scripts.total():
        return usual
    script = scripts.most_common(1)[0][0]
    if script == "CJK" and any(scripts[kana] for kana in KANA):
        script = "HIRAGANA"
    if script == LATIN:
        return UNKNOWN if usual.split("_")[0].split("-")[0] in LANGUAGES.values() else usual
    if script == "ARABIC" and not NOT_ARABIC.isdisjoint(text):
        return UNKNOWN
    found = LANGUAGES.get(script, UNKNOWN)
    return usual if found and usual.split("_")[0].split("-")[0] == found else found
