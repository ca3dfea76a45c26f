"""Questions that were open at the end: who answers them, until when, and that the answer reaches who asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.live.factories import World, host_of, make_user
from tourserver.core import clock, rights
from tourserver.core.errors import Conflict, Forbidden, Invalid
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import events, rooms
from tourserver.live.models import RoomChannel, RoomEvent
from tourserver.live.questions import asking, followups
from tourserver.live.questions.models import FollowUp, Question


def ask(services: Services, world: World, text: str, *, approved: bool = False, anonymous: bool = False) -> str:
    with services.db.write() as session:
        question = asking.ask(session, world.room_id, world.people[0], text, anonymous=anonymous, language="en")
        return question.id


def end(services: Services, world: World) -> None:
    with services.db.write() as session:
        rooms.end_room(session, world.room_id, actor=host_of(world))


def approve(services: Services, world: World, question_id: str) -> None:
    with services.db.write() as session:
        asking.approve(session, world.room_id, question_id, 1, actor=host_of(world))


def of(services: Services, question_id: str) -> FollowUp:
    with services.db.read() as session:
        return session.scalars(select(FollowUp).where(FollowUp.question_id == question_id)).one()


def kinds(services: Services, world: World, channel: str) -> list[str]:
    with services.db.read() as session:
        query = select(RoomEvent.kind).join(RoomChannel, RoomChannel.id == RoomEvent.channel_id)
        mine = (RoomChannel.room_id == world.room_id) & (RoomChannel.name == channel)
        return list(session.scalars(query.where(mine).order_by(RoomEvent.seq)))


def test_what_is_open_at_the_end_gets_an_owner_and_a_day(services: Services, open_world: World) -> None:
    waiting, shown, done = (ask(services, open_world, text) for text in ("One?", "Two?", "Three?"))
    approve(services, open_world, shown)
    with services.db.write() as session:
        asking.decline(session, open_world.room_id, done, 1, "Off topic.", actor=host_of(open_world))
    end(services, open_world)
    with services.db.read() as session:
        assert set(session.scalars(select(FollowUp.question_id))) == {waiting, shown}
    made = of(services, waiting)
    assert made.owner_user_id == open_world.hosts[0], "nobody was assigned: the first host"
    assert made.due_on == clock.local(clock.now(), clock.SWEDEN).date() + timedelta(days=followups.DAYS)


def test_who_was_assigned_owns_it(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    with services.db.write() as session:
        session.get_one(Question, question).assigned_to = host_of(open_world, 1).reference
    end(services, open_world)
    assert of(services, question).owner_user_id == open_world.hosts[1]


def test_opening_again_takes_back_what_nobody_touched_and_the_next_end_makes_it_again(
    services: Services, open_world: World
) -> None:
    plain, planned = ask(services, open_world, "One?"), ask(services, open_world, "Two?")
    end(services, open_world)
    due = of(services, planned).due_on + timedelta(days=5)
    with services.db.write() as session:
        followups.plan(
            session,
            of(services, planned).id,
            seen_revision=1,
            owner_user_id=open_world.hosts[1],
            due_on=due,
            actor=host_of(open_world),
        )
    with services.db.write() as session:
        rooms.reopen_room(session, open_world.room_id, actor=host_of(open_world))
        assert session.scalars(select(FollowUp.question_id)).all() == [planned]
    end(services, open_world)
    assert of(services, plain).state == "open"
    assert (of(services, planned).owner_user_id, of(services, planned).due_on) == (open_world.hosts[1], due)


def test_an_answer_to_what_everyone_saw_is_seen_by_everyone(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    approve(services, open_world, question)
    end(services, open_world)
    with services.db.write() as session:
        followups.answer(session, of(services, question).id, " Because. ", seen_revision=1, actor=host_of(open_world))
    with services.db.read() as session:
        answered = session.get_one(Question, question)
        assert (answered.state, answered.answer) == ("answered", "Because.")
    assert kinds(services, open_world, events.PUBLIC)[-1] == "question.answered"
    assert of(services, question).state == "answered"


def test_an_answer_to_what_nobody_else_saw_stays_between_author_and_crew(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    end(services, open_world)
    before = kinds(services, open_world, events.PUBLIC)
    with services.db.write() as session:
        followups.answer(session, of(services, question).id, "Because.", seen_revision=1, actor=host_of(open_world))
    assert kinds(services, open_world, events.PUBLIC) == before
    assert kinds(services, open_world, events.person(open_world.people[0]))[-1] == "question.changed"
    with services.db.read() as session:
        assert session.get_one(Question, question).state == "pending"
        assert followups.to_do(session, host_of(open_world)) == [], "it is answered all the same"


def test_a_stale_form_is_a_conflict_and_changes_nothing(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    end(services, open_world)
    follow_up = of(services, question).id
    with services.db.write() as session:
        followups.drop(session, follow_up, seen_revision=1, actor=host_of(open_world))
    for attempt in (followups.drop, followups.answer):
        text = {} if attempt is followups.drop else {"text": "Late."}
        with pytest.raises(Conflict), services.db.write() as session:
            attempt(session, follow_up, seen_revision=1, actor=host_of(open_world, 1), **text)
    with services.db.read() as session:
        assert session.get_one(Question, question).answer == ""


def test_only_its_owner_and_who_may_see_the_session_may_work_on_it(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    end(services, open_world)
    follow_up = of(services, question)
    with services.db.write() as session:
        stranger = Actor("user", make_user(session))
        officer = Actor("user", make_user(session, "Olle Officer"))
        rights.grant(session, officer, "site_owner", "site", open_world.site_id, by=SYSTEM)
    with services.db.read() as session:
        for nobody in (stranger, officer):
            assert followups.to_do(session, nobody) == []
            with pytest.raises(Forbidden):
                followups.find(session, follow_up.id, nobody)
    with services.db.write() as session:
        rule = {"seen_revision": 1, "due_on": follow_up.due_on, "actor": host_of(open_world)}
        with pytest.raises(Invalid) as caught:
            followups.plan(session, follow_up.id, owner_user_id=stranger.id, **rule)  # type: ignore[arg-type]  # by name
        assert caught.value.field == "owner"
        followups.plan(session, follow_up.id, owner_user_id=officer.id, **rule)  # type: ignore[arg-type]  # by name
    with services.db.read() as session:
        assert [one.id for one, _question, _session in followups.to_do(session, officer)] == [follow_up.id]
        assert followups.waiting(session, officer.id) == 1


def test_the_day_lies_ahead_and_within_a_year(services: Services, open_world: World) -> None:
    question = ask(services, open_world, "One?")
    end(services, open_world)
    today = clock.local(clock.now(), clock.SWEDEN).date()
    for wrong in (today - timedelta(days=1), today + timedelta(days=400)):
        with pytest.raises(Invalid) as caught, services.db.write() as session:
            followups.plan(
                session,
                of(services, question).id,
                seen_revision=1,
                owner_user_id=None,
                due_on=wrong,
                actor=host_of(open_world),
            )
        assert caught.value.field == "due_on"


def test_a_rehearsal_leaves_nothing_to_answer(services: Services, open_world: World) -> None:
    ask(services, open_world, "One?")
    with services.db.write() as session:
        rooms.get(session, open_world.room_id).name = "rehearsal"
    end(services, open_world)
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 0
