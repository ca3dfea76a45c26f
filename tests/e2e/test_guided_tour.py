"""The main job: a host leads and delegates follow."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e import room
from tests.e2e.browsers import SMALL_WINDOW, Browsers
from tests.e2e.demo import Demo

LATE_MS = 2_000

WATCH_ARRIVAL = """
  const seen = {scenes: {}};
  window.arrival = seen;
  setInterval(() => {
    const t = window.tourserver;
    if (!t) return;
    const now = performance.now();
    if (t.line === "online") seen.online ??= now;
    if (t.view?.scene) seen.scenes[t.view.scene] ??= now;
    if (document.getElementById("stage-poster").hidden) seen.drawn ??= now;
  }, 20);
"""


def _guide_and_delegate(demo: Demo, browsers: Browsers) -> tuple[Page, Page]:
    guide = browsers.page(demo.host_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(guide)
    room.lead(guide)
    delegate = browsers.page(demo.delegate_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(delegate)
    room.until(lambda: bool(room.state(delegate)["following"]), 10, "following")
    return guide, delegate


def _check_that_follower_looks_alike(guide: Page, follower: Page) -> None:
    """The view two seconds after the guide has stopped."""
    here = room.wait_until_still(guide)
    follower.wait_for_timeout(2_000)
    there = room.view(follower)
    assert room.looks_alike(here, there), (here, there)


def test_the_printed_links_lead_a_host_and_a_delegate_in_two_tabs_of_one_browser(
    demo: Demo, browsers: Browsers
) -> None:
    one_browser = browsers.open(viewport=SMALL_WINDOW)
    host, delegate = one_browser.new_page(), one_browser.new_page()
    host.goto(demo.printed("Host's room"))
    delegate.goto(demo.printed("Delegate's room"))
    room.wait_until_drawn(host)
    room.wait_until_drawn(delegate)
    assert "/host/" in host.url
    assert "/live/" in delegate.url
    assert (room.state(host)["role"], room.state(delegate)["role"]) == ("host", "participant")
    host.reload()
    delegate.reload()
    room.wait_until_online(host)
    room.wait_until_online(delegate)
    assert (room.state(host)["role"], room.state(delegate)["role"]) == ("host", "participant")
    expect(delegate.get_by_test_id("presence")).to_be_visible()
    expect(delegate.locator("#ask-send")).to_be_visible()
    expect(host.get_by_test_id("queue")).to_be_visible()


def test_followers_stand_where_the_guide_stands_and_look_where_the_guide_looks(demo: Demo, browsers: Browsers) -> None:
    guide, delegate = _guide_and_delegate(demo, browsers)
    before = room.view(guide)["scene"]
    guide.get_by_test_id("scenes").locator("[data-scene]:not([aria-current])").first.click()
    room.until(lambda: room.view(guide)["scene"] != before, 20, "the guide's other scene")
    room.until(lambda: room.view(delegate)["scene"] == room.view(guide)["scene"], 20, "the follower's other scene")
    _check_that_follower_looks_alike(guide, delegate)

    before_drag = room.view(guide)
    room.drag(guide, right=-200, down=40)
    assert room.turn(before_drag["yaw"], room.wait_until_still(guide)["yaw"]) > 2 * room.ANGLE
    _check_that_follower_looks_alike(guide, delegate)

    before_keys = room.view(guide)
    room.picture(guide).focus()
    guide.keyboard.down("ArrowRight")
    room.until(lambda: room.turn(before_keys["yaw"], room.view(guide)["yaw"]) > 20, 20, "the guide to turn by keys")
    guide.keyboard.up("ArrowRight")
    guide.keyboard.press("ArrowUp")
    _check_that_follower_looks_alike(guide, delegate)


def test_a_late_joiner_stands_at_the_guides_scene_within_two_seconds(demo: Demo, browsers: Browsers) -> None:
    guide = browsers.page(demo.host_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(guide)
    room.lead(guide)
    start = room.view(guide)["scene"]
    guide.get_by_test_id("scenes").locator("[data-scene]:not([aria-current])").last.click()
    room.until(lambda: room.view(guide)["scene"] != start, 20, "the guide's other scene")
    here = room.wait_until_still(guide)

    late = browsers.open(viewport=SMALL_WINDOW)
    late.add_init_script(WATCH_ARRIVAL)
    newcomer = late.new_page()
    newcomer.goto(demo.delegate_link(1))
    room.until(lambda: bool(newcomer.evaluate("window.arrival.drawn")), 45, "the newcomer's picture")
    arrival = newcomer.evaluate("window.arrival")
    assert list(arrival["scenes"]) == [here["scene"]], "no other scene comes first"
    assert arrival["scenes"][here["scene"]] - arrival["online"] < LATE_MS, arrival
    # drawing it is the software renderer's pace here
    assert arrival["drawn"] - arrival["online"] < 5 * LATE_MS, arrival
    room.until(lambda: room.looks_alike(room.view(newcomer), here), 2, "the guide's view")


def test_looking_around_ends_following_and_one_button_or_one_key_returns(demo: Demo, browsers: Browsers) -> None:
    guide, delegate = _guide_and_delegate(demo, browsers)
    back = delegate.get_by_test_id("back-to-guide")
    ways: list[Callable[[], None]] = [back.click, lambda: delegate.keyboard.press("g")]
    for come_back in ways:
        expect(back).to_be_hidden()
        room.picture(delegate).focus()
        delegate.keyboard.down("ArrowRight")
        room.until(lambda: room.turn(room.view(delegate)["yaw"], room.view(guide)["yaw"]) > 10, 20, "looking elsewhere")
        delegate.keyboard.up("ArrowRight")
        assert not room.state(delegate)["following"]
        expect(back).to_be_visible()
        expect(delegate.get_by_test_id("follow-chip")).to_contain_text("You look around freely")
        come_back()
        room.until(lambda: bool(room.state(delegate)["following"]), 5, "following again")
        room.until(lambda: room.looks_alike(room.view(delegate), room.view(guide)), 5, "the guide's view again")


def test_what_is_typed_into_the_question_box_moves_nothing(demo: Demo, browsers: Browsers) -> None:
    guide, delegate = _guide_and_delegate(demo, browsers)
    room.until(lambda: room.looks_alike(room.view(delegate), room.view(guide)), 10, "the guide's view")
    before = room.wait_until_still(delegate)
    box = delegate.locator("#ask-text")
    box.click()
    delegate.keyboard.type("5+3-1 gqm?")
    for key in ("ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight", "Home", "End"):
        delegate.keyboard.press(key)
    delegate.keyboard.type("=_")
    assert box.input_value() == "5+3-1 gqm?=_"
    expect(box).to_be_focused()
    expect(delegate.locator("dialog[open]")).to_have_count(0)
    assert room.wait_until_still(delegate) == before
    assert room.state(delegate)["following"]

    # the same when nobody is followed, where a key would move the picture at once
    room.picture(delegate).focus()
    delegate.keyboard.press("ArrowLeft")
    room.until(lambda: not room.state(delegate)["following"], 5, "looking around freely")
    alone = room.wait_until_still(delegate)
    assert not room.looks_alike(alone, before) or alone != before, "on the picture the same keys do act"
    box.click()
    delegate.keyboard.type("+-+-")
    for key in ("ArrowRight", "ArrowRight", "Home"):
        delegate.keyboard.press(key)
    assert room.wait_until_still(delegate) == alone
