"""The main job: a host leads, delegates follow, questions are asked and answered."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e import room
from tests.e2e.conftest import Demo, Watch, open_context


def _take_the_guide(page) -> None:  # type: ignore[no-untyped-def]
    take = page.get_by_test_id("guide-take")
    room.until(lambda: take.is_visible() or room.state(page).get("guiding"), 15, "the guide's button")
    if not room.state(page).get("guiding"):
        take.click()
    room.until(lambda: room.state(page)["guiding"], 10, "being the guide")


def test_the_printed_links_lead_a_host_and_a_delegate_in_two_tabs_of_one_browser(
    demo: Demo, context: BrowserContext
) -> None:
    host = context.new_page()
    host.goto(demo.url + demo.link("Host's room"))
    delegate = context.new_page()
    delegate.goto(demo.url + demo.link("Delegate's room"))
    room.wait_for_view(host)
    room.enter_tour(delegate)
    room.wait_for_view(delegate)
    assert "/host/" in host.url
    assert "/live/" in delegate.url
    assert room.state(host)["role"] == "host"
    assert room.state(delegate)["role"] == "participant"
    host.reload()
    room.wait_for_view(host)
    assert room.state(host)["role"] == "host", "the delegate's link did not change who the host is"
    expect(delegate.get_by_test_id("presence")).to_be_visible()


def test_followers_stand_where_the_guide_stands_and_look_where_the_guide_looks(
    demo: Demo, browser: Browser, context: BrowserContext, watch: Watch
) -> None:
    host = open_context(browser, watch)
    guide = host.new_page()
    guide.goto(demo.url + demo.host_link())
    room.wait_for_view(guide)
    _take_the_guide(guide)
    delegate = context.new_page()
    delegate.goto(demo.url + demo.link("Delegate's room"))
    room.enter_tour(delegate)
    room.wait_for_view(delegate)

    started = time.monotonic()
    second = guide.get_by_test_id("scenes").get_by_role("button").nth(1)
    second.click()
    before = room.view(delegate)["scene"]
    room.until(lambda: room.view(guide)["scene"] != before, 20, "the guide's second scene")
    room.until(lambda: room.view(delegate)["scene"] == room.view(guide)["scene"], 20, "the follower's second scene")
    assert time.monotonic() - started < 30

    picture = guide.locator("#picture canvas").first
    box = picture.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    guide.mouse.move(x, y)
    guide.mouse.down()
    for step in range(12):
        guide.mouse.move(x - 18 * step, y + 3 * step)
        guide.wait_for_timeout(40)
    guide.mouse.up()
    guide.wait_for_timeout(1500)  # the picture rolls on a little after the drag
    here = room.view(guide)
    room.until(lambda: room.view(guide) == here or bool(here.update(room.view(guide))), 5, "the guide to stand still")
    delegate.wait_for_timeout(2000)
    there, here = room.view(delegate), room.view(guide)
    assert there["scene"] == here["scene"]
    assert room.turn(there["yaw"], here["yaw"]) < 3, (there, here)
    assert abs(there["pitch"] - here["pitch"]) < 3, (there, here)

    late = open_context(browser, watch)
    newcomer = late.new_page()
    newcomer.goto(demo.url + demo.delegate_link(1))
    room.enter_tour(newcomer)
    room.until(lambda: bool(room.state(newcomer).get("view")), 30, "the newcomer's picture")
    room.until(lambda: room.view(newcomer)["scene"] == room.view(guide)["scene"], 2, "the newcomer at the guide's scene")
    room.until(lambda: room.turn(room.view(newcomer)["yaw"], here["yaw"]) < 3, 5, "the newcomer's view")
    late.close()
    host.close()


def test_free_look_ends_following_and_one_button_or_one_key_returns(
    demo: Demo, browser: Browser, context: BrowserContext, watch: Watch
) -> None:
    host = open_context(browser, watch)
    guide = host.new_page()
    guide.goto(demo.url + demo.host_link())
    room.wait_for_view(guide)
    _take_the_guide(guide)
    delegate = context.new_page()
    delegate.goto(demo.url + demo.link("Delegate's room"))
    room.enter_tour(delegate)
    room.wait_for_view(delegate)
    room.until(lambda: room.state(delegate)["following"], 10, "following")
    back = delegate.get_by_test_id("back-to-guide")
    for come_back in (back.click, lambda: delegate.keyboard.press("g")):
        delegate.locator("[data-tour-picture], #picture [tabindex='0']").first.focus()
        for _ in range(5):
            delegate.keyboard.press("ArrowRight")
        room.until(lambda: not room.state(delegate)["following"], 5, "looking around freely")
        expect(back).to_be_visible()
        come_back()
        room.until(lambda: room.state(delegate)["following"], 5, "following again")
        room.until(
            lambda: room.turn(room.view(delegate)["yaw"], room.view(guide)["yaw"]) < 3, 5, "the guide's view again"
        )
    host.close()


def test_what_is_typed_into_the_question_box_moves_nothing(demo: Demo, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(demo.url + demo.link("Delegate's room"))
    room.enter_tour(page)
    room.wait_for_view(page)
    page.wait_for_timeout(1000)
    before = room.state(page)
    box = page.locator("#ask-text")
    box.click()
    page.keyboard.type("5+3-1 gq?m")
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home"):
        page.keyboard.press(key)
    assert box.input_value() == "5+3-1 gq?m"
    after = room.state(page)
    assert after["following"] == before["following"]
    if not after["following"]:
        assert after["view"] == before["view"]


def test_a_question_is_asked_approved_and_seen_by_all_in_order(
    demo: Demo, browser: Browser, context: BrowserContext, watch: Watch
) -> None:
    host = open_context(browser, watch)
    moderator = host.new_page()
    moderator.goto(demo.url + demo.host_link())
    asker = context.new_page()
    asker.goto(demo.url + demo.link("Delegate's room"))
    room.enter_tour(asker)
    other = open_context(browser, watch)
    reader = other.new_page()
    reader.goto(demo.url + demo.delegate_link(1))
    room.enter_tour(reader)

    first, second = f"How warm is the water? {time.time_ns()}", f"Who pays? {time.time_ns()}"
    room.ask(asker, first)
    expect(asker.get_by_test_id("own-question").filter(has_text=first)).to_contain_text(
        "Waiting for the host. Only you and the hosts see it."
    )
    assert room.question(reader, first).count() == 0
    room.ask(asker, second)
    expect(asker.get_by_test_id("own-question").filter(has_text=second)).to_be_visible()
    room.approve(moderator, second)
    room.approve(moderator, first)
    expect(room.question(reader, first)).to_be_visible()
    expect(room.question(reader, second)).to_be_visible()
    texts = reader.get_by_test_id("question").all_inner_texts()
    places = [next(i for i, text in enumerate(texts) if wanted in text) for wanted in (second, first)]
    assert places == sorted(places), "in the order of approval"

    vote = room.question(reader, first).get_by_test_id("vote")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(room.question(asker, first).get_by_test_id("votes").or_(asker.get_by_test_id("own-question").filter(has_text=first).get_by_test_id("votes")).first).to_contain_text("1", timeout=10_000)

    moderator.locator("#queue-tab-approved").click()
    room.card(moderator, first).get_by_role("button", name="Live").click()
    expect(reader.get_by_test_id("now")).to_contain_text(first)
    room.card(moderator, first).get_by_role("button", name="Answered").click()
    expect(reader.get_by_test_id("now")).not_to_contain_text(first)
    host.close()
    other.close()
