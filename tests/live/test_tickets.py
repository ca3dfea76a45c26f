"""Tickets and the cookie: signed, aged, small."""

from __future__ import annotations

import pytest

from tourserver.core.errors import Forbidden
from tourserver.live import tickets
from tourserver.live.tickets import Ticket

SECRET = "s" * 32
TICKET = Ticket("a" * 32, "registration", "b" * 32, 3)


def test_a_ticket_comes_back_as_it_was() -> None:
    assert tickets.read(SECRET, tickets.sign(SECRET, TICKET)) == TICKET


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "\ud800", "é" * 10])
def test_a_made_up_ticket_is_refused(text: str) -> None:
    with pytest.raises(Forbidden) as caught:
        tickets.read(SECRET, text)
    assert caught.value.code == "not_allowed"


def test_a_ticket_of_another_key_is_refused() -> None:
    with pytest.raises(Forbidden):
        tickets.read(SECRET, tickets.sign("other" * 8, TICKET))


def test_a_cookie_is_not_a_ticket() -> None:
    with pytest.raises(Forbidden):
        tickets.read(SECRET, tickets.write_cookie(SECRET, TICKET))


def test_a_ticket_is_over_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = tickets.sign(SECRET, TICKET)
    monkeypatch.setattr(tickets, "TICKET_SECONDS", -1)
    with pytest.raises(Forbidden) as caught:
        tickets.read(SECRET, signed)
    assert caught.value.code == "ticket_expired"


def test_the_cookie_remembers_a_link() -> None:
    assert tickets.read_cookie(SECRET, tickets.write_cookie(SECRET, TICKET)) == TICKET


@pytest.mark.parametrize(
    "value", [None, "", "x", "a.b", tickets.sign(SECRET, TICKET)], ids=["none", "empty", "x", "dots", "ticket"]
)
def test_a_broken_cookie_is_no_cookie(value: str | None) -> None:
    assert tickets.read_cookie(SECRET, value) is None
