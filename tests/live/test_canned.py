"""Ready words, translations, and who works on which question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.live.factories import World, caller_of, host_of, make_world, person_of
from tests.live.test_polls import do
from tests.live.test_questions import ask
from tourserver.core import clock
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound, TourserverError
from tourserver.core.services import Services
from tourserver.live import rooms, snapshots
from tourserver.live.calls import Caller
from tourserver.live.questions import canned, finding, holds
from tourserver.live.questions.models import Question, QuestionHold


@pytest.fixture
def host(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world))


@pytest.fixture
def guest(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, person_of(open_world))


def replies(services: Services, world: World) -> list[dict[str, Any]]:
    with services.db.read() as session:
        found: list[dict[str, Any]] = snapshots.staff(session, rooms.get(session, world.room_id))["canned"]
        return found


def test_a_session_begins_with_our_ready_words_in_three_languages_and_keeps_its_own_beside_them(
    services: Services, host: Caller, open_world: World
) -> None:
    ours = replies(services, open_world)
    assert all(set(one["texts"]) == {"en", "sv", "zh_Hans"} and not one["own"] for one in ours)
    made = do(services, host, "canned.save", kind="answer", texts={"en": "Ask the city.", "sv": ""})
    found = replies(services, open_world)
    assert [one["texts"] for one in found] == [*(one["texts"] for one in ours), {"en": "Ask the city."}]
    do(services, host, "canned.remove", **made)
    assert len(replies(services, open_world)) == len(ours)
    with pytest.raises(NotFound):
        do(services, host, "canned.remove", **made)


@pytest.mark.parametrize(
    "args",
    [{"kind": "answer", "texts": {}}, {"kind": "reason", "texts": {"en": "x" * 301}}, {"kind": "joke", "texts": {}}],
)
def test_ready_words_need_words_that_fit(services: Services, host: Caller, args: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        do(services, host, "canned.save", **args)


def test_the_ready_words_of_a_session_are_nobody_elses(services: Services, host: Caller, guest: Caller) -> None:
    with services.db.write() as session:
        elsewhere = make_world(session)
    foreign = caller_of(services, elsewhere, host_of(elsewhere))
    made = do(services, host, "canned.save", kind="answer", texts={"en": "Ask the city."})
    assert "Ask the city." not in str(replies(services, elsewhere))
    with pytest.raises(NotFound):
        do(services, foreign, "canned.remove", **made)
    with pytest.raises(Forbidden):
        do(services, guest, "canned.save", kind="answer", texts={"en": "Mine."})


def test_our_ready_words_fit_where_they_are_used() -> None:
    for kind, words in canned.DEFAULTS:
        assert all(0 < len(text) <= canned.LIMITS[kind] for text in words.values())


def test_a_translation_stands_beside_the_authors_words_and_is_found_too(
    services: Services, host: Caller, open_world: World
) -> None:
    question = ask(services, open_world, "Vem betalar?")
    done = do(services, host, "question.translate", question=question, revision=1, language="en", text="Who pays?")
    with services.db.read() as session:
        room = rooms.get(session, open_world.room_id)
        [face] = snapshots.staff(session, room)["questions"]
        assert (face["text"], face["original"], face["translations"]) == (
            "Vem betalar?",
            "Vem betalar?",
            {"en": "Who pays?"},
        )
        assert finding.searchable("who PAYS") in session.get_one(Question, question).search_text
    with pytest.raises(Conflict):
        do(services, host, "question.translate", question=question, revision=1, language="en", text="Who?")
    do(services, host, "question.translate", question=question, revision=done["revision"], language="en", text="")
    with services.db.read() as session:
        assert session.get_one(Question, question).translations == {}


def test_the_crew_sees_who_works_on_a_question_until_they_stop_or_are_gone(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    question = ask(services, open_world)
    colleague = caller_of(services, open_world, host_of(open_world, 1))
    for caller in (host, colleague, host):
        do(services, caller, "question.hold", question=question, on=True)
    references = {host_of(open_world, number).reference for number in (0, 1)}
    with services.db.read() as session:
        assert {one["id"] for one in holds.held(session, open_world.room_id)[question]} == references
    do(services, host, "question.hold", question=question, on=False)
    with services.db.write() as session:
        assert len(holds.held(session, open_world.room_id)[question]) == 1
        session.execute(update(QuestionHold).values(until=clock.now() - timedelta(seconds=1)))
        assert holds.held(session, open_world.room_id) == {}
    with pytest.raises(TourserverError):
        do(services, guest, "question.hold", question=question, on=True)
