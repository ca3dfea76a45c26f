"""A line that falls silent for twenty seconds: nothing is lost, nothing is doubled."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.e2e import room
from tests.e2e.browsers import SMALL_WINDOW, Browsers
from tests.e2e.demo import Demo
from tests.proxy import proxied

CUT_MS = 20_000


def test_after_twenty_silent_seconds_the_missed_question_appears_once_and_the_typed_one_arrives_once(
    demo: Demo, browsers: Browsers
) -> None:
    with proxied(demo.port) as proxy:
        browsers.watch.origins.add(proxy.url)
        # only the one whose line is cut draws the tour
        moderator, third = (browsers.open_without_webgl().new_page() for _ in range(2))
        moderator.goto(demo.host_link())
        third.goto(demo.delegate_link(1))
        delegate = browsers.page(demo.delegate_link(0), base_url=proxy.url, viewport=SMALL_WINDOW)
        for page in (moderator, third, delegate):
            room.wait_until_online(page)
        assert delegate.url.startswith(proxy.url)

        proxy.silence()
        cut_at = time.monotonic()
        missed, typed = room.unique("What was missed?"), room.unique("Typed while away")
        room.ask(third, missed)
        room.approve(moderator, missed)
        expect(room.question(third, missed)).to_be_visible()
        room.ask(delegate, typed)
        expect(room.own_question(delegate, typed)).to_be_visible()
        expect(delegate.locator("#line-bar")).to_be_visible(timeout=CUT_MS)
        expect(delegate.locator("#line-bar")).to_contain_text("Connection lost. Your text is kept.")
        expect(room.own_question(delegate, typed)).to_contain_text("Kept. It goes when the line is back.")
        delegate.wait_for_timeout(max(0, CUT_MS - (time.monotonic() - cut_at) * 1000))
        assert room.question(delegate, missed).count() == 0, "nothing came through"
        assert room.card(moderator, typed).count() == 0, "nothing got out"
        proxy.restore()

        expect(room.question(delegate, missed)).to_be_visible(timeout=30_000)
        expect(delegate.locator("#line-bar")).to_be_hidden()
        room.show_queue(moderator, "new")
        expect(room.card(moderator, typed)).to_be_visible()
        expect(room.own_question(delegate, typed)).to_contain_text("Waiting for the host.")
        room.until(lambda: room.state(delegate)["pending"] == 0, 10, "every answer")
        delegate.wait_for_timeout(3_000)  # a second copy would have come by now
        assert room.question(delegate, missed).count() == 1
        assert room.own_question(delegate, typed).count() == 1
        assert room.card(moderator, typed).count() == 1
        assert room.state(delegate)["seq"]["public"] == room.state(third)["seq"]["public"]
