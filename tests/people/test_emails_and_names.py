"""Addresses and names in one form."""

from __future__ import annotations

import pytest

from tourserver.core.errors import Invalid
from tourserver.people.emails import normalise
from tourserver.people.names import one_line


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Anna.Berg@Example.ORG ", "anna.berg@example.org"),
        ("anna+tours@example.org", "anna+tours@example.org"),
        ("anna@exämple.se", "anna@xn--exmple-cua.se"),
        ("anna@XN--EXMPLE-CUA.se", "anna@xn--exmple-cua.se"),
        ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
        # two domains that an older IDNA takes for one
        ("anna@straße.de", "anna@xn--strae-oqa.de"),
    ],
)
def test_one_mailbox_has_one_form(typed: str, stored: str) -> None:
    assert normalise(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@localhost",
        "anna berg@example.org",
        "anna@example.org\r\nBcc: all@example.org",
        "anna@example.org, bo@example.org",
        "Anna <anna@example.org>",
        '"a b"@example.org',
        "anna@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Invalid, match=r"name@example\.org") as caught:
        normalise(typed)
    assert caught.value.field == "email"


def test_letters_that_few_mail_servers_take_are_refused_with_the_reason() -> None:
    with pytest.raises(Invalid, match="before the @"):
        normalise("åsa@example.org")


def test_an_address_of_more_than_254_characters_is_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        normalise("a" * 60 + "@" + "b." * 100 + "example.org")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Åsa   Berg ", "Åsa Berg"),
        ("A\u030asa", "Åsa"),
        ("Anna\r\nBcc: all@example.org", "Anna Bcc: all@example.org"),
        ("Anna\x00\x07\x1b[31m", "Anna[31m"),
        # marks that turn the reading direction of all that follows
        ("Anna\u202egnp.exe\u2066", "Annagnp.exe"),
        ("Anna\u2028Berg\u00a0Li", "Anna Berg Li"),
        # a Persian name keeps the mark that its spelling needs
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("李 雷", "李 雷"),
        ("\x00\u200b", ""),
    ],
)
def test_a_name_is_one_clean_line(typed: str, stored: str) -> None:
    assert one_line(typed, 120) == stored


def test_a_name_is_cut_where_the_column_of_lists_ends() -> None:
    assert one_line("x" * 500, 120) == "x" * 120
