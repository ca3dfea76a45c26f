"""Questions and votes: states, revisions, rooms, limits, who sees what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.live.factories import World, host_of, make_world, open_room, vote
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.services import Services
from tourserver.live import events, rooms
from tourserver.live.faces import Faces
from tourserver.live.models import RoomChannel, RoomEvent
from tourserver.live.questions import asking, changing, votes
from tourserver.live.questions.models import Question, QuestionVote


def ask(services: Services, world: World, text: str = "Why?", *, person: int = 0, anonymous: bool = False) -> str:
    with services.db.write() as session:
        question = asking.ask(session, world.room_id, world.people[person], text, anonymous=anonymous, language="en")
        return question.id


def approve(services: Services, world: World, question_id: str, revision: int = 1) -> None:
    with services.db.write() as session:
        asking.approve(session, world.room_id, question_id, revision, actor=host_of(world))


def kinds(services: Services, world: World, channel: str) -> list[str]:
    with services.db.read() as session:
        query = (
            select(RoomEvent.kind)
            .join(RoomChannel)
            .where(RoomChannel.room_id == world.room_id, RoomChannel.name == channel)
            .order_by(RoomEvent.seq)
        )
        return [kind for kind in session.scalars(query) if kind.startswith(("question.", "vote"))]


def state(services: Services, world: World, question_id: str) -> tuple[str, int]:
    with services.db.read() as session:
        question = changing.find(session, world.room_id, question_id)
        return question.state, question.revision


def test_a_question_waits_where_only_its_author_and_the_crew_see_it(services: Services, open_world: World) -> None:
    ask(services, open_world)
    assert kinds(services, open_world, "staff") == ["question.pending"]
    assert kinds(services, open_world, events.person(open_world.people[0])) == ["question.pending"]
    assert kinds(services, open_world, "public") == []


def test_everyone_sees_a_question_through_its_states(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    host = host_of(open_world)
    with services.db.write() as session:
        asking.make_live(session, open_world.room_id, question, 2, actor=host)
    with services.db.write() as session:
        asking.answered(session, open_world.room_id, question, 3, actor=host)
    expected = ["question.approved", "question.live", "question.answered"]
    assert kinds(services, open_world, "public") == expected
    assert kinds(services, open_world, "staff") == ["question.pending", *expected]
    assert kinds(services, open_world, events.person(open_world.people[0])) == ["question.pending", *expected]
    assert state(services, open_world, question) == ("answered", 4)


def test_a_stale_revision_is_a_conflict_and_changes_nothing(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    with services.db.write() as session, pytest.raises(Conflict) as caught:
        asking.decline(session, open_world.room_id, question, 1, "Off topic", actor=host_of(open_world, 1))
    assert caught.value.state == {"question": question}
    assert state(services, open_world, question) == ("approved", 2)


def test_a_state_that_does_not_allow_it_is_a_conflict(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session, pytest.raises(Conflict, match="can't be done"):
        asking.make_live(session, open_world.room_id, question, 1, actor=host_of(open_world))


def test_one_question_is_live_and_the_one_before_steps_back(services: Services, open_world: World) -> None:
    first, second = ask(services, open_world, "First?"), ask(services, open_world, "Second?")
    for question in (first, second):
        approve(services, open_world, question)
        with services.db.write() as session:
            asking.make_live(session, open_world.room_id, question, 2, actor=host_of(open_world))
    assert state(services, open_world, first) == ("approved", 4)
    assert state(services, open_world, second) == ("live", 3)
    assert kinds(services, open_world, "public")[-2:] == ["question.unlive", "question.live"]


def test_a_decline_of_a_pending_question_stays_between_author_and_crew(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session:
        asking.decline(session, open_world.room_id, question, 1, "Off topic", actor=host_of(open_world))
    assert kinds(services, open_world, "public") == []
    with services.db.read() as session:
        faces = Faces(session)
        assert faces.question(question, "public") is None
        mine = faces.question(question, "person")
    assert mine is not None
    assert mine["reason"] == "Off topic"


def test_a_decline_needs_a_reason(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        asking.decline(session, open_world.room_id, question, 1, "  ", actor=host_of(open_world))
    assert caught.value.field == "reason"


def test_a_declined_question_can_still_be_approved(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session:
        asking.decline(session, open_world.room_id, question, 1, "Off topic", actor=host_of(open_world))
    approve(services, open_world, question, 2)
    with services.db.read() as session:
        face = Faces(session).question(question, "person")
    assert face is not None
    assert (face["state"], face["reason"]) == ("approved", None)


def test_only_the_author_withdraws_and_others_learn_nothing(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session, pytest.raises(NotFound):
        asking.withdraw(session, open_world.room_id, question, 1, registration_id=open_world.people[1])
    with services.db.write() as session:
        asking.withdraw(session, open_world.room_id, question, 1, registration_id=open_world.people[0])
    assert state(services, open_world, question) == ("withdrawn", 2)
    assert kinds(services, open_world, "public") == []


def test_the_order_of_approval_is_the_order_everyone_sees(services: Services, open_world: World) -> None:
    asked = [ask(services, open_world, f"Question {number}?") for number in range(3)]
    for question in (asked[2], asked[0], asked[1]):
        approve(services, open_world, question)
    with services.db.read() as session:
        faces = Faces(session)
        order = sorted(asked, key=lambda one: (faces.question(one, "public") or {})["order"])
    assert order == [asked[2], asked[0], asked[1]]


def test_a_question_of_another_room_is_not_found(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        other = make_world(session)
    open_room(services, other)
    foreign = ask(services, other)
    approve(services, other, foreign)
    with services.db.write() as session, pytest.raises(NotFound):
        asking.approve(session, open_world.room_id, foreign, 2, actor=host_of(open_world))
    with services.db.write() as session, pytest.raises(NotFound):
        vote(session, open_world.room_id, foreign, open_world.people[0])
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(QuestionVote)) == 0


@pytest.mark.parametrize("text", ["", " \n ", "x" * 1001, "bell\x07"])
def test_a_question_that_cannot_be_taken_leaves_nothing(services: Services, open_world: World, text: str) -> None:
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        asking.ask(session, open_world.room_id, open_world.people[0], text, anonymous=False, language="en")
    assert caught.value.field == "text"
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Question)) == 0


def test_twenty_questions_may_wait_and_no_more(services: Services, open_world: World) -> None:
    asked = [ask(services, open_world, f"Question {number}?") for number in range(20)]
    with pytest.raises(Conflict):
        ask(services, open_world, "One more?")
    ask(services, open_world, "Somebody else may.", person=1)
    approve(services, open_world, asked[0])
    ask(services, open_world, "Now it fits.")


def test_nobody_asks_or_votes_in_a_closed_or_ended_room(services: Services, world: World) -> None:
    with pytest.raises(Conflict, match="isn't open yet"):
        ask(services, world)
    open_room(services, world)
    question = ask(services, world)
    approve(services, world, question)
    with services.db.write() as session:
        rooms.end_room(session, world.room_id, actor=host_of(world))
    with pytest.raises(Conflict, match="has ended"):
        ask(services, world)
    with services.db.write() as session, pytest.raises(Conflict, match="has ended"):
        vote(session, world.room_id, question, world.people[0])


def test_a_vote_counts_and_is_told_to_the_voter_alone(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    with services.db.write() as session:
        assert vote(session, open_world.room_id, question, open_world.people[1]) == 1
    assert kinds(services, open_world, events.person(open_world.people[1])) == ["vote"]
    assert "vote" not in kinds(services, open_world, "public")
    with services.db.read() as session:
        assert votes.tallies(session, open_world.room_id) == {question: 1}
        assert votes.of_persons(session, open_world.room_id, open_world.people) == {open_world.people[1]: [question]}


def test_a_second_vote_by_the_same_person_is_refused(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    with services.db.write() as session:
        vote(session, open_world.room_id, question, open_world.people[1])
    with services.db.write() as session, pytest.raises(Conflict):
        vote(session, open_world.room_id, question, open_world.people[1])
    with services.db.write() as session:
        assert vote(session, open_world.room_id, question, open_world.people[1], on=False) == 0
    with services.db.write() as session, pytest.raises(Conflict):
        vote(session, open_world.room_id, question, open_world.people[1], on=False)


def test_a_pending_question_cannot_be_voted_for(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    with services.db.write() as session, pytest.raises(NotFound):
        vote(session, open_world.room_id, question, open_world.people[1])


def _face(services: Services, question: str, audience: Any) -> dict[str, Any]:
    with services.db.read() as session:
        face = Faces(session).question(question, audience)
    assert face is not None
    return face


def test_a_name_and_country_are_joined_when_it_is_shown(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    face = _face(services, question, "public")
    assert (face["author"], face["country"]) == ("Amina Diallo", "MA")
    assert "reason" not in face
    assert "anonymous" not in face


def test_an_anonymous_author_is_hidden_from_everyone_and_from_the_crew(services: Services, open_world: World) -> None:
    question = ask(services, open_world, anonymous=True)
    approve(services, open_world, question)
    for audience in ("public", "staff"):
        face = _face(services, question, audience)
        assert (face["author"], face["country"]) == (None, None)


def test_the_log_holds_ids_and_never_names_or_texts(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "Secret words?")
    approve(services, open_world, question)
    with services.db.read() as session:
        stored = str(session.scalars(select(RoomEvent.data)).all())
    assert "Amina" not in stored
    assert "Secret" not in stored


def test_a_replay_after_a_withdrawal_no_longer_carries_the_text(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "Regretted?")
    approve(services, open_world, question)
    with services.db.write() as session:
        asking.withdraw(session, open_world.room_id, question, 2, registration_id=open_world.people[0])
    with services.db.read() as session:
        channel = events.channel_ids(session, open_world.room_id, ["public"])["public"]
        replay = Faces(session).events(events.read(session, channel, 1), "public")
    assert [event["kind"] for event in replay] == ["question.approved", "question.withdrawn"]
    assert "Regretted" not in str(replay)


def test_a_replay_goes_through_the_states_as_they_were(services: Services, open_world: World) -> None:
    question = ask(services, open_world)
    approve(services, open_world, question)
    with services.db.write() as session:
        asking.make_live(session, open_world.room_id, question, 2, actor=host_of(open_world))
    with services.db.read() as session:
        channel = events.channel_ids(session, open_world.room_id, ["staff"])["staff"]
        replay = Faces(session).events(events.read(session, channel, 0), "staff")
    shown = [(event["data"]["question"]["state"], event["data"]["question"]["revision"]) for event in replay]
    assert shown == [("pending", 1), ("approved", 2), ("live", 3)]
