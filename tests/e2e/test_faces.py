"""Ready words, translations, who is on a question, and the pages for speakers, projectors, captioners and phones."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e import room
from tests.e2e.access import check as check_access
from tests.e2e.browsers import Browsers
from tests.e2e.demo import Demo
from tests.e2e.test_questions import _people


def test_moderators_see_who_is_on_a_question_use_ready_words_and_translate(demo: Demo, browsers: Browsers) -> None:
    host, colleague, delegate = _people(browsers, demo.host_link(0), demo.host_link(1), demo.delegate_link(1))
    text = room.unique("Vem betalar för bryggan?")
    room.ask(delegate, text)
    mine, theirs = room.card(host, text), room.card(colleague, text)
    mine.get_by_role("button", name="Decline").click()
    expect(theirs.get_by_test_id("holders")).to_contain_text("is on this", timeout=8_000)
    mine.get_by_test_id("ready-words").select_option(index=1)
    expect(mine.get_by_test_id("decline-reason")).to_have_value("Frågan har redan ställts. Rösta gärna på den.")
    mine.get_by_role("button", name="Cancel").click()
    expect(theirs.get_by_test_id("holders")).to_be_hidden(timeout=8_000)

    room.approve(host, text)
    room.show_queue(host, "approved")
    card = room.card(host, text)
    card.locator("summary").click()
    card.get_by_role("button", name="Translate").click()
    card.get_by_test_id("words-translate").fill("Who pays for the pier?")
    card.get_by_test_id("more-send").click()
    shown = room.question(delegate, "Who pays for the pier?")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    expect(delegate.locator("#questions-new")).to_be_hidden()
    shown.get_by_test_id("other-words").click()
    expect(room.question(delegate, text)).to_be_visible()
    card.get_by_role("button", name="What was done").click()
    expect(card.get_by_test_id("history")).to_contain_text("Translate")
    expect(card.get_by_test_id("history").locator("li")).to_have_count(3)


def test_speakers_projectors_captioners_and_phones_have_pages_of_their_own(demo: Demo, browsers: Browsers) -> None:
    host, delegate = _people(browsers, demo.host_link(), demo.delegate_link(0))
    text = room.unique("How warm is the water?")
    room.ask(delegate, text)
    room.approve(host, text)
    address = host.url.rstrip("/")
    speaker, screen, captions, phone = (host.context.new_page() for _ in range(4))
    speaker.goto(f"{address}/speaker")
    screen.goto(f"{address}/screen")
    captions.goto(f"{address}/captions")
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(f"{address}/queue")
    room.show_queue(phone, "approved")
    room.card(phone, text).get_by_role("button", name="Answer now").click()
    expect(speaker.get_by_test_id("speaker-question").first).to_contain_text(text)
    expect(screen.get_by_test_id("projected")).to_contain_text(text)

    line = room.unique("The heat comes from the incinerator.")
    captions.locator("#caption-text").fill(line)
    captions.locator("#caption-text").press("Enter")
    expect(captions.get_by_test_id("caption-said")).to_contain_text(line)
    expect(delegate.get_by_test_id("captions")).to_contain_text(line)
    delegate.get_by_role("button", name="Captions").click()
    expect(delegate.get_by_test_id("captions")).to_be_hidden()
    for page in (speaker, screen, captions, phone):
        check_access(page)
    room.card(phone, text).get_by_role("button", name="Answered").click()
    expect(screen.get_by_test_id("projected")).to_be_hidden()
