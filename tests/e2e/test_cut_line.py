"""A line that falls silent for twenty seconds: nothing is lost, nothing is doubled."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e import room
from tests.e2e.conftest import Demo, Watch, open_context
from tests.proxy import proxied


def test_after_twenty_silent_seconds_the_missed_question_appears_once_and_the_typed_one_arrives_once(
    demo: Demo, browser: Browser, context: BrowserContext, watch: Watch
) -> None:
    with proxied(demo.port) as proxy:
        watch.origins.add(proxy.url)
        moderator = context.new_page()
        moderator.goto(demo.url + demo.host_link())
        third = open_context(browser, watch).new_page()
        third.goto(demo.url + demo.delegate_link(1))
        room.enter_tour(third)
        cut = open_context(browser, watch)
        delegate = cut.new_page()
        delegate.goto(proxy.url + demo.link("Delegate's room"))
        room.enter_tour(delegate)
        room.wait_for_view(delegate)
        room.until(lambda: room.state(delegate)["line"] == "online", 15, "the delegate's line")

        proxy.silence()
        cut_at = time.monotonic()
        missed, typed = f"What was missed? {time.time_ns()}", f"Typed while away {time.time_ns()}"
        room.ask(third, missed)
        room.approve(moderator, missed)
        expect(room.question(third, missed).or_(third.get_by_test_id("own-question").filter(has_text=missed)).first).to_be_visible()
        room.ask(delegate, typed)
        expect(delegate.locator("#line-bar")).to_be_visible(timeout=15_000)
        expect(delegate.locator("#line-text")).to_contain_text("Connection lost. Your text is kept.")
        delegate.wait_for_timeout(max(0, 20_000 - (time.monotonic() - cut_at) * 1000))
        assert room.question(delegate, missed).count() == 0
        proxy.restore()

        expect(room.question(delegate, missed)).to_be_visible(timeout=30_000)
        expect(delegate.locator("#line-bar")).to_be_hidden(timeout=15_000)
        expect(room.card(moderator, typed)).to_be_visible(timeout=15_000)
        delegate.wait_for_timeout(3_000)  # time for a second copy to come, if there were one
        assert room.question(delegate, missed).count() == 1
        assert delegate.get_by_test_id("own-question").filter(has_text=typed).count() == 1
        assert room.card(moderator, typed).count() == 1
        assert room.state(delegate)["seq"]["public"] == room.state(third)["seq"]["public"]
