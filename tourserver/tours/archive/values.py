"""Values of a stranger's JSON: taken when they are what they should be, else as if they weren't there."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

MOST_JSON_BYTES: Final = 8 * 1024 * 1024


def load(content: bytes) -> Any:
    """JSON in UTF-8 or UTF-16, with or without a mark at its start; None for what is none."""
    try:
        return json.loads(content.decode(json.detect_encoding(content)), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def load_at(text: str, start: int) -> Any:
    """The JSON value that begins at a place in a text, whatever follows it; None for what is none."""
    try:
        return json.JSONDecoder(parse_constant=_no_number).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None


def number(value: Any) -> float | None:
    """A finite number, also one that was written as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """A text, or the digits of a number; without halves of surrogate pairs, which no database takes."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    return str(value).encode("utf-8", "replace").decode()


def records(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; also of an object whose values are meant as a list."""
    found: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, dict)]


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
