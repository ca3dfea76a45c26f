"""A tour that nobody ended is ended by the worker, but never under a host's hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.live.factories import World, host_of, person_of, room_of
from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.live import events, presence, rooms, upkeep
from tourserver.live.access import Seat
from tourserver.live.models import Attendance, Room
from tourserver.live.presence import Arrival
from tourserver.sessions.models import ScheduledSession

LONG_AGO = rooms.LEFT + timedelta(minutes=1)


def _planned_end(services: Services, world: World, ago: timedelta) -> None:
    """Move the session so that it should have ended so long ago; its room was opened at its start."""
    with services.db.write() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        planned.starts_at = clock.now() - ago - timedelta(minutes=planned.duration_minutes)
        session.execute(update(Room).where(Room.id == world.room_id).values(opened_at=planned.starts_at))


def _line(services: Services, world: World, actor: Actor) -> None:
    """Somebody's open connection."""
    seat = Seat(world.session_id, actor, "host" if actor.kind == "user" else "participant", "Name", "en")
    with services.db.write() as session:
        presence.arrive(session, [Arrival(world.room_id, seat, actor.id, "d", 1)], process="p")


def test_a_room_left_open_is_ended_some_hours_after_its_time_and_all_are_told(
    services: Services, open_world: World
) -> None:
    _planned_end(services, open_world, LONG_AGO)
    _line(services, open_world, person_of(open_world))
    upkeep.end_left_rooms(services)
    with services.db.read() as session:
        planned = session.get_one(ScheduledSession, open_world.session_id)
        channel = events.channel_ids(session, open_world.room_id, ["public"])["public"]
        told = [one.kind for one in events.read(session, channel, 0)]
        by = session.scalars(select(Audit.actor).where(Audit.verb == "room.end")).all()
    assert (room_of(services, open_world).state, planned.state) == ("ended", "ended")
    assert planned.ended_at is not None
    assert told == ["room.opened", "room.ended"]
    assert by == ["system"]
    upkeep.end_left_rooms(services)


def test_a_tour_that_runs_late_is_left_alone(services: Services, open_world: World) -> None:
    _planned_end(services, open_world, rooms.LEFT - timedelta(minutes=1))
    upkeep.end_left_rooms(services)
    assert room_of(services, open_world).state == "open"


def test_a_room_is_not_ended_while_somebody_of_the_crew_is_in_it(services: Services, open_world: World) -> None:
    _planned_end(services, open_world, LONG_AGO)
    _line(services, open_world, host_of(open_world))
    upkeep.end_left_rooms(services)
    assert room_of(services, open_world).state == "open"


@pytest.mark.parametrize(("gone_for", "state"), [(timedelta(minutes=9), "open"), (timedelta(minutes=11), "ended")])
def test_a_host_whose_line_broke_may_come_back_for_ten_minutes(
    services: Services, open_world: World, gone_for: timedelta, state: str
) -> None:
    _planned_end(services, open_world, LONG_AGO)
    _line(services, open_world, host_of(open_world))
    seen = clock.now() - gone_for
    with services.db.write() as session:
        session.execute(update(Attendance).values(ended_at=seen, last_seen_at=seen))
    upkeep.end_left_rooms(services)
    assert room_of(services, open_world).state == state


def test_only_open_rooms_are_ended(services: Services, world: World) -> None:
    _planned_end(services, world, LONG_AGO)
    upkeep.end_left_rooms(services)
    assert room_of(services, world).state == "closed"
    with services.db.read() as session:
        assert session.get_one(ScheduledSession, world.session_id).state == "scheduled"


def test_the_demos_tour_stays_open(services: Services, open_world: World) -> None:
    _planned_end(services, open_world, LONG_AGO)
    upkeep.end_left_rooms(replace(services, settings=services.settings.model_copy(update={"demo": True})))
    assert room_of(services, open_world).state == "open"
