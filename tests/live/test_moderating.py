"""Moderating beyond yes and no: words, labels, order, merging, who may ask; the database holds what is promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.live.factories import World, host_of, make_world, open_room, person_of, vote
from tests.live.test_questions import approve, ask, kinds, state
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound
from tourserver.core.services import Services
from tourserver.live import events, house_rules, rooms
from tourserver.live.faces import Faces
from tourserver.live.questions import asking, changing, finding, limits, merging, sorting, wording
from tourserver.live.questions.models import Question, QuestionVote


def do(services: Services, world: World, rule: Any, question: str, *more: Any, revision: int | None = None) -> None:
    """A rule of moderation by the first host, on the revision as it is now unless one is given."""
    with services.db.write() as session:
        seen = changing.find(session, world.room_id, question).revision if revision is None else revision
        rule(session, world.room_id, question, seen, *more, actor=host_of(world))


def face(services: Services, question: str, audience: Any = "staff") -> dict[str, Any]:
    with services.db.read() as session:
        return Faces(session).question(question, audience) or {}


def test_an_edit_stands_beside_what_was_asked_and_only_author_and_crew_see_both(
    services: Services, open_world: World
) -> None:
    question = ask(services, open_world, "hwo mcuh? call me at 070")
    approve(services, open_world, question)
    do(services, open_world, wording.edit, question, "How much?")
    shown = face(services, question, "public")
    assert (shown["text"], shown["edited"]) == ("How much?", True)
    assert not {"original", "anonymous", "reason", "labels", "priority", "assigned", "blocked"} & shown.keys()
    for audience in ("person", "staff"):
        assert face(services, question, audience)["original"] == "hwo mcuh? call me at 070"
    assert kinds(services, open_world, "public")[-1] == "question.changed"
    do(services, open_world, wording.edit, question, "  ")
    assert face(services, question, "public")["text"] == "hwo mcuh? call me at 070"


def test_a_written_answer_is_everyones_also_to_what_was_not_shown_yet(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    do(services, open_world, wording.answer, question, "Because.")
    shown = face(services, question, "public")
    assert (shown["state"], shown["answer"]) == ("answered", "Because.")
    do(services, open_world, wording.answer, question, "Because of the heat.")
    assert face(services, question, "public")["answer"] == "Because of the heat."
    with pytest.raises(Invalid):
        do(services, open_world, wording.answer, question, "x" * 4001)


def test_back_undoes_the_last_step(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    do(services, open_world, asking.make_live, question)
    do(services, open_world, asking.back, question)
    assert state(services, open_world, question)[0] == "approved"
    do(services, open_world, asking.back, question)
    assert state(services, open_world, question)[0] == "pending"
    assert face(services, question, "public") == {}
    do(services, open_world, asking.decline, question, "Off topic")
    do(services, open_world, asking.back, question)
    assert (state(services, open_world, question)[0], face(services, question)["reason"]) == ("pending", None)


def test_labels_are_few_short_and_each_once(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    do(services, open_world, sorting.label, question, [" Heat ", "heat", "Fj\u0061\u0308rrva\u0308rme", ""])
    assert face(services, question)["labels"] == ["Heat", "Fjärrvärme"]
    for wrong in ([f"l{number}" for number in range(6)], ["x" * 41], ["bad\u0000"]):
        with pytest.raises(Invalid):
            do(services, open_world, sorting.label, question, wrong)


def test_only_the_sessions_crew_is_given_a_question(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    do(services, open_world, sorting.assign, question, host_of(open_world, 1).reference)
    assert face(services, question)["assigned"] == {"id": host_of(open_world, 1).reference, "name": "Hanna Host"}
    with services.db.write() as session:
        other = make_world(session)
    for wrong in (host_of(other).reference, person_of(open_world).reference):
        with pytest.raises(Invalid):
            do(services, open_world, sorting.assign, question, wrong)
    do(services, open_world, sorting.assign, question, None)
    assert face(services, question)["assigned"] is None


def test_three_are_pinned_and_three_are_next_and_no_more(services: Services, open_world: World) -> None:
    listed = [ask(services, open_world, f"Q{number}?") for number in range(4)]
    for question in listed:
        approve(services, open_world, question)
    for question in listed[:3]:
        do(services, open_world, sorting.pin, question, True)
        do(services, open_world, sorting.put_next, question, True)
    with pytest.raises(Conflict, match="pinned already"):
        do(services, open_world, sorting.pin, listed[3], True)
    with pytest.raises(Conflict, match="next already"):
        do(services, open_world, sorting.put_next, listed[3], True)
    assert [face(services, one)["next_position"] for one in listed] == [1, 2, 3, None]
    do(services, open_world, asking.make_live, listed[0])
    assert face(services, listed[0])["next_position"] is None, "it is being answered: not next any more"
    do(services, open_world, sorting.put_next, listed[3], True)
    assert face(services, listed[3])["next_position"] == 4


def test_merging_keeps_one_vote_a_person_and_tells_everyone_who_asked(services: Services, open_world: World) -> None:
    first, second, third = (ask(services, open_world, f"Q{person}?", person=person) for person in range(3))
    for question in (first, second, third):
        approve(services, open_world, question)
    with services.db.write() as session:
        vote(session, open_world.room_id, first, open_world.people[2])
        vote(session, open_world.room_id, second, open_world.people[2])
    do(services, open_world, merging.merge, third, second, 2)
    do(services, open_world, merging.merge, second, first, 2)
    with services.db.read() as session:
        found = session.execute(select(QuestionVote.question_id, QuestionVote.registration_id)).all()
        merged = {one.id: one.merged_into_id for one in session.scalars(select(Question))}
    # whoever asked one of the two others would like to hear the answer; the third's author had voted for both
    assert sorted(map(tuple, found)) == sorted((first, person) for person in open_world.people[1:])
    assert merged == {first: None, second: first, third: first}, "no chains"
    for person, count in ((1, 1), (2, 2)):
        told = kinds(services, open_world, events.person(open_world.people[person]))
        assert told.count("question.merged") == count
    assert face(services, third, "person")["merged_into"] == first
    assert face(services, third, "public") == {}


def test_what_is_withdrawn_keeps_no_place_among_the_pinned(services: Services, open_world: World) -> None:
    asked = [ask(services, open_world, f"{number}?") for number in range(4)]
    for question in asked:
        approve(services, open_world, question)
    for question in asked[:3]:
        do(services, open_world, sorting.pin, question, True)
    with services.db.write() as session:
        asking.withdraw(session, open_world.room_id, asked[0], 3, registration_id=open_world.people[0])
    do(services, open_world, sorting.pin, asked[3], True)
    assert face(services, asked[3], "public")["pinned"] is True


def test_merging_asks_for_both_revisions_one_room_and_two_questions(services: Services, open_world: World) -> None:
    first, second = ask(services, open_world), ask(services, open_world, "Again?")
    with pytest.raises(Conflict):
        do(services, open_world, merging.merge, second, first, 7)
    with pytest.raises(Invalid):
        do(services, open_world, merging.merge, first, first, 1)
    with services.db.write() as session:
        other = make_world(session)
    open_room(services, other)
    elsewhere = ask(services, other)
    with pytest.raises(NotFound):
        do(services, open_world, merging.merge, first, elsewhere, 1)
    do(services, open_world, merging.merge, second, first, 1)
    with pytest.raises(Conflict):
        do(services, open_world, merging.merge, first, second, 2)
    assert state(services, open_world, first)[0] == "pending"


@pytest.mark.parametrize(
    "rule_and_more",
    [
        (wording.edit, ("Else?",)),
        (wording.answer, ("So.",)),
        (sorting.label, (["x"],)),
        (sorting.assign, (None,)),
        (sorting.prioritise, (2,)),
        (asking.back, ()),
    ],
    ids=lambda value: value[0].__name__,
)
def test_every_action_names_the_revision_it_saw(services: Services, open_world: World, rule_and_more: Any) -> None:
    rule, more = rule_and_more
    question = ask(services, open_world)
    approve(services, open_world, question)
    with pytest.raises(Conflict) as caught:
        do(services, open_world, rule, question, *more, revision=1)
    assert caught.value.state == {"question": question}
    assert state(services, open_world, question) == ("approved", 2)


def change_rules(services: Services, world: World, **values: Any) -> None:
    with services.db.write() as session:
        revision = rooms.get(session, world.room_id).rules_revision
        house_rules.change(session, world.room_id, revision, values, actor=host_of(world))


def test_locked_slow_and_blocked_say_what_to_do_and_take_nothing(services: Services, open_world: World) -> None:
    change_rules(services, open_world, questions_locked=True)
    with pytest.raises(Conflict, match="no more questions for now"):
        ask(services, open_world)
    change_rules(services, open_world, questions_locked=False, question_slow_seconds=60)
    first = ask(services, open_world)
    with pytest.raises(Conflict, match="One question at a time"):
        ask(services, open_world)
    ask(services, open_world, person=1)
    with services.db.write() as session:
        session.get_one(Question, first).asked_at -= timedelta(seconds=61)
    ask(services, open_world, "Later?")
    with services.db.write() as session:
        limits.block(session, open_world.room_id, first, True, actor=host_of(open_world))
        limits.block(session, open_world.room_id, first, True, actor=host_of(open_world))
    change_rules(services, open_world, question_slow_seconds=0)
    with pytest.raises(Forbidden, match="no longer take questions"):
        ask(services, open_world)
    assert face(services, first)["blocked"]
    with services.db.write() as session:
        limits.block(session, open_world.room_id, first, False, actor=host_of(open_world))
    ask(services, open_world, "Thanks?")


def test_blocking_who_asked_without_a_name_shows_no_name(services: Services, open_world: World) -> None:
    question = ask(services, open_world, anonymous=True)
    with services.db.write() as session:
        limits.block(session, open_world.room_id, question, True, actor=host_of(open_world))
    shown = face(services, question)
    assert (shown["blocked"], shown["author"], shown["country"]) == (True, None, None)


def test_no_mark_joins_a_name_to_what_was_asked_without_one(services: Services, open_world: World) -> None:
    named, other = ask(services, open_world, "Named?"), ask(services, open_world, "Named, too?")
    hidden = ask(services, open_world, "Hidden?", anonymous=True)

    def marks() -> list[bool]:
        return [face(services, one)["blocked"] for one in (named, other, hidden)]

    with services.db.write() as session:
        limits.block(session, open_world.room_id, hidden, True, actor=host_of(open_world))
    assert marks() == [False, False, True]
    with services.db.write() as session:  # by one that doesn't say so: nothing to see, nothing taken back
        limits.block(session, open_world.room_id, named, True, actor=host_of(open_world))
        limits.block(session, open_world.room_id, named, False, actor=host_of(open_world))
    assert marks() == [False, False, True]
    with services.db.write() as session:
        limits.block(session, open_world.room_id, hidden, False, actor=host_of(open_world))
        limits.block(session, open_world.room_id, named, True, actor=host_of(open_world))
    assert marks() == [True, True, False]
    with pytest.raises(Forbidden):
        ask(services, open_world, "Hidden again?", anonymous=True)


def test_without_reading_first_a_question_is_everyones_at_once(services: Services, open_world: World) -> None:
    change_rules(services, open_world, premoderated=False)
    question = ask(services, open_world)
    assert state(services, open_world, question) == ("approved", 2)
    assert kinds(services, open_world, "public") == ["question.approved"]


def test_rules_are_changed_on_the_revision_that_was_seen(services: Services, open_world: World) -> None:
    change_rules(services, open_world, question_slow_seconds=30)
    with pytest.raises(Conflict) as caught, services.db.write() as session:
        house_rules.change(session, open_world.room_id, 1, {"chat": "on"}, actor=host_of(open_world))
    assert caught.value.state is not None
    assert caught.value.state["rules"]["question_slow_seconds"] == 30
    with services.db.read() as session:
        assert rooms.get(session, open_world.room_id).chat == "off"


def test_a_part_of_the_words_is_found_whatever_accents_and_script(services: Services, open_world: World) -> None:
    swedish = ask(services, open_world, "Hur mycket FJÄRRVÄRME?")
    chinese = ask(services, open_world, "谁来付钱？")
    percent = ask(services, open_world, "Is 100% recycled_at all?")
    with services.db.read() as session:
        for wanted, expected in (
            ("fjarrvarme", [swedish]),
            ("Fja\u0308rr", [swedish]),
            ("付钱", [chinese]),
            ("100%", [percent]),
            ("d_a", [percent]),
            ("", [swedish, chinese, percent]),
        ):
            assert finding.find_text(session, open_world.room_id, wanted) == expected, wanted


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=30), st.data())
def test_any_part_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    words = finding.normalised(text).split(" ")
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start, len(words)))
    assert finding.normalised(" ".join(words[start:end]).upper()) in finding.searchable(text).upper().casefold()
