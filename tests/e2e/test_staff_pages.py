"""Every staff page and both pages of the live room: usable by everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import StorageState, expect

from tests.e2e import access, room
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo

PAGES = {
    "today": "/studio",
    "sites": "/studio/sites",
    "new site": "/studio/sites/new",
    "site": "/studio/sites/sjostaden",
    "tour": "/studio/sites/sjostaden/tour",
    "sessions": "/studio/sessions",
    "new session": "/studio/sessions/new",
    "session": "/studio/sessions/from-food-waste-to-bus-fuel",
    "registrations": "/studio/sessions/walk-through-sjostaden/registrations",
    "staff": "/studio/staff",
    "setup": "/studio/setup",
}
MAIN = {"today", "site", "session"}


def test_the_sign_in_page_is_usable_by_everybody_also_when_it_refuses(browsers: Browsers) -> None:
    page = browsers.page("/studio")
    access.check(page, main=True)
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible()
    access.check(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_staff_page_is_usable_by_everybody(name: str, browsers: Browsers, admin_state: StorageState) -> None:
    page = browsers.open(storage_state=admin_state).new_page()
    answer = page.goto(PAGES[name])
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("h1")).to_be_visible()
    access.check(page, main=name in MAIN)


@pytest.mark.parametrize("lang", ["sv", "zh"])
def test_the_studio_is_usable_in_every_language(lang: str, browsers: Browsers, admin_state: StorageState) -> None:
    context = browsers.open(storage_state=admin_state)
    page = context.new_page()
    page.goto(f"/{lang}")
    page.goto("/studio")
    context.add_cookies([{"name": "lang", "value": {"sv": "sv", "zh": "zh_Hans"}[lang], "url": browsers.home}])
    for path in (PAGES["today"], PAGES["session"]):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", {"sv": "sv", "zh": "zh-Hans"}[lang])
        access.check(page)


def test_the_pages_of_a_scene_a_point_and_a_person_are_usable_by_everybody(
    browsers: Browsers, admin_state: StorageState
) -> None:
    page = browsers.page(PAGES["tour"], storage_state=admin_state)
    page.locator("ol.scenes h3 a").first.click()
    expect(page.locator("[data-editor-stage] .psv-canvas")).to_be_visible()
    access.check(page)
    point = page.locator("[data-point]").first.get_attribute("data-point")
    page.goto(f"{page.url}/points/{point}")
    expect(page.locator(".preview .psv-canvas")).to_be_visible()
    access.check(page)
    page.goto(PAGES["staff"])
    page.locator("main table a").first.click()
    expect(page.get_by_label("May sign in")).to_be_visible()
    access.check(page)


def test_the_delegates_room_is_usable_by_everybody_in_all_its_parts(demo: Demo, browsers: Browsers) -> None:
    page = browsers.page(demo.delegate_link())
    room.wait_until_drawn(page)
    for tab in ("About", "Places", "More", "Questions"):
        page.get_by_role("tab", name=tab).click()
        access.check(page, main=tab == "Questions")


@pytest.mark.parametrize("lang", ["sv", "zh_Hans"])
def test_the_delegates_room_is_usable_in_every_language(lang: str, demo: Demo, browsers: Browsers) -> None:
    context = browsers.open_without_webgl()
    context.add_cookies([{"name": "lang", "value": lang, "url": demo.url}])
    page = context.new_page()
    page.goto(demo.delegate_link(1))
    room.wait_until_online(page)
    expect(page.locator("html")).to_have_attribute("lang", lang.replace("_", "-"))
    access.check(page)


def test_the_hosts_room_is_usable_by_everybody(demo: Demo, browsers: Browsers) -> None:
    page = browsers.page(demo.host_link())
    room.wait_until_drawn(page)
    expect(page.get_by_test_id("queue-card").first).to_be_visible()
    access.check(page)
    room.lead(page)
    page.get_by_test_id("queue-card").first.get_by_role("button", name="Decline").click()
    access.check(page, phone=False)
