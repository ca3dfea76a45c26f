"""A tour walked with nothing but a keyboard; the focus is always seen and never trapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e import room
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo

MAX_STOPS = 80

FOCUS = """
  () => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const pseudo = ["::before", "::after"].map((which) => getComputedStyle(element, which));
    const framed = (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none"
      || (s.content !== "none" && parseFloat(s.borderTopWidth) > 0);
    const parts = [...element.querySelectorAll("*")].map((part) => getComputedStyle(part));
    const box = element.getBoundingClientRect();
    return {
      name: element.tagName + "." + element.className + " " + (element.textContent ?? "").trim().slice(0, 40),
      framed: element.matches(":focus-visible") && [style, ...pseudo, ...parts].some(framed),
      onScreen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
      body: element === document.body,
    };
  }
"""


def _check_that_it_is_seen(focus: dict[str, Any]) -> None:
    assert focus["framed"], f"nothing shows the focus on {focus['name']}"
    assert focus["onScreen"], f"the focus is out of sight on {focus['name']}"


def _tab_to(page: Page, wanted: Callable[[], bool], what: str, key: str = "Tab") -> list[str]:
    """Press Tab until the focus is where it is wanted; every stop on the way must be seen."""
    stops = []
    for _ in range(MAX_STOPS):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus["body"]:
            continue  # the browser's own bar
        stops.append(focus["name"])
        _check_that_it_is_seen(focus)
        if wanted():
            return stops
    raise AssertionError(f"{MAX_STOPS} stops and no {what}: {stops}")


def _focus_is(page: Page, selector: str) -> Callable[[], bool]:
    def ask() -> bool:
        found: bool = page.evaluate("selector => document.activeElement.matches(selector)", selector)
        return found

    return ask


def test_a_tour_is_walked_by_keyboard_alone(browsers: Browsers) -> None:
    page = browsers.page("/en/sites/sjostaden")
    walk = page.locator("[data-tour-walk]")
    _tab_to(page, _focus_is(page, "[data-tour-walk]"), "button to walk the tour")
    page.keyboard.press("Enter")
    picture = page.locator(".tv-picture")
    expect(picture).to_be_focused()
    expect(page.locator(".tour-list__hotspots button").first).to_be_visible()

    before = page.evaluate("location.hash")
    page.keyboard.press("ArrowRight")
    room.until(lambda: bool(page.evaluate("location.hash") != before), 10, "the address to follow the view")
    _check_that_it_is_seen(page.evaluate(FOCUS))

    # an info point, read and closed
    _tab_to(page, _focus_is(page, ".tour-hotspot--info"), "info point")
    opener = page.evaluate_handle("document.activeElement")
    page.keyboard.press("Enter")
    panel = page.locator("dialog.tv-panel")
    expect(panel).to_be_visible()
    assert page.evaluate("document.querySelector('dialog.tv-panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate("opener => opener === document.activeElement", opener), "the focus is back"
    expect(picture).to_be_visible()

    # another scene, by a way
    scene = page.locator("[data-scene][aria-current]").get_attribute("data-scene")
    _tab_to(page, _focus_is(page, ".tour-hotspot--link"), "way to another scene", "Shift+Tab")
    page.keyboard.press("Enter")
    current = page.locator("[data-scene][aria-current]")
    room.until(lambda: current.get_attribute("data-scene") != scene, 20, "another scene")

    # on to the end of the page and back: no trap
    _tab_to(page, _focus_is(page, "footer a"), "link in the footer")
    _tab_to(page, _focus_is(page, "#tour *"), "way back into the tour", "Shift+Tab")
    page.keyboard.press("Escape")
    expect(picture).to_have_count(0)
    expect(walk).to_be_focused()
    _check_that_it_is_seen(page.evaluate(FOCUS))


def test_the_room_is_used_by_keyboard_alone(demo: Demo, browsers: Browsers) -> None:
    page = browsers.page(demo.delegate_link())
    room.wait_until_drawn(page)
    _tab_to(page, _focus_is(page, "#ask-text"), "question box")
    text = room.unique("Asked by keys")
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    expect(room.own_question(page, text)).to_be_visible()
    _tab_to(page, _focus_is(page, "[role=tab]"), "tabs", "Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="About")).to_be_focused()
    expect(page.get_by_role("tab", name="About")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys-help")).to_be_hidden()
    page.keyboard.press("q")
    expect(page.locator("#ask-text")).to_be_focused()
