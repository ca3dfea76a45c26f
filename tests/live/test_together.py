"""Commands that thousands send in the same seconds are done together, each on its own account."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select, update

from tests.live.factories import World, caller_of, make_world, open_room, person_of
from tests.live.test_questions import approve, ask
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.services import Services
from tourserver.live import commands, events
from tourserver.live.calls import Caller
from tourserver.live.commands import SeatLostError
from tourserver.live.models import RoomCommand
from tourserver.live.questions.models import QuestionVote
from tourserver.registration.models import Registration


def asked(caller: Caller, name: str, question: str, client_id: str | None = None) -> commands.Asked:
    return commands.read(caller, {"id": client_id or str(uuid.uuid4()), "name": name, "args": {"question": question}})


def shown(services: Services, world: World) -> str:
    question = ask(services, world)
    approve(services, world, question)
    return question


def amount(services: Services, table: Any) -> int:
    with services.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_each_vote_of_many_is_counted_once_and_told_to_its_person(services: Services) -> None:
    with services.db.write() as session:
        world = make_world(session, people=5)
    open_room(services, world)
    question = shown(services, world)
    callers = [caller_of(services, world, person_of(world, number)) for number in range(5)]
    outcomes = commands.execute_many(services, [asked(caller, "question.vote", question) for caller in callers])
    assert outcomes == [{"question": question, "on": True, "votes": 5}] * 5
    with services.db.read() as session:
        ids = events.channel_ids(session, world.room_id, map(events.person, world.people))
        written = [events.read(session, channel, 0)[-1] for channel in ids.values()]
    assert [(one.kind, one.data) for one in written] == [("vote", {"question": question, "on": True})] * 5


def test_what_is_refused_to_one_is_done_for_the_others_and_may_be_tried_again(services: Services) -> None:
    with services.db.write() as session:
        world, elsewhere = make_world(session, people=4), make_world(session)
    open_room(services, world)
    open_room(services, elsewhere)
    question, foreign = shown(services, world), shown(services, elsewhere)
    callers = [caller_of(services, world, person_of(world, number)) for number in range(4)]
    with services.db.write() as session:
        session.execute(update(Registration).where(Registration.id == world.people[3]).values(state="withdrawn"))
    wanted = [
        asked(callers[0], "question.vote", question),
        asked(callers[1], "question.vote", foreign, "again-and-again"),
        asked(callers[2], "question.unvote", question),
        asked(callers[3], "question.vote", question),
    ]
    good, not_found, nothing_to_take, lost = commands.execute_many(services, wanted)
    assert good == {"question": question, "on": True, "votes": 1}
    assert isinstance(not_found, NotFound)
    assert isinstance(nothing_to_take, Conflict)
    assert isinstance(lost, SeatLostError)
    assert amount(services, QuestionVote) == 1
    assert amount(services, RoomCommand) == 1, "what was refused leaves no claim of its id"
    second = asked(callers[1], "question.vote", question, "again-and-again")
    assert commands.execute_many(services, [second]) == [{"question": question, "on": True, "votes": 2}]


def test_a_repeat_is_answered_like_the_first_whether_it_came_with_it_or_later(services: Services) -> None:
    with services.db.write() as session:
        world = make_world(session)
    open_room(services, world)
    question = shown(services, world)
    caller = caller_of(services, world, person_of(world))
    one, other = (asked(caller, name, question, "the-same-id") for name in ("question.vote", "question.unvote"))
    first, again, misused = commands.execute_many(services, [one, one, other])
    assert first == again == {"question": question, "on": True, "votes": 1}
    assert isinstance(misused, Invalid)
    later, misused = commands.execute_many(services, [one, other])
    assert later == first
    assert isinstance(misused, Invalid)
    assert amount(services, QuestionVote) == 1


def test_a_vote_and_its_taking_back_are_done_in_the_order_of_their_coming(services: Services) -> None:
    with services.db.write() as session:
        world = make_world(session)
    open_room(services, world)
    question = shown(services, world)
    caller = caller_of(services, world, person_of(world))
    names = ["question.vote", "question.unvote", "question.vote", "question.vote"]
    outcomes = commands.execute_many(services, [asked(caller, name, question) for name in names])
    assert [one["votes"] if isinstance(one, dict) else type(one) for one in outcomes] == [1, 0, 1, Conflict]
    with services.db.read() as session:
        ids = events.channel_ids(session, world.room_id, [events.person(world.people[0])])
        [channel] = ids.values()
        written = events.read(session, channel, 0)
    assert [one.data["on"] for one in written if one.kind == "vote"] == [True, False, True]
    assert [one.seq for one in written] == list(range(1, len(written) + 1))
