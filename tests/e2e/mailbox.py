"""The demo's mailbox, read as a visitor does: at /dev/mail."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

SECONDS = 30


def open_newest(page: Page, recipient: str) -> None:
    """Open the newest mail to an address, as soon as the worker has sent it."""
    deadline = time.monotonic() + SECONDS
    page.goto("/dev/mail")
    mails = page.locator(".session-row").filter(has_text=recipient)
    while mails.count() == 0:
        assert time.monotonic() < deadline, f"no mail to {recipient} after {SECONDS} s"
        page.wait_for_timeout(500)
        page.reload()
    mails.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Files")).to_be_visible()


def uids(calendar: bytes) -> set[str]:
    """The UIDs of a calendar file's events."""
    unfolded = calendar.decode().replace("\r\n ", "")
    return set(re.findall(r"^UID:(\S+)", unfolded, re.MULTILINE))


def join(page: Page) -> None:
    """Follow the personal link of the mail that is open."""
    page.locator("main a[href*='/j/']").first.click()
    page.wait_for_url("**/live/**")
