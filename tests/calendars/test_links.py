from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.calendars.samples import BY_LANGUAGE, ENGLISH, invitation
from tourserver.calendars.links import deep_links

STARTS = {"google": "dates", "outlook": "startdt", "office": "startdt", "yahoo": "st"}
TEXTS = {"google": "details", "outlook": "body", "office": "body", "yahoo": "desc"}
PLACES = {"google": "location", "outlook": "location", "office": "location", "yahoo": "in_loc"}
TITLES = {"google": "text", "outlook": "subject", "office": "subject", "yahoo": "title"}


def test_there_is_a_link_for_each_service_on_its_own_host() -> None:
    hosts = {link.service: urlsplit(link.url).hostname for link in deep_links(ENGLISH)}
    assert hosts == {
        "google": "calendar.google.com",
        "outlook": "outlook.live.com",
        "office": "outlook.office.com",
        "yahoo": "calendar.yahoo.com",
    }


@pytest.mark.parametrize("lang", BY_LANGUAGE)
def test_links_carry_utc_times_the_title_and_the_link_to_join(lang: str) -> None:
    sample = BY_LANGUAGE[lang]
    for link in deep_links(sample):
        values = {name: found[0] for name, found in parse_qs(urlsplit(link.url).query).items()}
        start = values[STARTS[link.service]].replace("-", "").replace(":", "")
        assert start.startswith("20261210T140000Z")
        assert values[TITLES[link.service]] == sample.title
        assert values[PLACES[link.service]] == sample.join_url
        assert values[TEXTS[link.service]].startswith(sample.join_url)


@pytest.mark.parametrize("text", ["plain words " * 400, "城市导览" * 500, "😀" * 900])
def test_links_stay_short_and_keep_the_link_to_join(text: str) -> None:
    for link in deep_links(invitation(title=text, description=text)):
        assert len(link.url) < 2000
        values = parse_qs(urlsplit(link.url).query)
        assert values[PLACES[link.service]] == [ENGLISH.join_url]


def test_spaces_are_written_so_that_no_service_shows_plus_signs() -> None:
    for link in deep_links(invitation(title="one two", description="a + b")):
        assert "+" not in link.url
        assert "one%20two" in link.url
        assert "%2B" in link.url


def test_line_breaks_in_a_title_are_harmless() -> None:
    for link in deep_links(invitation(title="one\r\ntwo\x00")):
        assert "one%20two" in link.url
