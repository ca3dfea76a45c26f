"""A visitor on the other side of the world registers, finds the mail, and stands in the lobby."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.e2e import mailbox, room
from tests.e2e.browsers import Browsers

SESSION = "/en/sessions/from-food-waste-to-bus-fuel"
STOCKHOLM, SHANGHAI = ZoneInfo("Europe/Stockholm"), ZoneInfo("Asia/Shanghai")


def register(page: Page, *, name: str, email: str, country: str) -> None:
    """Fill the form of the session page that is open, and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Country").select_option(country)
    page.locator("#register form").get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Your seat is registered")).to_be_visible()


def test_a_visitor_in_shanghai_registers_and_comes_by_the_link_of_the_mail(browsers: Browsers) -> None:
    page = browsers.page(SESSION, timezone_id="Asia/Shanghai")
    times = page.locator("main table.times")
    row = times.get_by_role("row").filter(has_text="Asia/Shanghai")
    expect(row).to_be_visible()
    moment = row.locator("time").first.get_attribute("datetime")
    assert moment is not None
    starts_at = datetime.fromisoformat(moment)
    assert starts_at.astimezone(STOCKHOLM).strftime("%H:%M") == "14:00"
    in_shanghai = starts_at.astimezone(SHANGHAI).strftime("%H:%M")
    expect(row).to_contain_text(in_shanghai)
    expect(row).to_contain_text("UTC+8")
    expect(times.get_by_role("row").filter(has_text="Sweden")).to_contain_text("14:00")

    register(page, name="陈思远", email="chen.siyuan@example.org", country="CN")
    expect(page.locator("main table.times")).to_contain_text(in_shanghai)
    assert "chen" not in page.url
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to your calendar (.ics)").click()
    offered = mailbox.uids(Path(download.value.path()).read_bytes())

    mailbox.open_newest(page, "chen.siyuan@example.org")
    expect(page.locator("main .panel")).to_contain_text(in_shanghai)
    expect(page.locator("main .panel")).to_contain_text("14:00")
    with page.expect_download() as download:
        page.locator("main a[download]").filter(has_text=re.compile(r"\.ics")).first.click()
    attached = mailbox.uids(Path(download.value.path()).read_bytes())
    assert len(attached) == 1
    assert offered == attached

    mailbox.join(page)
    assert "/j/" not in page.url, "the token leaves the address bar"
    room.wait_until_online(page)
    expect(page.get_by_test_id("lobby")).to_be_visible()
    expect(page.get_by_test_id("countdown")).to_be_visible()
    expect(page.get_by_test_id("lobby")).to_contain_text(in_shanghai)
    expect(page.get_by_test_id("lobby")).to_contain_text("14:00")
    expect(page.get_by_test_id("lobby")).to_contain_text("You take part as 陈思远.")


def test_a_registration_that_is_wrong_says_so_and_keeps_what_was_typed(browsers: Browsers) -> None:
    page = browsers.page(SESSION)
    page.get_by_label("Name").fill("Nobody in particular")
    page.get_by_label("E-mail").fill("this is no address")
    page.get_by_label("Organisation").fill("Somewhere")
    page.locator("#register form").get_by_role("button", name="Register").click()
    summary = page.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("E-mail")
    expect(page.get_by_label("Name")).to_have_value("Nobody in particular")
    expect(page.get_by_label("E-mail")).to_have_value("this is no address")
    expect(page.get_by_label("Organisation")).to_have_value("Somewhere")
    summary.get_by_role("link", name=re.compile("E-mail")).click()
    expect(page.get_by_label("E-mail")).to_be_focused()
