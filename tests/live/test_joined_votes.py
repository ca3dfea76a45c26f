"""What becomes of votes when questions are joined: none is lost, and everybody's pages know."""

from __future__ import annotations

import threading
import time

from sqlalchemy import select

from tests.live.factories import World, host_of, vote
from tests.live.test_moderating import do
from tests.live.test_questions import approve, ask
from tourserver.core.errors import NotFound
from tourserver.core.services import Services
from tourserver.live import events
from tourserver.live.questions import merging
from tourserver.live.questions.models import QuestionVote


def test_whose_votes_go_along_is_told_what_they_have_voted_for_now(services: Services, open_world: World) -> None:
    first, second = (ask(services, open_world, f"Q{person}?", person=person) for person in range(2))
    for question in (first, second):
        approve(services, open_world, question)
    with services.db.write() as session:
        vote(session, open_world.room_id, second, open_world.people[2])
    do(services, open_world, merging.merge, second, first, 2)
    voted: dict[str, set[str]] = {one: set() for one in open_world.people}
    with services.db.read() as session:
        channels = events.channel_ids(session, open_world.room_id, map(events.person, voted))
        for one in voted:
            for event in events.read(session, channels[events.person(one)], 0):
                if event.kind == "vote":
                    (voted[one].add if event.data["on"] else voted[one].remove)(event.data["question"])
        rows = session.execute(select(QuestionVote.registration_id, QuestionVote.question_id)).all()
    assert voted == dict(zip(open_world.people, (set(), {first}, {first}), strict=True))
    assert sorted(map(tuple, rows)) == sorted((one, question) for one, given in voted.items() for question in given)


def test_a_vote_that_is_given_while_its_question_is_joined_goes_along(services: Services, open_world: World) -> None:
    first, second = (ask(services, open_world, f"Q{person}?", person=person) for person in range(2))
    for question in (first, second):
        approve(services, open_world, question)

    def join() -> None:
        with services.db.write() as session:
            merging.merge(session, open_world.room_id, second, 2, first, 2, actor=host_of(open_world))

    joining = threading.Thread(target=join)
    with services.db.write() as session:
        vote(session, open_world.room_id, second, open_world.people[2])
        joining.start()
        time.sleep(0.3)  # it waits here for the vote
    joining.join()
    with services.db.read() as session:
        found = session.execute(select(QuestionVote.question_id, QuestionVote.registration_id)).all()
    assert sorted(map(tuple, found)) == sorted((first, person) for person in open_world.people[1:])


def test_a_vote_that_comes_while_its_question_is_joined_is_not_counted_where_nobody_sees_it(
    services: Services, open_world: World
) -> None:
    first, second = (ask(services, open_world, f"Q{person}?", person=person) for person in range(2))
    for question in (first, second):
        approve(services, open_world, question)
    refused: list[Exception] = []

    def give() -> None:
        try:
            with services.db.write() as session:
                vote(session, open_world.room_id, second, open_world.people[2])
        except NotFound as error:
            refused.append(error)

    giving = threading.Thread(target=give)
    with services.db.write() as session:
        merging.merge(session, open_world.room_id, second, 2, first, 2, actor=host_of(open_world))
        giving.start()
        time.sleep(0.3)  # it waits here for the joining
    giving.join()
    assert len(refused) == 1
    with services.db.read() as session:
        assert set(session.scalars(select(QuestionVote.question_id))) == {first}
