"""Files and outside links of points in words."""

from __future__ import annotations

import pytest
from flask import Flask

from tourserver.pages import points


@pytest.mark.parametrize(
    ("media_type", "name", "words"),
    [
        ("application/pdf", "x", "PDF"),
        ("application/octet-stream", "plan.dwg", "DWG"),
        ("application/x-odd", "no-ending", "application/x-odd"),
        ("application/x-odd", "odd.</b>", "application/x-odd"),
    ],
)
def test_a_kind_of_file_is_called_as_people_call_it(media_type: str, name: str, words: str) -> None:
    assert points.media_name(media_type, name) == words


def test_sizes_are_written_in_the_pages_language(app: Flask) -> None:
    with app.test_request_context("/en"):
        assert [points.file_size(size) for size in (0, 999, 12_345, 2_400_009)] == ["0 B", "999 B", "12 kB", "2.4 MB"]
    with app.test_request_context("/sv"):
        assert points.file_size(2_400_009) == "2,4 MB"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a?b", "example.org"),
        ("https://user:secret@example.org:8443/", "example.org:8443"),
        ("mailto:us@example.org", "us@example.org"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://", ""),
        ("http://[::1", ""),
        ("//example.org", ""),
    ],
)
def test_only_addresses_that_may_be_followed_name_a_host(url: str, host: str) -> None:
    assert points.outside_host(url) == host
