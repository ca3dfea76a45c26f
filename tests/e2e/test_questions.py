"""A question's way: asked, approved, voted for, live, answered; and what each of the people sees of it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e import room
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo


def _people(browsers: Browsers, *links: str) -> list[Page]:
    """Each in a browser of their own, in the room; without WebGL, as questions need no moving picture."""
    pages = []
    for link in links:
        page = browsers.open_without_webgl().new_page()
        page.goto(link)
        room.wait_until_online(page)
        pages.append(page)
    return pages


def test_a_question_is_asked_approved_and_seen_by_all_in_order_then_answered(demo: Demo, browsers: Browsers) -> None:
    moderator, asker, reader = _people(browsers, demo.host_link(), demo.delegate_link(0), demo.delegate_link(1))
    first, second = room.unique("How warm is the water?"), room.unique("Who pays?")
    waiting = "Waiting for the host. Only you and the hosts see it."

    for text in (first, second):
        room.ask(asker, text)
        expect(room.own_question(asker, text)).to_contain_text(waiting)
        expect(room.card(moderator, text)).to_be_visible()
    for page in (asker, reader):
        for text in (first, second):
            assert room.question(page, text).count() == 0, "only the one who asked and the hosts see it"
    assert room.own_question(reader, first).count() == 0

    for text in (second, first):
        room.approve(moderator, text)
        for page in (asker, reader):
            expect(room.question(page, text)).to_be_visible()
    expect(room.own_question(asker, first)).not_to_contain_text(waiting)
    for page in (asker, reader):
        texts = page.get_by_test_id("questions").get_by_test_id("question").all_inner_texts()
        places = [next(i for i, text in enumerate(texts) if wanted in text) for wanted in (second, first)]
        assert places == sorted(places), "in the order of approval"

    room.show_queue(moderator, "approved")
    room.card(moderator, first).get_by_role("button", name="Answer now").click()
    for page in (asker, reader):
        expect(page.get_by_test_id("now")).to_be_visible()
        expect(page.get_by_test_id("now")).to_contain_text(first)
    room.card(moderator, first).get_by_role("button", name="Answered").click()
    for page in (asker, reader):
        expect(page.get_by_test_id("now")).to_be_hidden()
        expect(page.get_by_test_id("answered").get_by_test_id("question").filter(has_text=first)).to_be_visible()
    assert len({room.state(page)["seq"]["public"] for page in (moderator, asker, reader)}) == 1


def test_one_person_votes_once_whatever_the_browser_and_may_take_the_vote_back(demo: Demo, browsers: Browsers) -> None:
    moderator, asker, voter = _people(browsers, demo.host_link(), demo.delegate_link(0), demo.delegate_link(1))
    text = room.unique("Can we vote?")
    room.ask(asker, text)
    room.approve(moderator, text)

    counted = room.question(asker, text).get_by_test_id("votes")
    expect(counted).to_have_text("0")
    expect(room.question(asker, text).get_by_test_id("vote")).to_be_hidden()
    vote = room.question(voter, text).get_by_test_id("vote")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(vote).to_have_text("1")
    expect(counted).to_have_text("1")

    (elsewhere,) = _people(browsers, demo.delegate_link(1))
    same = room.question(elsewhere, text).get_by_test_id("vote")
    expect(same).to_have_attribute("aria-pressed", "true")
    expect(same).to_have_text("1")
    same.click()  # what is pressed is let go: the one vote of this person
    expect(same).to_have_attribute("aria-pressed", "false")
    for count in (vote, same, counted):
        expect(count).to_have_text("0")
    expect(vote).to_have_attribute("aria-pressed", "false")
    vote.click()
    for count in (vote, same, counted):
        expect(count).to_have_text("1")
    expect(same).to_have_attribute("aria-pressed", "true")


def test_a_question_that_is_declined_tells_its_author_why_and_nobody_else(demo: Demo, browsers: Browsers) -> None:
    moderator, asker = _people(browsers, demo.host_link(), demo.delegate_link(0))
    text = room.unique("What is your phone number?")
    room.ask(asker, text)
    card = room.card(moderator, text)
    card.get_by_role("button", name="Decline").click()
    card.get_by_test_id("decline-reason").fill("Please write to the contact instead.")
    card.get_by_test_id("decline-send").click()
    expect(room.own_question(asker, text)).to_contain_text("Declined")
    expect(room.own_question(asker, text)).to_contain_text("Please write to the contact instead.")
    assert room.question(asker, text).count() == 0


def test_by_keyboard_a_question_is_edited_joined_and_answered_in_writing(demo: Demo, browsers: Browsers) -> None:
    moderator, asker, second = _people(browsers, demo.host_link(), demo.delegate_link(0), demo.delegate_link(1))
    text, same = room.unique("hw much is it"), room.unique("What does it cost")
    room.ask(asker, text)
    room.ask(second, same)
    expect(room.card(moderator, same)).to_be_visible()

    better = room.unique("How much does the plant cost?")
    room.card(moderator, text).focus()
    moderator.keyboard.press("e")
    words = moderator.get_by_test_id("words-edit")
    expect(words).to_be_focused()
    words.fill(better)
    moderator.keyboard.press("Control+Enter")
    expect(room.card(moderator, better)).to_contain_text(f"As it was asked: {text}")
    room.approve(moderator, better)
    expect(room.question(second, better)).to_contain_text("edited by the hosts")
    expect(room.own_question(asker, text)).to_contain_text(f"Everyone sees: {better}")

    room.card(moderator, same).focus()
    moderator.keyboard.press("m")
    choice = moderator.get_by_test_id("merge-into")
    expect(choice).to_be_focused()
    choice.select_option(label=better)
    moderator.get_by_test_id("more-send").click()
    expect(room.own_question(second, same)).to_contain_text("Joined with another question")
    expect(room.own_question(second, same)).to_contain_text(better)
    expect(room.question(second, better).get_by_test_id("votes")).to_have_text("1")

    room.show_queue(moderator, "approved")
    room.card(moderator, better).focus()
    moderator.keyboard.press("w")
    moderator.get_by_test_id("words-answer").fill("About 40 million euro.")
    moderator.keyboard.press("Control+Enter")
    for page, own in ((asker, text), (second, same)):
        expect(page.get_by_test_id("answered").get_by_test_id("question").filter(has_text=better)).to_contain_text(
            "About 40 million euro."
        )
        expect(room.own_question(page, own)).to_contain_text("About 40 million euro.")


def test_a_frozen_list_stands_still_and_counts_and_a_lock_keeps_what_was_typed(demo: Demo, browsers: Browsers) -> None:
    moderator, asker = _people(browsers, demo.host_link(), demo.delegate_link(0))
    first, later = room.unique("Before the freeze?"), room.unique("After the freeze?")
    room.ask(asker, first)
    expect(room.card(moderator, first)).to_be_visible()
    freeze = moderator.get_by_test_id("queue-freeze")
    freeze.click()
    room.ask(asker, later)
    expect(freeze).to_contain_text("1 new")
    expect(room.card(moderator, later)).to_have_count(0)
    freeze.click()
    expect(room.card(moderator, later)).to_be_visible()

    moderator.locator("#queue-find").fill("AFTER THE FRÉEZE")
    expect(room.card(moderator, first)).to_have_count(0)
    expect(room.card(moderator, later)).to_be_visible()
    moderator.locator("#queue-find").fill("")

    moderator.locator("#crew-questions .queue__rules summary").click()
    moderator.get_by_label("Take no more questions").check()
    expect(asker.get_by_test_id("ask-rule")).to_contain_text("take no more questions")
    asker.locator("#ask-text").fill("Too late?")
    expect(asker.locator("#ask-send")).to_have_attribute("aria-disabled", "true")
    moderator.get_by_label("Take no more questions").uncheck()
    expect(asker.get_by_test_id("ask-rule")).to_be_hidden()
    expect(asker.locator("#ask-text")).to_have_value("Too late?")
