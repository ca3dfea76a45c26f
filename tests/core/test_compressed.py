"""Built files are sent as small as the browser takes them."""

from __future__ import annotations

import gzip
import json

import pytest
from flask.testing import FlaskClient

from tourserver.core.paths import resource

DIST = resource("static") / "dist"


@pytest.fixture
def name() -> str:
    manifest: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    return manifest["viewer.css"]


@pytest.mark.parametrize(
    ("wish", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("deflate", None),
        ("identity", None),
        ("*", None),
        ("", None),
    ],
)
def test_a_browser_gets_the_best_form_that_it_takes(
    client: FlaskClient, name: str, wish: str, coding: str | None
) -> None:
    with client.get(f"/static/dist/{name}", headers={"Accept-Encoding": wish}) as answer:
        assert answer.status_code == 200
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.mimetype == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
        ending = {"br": ".br", "gzip": ".gz", None: ""}[coding]
        assert answer.data == (DIST / (name + ending)).read_bytes()


def test_the_forms_hold_the_same_text_and_have_tags_of_their_own(client: FlaskClient, name: str) -> None:
    path, wish = f"/static/dist/{name}", {"Accept-Encoding": "gzip"}
    with client.get(path) as plain, client.get(path, headers=wish) as packed:
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["ETag"] != plain.headers["ETag"]
        with client.get(path, headers={**wish, "If-None-Match": packed.headers["ETag"]}) as again:
            assert again.status_code == 304


def test_what_does_not_lie_in_the_folder_is_not_found_in_any_form(client: FlaskClient) -> None:
    for path in ("/static/dist/nothing.js", "/static/../tourserver/app.py", "/static/%2e%2e/tourserver/app.py"):
        assert client.get(path, headers={"Accept-Encoding": "br"}).status_code == 404


def test_public_pages_are_compressed_and_those_with_a_forms_token_never(client: FlaskClient) -> None:
    wish = {"Accept-Encoding": "gzip, br"}
    packed = client.get("/en/privacy", headers=wish)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    plain = client.get("/en/privacy")
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "Content-Encoding" not in client.get("/login", headers=wish).headers, "its form has a token"
