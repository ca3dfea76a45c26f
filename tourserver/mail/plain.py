"""Makes what people typed harmless in headers, calendar lines and plain text."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = dict.fromkeys(map(ord, "\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
_SPACES = re.compile(r" {2,}")
# marks that turn the direction of what follows: they can swap a name and an address on the screen
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _is_kept(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs", "Cn") and char not in _TURNING


def one_line(text: str) -> str:
    """The text on one line: breaks become spaces, control characters and lone surrogates go.

    A line break in a title would otherwise start a header (RFC 5322) or a property (RFC 5545) of its own.
    """
    return _SPACES.sub(" ", "".join(filter(_is_kept, text.translate(_BREAKS)))).strip()


def several_lines(text: str) -> str:
    """The text with ``\\n`` between its lines and no other control character; no empty lines at its ends."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip("\n")


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters, the last one ``…`` when something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
