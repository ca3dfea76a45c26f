"""The brake on joining."""

from __future__ import annotations

import pytest

from tourserver.core import ratelimit
from tourserver.live import brakes
from tourserver.live.brakes import Brakes


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(brakes, "time", clock)
    monkeypatch.setattr(ratelimit, "time", clock)
    return clock


def test_each_key_has_its_own_brake(hand: Clock) -> None:
    found = Brakes(1, 3)
    assert [found.take("a") for _ in range(4)] == [True, True, True, False]
    assert found.take("b")
    hand.now += 1
    assert [found.take("a") for _ in range(2)] == [True, False]


def test_keys_that_came_to_rest_are_forgotten(hand: Clock) -> None:
    found = Brakes(1, 3)
    for number in range(100):
        found.take(str(number))
    hand.now += 3.1
    found.take("new")
    assert len(found) == 1


def test_forgetting_gives_nobody_more_than_waiting_does(hand: Clock) -> None:
    found = Brakes(1, 3)
    passed = 0
    for _ in range(100):
        hand.now += 0.1
        passed += found.take("a")
    assert passed <= 3 + 10
