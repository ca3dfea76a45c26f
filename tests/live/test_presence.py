"""Attendance rows and what is counted from them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from tests.live.factories import World, host_of, person_of, ticket_of
from tourserver.core import clock
from tourserver.core.errors import Conflict
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.live import access, presence
from tourserver.live.crew import companions
from tourserver.live.models import Attendance, LiveProcess
from tourserver.live.presence import Arrival, Presence


def arrive(
    services: Services, world: World, actor: Actor, *, device: str = "", heads: int = 1, process: str = "p1"
) -> str:
    connection = uuid.uuid4().hex
    with services.db.write() as session:
        seat = access.check(session, services.tokens, ticket_of(services, session, world, actor))
        presence.arrive(
            session, [Arrival(world.room_id, seat, connection, device or connection, heads)], process=process
        )
    return connection


def count(services: Services, world: World) -> Presence:
    with services.db.read() as session:
        return presence.count(session, world.room_id)


def age(services: Services, connection: str, seconds: int) -> None:
    with services.db.write() as session:
        past = clock.now() - timedelta(seconds=seconds)
        mine = Attendance.connection == connection
        session.execute(update(Attendance).where(mine).values(began_at=past, last_seen_at=past))


def row(services: Services, connection: str) -> Attendance:
    with services.db.read() as session:
        return session.scalars(select(Attendance).where(Attendance.connection == connection)).one()


def test_screens_persons_and_heads_are_counted_apart_from_the_crew(services: Services, world: World) -> None:
    arrive(services, world, person_of(world), heads=4)
    arrive(services, world, person_of(world), heads=1)
    arrive(services, world, person_of(world, 1))
    arrive(services, world, host_of(world))
    assert count(services, world) == Presence(connections=4, persons=2, heads=5, guides=1)


def test_nobody_is_nobody(services: Services, world: World) -> None:
    assert count(services, world) == Presence()


def test_a_tab_that_came_back_before_its_old_line_was_found_dead_is_one_screen(
    services: Services, world: World
) -> None:
    for _ in range(3):
        arrive(services, world, person_of(world), device="tab", heads=2)
    assert count(services, world) == Presence(connections=1, persons=1, heads=2)


def test_who_leaves_is_not_counted_and_the_interval_stays(services: Services, world: World) -> None:
    connection = arrive(services, world, person_of(world))
    with services.db.write() as session:
        presence.leave(session, [connection])
    assert count(services, world) == Presence()
    kept = row(services, connection)
    assert kept.ended_at is not None
    assert kept.ended_at >= kept.began_at


def test_the_headcount_of_a_screen_changes(services: Services, world: World) -> None:
    connection = arrive(services, world, person_of(world))
    with services.db.write() as session:
        presence.set_heads(session, connection, 12)
    assert count(services, world).heads == 12


def silent(services: Services, process: str, seconds: int) -> datetime:
    """The process said that long ago for the last time that it lives."""
    past = clock.now() - timedelta(seconds=seconds)
    with services.db.write() as session:
        session.execute(update(LiveProcess).where(LiveProcess.id == process).values(last_seen_at=past))
    return past


def test_a_heartbeat_of_the_process_keeps_its_connections_and_no_others(services: Services, world: World) -> None:
    arrive(services, world, person_of(world))
    arrive(services, world, person_of(world, 2), process="p2")
    for process in ("p1", "p2"):
        silent(services, process, 50)
    assert count(services, world) == Presence()
    with services.db.write() as session:
        presence.beat(session, "p1")
    assert count(services, world).persons == 1


def test_rows_without_a_connection_are_closed_but_for_those_who_are_just_joining(
    services: Services, world: World
) -> None:
    living = arrive(services, world, person_of(world))
    ghost = arrive(services, world, person_of(world, 1))
    joining = arrive(services, world, person_of(world, 2))
    for connection in (living, ghost):
        age(services, connection, 30)
    with services.db.write() as session:
        presence.close_ghosts(session, "p1", frozenset((living,)))
    assert row(services, ghost).ended_at is not None
    assert row(services, living).ended_at is None
    assert row(services, joining).ended_at is None


def test_rows_of_a_process_that_died_are_closed_when_it_was_last_seen(services: Services, world: World) -> None:
    orphan = arrive(services, world, person_of(world))
    alive = arrive(services, world, person_of(world, 1), process="p2")
    age(services, orphan, 100)
    seen = silent(services, "p1", 46)
    assert count(services, world).persons == 1, "an orphan isn't counted, closed or not"
    with services.db.write() as session:
        assert presence.close_orphans(session) == 1
    closed = row(services, orphan)
    assert closed.ended_at == closed.last_seen_at == seen
    assert row(services, alive).ended_at is None
    with services.db.read() as session:
        assert session.scalars(select(LiveProcess.id)).all() == ["p2"], "the dead one's row is gone"


def test_rows_of_a_release_that_knew_no_processes_are_closed_too(services: Services, world: World) -> None:
    old = arrive(services, world, person_of(world))
    age(services, old, 100)
    with services.db.write() as session:
        session.execute(delete(LiveProcess))
        assert presence.close_orphans(session) == 1
    closed = row(services, old)
    assert closed.ended_at == closed.last_seen_at


def test_a_process_that_ends_closes_its_rows_and_no_others(services: Services, world: World) -> None:
    own = arrive(services, world, person_of(world))
    other = arrive(services, world, person_of(world, 1), process="p2")
    with services.db.write() as session:
        presence.leave_all(session, "p1")
    assert row(services, own).ended_at is not None
    assert row(services, other).ended_at is None


def test_a_colleague_at_a_second_device_is_a_person_more_and_stays_one_after_a_break(
    services: Services, world: World
) -> None:
    person = person_of(world)
    seat = access.Seat(world.session_id, person, "participant", "Amina Diallo", "en")

    def come(connection: str, device: str) -> None:
        with services.db.write() as session:
            one = presence.Arrival(world.room_id, seat, connection=connection, device=device, headcount=1)
            presence.arrive(session, [one], process="p")

    come("c1", "phone")
    come("c2", "laptop")
    assert count(services, world) == Presence(connections=2, persons=1, heads=1)
    with services.db.write() as session:
        assert companions.say_who(session, person.id, "c2", "colleague", "Bo Ek") is not None
    assert count(services, world) == Presence(connections=2, persons=2, heads=2)
    with services.db.write() as session:
        presence.leave(session, ["c2"])
    come("c3", "laptop")
    assert count(services, world) == Presence(connections=2, persons=2, heads=2)
    with services.db.write() as session:
        assert companions.of_devices(session, [(person.id, "laptop")])[person.id, "laptop"][1] == "Bo Ek"
        assert companions.say_who(session, person.id, "c3", "me", "") is None
    assert count(services, world) == Presence(connections=2, persons=1, heads=1)


def test_so_many_colleagues_use_one_link_and_no_more(services: Services, world: World) -> None:
    person = person_of(world)
    seat = access.Seat(world.session_id, person, "participant", "Amina Diallo", "en")
    with services.db.write() as session:
        for number in range(companions.MOST + 1):
            one = presence.Arrival(world.room_id, seat, connection=f"c{number}", device=f"d{number}", headcount=1)
            presence.arrive(session, [one], process="p")
        for number in range(companions.MOST):
            companions.say_who(session, person.id, f"c{number}", "colleague", f"Colleague {number}")
        with pytest.raises(Conflict, match="Register by yourself"):
            companions.say_who(session, person.id, f"c{companions.MOST}", "colleague", "One more")
        with pytest.raises(Conflict, match="cut"):
            companions.say_who(session, person.id, "nobody's", "me", "")
