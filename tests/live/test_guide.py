"""One person leads."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.live.factories import World, host_of, room_of
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.services import Services
from tourserver.live import events
from tourserver.live.guiding import guide
from tourserver.live.guiding.guide import make_view
from tourserver.live.models import Room


def _kinds(services: Services, world: World) -> list[str]:
    with services.db.read() as session:
        channel = events.channel_ids(session, world.room_id, ["public"])["public"]
        return [one.kind for one in events.read(session, channel, 0)]


def test_the_token_passes_to_who_takes_it(services: Services, open_world: World) -> None:
    for number in (0, 1):
        with services.db.write() as session:
            guide.take(session, open_world.room_id, actor=host_of(open_world, number))
    assert room_of(services, open_world).guide_actor == host_of(open_world, 1).reference


def test_taking_twice_is_told_once(services: Services, open_world: World) -> None:
    for _ in range(2):
        with services.db.write() as session:
            guide.take(session, open_world.room_id, actor=host_of(open_world))
    assert _kinds(services, open_world) == ["room.opened", "guide.changed"]


def test_only_the_guide_can_give_the_token_back(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session:
        guide.release(session, open_world.room_id, actor=host_of(open_world, 1))
    assert room_of(services, open_world).guide_actor == host_of(open_world).reference
    with services.db.write() as session:
        guide.release(session, open_world.room_id, actor=host_of(open_world))
    assert room_of(services, open_world).guide_actor is None


def test_nobody_guides_in_a_closed_room(services: Services, world: World) -> None:
    with services.db.write() as session, pytest.raises(Conflict, match="isn't open yet"):
        guide.take(session, world.room_id, actor=host_of(world))


def test_the_guide_leads_to_a_scene_where_late_joiners_stand(services: Services, open_world: World) -> None:
    view = make_view(open_world.scenes[1], 190, -10, 70)
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session:
        guide.show_scene(session, open_world.room_id, view, actor=host_of(open_world))
    stored = room_of(services, open_world).view
    assert stored is not None
    assert (stored["scene"], stored["yaw"], stored["pitch"]) == (open_world.scenes[1], -170, -10)
    assert _kinds(services, open_world)[-1] == "guide.scene"


def test_who_does_not_guide_cannot_lead(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    view = make_view(open_world.scenes[1], 0, 0, 70)
    with services.db.write() as session, pytest.raises(Conflict, match="Somebody else guides") as caught:
        guide.show_scene(session, open_world.room_id, view, actor=host_of(open_world, 1))
    assert caught.value.state == {"guide": {"id": host_of(open_world).reference, "name": "Hanna Host"}}


def test_a_scene_of_another_tour_is_refused(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    with services.db.write() as session, pytest.raises(Invalid, match="isn't part of the tour"):
        guide.show_scene(session, open_world.room_id, make_view("0" * 32, 0, 0, 70), actor=host_of(open_world))


def test_a_room_without_a_guide_says_so(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        session.execute(update(Room).where(Room.id == open_world.room_id).values(guide_actor=None))
        assert guide.named(session, None) is None


@pytest.mark.parametrize(
    ("yaw", "pitch", "fov", "field"),
    [
        (float("nan"), 0, 70, "yaw"),
        (float("inf"), 0, 70, "yaw"),
        (1e9, 0, 70, "yaw"),
        (0, 91, 70, "pitch"),
        (0, 0, 0, "fov"),
        (0, 0, 180, "fov"),
    ],
)
def test_a_view_needs_angles_that_exist(yaw: float, pitch: float, fov: float, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_view("x", yaw, pitch, fov)
    assert caught.value.field == field


@pytest.mark.parametrize(("yaw", "kept"), [(0, 0), (180, -180), (-180, -180), (540, -180), (359, -1), (-190, 170)])
def test_yaw_comes_back_within_half_a_turn(yaw: float, kept: float) -> None:
    assert make_view("x", yaw, 0, 70).yaw == kept
