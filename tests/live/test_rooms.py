"""A room is opened, ended and opened again; its tours stay as they were when it opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.live.factories import World, host_of, room_of
from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live import events, rooms
from tourserver.live.guiding import guide
from tourserver.live.models import Room
from tourserver.sessions.models import ScheduledSession
from tourserver.sites.models import Site
from tourserver.tours import publishing


def _public(services: Services, world: World) -> list[str]:
    with services.db.read() as session:
        channel = events.channel_ids(session, world.room_id, ["public"])["public"]
        return [one.kind for one in events.read(session, channel, 0)]


def test_a_session_has_one_main_room(services: Services, world: World) -> None:
    with services.db.write() as session:
        assert rooms.get_or_create(session, world.session_id).id == world.room_id


def test_opening_sets_the_session_live_and_is_told_and_audited(services: Services, world: World) -> None:
    with services.db.write() as session:
        rooms.open_room(session, world.room_id, actor=host_of(world))
    with services.db.read() as session:
        planned = session.get_one(ScheduledSession, world.session_id)
        assert planned.state == "live"
        assert planned.opened_at is not None
        verbs = session.scalars(select(Audit.verb).where(Audit.thing_id == world.room_id)).all()
    assert _public(services, world) == ["room.opened"]
    assert verbs == ["room.open"]


def test_opening_twice_is_once(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        rooms.open_room(session, open_world.room_id, actor=host_of(open_world, 1))
    assert _public(services, open_world) == ["room.opened"]


def test_ending_ends_the_session_and_takes_the_guides_token(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
    room = room_of(services, open_world)
    with services.db.read() as session:
        planned = session.get_one(ScheduledSession, open_world.session_id)
    assert (room.state, room.guide_actor, planned.state) == ("ended", None, "ended")
    assert planned.ended_at is not None
    assert _public(services, open_world) == ["room.opened", "guide.changed", "guide.changed", "room.ended"]


def test_a_closed_room_cannot_be_ended(services: Services, world: World) -> None:
    with services.db.write() as session, pytest.raises(Conflict) as caught:
        rooms.end_room(session, world.room_id, actor=host_of(world))
    assert caught.value.state == {"room": {"state": "closed", "opened_at": None, "ended_at": None}}


def test_an_ended_room_opens_again_within_ten_minutes(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session, pytest.raises(Conflict):
        rooms.open_room(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session:
        rooms.reopen_room(session, open_world.room_id, actor=host_of(open_world))
    room = room_of(services, open_world)
    assert (room.state, room.ended_at) == ("open", None)


def test_after_ten_minutes_an_ended_room_stays_ended(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
        long_ago = clock.now() - timedelta(minutes=10, seconds=1)
        session.execute(update(Room).where(Room.id == open_world.room_id).values(ended_at=long_ago))
    with services.db.write() as session, pytest.raises(Conflict, match="ten minutes"):
        rooms.reopen_room(session, open_world.room_id, actor=host_of(open_world))
    assert room_of(services, open_world).state == "ended"


@pytest.mark.parametrize("state", ["ended", "cancelled", "draft"])
def test_a_session_that_is_over_or_called_off_is_not_brought_back_by_opening_its_room(
    services: Services, world: World, state: str
) -> None:
    with services.db.write() as session:
        session.get_one(ScheduledSession, world.session_id).state = state
    with services.db.write() as session, pytest.raises(Conflict):
        rooms.open_room(session, world.room_id, actor=host_of(world))
    with services.db.read() as session:
        assert session.get_one(ScheduledSession, world.session_id).state == state
    assert room_of(services, world).state == "closed"


def test_a_session_that_nobody_came_to_lead_is_over_some_hours_after_its_end(services: Services, world: World) -> None:
    def plan(ended_for: timedelta) -> None:
        with services.db.write() as session:
            planned = session.get_one(ScheduledSession, world.session_id)
            planned.starts_at = clock.now() - timedelta(minutes=planned.duration_minutes) - ended_for

    plan(rooms.LEFT + timedelta(minutes=1))
    with services.db.write() as session, pytest.raises(Conflict, match="ended"):
        rooms.open_room(session, world.room_id, actor=host_of(world))
    plan(rooms.LEFT - timedelta(minutes=1))
    with services.db.write() as session:
        rooms.open_room(session, world.room_id, actor=host_of(world))
    assert room_of(services, world).state == "open"


def test_a_session_called_off_after_its_end_is_not_opened_again(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
        session.get_one(ScheduledSession, open_world.session_id).state = "cancelled"
    with services.db.write() as session, pytest.raises(Conflict):
        rooms.reopen_room(session, open_world.room_id, actor=host_of(open_world))
    assert room_of(services, open_world).state == "ended"


def test_a_tour_published_later_does_not_disturb_an_open_room(services: Services, world: World) -> None:
    with services.db.write() as session:
        publishing.publish(session, session.get_one(Site, world.site_id), actor=SYSTEM)
    with services.db.read() as session:
        before = rooms.tours(session, rooms.get(session, world.room_id))
    assert [one.number for one in before] == [2], "before the opening, the newest is shown"
    with services.db.write() as session:
        rooms.open_room(session, world.room_id, actor=host_of(world))
    with services.db.write() as session:
        publishing.publish(session, session.get_one(Site, world.site_id), actor=SYSTEM)
    with services.db.read() as session:
        room = rooms.get(session, world.room_id)
        assert [one.number for one in rooms.tours(session, room)] == [2]
        assert rooms.scenes(session, room) == frozenset(world.scenes)
