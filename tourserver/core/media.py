"""Sends stored files to browsers: validators, ranges, caching. Knows Flask, as ``web`` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from flask import Response, request

from tourserver.core import web
from tourserver.core.storage import Facts, OutOfRange, Part, Span, Storage

FOREVER: Final = 31_536_000
"""Seconds; for addresses that change with the content."""

_IN_MEMORY: Final = 256 * 1024
_BLOCK: Final = 64 * 1024


def send_stored(
    key: str,
    media_type: str,
    *,
    immutable: bool,
    private: bool = False,
    vary: str = "",
    download_name: str | None = None,
) -> Response:
    """Answer this request with a stored file; raises ``NotFound``.

    ``immutable``: the address changes with the content, so it may be kept for a year and by anybody; otherwise it
    is asked for anew each time. ``private``: for this person alone, kept nowhere. ``vary``: the request header that
    the choice of ``key`` depended on. ``download_name``: to be saved under this name rather than shown.

    Serves HEAD, ``If-None-Match``, and a single range with ``If-Range`` (RFC 9110, 13 and 14); several ranges at
    once are answered with the whole file, as the standard allows.
    """
    answer = _answer(web.services().storage, key)
    answer.mimetype = media_type
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if private or answer.status_code == 416:
        answer.headers["Cache-Control"] = "private, no-store"
    elif immutable:
        answer.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    else:
        answer.headers["Cache-Control"] = "private, no-cache"
    if vary:
        answer.vary.add(vary)
    if download_name is not None:
        _save_as(answer, download_name)
    return answer


def _save_as(answer: Response, name: str) -> None:
    """RFC 6266: other letters than ASCII's in the extended form alone, which every browser of today reads."""
    name = "".join(letter for letter in name if letter.isprintable())
    named = {"filename": name} if name.isascii() else {"filename*": f"UTF-8''{quote(name, safe='')}"}
    answer.headers.set("Content-Disposition", "attachment", **named)


def _answer(storage: Storage, key: str) -> Response:
    if request.method == "HEAD" or request.if_none_match:
        facts = storage.facts(key)
        if request.if_none_match.contains_weak(facts.etag):
            return _described(Response(status=304), facts)
        if request.method == "HEAD":
            answer = _described(Response(), facts)
            answer.content_length = facts.size
            return answer
    wanted = _wanted_span()
    try:
        part = storage.read(key, wanted)
    except OutOfRange:
        facts = storage.facts(key)
        if _still_meant(facts):
            answer = _described(Response(status=416), facts)
            answer.headers["Content-Range"] = f"bytes */{facts.size}"
            return answer
        wanted, part = None, storage.read(key)
    if wanted is not None and not _still_meant(part.facts):
        part.file.close()
        wanted, part = None, storage.read(key)
    answer = _described(_with_body(part), part.facts)
    if wanted is not None:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{part.facts.size}"
    return answer


def _described(answer: Response, facts: Facts) -> Response:
    answer.set_etag(facts.etag)
    answer.headers["Accept-Ranges"] = "bytes"
    return answer


def _wanted_span() -> Span | None:
    """The one range that is asked for; nothing when there is none, several, or one that can't be read."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    first, last = asked.ranges[0]
    return first, last


def _still_meant(facts: Facts) -> bool:
    """Whether the file is the one that the client has the beginning of. We send no dates, so a date never is."""
    asked = request.if_range
    return "If-Range" not in request.headers or (asked.etag == facts.etag and not asked.date)


def _with_body(part: Part) -> Response:
    """A small file at once, so that its connection is free again; a large one in blocks."""
    if part.length <= _IN_MEMORY:
        with part.file as file:
            return Response(file.read(part.length))
    answer = Response(_blocks(part))
    answer.content_length = part.length
    answer.call_on_close(part.file.close)  # also when the client leaves before the first block
    return answer


def _blocks(part: Part) -> Iterator[bytes]:
    left = part.length
    while left and (block := part.file.read(min(_BLOCK, left))):
        left -= len(block)
        yield block


def accepts(media_type: str, accepted: Iterable[tuple[str, float]]) -> bool:
    """Whether a client named a type itself: ``*/*`` is also said by those who can't show it."""
    return any(named.lower() == media_type and quality > 0 for named, quality in accepted)
