"""An officer is invited by mail and submits a tour; a reviewer approves it; it is rolled back; a scene is withdrawn."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.e2e import access, room
from tests.e2e.browsers import Browsers

SITE = "akerdalen-biogas"
TOUR = f"/studio/sites/{SITE}/tour"
PASSWORD = "rivers run north in winter"
SECONDS = 30


def _second_reviewer(admin: Page, on: bool) -> None:
    admin.goto("/studio/nodes")
    admin.get_by_role("link", name="Östergötland").click()
    access.check(admin)
    admin.get_by_label("Somebody else than the submitter").set_checked(on)
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved.")).to_be_visible()
    row = admin.get_by_role("row").filter(has_text="Östergötland")
    expect(row).to_contain_text("Second reviewer" if on else "No second reviewer")


def _open_mail(page: Page, recipient: str, subject: str) -> None:
    deadline = time.monotonic() + SECONDS
    page.goto("/dev/mail")
    mails = page.locator(".session-row").filter(has_text=recipient).filter(has_text=subject)
    while mails.count() == 0:
        assert time.monotonic() < deadline, f"no mail “{subject}” to {recipient} after {SECONDS} s"
        page.wait_for_timeout(500)
        page.reload()
    mails.first.get_by_role("link").click()


def _invite(admin: Page, address: str) -> None:
    admin.goto("/studio/staff")
    access.check(admin)
    form = admin.locator("form").filter(has=admin.get_by_role("button", name="Invite"))
    form.get_by_label("Person's name").fill("Olle Ek")
    form.get_by_label("E-mail").fill(address)
    form.get_by_label("Role").select_option(label="Officer: works on sites and submits their tours")
    form.get_by_label("Where").select_option(label="Node: Östergötland")
    form.get_by_role("button", name="Invite").click()
    expect(admin.get_by_text("The invitation is on its way.")).to_be_visible()
    expect(admin.get_by_role("row").filter(has_text=address)).to_contain_text("Waits for an answer")


def _come_in(officer: Page, address: str) -> None:
    _open_mail(officer, address, "You are invited")
    officer.locator("main a[href*='/studio/welcome/']").first.click()
    officer.wait_for_url("**/studio/welcome")
    expect(officer.get_by_text("Östergötland")).to_be_visible()
    access.check(officer)
    officer.get_by_label("Choose a password").fill("short")
    officer.get_by_role("button", name="Make the account and sign in").click()
    expect(officer.locator("#error-summary")).to_be_focused()
    officer.get_by_label("Choose a password").fill(PASSWORD)
    officer.get_by_role("button", name="Make the account and sign in").click()
    expect(officer.get_by_role("heading", name="Today")).to_be_visible()
    officer.get_by_role("link", name="Sites", exact=True).click()
    expect(officer.get_by_role("link", name="Åkerdalen biogas plant", exact=True)).to_be_visible()
    expect(officer.get_by_role("link", name=re.compile("Sjöstaden"))).to_have_count(0)
    answer = officer.goto("/studio/sites/sjostaden/tour")
    assert answer is not None
    assert answer.status == 403


def _submit(officer: Page, note: str) -> str:
    officer.goto(TOUR)
    officer.get_by_role("link", name="Check and send to review").click()
    access.check(officer)
    officer.get_by_role("button", name="Send to review").click()
    expect(officer.locator("#error-summary")).to_contain_text("Confirm this before the tour is published.")
    for box in officer.get_by_role("checkbox").all():
        box.check()
    officer.get_by_label("What is new, for the history").fill(note)
    officer.get_by_role("button", name="Send to review").click()
    expect(officer.get_by_text("It is with the reviewers of your node.")).to_be_visible()
    expect(officer.get_by_role("button", name="Approve and publish")).to_have_count(0)
    return officer.url


def test_a_tour_goes_from_an_invited_officer_over_a_reviewer_to_visitors_and_back(
    browsers: Browsers, admin_state: StorageState
) -> None:
    admin = browsers.open_without_webgl(storage_state=admin_state).new_page()
    officer = browsers.open_without_webgl().new_page()
    address = f"{room.unique('olle').replace(' ', '').lower()}@example.org"
    _second_reviewer(admin, True)
    _invite(admin, address)
    _come_in(officer, address)
    submission = _submit(officer, "Nothing new, to try it")

    admin.goto("/studio")
    waiting = admin.get_by_role("listitem").filter(has_text="Åkerdalen biogas plant").filter(has_text="To be reviewed")
    expect(waiting).to_be_visible()
    access.check(admin)
    waiting.get_by_role("link").click()
    assert admin.url == submission
    expect(admin.get_by_text("Nothing new, to try it")).to_be_visible()
    expect(admin.get_by_role("heading", name="The scenes in words")).to_be_visible()
    access.check(admin, main=True)
    admin.get_by_role("button", name="Send back").click()
    expect(admin.locator("#error-summary")).to_be_focused()
    admin.get_by_role("textbox", name="What is to be mended").fill("Say where the plant is.")
    admin.get_by_role("button", name="Send back").click()
    expect(admin.get_by_text("It is sent back")).to_be_visible()

    officer.goto("/studio")
    expect(officer.get_by_text("Say where the plant is.")).to_be_visible()
    _open_mail(officer, address, "Sent back")
    expect(officer.locator("main")).to_contain_text("Say where the plant is.")
    submission = _submit(officer, "Once more")
    admin.goto(submission)
    admin.get_by_role("button", name="Approve and publish").click()
    expect(admin.get_by_text(re.compile(r"Tour \d+ is published\."))).to_be_visible()

    officer.goto(f"{TOUR}/history")
    newest = officer.get_by_role("listitem").filter(has_text="Visitors see this")
    expect(newest).to_contain_text("Olle Ek")
    expect(newest).to_contain_text("Once more")
    access.check(officer)
    admin.goto(f"{TOUR}/history/1")
    access.check(admin)
    admin.get_by_role("button", name="Roll back to this tour").click()
    expect(admin.get_by_text("Tour 1 is in force again")).to_be_visible()

    officer.goto(TOUR)
    officer.get_by_role("link", name=re.compile("^Withdraw")).last.click()
    access.check(officer)
    officer.get_by_label("Why").fill("A face can be seen.")
    officer.get_by_role("button", name="Withdraw it now").click()
    expect(officer.get_by_text("The scene is withdrawn")).to_be_visible()
    visitor = browsers.open_without_webgl().new_page()
    answer = visitor.goto(f"/en/sites/{SITE}/tour.json")
    assert answer is not None
    assert len(answer.json()["scenes"]) == 1
    officer.get_by_role("button", name=re.compile("^Put back")).click()
    expect(officer.get_by_text("The scene is back in the draft.")).to_be_visible()
    access.check(officer)

    _second_reviewer(admin, False)
    officer.goto(TOUR)
    officer.get_by_role("link", name="Check and publish").click()
    for box in officer.get_by_role("checkbox").all():
        box.check()
    officer.get_by_role("button", name="Publish the tour").click()
    expect(officer.get_by_text("Published without a second reviewer")).to_be_visible()
    answer = visitor.goto(f"/en/sites/{SITE}/tour.json")
    assert answer is not None
    assert len(answer.json()["scenes"]) == 2


@pytest.mark.parametrize("lang", ["sv", "zh_Hans"])
def test_the_pages_of_review_are_usable_in_every_language(
    lang: str, browsers: Browsers, admin_state: StorageState
) -> None:
    context = browsers.open_without_webgl(storage_state=admin_state)
    context.add_cookies([{"name": "lang", "value": lang, "url": browsers.home}])
    page = context.new_page()
    for path in ("/studio/nodes", "/studio/staff", f"{TOUR}/publish", f"{TOUR}/history/1"):
        page.goto(path)
        access.check(page)
