"""Every public page: usable by everybody, in three languages, light and dark, on a phone, in both directions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import access
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo

SITE = "/sites/sjostaden"
SESSION = "/sessions/granliden-in-winter"

MAIN = {
    "landing": "",
    "catalogue": "/sites",
    "map": "/sites?view=map",
    "site": SITE,
    "sessions": "/sessions",
    "session": SESSION,
}
"""Also looked at in the dark, on a phone, right to left, in Swedish and in Chinese."""

OTHERS = {
    "catalogue without a match": "/sites?q=nothing-like-this",
    "text version": f"{SITE}/text",
    "site without a tour": "/sites/byhalsan",
    "live session": "/sessions/walk-through-sjostaden",
    "past session": "/sessions/forecasting-heat-house-by-house",
    "new link by mail": f"{SESSION}/resend",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "no such page": "/sites/nothing",
}

STATUS = {"no such page": 404}


def _is_ready(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("name", MAIN)
def test_a_main_page_is_usable_by_everybody(name: str, browsers: Browsers) -> None:
    page = browsers.page(f"/en{MAIN[name]}")
    _is_ready(page)
    access.check(page, main=True)


@pytest.mark.parametrize("name", OTHERS)
def test_another_page_is_usable_by_everybody(name: str, browsers: Browsers) -> None:
    page = browsers.open().new_page()
    answer = page.goto(f"/en{OTHERS[name]}")
    assert answer is not None
    assert answer.status == STATUS.get(name, 200)
    _is_ready(page)
    access.check(page)


@pytest.mark.parametrize(("segment", "lang", "words"), [("sv", "sv", "Platser"), ("zh", "zh-Hans", "地点")])
@pytest.mark.parametrize("name", MAIN)
def test_a_main_page_is_usable_in_every_language(
    name: str, segment: str, lang: str, words: str, browsers: Browsers
) -> None:
    page = browsers.page(f"/{segment}{MAIN[name]}", locale=lang)
    _is_ready(page)
    expect(page.locator("html")).to_have_attribute("lang", lang)
    access.check(page)


def test_the_site_page_is_usable_while_its_tour_is_walked(browsers: Browsers) -> None:
    page = browsers.page(f"/en{SITE}")
    page.get_by_role("button", name="Walk the tour").click()
    expect(page.locator(".tv-picture .psv-canvas")).to_be_visible()
    expect(page.locator(".tour-list__hotspots button").first).to_be_visible()
    access.check(page, main=True)


def test_a_refused_registration_and_the_page_after_a_taken_one_are_usable_by_everybody(browsers: Browsers) -> None:
    page = browsers.page(f"/en{SESSION}")
    page.get_by_label("Name").fill("A")
    page.locator("#register form").get_by_role("button", name="Register").click()
    expect(page.locator("#error-summary")).to_be_visible()
    access.check(page, main=True)
    page.goto(f"/en{SESSION}")
    page.get_by_label("Name").fill("Amina Diallo")
    page.get_by_label("E-mail").fill("amina.diallo@example.org")
    page.get_by_label("Country").select_option("SN")
    page.locator("#register form").get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Your seat is registered")).to_be_visible()
    access.check(page, main=True)


def _used_link(page: Page, demo: Demo) -> int:
    link = demo.host_link()
    page.goto(link)
    page.context.clear_cookies()
    answer = page.goto(link)
    assert answer is not None
    return answer.status


def _status(path: str) -> Callable[[Page, Demo], int]:
    def visit(page: Page, _demo: Demo) -> int:
        answer = page.goto(path)
        assert answer is not None
        return answer.status

    return visit


@pytest.mark.parametrize(
    ("visit", "status"),
    [
        (_used_link, 410),
        (_status("/j/broken"), 404),
        (_status("/live/walk-through-sjostaden"), 403),
        (_status("/nowhere"), 404),
    ],
    ids=["used sign-in link", "broken join link", "room without a link", "no such address"],
)
def test_a_page_that_refuses_is_usable_by_everybody_and_says_what_to_do(
    visit: Callable[[Page, Demo], int], status: int, demo: Demo, browsers: Browsers
) -> None:
    page = browsers.open().new_page()
    assert visit(page, demo) == status
    _is_ready(page)
    assert page.locator("main a").count() > 0, "a way on"
    access.check(page)


def test_the_demo_mailbox_is_usable_by_everybody(browsers: Browsers) -> None:
    page = browsers.page("/dev/mail")
    expect(page.locator(".session-list li").first).to_be_visible()
    access.check(page)
    page.locator(".session-list a").last.click()
    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    page.locator("details").evaluate_all("all => all.filter(e => !e.closest('header')).forEach(e => { e.open = true })")
    access.check(page)
