"""What people type in a room, made safe to keep: trimmed, normalised, without control characters."""

from __future__ import annotations

import unicodedata
from typing import Final

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_

OVERRIDES: Final = frozenset("\u202d\u202e")
"""Signs that turn the writing direction of all that follows; no language needs them, tricksters do."""


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
