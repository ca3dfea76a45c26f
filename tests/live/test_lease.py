"""The guide's line is cut: the co-host who is there goes on, one of them, and everybody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.live.factories import World, host_of, person_of, room_of
from tests.live.test_tail import Paper, engine, join, paper  # noqa: F401 - fixtures
from tourserver.core import clock, rights
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live.engine import Engine
from tourserver.live.guiding import guide, lease
from tourserver.live.models import Room
from tourserver.tours import document


def take(services: Services, world: World, number: int = 0) -> None:
    with services.db.write() as session:
        guide.take(session, world.room_id, actor=host_of(world, number))


def unseen(services: Services, world: World, seconds: int) -> None:
    """The guide's line was seen for the last time so long ago."""
    with services.db.write() as session:
        past = clock.now() - timedelta(seconds=seconds)
        session.execute(update(Room).where(Room.id == world.room_id).values(guide_seen_at=past))


def check(found: Engine) -> None:
    found.pulse._due.clear()
    found.pulse.check_guides()
    found.tail.tick()


def test_a_guide_with_a_line_keeps_the_part_however_long_nothing_moves(
    engine: Engine,  # noqa: F811 - the fixture
    open_world: World,
) -> None:
    take(engine.services, open_world)
    join(engine, open_world, host_of(open_world))
    join(engine, open_world, host_of(open_world, 1))
    unseen(engine.services, open_world, 60)
    check(engine)
    room = room_of(engine.services, open_world)
    assert room.guide_actor == host_of(open_world).reference
    assert room.guide_seen_at is not None
    assert clock.now() - room.guide_seen_at < timedelta(seconds=5)


def test_a_cut_line_passes_the_part_to_the_co_host_who_was_there_first(
    engine: Engine,  # noqa: F811
    paper: Paper,  # noqa: F811
    open_world: World,
) -> None:
    take(engine.services, open_world)
    away = join(engine, open_world, host_of(open_world))
    guest = join(engine, open_world, person_of(open_world))
    join(engine, open_world, host_of(open_world, 1))
    engine.leave(away)
    unseen(engine.services, open_world, 5)
    check(engine)
    assert room_of(engine.services, open_world).guide_actor == host_of(open_world).reference, "it may come back"
    unseen(engine.services, open_world, 13)
    check(engine)
    assert room_of(engine.services, open_world).guide_actor == host_of(open_world, 1).reference
    told = paper.to(guest, "frame")[-1]["events"]["public"][-1]
    assert (told["kind"], told["data"]["how"]) == ("guide.changed", "dropped")
    assert told["data"]["guide"]["id"] == host_of(open_world, 1).reference
    check(engine)
    back = join(engine, open_world, host_of(open_world))
    check(engine)
    assert room_of(engine.services, open_world).guide_actor == host_of(open_world, 1).reference, "nothing is taken back"
    assert paper.to(back, "joined")


def test_without_anybody_who_may_guide_the_part_waits_for_its_guide(
    engine: Engine,  # noqa: F811
    open_world: World,
) -> None:
    take(engine.services, open_world)
    join(engine, open_world, person_of(open_world))
    join(engine, open_world, host_of(open_world, 1))
    with engine.services.db.write() as session:
        rights.withdraw(session, host_of(open_world, 1), "host", "session", open_world.session_id, by=SYSTEM)
    unseen(engine.services, open_world, 60)
    check(engine)
    assert room_of(engine.services, open_world).guide_actor == host_of(open_world).reference


def test_of_two_processes_one_passes_the_part_on(
    engine: Engine,  # noqa: F811
    services: Services,
    open_world: World,
) -> None:
    other = Engine(services, Paper(), build_tour=document.build, translate=lambda error, _lang: error.text)
    try:
        take(services, open_world)
        for found in (engine, other):
            join(found, open_world, host_of(open_world, 1))
        unseen(services, open_world, 30)
        with services.db.write() as session:
            assert lease.pass_on(session, open_world.room_id) == host_of(open_world, 1).reference
        with services.db.write() as session:
            assert lease.pass_on(session, open_world.room_id) is None
    finally:
        other.stop()


@pytest.mark.parametrize("state", ["closed", "ended"])
def test_only_open_rooms_have_a_guide_to_lose(services: Services, world: World, state: str) -> None:
    with services.db.write() as session:
        session.execute(
            update(Room).where(Room.id == world.room_id).values(state=state, guide_actor=host_of(world).reference)
        )
        assert lease.led_rooms(session, [world.room_id]) == {}
        assert lease.pass_on(session, world.room_id) is None
