"""A tour that is published again while its room is open reaches the room only when a host accepts it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.live.factories import (
    World,
    caller_of,
    host_of,
    make_site,
    make_world,
    open_room,
    person_of,
    publish_again,
    room_of,
)
from tourserver.core import clock
from tourserver.core.errors import Conflict, Forbidden, NotFound
from tourserver.core.services import Services
from tourserver.live import events, revisions, rooms, snapshots, uses
from tourserver.live.commands import execute
from tourserver.live.events import Written
from tourserver.live.faces import Faces
from tourserver.live.guiding import guide
from tourserver.live.guiding.guide import make_view
from tourserver.live.models import Room, RoomTour
from tourserver.live.questions import asking
from tourserver.sessions import schedule
from tourserver.sessions.models import SessionSite
from tourserver.tours.models import TourRevision

ROUNDS = 15


def again(services: Services, world: World, **what: Any) -> str:
    """Publish the world's tour again; gives the revision's id."""
    with services.db.write() as session:
        return publish_again(session, world.site_id, **what).id


def log(services: Services, world: World, channel: str) -> list[Written]:
    with services.db.read() as session:
        found = events.channel_ids(session, world.room_id, [channel])[channel]
        return events.read(session, found, 0)


def accept(services: Services, world: World, revision: str, host: int = 0) -> dict[str, Any]:
    sent = {"id": uuid.uuid4().hex, "name": "tour.accept", "args": {"site": world.site_id, "revision": revision}}
    return execute(services, caller_of(services, world, host_of(world, host)), sent)


def pinned(services: Services, world: World) -> list[str]:
    with services.db.read() as session:
        return list(session.scalars(select(RoomTour.tour_revision_id).where(RoomTour.room_id == world.room_id)))


def test_a_newer_tour_is_offered_to_the_hosts_and_to_nobody_else(services: Services, open_world: World) -> None:
    before = pinned(services, open_world)
    newer = again(services, open_world, titles={open_world.scenes[0]: "New quay"})
    assert pinned(services, open_world) == before
    assert [one.kind for one in log(services, open_world, "public")] == ["room.opened"]
    (offer,) = log(services, open_world, "staff")
    assert offer.kind == "tour.offered"
    assert offer.data == {
        "site": open_world.site_id,
        "revision": newer,
        "number": 2,
        "kind": "publish",
        "pinned": before[0],
        "scenes_gone": [],
    }


def test_a_withdrawal_and_a_roll_back_say_so_and_which_scenes_are_gone(services: Services, open_world: World) -> None:
    again(services, open_world, kind="rollback")
    again(services, open_world, kind="withdrawal", gone=open_world.scenes[1])
    first, second = log(services, open_world, "staff")
    assert (first.data["kind"], first.data["scenes_gone"]) == ("rollback", [])
    assert (second.data["kind"], second.data["scenes_gone"]) == ("withdrawal", [open_world.scenes[1]])
    with services.db.read() as session:
        (_, shown) = Faces(session).events([first, second], "staff")
    assert shown["data"]["name"] == {"en": "Harbour", "sv": "Hamnen"}
    assert shown["data"]["scenes_gone"] == [{"id": open_world.scenes[1], "title": {"en": "Hall"}}]
    assert "pinned" not in shown["data"]


def test_only_rooms_that_show_an_older_tour_of_the_site_are_told(services: Services, world: World) -> None:
    with services.db.write() as session:
        other = make_world(session)
    open_room(services, other)
    again(services, world)
    assert log(services, world, "staff") == [], "the room is closed: it will pin what is in force"
    assert log(services, other, "staff") == [], "another site's"


def test_a_room_that_ended_is_told_as_long_as_it_can_be_entered(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
    again(services, open_world)
    assert len(log(services, open_world, "staff")) == 1
    with services.db.write() as session:
        long_ago = clock.now() - rooms.AFTERWARDS - timedelta(seconds=1)
        session.execute(update(Room).where(Room.id == open_world.room_id).values(ended_at=long_ago))
    again(services, open_world)
    assert len(log(services, open_world, "staff")) == 1


def test_a_host_who_joins_late_sees_what_is_offered(services: Services, open_world: World) -> None:
    again(services, open_world)
    newest = again(services, open_world, kind="withdrawal", gone=open_world.scenes[0])
    with services.db.read() as session:
        (offer,) = snapshots.staff(session, room_of(services, open_world))["offers"]
    assert (offer["revision"], offer["number"], offer["kind"]) == (newest, 3, "withdrawal")
    assert offer["scenes_gone"] == [{"id": open_world.scenes[0], "title": {"en": "Quay"}}]
    accept(services, open_world, newest)
    with services.db.read() as session:
        assert snapshots.staff(session, room_of(services, open_world))["offers"] == []


def test_accepting_pins_the_tour_and_tells_everyone_by_ids(services: Services, open_world: World) -> None:
    newer = again(services, open_world)
    assert accept(services, open_world, newer) == {"site": open_world.site_id, "revision": newer}
    assert pinned(services, open_world) == [newer]
    last = log(services, open_world, "public")[-1]
    assert (last.kind, last.data) == ("tour.changed", {"site": open_world.site_id, "revision": newer})
    with services.db.read() as session:
        assert session.scalars(uses.of_rooms(session)).all(), "its pictures are kept as long as the room names it"


def test_a_tour_that_was_published_meanwhile_is_a_conflict_with_what_is_offered_now(
    services: Services, open_world: World
) -> None:
    first = again(services, open_world)
    second = again(services, open_world, gone=open_world.scenes[1])
    with pytest.raises(Conflict) as caught:
        accept(services, open_world, first)
    assert caught.value.state is not None
    assert caught.value.state["offer"]["revision"] == second
    assert caught.value.state["offer"]["scenes_gone"][0]["title"] == {"en": "Hall"}
    assert [one.kind for one in log(services, open_world, "public")] == ["room.opened"]


def test_a_site_that_the_room_does_not_show_cannot_be_accepted(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        site, _ = make_site(session)
        newer = publish_again(session, site.id).id
        foreign = World(open_world.session_id, "", site.id, open_world.room_id, [], open_world.hosts)
    with pytest.raises(NotFound):
        accept(services, foreign, newer)


def test_participants_cannot_accept_and_a_closed_room_has_nothing_to_accept(services: Services, world: World) -> None:
    newer = again(services, world)
    with pytest.raises(Conflict):
        accept(services, world, newer)
    sent = {"id": uuid.uuid4().hex, "name": "tour.accept", "args": {"site": world.site_id, "revision": newer}}
    with pytest.raises(Forbidden):
        execute(services, caller_of(services, world, person_of(world)), sent)


def test_two_hosts_who_accept_at_once_accept_once(services: Services, open_world: World) -> None:
    newer = again(services, open_world)
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda host=host: answers.append(accept(services, open_world, newer, host)))
        for host in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"site": open_world.site_id, "revision": newer}] * 2
    assert [one.kind for one in log(services, open_world, "public")] == ["room.opened", "tour.changed"]
    assert pinned(services, open_world) == [newer]


def test_a_guide_on_a_scene_that_is_gone_is_moved_to_the_start(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
        view = make_view(open_world.scenes[1], 40, 5, 60)
        guide.show_scene(session, open_world.room_id, view, actor=host_of(open_world))
    before = room_of(services, open_world).view
    assert before is not None
    kept = again(services, open_world, titles={open_world.scenes[1]: "Great hall"})
    accept(services, open_world, kept)
    assert room_of(services, open_world).view == before, "the scene is there still: the same place, the same view"
    accept(services, open_world, again(services, open_world, kind="withdrawal", gone=open_world.scenes[1]))
    after = room_of(services, open_world).view
    assert after is not None
    assert (after["scene"], after["yaw"], after["fov"]) == (open_world.scenes[0], 0, 70)
    assert after["t"] > before["t"]
    changed, moved = log(services, open_world, "public")[-2:]
    assert (changed.kind, moved.kind, moved.data) == ("tour.changed", "guide.scene", after)


def test_a_stored_view_of_a_scene_that_is_gone_is_told_to_nobody(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        stray = {"scene": "0" * 32, "yaw": 0, "pitch": 0, "fov": 70, "t": 1}
        session.execute(update(Room).where(Room.id == open_world.room_id).values(view=stray))
    with services.db.read() as session:
        room = rooms.get(session, open_world.room_id)
        documents = snapshots.Tours(lambda _s, revision, _l: revision.content).documents(session, room, "en")[1]
        assert snapshots.public(session, room, documents)["view"] is None


def together(*doings: Callable[[int], object]) -> list[BaseException]:
    """Do everything at the same moments, several rounds; gives what failed otherwise than by a conflict."""
    barrier, failures = threading.Barrier(len(doings)), list[BaseException]()

    def run(do: Callable[[int], object]) -> None:
        for number in range(ROUNDS):
            barrier.wait(timeout=30)
            try:
                do(number)
            except Conflict:  # somebody else was first: an answer
                pass
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=run, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_publishing_never_waits_in_a_circle_with_hosts_and_planners(services: Services, open_world: World) -> None:
    with services.db.write() as session:
        other = make_world(session)
        session.add(SessionSite(session_id=other.session_id, site_id=open_world.site_id, position=1))
        session.add(SessionSite(session_id=open_world.session_id, site_id=other.site_id, position=1))
        extra = [make_site(session)[0].id for _ in range(ROUNDS)]
    open_room(services, other)
    room, host = open_world.room_id, host_of(open_world)

    def accept_newest(_number: int) -> None:
        with services.db.write() as session:
            found = session.scalars(
                select(TourRevision.id).where(TourRevision.site_id == open_world.site_id).order_by(TourRevision.number)
            )
            revisions.accept(session, room, open_world.site_id, list(found)[-1], actor=host)

    def ask_and_approve(_number: int) -> None:
        with services.db.write() as session:
            asked = asking.ask(session, room, open_world.people[0], "Why?", anonymous=False, language="en")
        with services.db.write() as session:
            asking.approve(session, room, asked.id, 1, actor=host)

    def end_and_reopen(number: int) -> None:
        with services.db.write() as session:
            (rooms.reopen_room if number % 2 else rooms.end_room)(session, room, actor=host)

    def plan(number: int) -> None:
        with services.db.write() as session:
            schedule.lock(session, open_world.session_id)
            session.add(SessionSite(session_id=open_world.session_id, site_id=extra[number], position=number + 2))
            session.flush()

    failures = together(
        lambda _number: again(services, open_world),
        lambda _number: again(services, other),
        accept_newest,
        ask_and_approve,
        end_and_reopen,
        plan,
    )
    assert failures == []


def test_a_room_that_opens_while_a_tour_is_published_pins_it_or_is_offered_it(services: Services) -> None:
    for _ in range(ROUNDS):
        with services.db.write() as session:
            world = make_world(session, people=0)
        ready = threading.Barrier(2)

        def publish(world: World = world, ready: threading.Barrier = ready) -> None:
            ready.wait(timeout=30)
            again(services, world)

        thread = threading.Thread(target=publish)
        thread.start()
        ready.wait(timeout=30)
        open_room(services, world)
        thread.join()
        with services.db.read() as session:
            number = session.scalar(select(TourRevision.number).where(TourRevision.id == pinned(services, world)[0]))
        told = [one.kind for one in log(services, world, "staff")]
        assert (number, told) in [(2, []), (1, ["tour.offered"])]
