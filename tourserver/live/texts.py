"""What people type in a room: made safe to keep, and its language as far as its letters tell it."""

from __future__ import annotations

import re
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
FUNCTION_WORDS: Final = {
    "de": "der die das ist und nicht wie viele warum wird werden ein eine sie mit für auf zu von dem den gibt können",
    "en": "the is are of and how what why who where when does do did it you your this that with for there can will to",
    "es": "el los las es son por qué cómo cuánto cuántos cuántas dónde quién y con una para del se hay está están",
    "fr": "le les est sont et comment pourquoi quel quelle quels quelles combien des une du dans avec pour qui vous il",
    "pt": "os é são como porque por quê qual quanto quantos quantas onde quem uma com para do da não há está estão",
    "sv": "och är hur vad varför vem var när det den att som på för med inte ni ett kan finns till av många blir",
}
"""Small words that hardly a question does without, of languages in Latin letters that delegations often write."""
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
    """The language of ``text``, as far as its script and its small words tell it.

    BCP 47 or gettext name; :data:`UNKNOWN` where they don't. The writer's ``usual`` language is that of their pages, of
    which we have three: a delegate from Dakar reads English ones and asks in French. So Latin letters count for the
    usual language only with a word of it; a wrong language is read aloud wrongly, and none with the reader's own voice.
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
        return _by_words(text, usual)
    if script == "ARABIC" and not NOT_ARABIC.isdisjoint(text):
        return UNKNOWN
    found = LANGUAGES.get(script, UNKNOWN)
    return usual if found and usual.split("_")[0].split("-")[0] == found else found


def _by_words(text: str, usual: str) -> str:
    """The language that most of the small words belong to; :data:`UNKNOWN` when there are none, or as many of two."""
    used = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    hits = {lang: sum(used[word] for word in words.split()) for lang, words in FUNCTION_WORDS.items()}
    most = max(hits.values())
    found = [lang for lang, count in hits.items() if count == most and most > 0]
    primary = usual.split("_")[0].split("-")[0]
    if primary in found:
        return usual
    return found[0] if len(found) == 1 else UNKNOWN
