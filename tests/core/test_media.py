"""Stored files over HTTP, out of a folder and out of a bucket: validators, ranges, caching."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tourserver.app import create_app
from tourserver.core import media
from tourserver.core.services import Services
from tourserver.core.settings import Settings

DIGITS = b"0123456789"
FILM = os.urandom(700_000)
"""Longer than what is answered in one piece."""


@pytest.fixture
def app(settings: Settings, storage_url: str) -> Iterator[Flask]:
    """The application with one more address, which shows any stored file."""
    app = create_app(settings.model_copy(update={"storage_url": storage_url}))

    @app.get("/stored/<path:key>")
    def stored(key: str) -> Response:
        asked = request.args
        return media.send_stored(
            key,
            asked.get("type", "video/mp4"),
            immutable="immutable" in asked,
            private="private" in asked,
            vary=asked.get("vary", ""),
            download_name=asked.get("save"),
        )

    services: Services = app.extensions["tourserver"]
    services.storage.put("assets/digits.mp4", DIGITS)
    services.storage.put("assets/film.mp4", FILM)
    services.storage.put("assets/empty.vtt", b"")
    yield app
    services.close()


def fetch(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """A file's whole answer, and the file closed."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"/stored/{path}", headers=sent, buffered=True)


def test_a_file_is_sent_whole_and_says_that_ranges_may_be_asked_for(client: FlaskClient) -> None:
    for name, content in (("digits.mp4", DIGITS), ("film.mp4", FILM), ("empty.vtt", b"")):
        answer = fetch(client, f"assets/{name}")
        assert (answer.status_code, answer.mimetype, answer.data == content) == (200, "video/mp4", True), name
        assert answer.content_length == len(content)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["ETag"].startswith('"'), "a strong validator"


@pytest.mark.parametrize(
    ("asked", "sent", "content"),
    [
        ("bytes=0-3", "bytes 0-3/10", DIGITS[:4]),
        ("bytes=9-9", "bytes 9-9/10", DIGITS[9:]),
        ("bytes=4-", "bytes 4-9/10", DIGITS[4:]),
        ("bytes=4-400", "bytes 4-9/10", DIGITS[4:]),
        ("bytes=-3", "bytes 7-9/10", DIGITS[7:]),
        ("bytes=-300", "bytes 0-9/10", DIGITS),
    ],
)
def test_a_range_is_sent_alone(client: FlaskClient, asked: str, sent: str, content: bytes) -> None:
    answer = fetch(client, "assets/digits.mp4?immutable", Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"], answer.data) == (206, sent, content)
    assert answer.content_length == len(content)
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_long_range_is_sent_in_blocks(client: FlaskClient) -> None:
    answer = fetch(client, "assets/film.mp4", Range="bytes=100-600099")
    assert (answer.status_code, answer.data == FILM[100:600_100]) == (206, True)
    assert (answer.content_length, answer.headers["Content-Range"]) == (600_000, "bytes 100-600099/700000")


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=99999999999999999999-"])
def test_a_range_behind_the_end_is_refused_with_the_length(client: FlaskClient, asked: str) -> None:
    answer = fetch(client, "assets/digits.mp4?immutable", Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"], answer.data) == (416, "bytes */10", b"")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_range_of_an_empty_file_is_refused(client: FlaskClient) -> None:
    answer = fetch(client, "assets/empty.vtt", Range="bytes=0-")
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */0")


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes", ""])
def test_a_range_that_cannot_be_read_and_several_at_once_get_the_whole_file(client: FlaskClient, asked: str) -> None:
    answer = fetch(client, "assets/digits.mp4", Range=asked)
    assert (answer.status_code, answer.data) == (200, DIGITS)
    assert "Content-Range" not in answer.headers


def test_what_a_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    tag = fetch(client, "assets/digits.mp4").headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = fetch(client, "assets/digits.mp4?immutable&vary=Accept", If_None_Match=known, Range="bytes=0-1")
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["Vary"] == "Accept"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Content-Length" not in answer.headers
    assert fetch(client, "assets/digits.mp4", If_None_Match='"other"').data == DIGITS


def test_the_rest_of_a_file_is_sent_only_while_it_is_the_same_file(client: FlaskClient, app_services: Services) -> None:
    tag = fetch(client, "assets/digits.mp4").headers["ETag"]
    same = fetch(client, "assets/digits.mp4", If_Range=tag, Range="bytes=4-")
    assert (same.status_code, same.data) == (206, DIGITS[4:])
    app_services.storage.put("assets/digits.mp4", b"abcdef")
    for asked in ("bytes=4-", "bytes=8-"):
        other = fetch(client, "assets/digits.mp4", If_Range=tag, Range=asked)
        assert (other.status_code, other.data) == (200, b"abcdef")
    by_date = fetch(client, "assets/digits.mp4", If_Range="Wed, 25 Nov 2026 02:00:00 GMT", Range="bytes=4-")
    assert by_date.status_code == 200


def test_head_tells_what_get_would_send(client: FlaskClient) -> None:
    answer = client.head("/stored/assets/film.mp4", headers={"Range": "bytes=0-1"}, buffered=True)
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", len(FILM))
    shown = fetch(client, "assets/film.mp4")
    for name in ("ETag", "Accept-Ranges", "Cache-Control", "Content-Type"):
        assert answer.headers[name] == shown.headers[name], name
    assert client.head("/stored/assets/none.mp4").status_code == 404


def test_a_file_may_be_kept_by_all_by_one_or_by_nobody(client: FlaskClient) -> None:
    kept = {
        "": "private, no-cache",
        "?immutable": "public, max-age=31536000, immutable",
        "?private": "private, no-store",
        "?immutable&private": "private, no-store",
    }
    for query, expected in kept.items():
        assert fetch(client, f"assets/digits.mp4{query}").headers["Cache-Control"] == expected


def test_a_document_is_saved_under_its_name_in_any_script(client: FlaskClient) -> None:
    plain = fetch(client, "assets/digits.mp4?save=Heat plan.pdf").headers["Content-Disposition"]
    assert plain == 'attachment; filename="Heat plan.pdf"'
    other = fetch(client, "assets/digits.mp4?save=Värme 热.pdf").headers["Content-Disposition"]
    assert other == "attachment; filename*=UTF-8''V%C3%A4rme%20%E7%83%AD.pdf"
    odd = fetch(client, 'assets/digits.mp4?save=a"%0d%0aSet-Cookie: x=1').headers
    assert "Set-Cookie" not in odd


def test_a_client_that_leaves_early_leaves_nothing_open(client: FlaskClient) -> None:
    answer = client.get("/stored/assets/film.mp4")
    first = next(iter(answer.response))
    assert len(first) == 64 * 1024
    answer.close()
    unread = client.get("/stored/assets/film.mp4")
    unread.close()  # an open file would be warned of, and warnings are errors here


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("image/avif,image/webp,image/*,*/*;q=0.8", True),
        ("IMAGE/WEBP", True),
        ("image/webp;q=0", False),
        ("image/*", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_type_is_accepted_when_the_client_names_it(app: Flask, header: str, accepted: bool) -> None:
    with app.test_request_context(headers={"Accept": header}):
        assert media.accepts("image/webp", request.accept_mimetypes) is accepted
