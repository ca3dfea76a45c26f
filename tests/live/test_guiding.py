"""What a guide does besides looking: passes the part on, gathers, holds a point open, points, follows a script."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.live.factories import World, caller_of, host_of, person_of, room_of
from tests.live.test_polls import do
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live import access, events, presence, rooms, snapshots
from tourserver.live.calls import Caller
from tourserver.live.faces import Faces
from tourserver.live.guiding.pointing import Pointers, Spot
from tourserver.live.models import Attendance
from tourserver.sites.models import Site
from tourserver.tours import hotspots, publishing
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene


@pytest.fixture
def host(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world))


@pytest.fixture
def colleague(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world, 1))


@pytest.fixture
def guest(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, person_of(open_world))


def arrive(services: Services, world: World, number: int) -> None:
    """One of the hosts has the page open."""
    with services.db.write() as session:
        seat = access.Seat(world.session_id, host_of(world, number), "host", "Hanna Host", "en")
        one = presence.Arrival(world.room_id, seat, connection=f"crew{number}", device=f"d{number}", headcount=1)
        presence.arrive(session, [one], process="p")


def told(services: Services, world: World) -> list[dict[str, Any]]:
    with services.db.read() as session:
        ids = events.channel_ids(session, world.room_id, [events.PUBLIC])
        return Faces(session).events(events.read(session, ids["public"], 0), "public")


def test_the_guide_gives_the_part_to_a_colleague_who_is_there_and_takes_it_back(
    services: Services, host: Caller, colleague: Caller, open_world: World
) -> None:
    do(services, host, "guide.take")
    to = host_of(open_world, 1).reference
    with pytest.raises(Conflict, match="aren't in the room"):
        do(services, host, "guide.pass", to=to)
    arrive(services, open_world, 1)
    do(services, host, "guide.pass", to=to)
    assert room_of(services, open_world).guide_actor == to
    last = told(services, open_world)[-1]
    assert (last["kind"], last["data"]["how"], last["data"]["guide"]["id"]) == ("guide.changed", "passed", to)
    do(services, host, "guide.take", **{"from": to})
    assert room_of(services, open_world).guide_actor == host_of(open_world).reference


def test_of_two_who_reach_for_the_part_the_second_is_asked_again(
    services: Services, host: Caller, colleague: Caller, open_world: World
) -> None:
    do(services, host, "guide.take", **{"from": None})
    with pytest.raises(Conflict) as caught:
        do(services, colleague, "guide.take", **{"from": None})
    assert (caught.value.state or {})["guide"]["id"] == host_of(open_world).reference
    do(services, host, "guide.take", **{"from": None})
    do(services, colleague, "guide.take", **{"from": host_of(open_world).reference})
    assert room_of(services, open_world).guide_actor == host_of(open_world, 1).reference


def test_gathering_is_the_guides_and_everyone_is_told(
    services: Services, host: Caller, colleague: Caller, open_world: World
) -> None:
    do(services, host, "guide.take")
    do(services, host, "guide.gather")
    assert told(services, open_world)[-1]["kind"] == "guide.gather"
    with pytest.raises(Conflict):
        do(services, colleague, "guide.gather")


def test_a_point_of_the_scene_is_held_open_for_all_until_it_is_closed_or_the_scene_changes(
    services: Services, host: Caller, open_world: World
) -> None:
    with services.db.write() as session:
        site = session.get_one(Site, open_world.site_id)
        scene = session.get_one(Scene, open_world.scenes[0])
        point = hotspots.add_hotspot(
            session, scene, Point("info", 10, 5, {"en": "Roof"}, {"en": "Sedum"}), actor=SYSTEM
        )
        publishing.publish(session, site, actor=host_of(open_world))
        revision = publishing.published(session, open_world.site_id)
        assert revision is not None
    do(services, host, "tour.accept", site=open_world.site_id, revision=revision.id)
    do(services, host, "guide.take")
    which = {"scene": open_world.scenes[0], "hotspot": point.id}
    do(services, host, "guide.hotspot", **which)
    do(services, host, "guide.hotspot", **which)
    assert [one["data"] for one in told(services, open_world) if one["kind"] == "guide.hotspot"] == [which]
    with services.db.read() as session:
        room = rooms.get(session, open_world.room_id)
        assert snapshots.public(session, room, [])["hotspot"] == point.id
    with pytest.raises(Invalid):
        do(services, host, "guide.hotspot", scene=open_world.scenes[1], hotspot=point.id)
    do(services, host, "guide.scene", scene=open_world.scenes[1], yaw=0, pitch=0, fov=70)
    assert room_of(services, open_world).shown_hotspot is None


# --- the pointer


def test_the_newest_spot_wins_whatever_the_order_and_the_clock() -> None:
    pointers = Pointers()
    first = pointers.put("r", Spot(True, 1000, "quay", 10, 5))
    second = pointers.put("r", Spot(True, 900, "quay", 20, 5))
    assert (first.t, second.t) == (1000, 1001)
    assert (pointers.take_unsent("r"), pointers.take_unsent("r")) == (second, None)
    pointers.learn("r", {"on": True, "t": 500, "scene": "quay", "yaw": 1, "pitch": 1})
    assert pointers.newest("r") == second
    pointers.clear("r", 0)
    assert pointers.newest("r") is None
    gone = pointers.take_unsent("r")
    assert gone is not None
    assert gone.json() == {"on": False, "t": 1002}
    pointers.drop(set())
    assert pointers.take_unsent("r") is None


# --- free look


def test_screens_that_look_around_freely_are_counted_apart(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        for number in (0, 1):
            seat = access.Seat(open_world.session_id, person_of(open_world, number), "participant", "x", "en")
            one = presence.Arrival(open_world.room_id, seat, connection=f"c{number}", device="d", headcount=1)
            presence.arrive(session, [one], process="p")
        presence.set_free(session, {"c0": True, "c1": False})
    with services.db.read() as session:
        found = presence.count(session, open_world.room_id)
        assert (found.connections, found.free) == (2, 1)
    with services.db.write() as session:
        presence.set_free(session, {"c0": False})
        assert not any(session.scalars(select(Attendance.free)))


# --- the script


def test_the_script_is_kept_in_its_order_and_a_colleagues_change_is_never_overwritten(
    services: Services, host: Caller, colleague: Caller, open_world: World
) -> None:
    empty = {"yaw": None, "pitch": None, "fov": None}
    steps = [
        {"scene": open_world.scenes[1], **empty, "note": "Say who paid.", "minutes": 5},
        {"scene": open_world.scenes[0], "yaw": 90.0, "pitch": 0.0, "fov": 60.0, "note": "", "minutes": None},
    ]
    do(services, host, "script.save", steps=steps, before=[])
    with services.db.read() as session:
        assert snapshots.staff(session, rooms.get(session, open_world.room_id))["script"] == steps
    with pytest.raises(Conflict) as caught:
        do(services, colleague, "script.save", steps=[], before=[])
    assert (caught.value.state or {})["script"] == steps
    do(services, colleague, "script.save", steps=steps[::-1], before=steps)
    with services.db.read() as session:
        ids = events.channel_ids(session, open_world.room_id, [events.STAFF])
        last = Faces(session).events(events.read(session, ids["staff"], 0), "staff")[-1]
    assert (last["kind"], last["data"]["script"]) == ("script.changed", steps[::-1])


@pytest.mark.parametrize("changed", [{"scene": "0" * 32}, {"minutes": 0}, {"yaw": 1e9}, {"note": "x" * 2001}])
def test_a_stop_that_can_not_be_is_refused(
    services: Services, host: Caller, open_world: World, changed: dict[str, Any]
) -> None:
    step = {"scene": open_world.scenes[0], "note": "", **changed}
    with pytest.raises(Invalid):
        do(services, host, "script.save", steps=[step], before=[])
