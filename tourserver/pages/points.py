"""Filters for points of a tour in words: the type and size of a file, the host of an outside link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from babel.numbers import format_decimal

from tourserver.core import web

_NAMES: Final = {"application/pdf": "PDF", "text/csv": "CSV", "text/plain": "TXT", "application/zip": "ZIP"}
_STEPS: Final = ("B", "kB", "MB", "GB")


def media_name(media_type: str, name: str = "") -> str:
    """What people call a kind of file: PDF; else the ending of its name, else the media type."""
    ending = name.rpartition(".")[2] if "." in name else ""
    return _NAMES.get(media_type) or (ending.upper() if ending.isalnum() and len(ending) <= 5 else media_type)


def file_size(size: int) -> str:
    """Bytes as people read them, such as 2.4 MB."""
    value, step = float(size), 0
    while value >= 1000 and step < len(_STEPS) - 1:
        value, step = value / 1000, step + 1
    digits = "0.#" if value < 10 and step > 1 else "0"
    return f"{format_decimal(value, digits, locale=web.current_language())} {_STEPS[step]}"


def outside_host(url: str) -> str:
    """The host, or mailbox, that an address leads to; empty for what may not be followed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme == "mailto":
        return parts.path
    return parts.netloc.rpartition("@")[2] if parts.scheme in ("http", "https") and parts.hostname else ""


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "media_name": media_name,
    "file_size": file_size,
    "outside_host": outside_host,
}
