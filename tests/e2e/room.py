"""What the tests of the room do and see, in the words of the people who do it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

ANGLE = 3.0
"""How far a follower may look beside the guide's view, degrees."""

SETTLE_MS = 600
"""A view that has not moved for this long stands still."""


def state(page: Page) -> dict[str, Any]:
    """``window.tourserver``: what the page shows; ``drawn`` once a scene is on screen."""
    found: dict[str, Any] = page.evaluate(
        "() => { const t = window.tourserver; return t ? {role: t.role, view: t.view, following: t.following,"
        " guiding: t.guiding, line: t.line, room: t.room, seq: t.seq, pending: t.pending,"
        " drawn: document.getElementById('stage-poster').hidden} : {} }"
    )
    return found


def view(page: Page) -> dict[str, Any]:
    """Where the picture looks: scene, yaw, pitch, fov in degrees."""
    found: dict[str, Any] = state(page)["view"]
    return found


def until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until ``done()`` is true."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)


def wait_until_online(page: Page) -> None:
    """Until the page is in the room."""
    until(lambda: state(page).get("line") == "online", 30, "the line")


def wait_until_drawn(page: Page) -> None:
    """Until the page is in the room and a scene is on screen."""
    until(lambda: state(page).get("line") == "online" and state(page)["drawn"], 45, "a scene on screen")


def wait_until_still(page: Page) -> dict[str, Any]:
    """Until the picture has stopped moving; the view then."""
    deadline = time.monotonic() + 20
    last, since = view(page), time.monotonic()
    while time.monotonic() - since < SETTLE_MS / 1000:
        assert time.monotonic() < deadline, "the picture never stood still"
        page.wait_for_timeout(50)
        now = view(page)
        if now != last:
            last, since = now, time.monotonic()
    return last


def turn(a: float, b: float) -> float:
    """The angle between two yaws, degrees."""
    return abs(math.remainder(a - b, 360))


def looks_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two views show the same scene and differ by less than :data:`ANGLE`."""
    same = bool(one["scene"] == other["scene"])
    return same and turn(one["yaw"], other["yaw"]) < ANGLE and abs(one["pitch"] - other["pitch"]) < ANGLE


def picture(page: Page) -> Locator:
    """The element that takes the picture's keys and drags."""
    return page.locator("#picture [tabindex='0'][role=application]")


def lead(page: Page) -> None:
    """Take the guide's part, if it is not this page's already."""
    take = page.get_by_test_id("guide-take")
    until(lambda: take.is_visible() or bool(state(page).get("guiding")), 15, "the guide's button")
    if not state(page)["guiding"]:
        take.click()
    until(lambda: bool(state(page)["guiding"]), 10, "being the guide")


def drag(page: Page, right: int, down: int) -> None:
    """Drag the picture by pixels, in steps as a hand does."""
    box = picture(page).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.3
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x + right * step / 10, y + down * step / 10)
        page.wait_for_timeout(40)
    page.mouse.up()


def ask(page: Page, text: str) -> None:
    """Type a question and send it."""
    page.locator("#ask-text").fill(text)
    page.locator("#ask-send").click()


def question(page: Page, text: str) -> Locator:
    """A question in the list that everybody sees."""
    return page.get_by_test_id("question").filter(has_text=text)


def own_question(page: Page, text: str) -> Locator:
    """A question in the list of one's own."""
    return page.get_by_test_id("own-question").filter(has_text=text)


def card(page: Page, text: str) -> Locator:
    """A question in the moderator's queue."""
    return page.get_by_test_id("queue-card").filter(has_text=text)


def show_queue(page: Page, tab: str) -> None:
    """Open a tab of the moderator's queue: new, approved, answered or declined."""
    page.locator(f"#queue-tab-{tab}").click()


def approve(page: Page, text: str) -> None:
    """Approve a question that waits."""
    show_queue(page, "new")
    card(page, text).get_by_role("button", name="Approve").click()
    expect(card(page, text)).to_have_count(0)


def unique(text: str) -> str:
    """A text that no other test has asked."""
    return f"{text} {time.time_ns()}"
