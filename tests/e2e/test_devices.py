"""One personal link on two devices: the same person twice, or a colleague who is counted by their own name."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e import room
from tests.e2e.access import check as check_access
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo
from tests.e2e.test_audience import desk
from tests.e2e.test_questions import _people


def test_a_second_device_is_asked_who_uses_it_and_only_once(demo: Demo, browsers: Browsers) -> None:
    link = demo.delegate_link(1)
    host, first = _people(browsers, demo.host_link(), link)
    expect(first.get_by_test_id("second-device")).to_be_hidden()
    (second,) = _people(browsers, link)
    asked = second.get_by_test_id("second-device")
    expect(asked).to_be_visible()
    check_access(second)
    asked.get_by_role("button", name="That is me").click()
    expect(asked).to_be_visible()
    asked.get_by_label("A colleague:").fill("Bo Ek")
    asked.get_by_role("button", name="That is me").click()
    expect(asked).to_be_hidden()
    desk(host, "people")
    expect(host.get_by_test_id("groups").locator("tbody tr").first).to_contain_text("2 people", timeout=15_000)
    second.reload()
    room.wait_until_online(second)
    second.wait_for_timeout(500)
    expect(asked).to_be_hidden()
