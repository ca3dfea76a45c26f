"""Smaller answers: built files as ``.br`` or ``.gz`` made at build time, and public pages compressed as they are made.

Pages that hold a secret, such as a form's token, are never compressed: their length would tell of it (BREACH).
"""

from __future__ import annotations

import gzip
import mimetypes
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join

ENDINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Content codings, the better first, and the ending that ``static/build/compress.mjs`` gives them."""

LEAST_BYTES: Final = 1024
"""Less fits into one packet or two anyway."""


def init_app(app: Flask) -> None:
    """Let the application's static files be sent compressed."""
    plain = app.view_functions["static"]

    def static(filename: str) -> Response:
        """A built file, as the smallest that the browser takes; 404 when there is none."""
        folder = app.static_folder or ""
        forms = _forms(folder, filename)
        for coding in forms:
            # not only “*”: who names no coding gets what everybody understands
            if request.accept_encodings.quality(coding) > 0 and _named(coding):
                return _send(folder, filename, coding)
        answer: Response = app.ensure_sync(plain)(filename=filename)
        if forms:
            answer.vary.add("Accept-Encoding")
        return answer

    app.view_functions["static"] = static


def public_page(response: Response) -> Response:
    """For ``after_request`` of blueprints whose pages are the same for everybody: compress a page or document."""
    plain = response.direct_passthrough or response.is_streamed or "Content-Encoding" in response.headers
    if plain or response.mimetype not in ("text/html", "application/json") or "Set-Cookie" in response.headers:
        return response
    body = response.get_data()
    if len(body) < LEAST_BYTES or b"csrf_token" in body:
        return response
    response.vary.add("Accept-Encoding")
    if _named("gzip") and request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(body, compresslevel=6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _forms(folder: str, filename: str) -> list[str]:
    """The codings that a file is there in."""
    path = safe_join(folder, filename)
    return [coding for coding, ending in ENDINGS.items() if path and Path(path + ending).is_file()]


def _named(coding: str) -> bool:
    return any(name == coding for name, _quality in request.accept_encodings)


def _send(folder: str, filename: str, coding: str) -> Response:
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    answer = send_from_directory(folder, filename + ENDINGS[coding], mimetype=kind)
    answer.headers["Content-Encoding"] = coding
    answer.vary.add("Accept-Encoding")
    return answer
