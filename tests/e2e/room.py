"""What the tests of the room do and see, in the words of the people who do it."""

from __future__ import annotations

import math
import time
from typing import Any

from playwright.sync_api import Locator, Page, expect


def state(page: Page) -> dict[str, Any]:
    """``window.tourserver``: what the page shows."""
    found: dict[str, Any] = page.evaluate(
        "() => { const t = window.tourserver; return t ? {role: t.role, view: t.view, following: t.following,"
        " guiding: t.guiding, line: t.line, room: t.room, seq: t.seq, pending: t.pending} : {} }"
    )
    return found


def view(page: Page) -> dict[str, Any]:
    """Where the picture looks: scene, yaw, pitch, fov in degrees."""
    found: dict[str, Any] = state(page)["view"]
    return found


def wait_for_view(page: Page, seconds: float = 30) -> None:
    """Until a scene is on screen."""
    until(lambda: bool(state(page).get("view")), seconds, "a scene on screen")


def until(done: Any, seconds: float, what: str) -> None:
    """Wait until ``done()`` is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def turn(a: float, b: float) -> float:
    """The angle between two yaws, degrees."""
    return abs(math.remainder(a - b, 360))


def enter_tour(page: Page) -> None:
    """Answer the lobby's question, if it asks."""
    join = page.get_by_role("button", name="Join the tour")
    if join.count() and join.first.is_visible():
        join.first.click()


def ask(page: Page, text: str) -> None:
    """Type a question and send it."""
    box = page.locator("#ask-text")
    box.fill(text)
    page.locator("#ask-send").click()


def question(page: Page, text: str) -> Locator:
    """A question in the list that everybody sees."""
    return page.get_by_test_id("question").filter(has_text=text)


def card(page: Page, text: str) -> Locator:
    """A question in the moderator's queue."""
    return page.get_by_test_id("queue-card").filter(has_text=text)


def approve(page: Page, text: str) -> None:
    """Approve a question that waits."""
    expect(card(page, text)).to_be_visible()
    card(page, text).get_by_role("button", name="Approve").click()
