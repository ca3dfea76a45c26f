"""Without JavaScript: the catalogue, a site in words, and a registration."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e import mailbox
from tests.e2e.browsers import Browsers
from tests.e2e.test_registration import register


def test_the_catalogue_is_searched_and_a_site_is_read_without_javascript(browsers: Browsers) -> None:
    page = browsers.page("/en/sites", java_script_enabled=False)
    all_sites = page.locator("main article, main .card").count()
    assert all_sites > 5
    page.get_by_label("Search").fill("Sjöstaden")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status").filter(has_text="1 site")).to_be_visible()
    page.locator("main").get_by_role("link", name=re.compile("Sjöstaden")).first.click()
    expect(page.get_by_role("heading", name="Sjöstaden", level=1)).to_be_visible()
    page.get_by_role("button", name="Walk the tour").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("text version")
    scenes = page.locator("main section[id^=scene-]")
    assert scenes.count() == 3
    for scene in scenes.all():
        expect(scene.get_by_role("heading", level=2)).to_be_visible()
        assert len(scene.locator("p").first.inner_text()) > 40, "the scene in words"


def test_the_map_is_there_without_javascript(browsers: Browsers) -> None:
    page = browsers.page("/en/sites?view=map", java_script_enabled=False)
    expect(page.locator("svg.map")).to_be_visible()
    page.locator(".map-list a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_registering_works_without_javascript(browsers: Browsers) -> None:
    page = browsers.page("/en/sessions", java_script_enabled=False)
    page.get_by_role("link", name="Granliden in winter").click()
    register(page, name="Lena Öberg", email="lena.oberg@example.org", country="SE")
    mailbox.open_newest(page, "lena.oberg@example.org")
    expect(page.locator("main a[href*='/j/']").first).to_be_visible()
