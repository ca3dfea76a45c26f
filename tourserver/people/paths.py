"""Where a person is sent after a form: never to another server."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_path(target: str) -> str | None:
    """A path on this server, or None: never another host, however it is written."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if not target.isprintable():  # browsers drop tabs and line ends: "/<tab>/evil" is another host
        return None
    return target
