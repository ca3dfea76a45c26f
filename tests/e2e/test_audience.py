"""Polls, hands, announcements, messages and reactions between a host and delegates."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e import room
from tests.e2e.access import check as check_access
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo
from tests.e2e.test_questions import _people


def desk(page: Page, tab: str) -> None:
    """Open one of the crew's panes: questions, polls, chat or people."""
    page.locator(f"#crew-tab-{tab}").click()


def test_a_poll_is_asked_answered_once_and_its_result_is_seen_by_all(demo: Demo, browsers: Browsers) -> None:
    host, voter, reader = _people(browsers, demo.host_link(), demo.delegate_link(0), demo.delegate_link(1))
    text = room.unique("Which site next?")
    desk(host, "polls")
    host.locator("#poll-form-text").fill(text)
    host.locator("#poll-form-options").fill("Harbour\nHeating plant")
    host.locator("#poll-form-save").click()
    card = host.get_by_test_id("poll-card").filter(has_text=text)
    expect(card).to_contain_text("Only the crew sees it")
    expect(voter.get_by_test_id("poll")).to_be_hidden()

    card.get_by_role("button", name="Ask everyone").click()
    for page in (voter, reader):
        expect(page.get_by_test_id("poll")).to_contain_text(text)
    check_access(voter)
    poll = voter.get_by_test_id("poll")
    poll.get_by_role("button", name="Send the answer").click()
    expect(poll).to_contain_text("Choose an answer first.")
    poll.get_by_text("Harbour").click()
    poll.get_by_role("button", name="Send the answer").click()
    expect(poll).to_contain_text("Thank you. You see the result when the poll is closed.")
    expect(card).to_contain_text("1 · 100 %")
    voter.reload()
    room.wait_until_online(voter)
    expect(voter.get_by_test_id("poll")).to_contain_text("Thank you.")

    card.get_by_role("button", name="Close the poll").click()
    for page in (voter, reader):
        expect(page.get_by_test_id("poll-result")).to_contain_text("1 answer")
    expect(voter.locator(".result--mine")).to_contain_text("Harbour")


def test_a_raised_hand_is_called_and_words_to_everyone_stand_until_taken_back(demo: Demo, browsers: Browsers) -> None:
    host, delegate, other = _people(browsers, demo.host_link(), demo.delegate_link(0), demo.delegate_link(1))
    desk(host, "people")
    expect(host.get_by_test_id("groups")).to_be_visible(timeout=10_000)
    delegate.get_by_test_id("hand").click()
    expect(delegate.get_by_test_id("hand")).to_have_attribute("aria-pressed", "true")
    hand = host.get_by_test_id("hand-card")
    expect(hand).to_have_count(1)
    check_access(host)
    hand.get_by_role("button", name="Give the word").click()
    expect(delegate.get_by_test_id("hand")).to_have_text("You have the word")
    assert other.get_by_test_id("hand").get_attribute("aria-pressed") == "false"
    hand.get_by_role("button", name="Take the hand down").click()
    expect(hand).to_have_count(0)
    expect(delegate.get_by_test_id("hand")).to_have_text("Raise your hand")

    words = room.unique("We go on in five minutes.")
    host.locator("#announce-text").fill(words)
    host.get_by_role("button", name="Announce").click()
    for page in (delegate, other):
        expect(page.get_by_test_id("announcement").filter(has_text=words)).to_be_visible()
    host.get_by_test_id("announcement").filter(has_text=words).get_by_role("button", name="Take back").click()
    for page in (delegate, other):
        expect(page.get_by_test_id("announcement").filter(has_text=words)).to_have_count(0)

    counted = other.get_by_test_id("reactions")
    delegate.get_by_test_id("react-heart").click()
    expect(counted).to_have_text(re.compile(r"[1-9]"))


def test_the_hosts_switch_the_chat_on_and_nothing_typed_is_lost_when_they_switch_it_off(
    demo: Demo, browsers: Browsers
) -> None:
    host, delegate = _people(browsers, demo.host_link(), demo.delegate_link(0))
    expect(delegate.locator("#tab-chat")).to_be_hidden()
    desk(host, "chat")
    rules = host.get_by_test_id("chat-rules")
    host.locator("#crew-pane-chat .queue__rules summary").click()
    rules.locator("#rule-chat").select_option("on")
    delegate.locator("#tab-chat").click()
    hello, crew = room.unique("Hello from Rabat"), room.unique("Two minutes left")
    delegate.locator("#chat-text").fill(hello)
    delegate.locator("#chat-text").press("Enter")
    message = host.get_by_test_id("message").filter(has_text=hello)
    expect(message).to_be_visible()
    host.keyboard.press("Escape")
    host.locator("#chat-crew").click()
    host.locator("#crew-chat-text").fill(crew)
    host.locator("#crew-chat-text").press("Enter")
    expect(host.get_by_test_id("crew-chat-messages")).to_contain_text(crew)
    check_access(host)
    assert crew not in delegate.content()

    delegate.locator("#chat-text").fill("Half a sentence")
    host.locator("#chat-everyone").click()
    message.get_by_role("button", name="Remove").click()
    expect(delegate.get_by_test_id("message").filter(has_text=hello)).to_have_count(0)
    host.locator("#crew-pane-chat .queue__rules summary").click()
    rules.locator("#rule-chat").select_option("off")
    expect(delegate.locator("#tab-chat")).to_be_hidden()
    rules.locator("#rule-chat").select_option("on")
    delegate.locator("#tab-chat").click()
    expect(delegate.locator("#chat-text")).to_have_value("Half a sentence")
    rules.locator("#rule-chat").select_option("off")
