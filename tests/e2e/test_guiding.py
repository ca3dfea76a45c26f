"""What a guide does besides looking: points, shows a point, gathers, follows a script."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e import room
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo
from tests.e2e.test_guided_tour import _guide_and_delegate
from tests.e2e.test_questions import _people


def middle(page: Page, selector: str) -> tuple[float, float]:
    """Where an element's middle is, as shares of the picture."""
    box, picture = page.locator(selector).bounding_box(), page.locator("#picture").bounding_box()
    assert box is not None
    assert picture is not None
    return (
        (box["x"] + box["width"] / 2 - picture["x"]) / picture["width"],
        (box["y"] + box["height"] / 2 - picture["y"]) / picture["height"],
    )


def test_everyone_sees_what_the_guide_points_at_and_shows_and_comes_when_called(demo: Demo, browsers: Browsers) -> None:
    guide, delegate = _guide_and_delegate(demo, browsers)
    room.wait_until_still(guide)
    guide.get_by_test_id("guide-point").click()
    box = guide.locator(".finger").bounding_box()
    assert box is not None
    guide.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    guide.mouse.move(box["x"] + box["width"] * 0.5 + 5, box["y"] + box["height"] * 0.5)
    expect(delegate.locator(".spotlight")).to_be_visible()
    expect(delegate.get_by_test_id("pointing")).to_contain_text("The guide points")
    delegate.wait_for_timeout(400)
    here = middle(delegate, ".spotlight")
    assert abs(here[0] - 0.5) < 0.06, here
    assert abs(here[1] - 0.5) < 0.06, here
    guide.keyboard.press("ArrowUp")
    guide.keyboard.press("ArrowUp")
    room.until(lambda: middle(delegate, ".spotlight")[1] < here[1] - 0.03, 5, "the spot to move up")
    guide.keyboard.press("Escape")
    expect(delegate.locator(".spotlight")).to_be_hidden()

    points = guide.locator("#places [data-hotspot]:not([data-to])")
    info = points.filter(has_not=guide.locator(".icon--arrow-right")).last
    info.click()
    expect(guide.locator(".tv-panel[open]")).to_be_visible()
    expect(delegate.locator(".tv-panel[open]")).to_be_visible()
    guide.locator(".tv-panel__close").click()
    expect(delegate.locator(".tv-panel[open]")).to_have_count(0)

    room.drag(delegate, right=120, down=0)
    room.until(lambda: not room.state(delegate)["following"], 5, "free look")
    expect(guide.get_by_test_id("followers")).to_contain_text("1 looks around freely", timeout=10_000)
    guide.get_by_test_id("guide-gather").click()
    room.until(lambda: bool(room.state(delegate)["following"]), 5, "following again")
    expect(delegate.get_by_test_id("stage-note")).to_contain_text("The guide calls everyone together.")


def test_the_script_leads_from_stop_to_stop_with_notes_that_only_the_crew_sees(demo: Demo, browsers: Browsers) -> None:
    guide, delegate = _guide_and_delegate(demo, browsers)
    guide.locator("#script summary").click()
    before = guide.get_by_test_id("script-stop").count()
    guide.locator("#script-add").click()
    expect(guide.get_by_test_id("script-stop")).to_have_count(before + 1)
    first = room.view(guide)["scene"]
    guide.get_by_test_id("scenes").locator("[data-scene]:not([aria-current])").first.click()
    room.until(lambda: room.view(guide)["scene"] != first, 20, "the guide's other scene")
    guide.locator("#script-add").click()
    expect(guide.get_by_test_id("script-stop")).to_have_count(before + 2)
    secret = room.unique("Say who paid for it.")
    last = guide.get_by_test_id("script-stop").last
    last.locator("textarea").fill(secret)
    last.locator("textarea").blur()
    guide.reload()
    room.wait_until_drawn(guide)
    guide.locator("#script summary").click()
    expect(guide.get_by_test_id("script-stop").last.locator("textarea")).to_have_value(secret)
    other = room.view(guide)["scene"]
    guide.get_by_test_id("script-stop").nth(before if other != first else before + 1).locator("button").first.click()
    room.until(lambda: room.view(guide)["scene"] != other, 20, "the stop")
    room.until(lambda: room.view(delegate)["scene"] == room.view(guide)["scene"], 20, "the follower at the stop")
    assert secret not in delegate.content()
    for _ in range(2):
        count = guide.get_by_test_id("script-stop").count()
        guide.get_by_test_id("script-stop").last.get_by_role("button", name="Remove").click()
        expect(guide.get_by_test_id("script-stop")).to_have_count(count - 1)


def test_the_part_is_passed_to_a_colleague_and_goes_on_when_their_line_is_cut(demo: Demo, browsers: Browsers) -> None:
    guide, colleague, delegate = _people(browsers, demo.host_link(0), demo.host_link(1), demo.delegate_link(1))
    room.lead(guide)
    passed = guide.get_by_test_id("guide-pass")
    expect(passed).to_be_visible(timeout=10_000)
    passed.locator("summary").click()
    passed.get_by_role("button").first.click()
    room.until(lambda: bool(room.state(colleague)["guiding"]), 10, "the colleague to guide")
    assert not room.state(guide)["guiding"]
    expect(guide.get_by_test_id("guide-who")).to_contain_text("guides")
    name = (guide.get_by_test_id("guide-who").text_content() or "").removesuffix(" guides")
    expect(delegate.get_by_test_id("guide-name")).to_contain_text(name)

    colleague.context.close()
    room.until(lambda: bool(room.state(guide)["guiding"]), 30, "the co-host to step in")
    expect(delegate.get_by_test_id("guide-name")).not_to_contain_text(name)
    guide.get_by_test_id("guide-release").click()
