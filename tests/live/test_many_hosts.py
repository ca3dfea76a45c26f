"""Two hosts and many askers at the same moment: on PostgreSQL they wait for each other, and never in a circle."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.live.factories import World, host_of
from tourserver.core.errors import Conflict
from tourserver.core.services import Services
from tourserver.live.questions import asking, changing
from tourserver.live.questions.models import Question

ROUNDS = 20


def _approved(services: Services, world: World, person: int) -> str:
    with services.db.write() as session:
        asked = asking.ask(session, world.room_id, world.people[person], "Why?", anonymous=False, language="en")
    with services.db.write() as session:
        asking.approve(session, world.room_id, asked.id, 1, actor=host_of(world))
    return asked.id


def test_answering_now_never_waits_in_a_circle_with_those_who_ask(services: Services, open_world: World) -> None:
    room_id = open_world.room_id
    listed = [_approved(services, open_world, person) for person in (0, 1, 2)]
    barrier = threading.Barrier(5)
    failures: list[Exception] = []

    def answer_now(host: int, number: int) -> Callable[[Session], object]:
        def change(session: Session) -> object:
            question = changing.find(session, room_id, listed[(number + host) % 3])
            return asking.make_live(session, room_id, question.id, question.revision, actor=host_of(open_world, host))

        return change

    def ask(person: int) -> Callable[[Session], object]:
        author = open_world.people[person]
        return lambda session: asking.ask(session, room_id, author, "Why?", anonymous=False, language="en")

    def together(make: Callable[[int], Callable[[Session], object]]) -> None:
        for number in range(ROUNDS):
            barrier.wait(timeout=30)
            try:
                with services.db.write() as session:
                    make(number)(session)
            except Conflict:  # somebody else was first, or enough questions wait: both are answers
                pass
            except Exception as error:
                failures.append(error)

    makers: list[Callable[[int], Callable[[Session], object]]] = [
        *(lambda number, host=host: answer_now(host, number) for host in (0, 1)),
        *(lambda _number, person=person: ask(person) for person in (0, 1, 2)),
    ]
    threads = [threading.Thread(target=together, args=(make,)) for make in makers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with services.db.read() as session:
        live = session.scalars(select(Question).where(Question.room_id == room_id, Question.state == "live")).all()
    assert len(live) == 1
