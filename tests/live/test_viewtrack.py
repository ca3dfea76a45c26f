"""The guide's view: from whom it is taken, how it is stamped, how it is stored."""

from __future__ import annotations

from sqlalchemy import select

from tests.live.factories import World, host_of, room_of
from tourserver.core import clock, rights
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live.guiding import guide, viewtrack
from tourserver.live.guiding.guide import View
from tourserver.live.guiding.models import ViewChunk
from tourserver.live.guiding.viewtrack import Frame, ViewTracks

SCENES = frozenset(("s1", "s2"))


def now() -> int:
    return clock.milliseconds(clock.now())


def led(room: str = "room", user: str = "guide") -> ViewTracks:
    tracks = ViewTracks()
    tracks.checked(room, user, SCENES)
    return tracks


def test_frames_come_from_the_guide_and_show_the_rooms_scenes() -> None:
    tracks = led()
    assert tracks.accept("room", "guide", View("s1", 0, 0, 70), now(), "G")
    assert not tracks.accept("room", "other", View("s1", 1, 0, 70), now(), "O")
    assert not tracks.accept("room", "guide", View("elsewhere", 1, 0, 70), now(), "G")
    frame = tracks.newest("room")
    assert frame is not None
    assert frame.view.yaw == 0


def test_a_frame_is_never_of_the_future_nor_of_long_ago_nor_before_the_last() -> None:
    tracks = led()
    for claimed in (now() + 3_600_000, now() - 3_600_000, float(now() - 200), 0.0):
        before = tracks.newest("room")
        tracks.accept("room", "guide", View("s1", 0, 0, 70), claimed, "G")
        frame = tracks.newest("room")
        assert frame is not None
        assert now() - viewtrack.LAG_MS - 50 <= frame.t <= now() + 50
        assert before is None or frame.t > before.t


def test_a_new_frame_is_handed_on_once() -> None:
    tracks = led()
    tracks.accept("room", "guide", View("s1", 0, 0, 70), now() - 100, "G")
    tracks.accept("room", "guide", View("s1", 9, 0, 70), now(), "G")
    frame = tracks.take_unsent("room")
    assert frame is not None
    assert (frame.view.yaw, frame.by) == (9, "G")
    assert tracks.take_unsent("room") is None


def test_a_change_of_the_token_asks_the_database_again() -> None:
    tracks = led()
    assert not tracks.is_stale("room")
    tracks.forget_guide("room")
    assert tracks.is_stale("room")


def test_only_a_guide_with_the_right_in_an_open_room_may_lead(services: Services, open_world: World) -> None:
    with services.db.read() as session:
        assert viewtrack.may_guide(session, open_world.room_id) == (None, frozenset())
    with services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    with services.db.read() as session:
        found = viewtrack.may_guide(session, open_world.room_id)
    assert found == (host_of(open_world).reference, frozenset(open_world.scenes))
    with services.db.write() as session:
        rights.withdraw(session, host_of(open_world), "host", "session", open_world.session_id, by=SYSTEM)
    with services.db.read() as session:
        assert viewtrack.may_guide(session, open_world.room_id)[0] is None


def test_a_chunk_gives_its_frames_back_to_a_hundredth_of_a_degree() -> None:
    frames = [
        Frame(View("s1", -179.994, 10.25, 70), 1_000_000, ""),
        Frame(View("s1", 179.99, 10.5, 70), 1_000_100, ""),
        Frame(View("s2", 0, -5.123, 62.5), 1_000_250, ""),
        Frame(View("s1", 1, 0, 62.5), 1_000_300, ""),
    ]
    chunk = viewtrack.chunk("room", "guide", frames)
    assert chunk.scenes == ["s1", "s2"]
    back = viewtrack.samples_of(chunk)
    assert [(frame.t, frame.view.scene) for frame in back] == [(frame.t, frame.view.scene) for frame in frames]
    for stored, given in zip(back, frames, strict=True):
        assert abs(stored.view.yaw - given.view.yaw) <= 0.006
        assert abs(stored.view.pitch - given.view.pitch) <= 0.006


def test_the_view_and_the_track_are_written_for_late_joiners_and_replays(services: Services, open_world: World) -> None:
    room, user, scene = open_world.room_id, host_of(open_world).reference, open_world.scenes[0]
    tracks = ViewTracks()
    tracks.checked(room, user, frozenset(open_world.scenes))
    for yaw in range(5):
        tracks.accept(room, user, View(scene, yaw, 0, 70), now(), "G")
    assert tracks.is_due()
    with services.db.write() as session:
        viewtrack.write(session, tracks.take_due(everything=True))
    assert not tracks.is_due(everything=True)
    view = room_of(services, open_world).view
    assert view is not None
    assert view["yaw"] == 4
    assert "by" not in view
    with services.db.read() as session:
        chunk = session.scalars(select(ViewChunk)).one()
    assert chunk.guide_actor == user
    assert [frame.view.yaw for frame in viewtrack.samples_of(chunk)] == [0, 1, 2, 3, 4]


def test_each_chunk_belongs_to_one_guide(services: Services, open_world: World) -> None:
    room, scene = open_world.room_id, open_world.scenes[0]
    tracks = ViewTracks()
    for user in open_world.hosts:
        tracks.checked(room, user, frozenset(open_world.scenes))
        tracks.accept(room, user, View(scene, 0, 0, 70), now(), "G")
    with services.db.write() as session:
        viewtrack.write(session, tracks.take_due(everything=True))
    with services.db.read() as session:
        assert set(session.scalars(select(ViewChunk.guide_actor))) == set(open_world.hosts)


def test_an_older_view_never_replaces_a_newer_one(services: Services, open_world: World) -> None:
    room, scene = open_world.room_id, open_world.scenes[0]
    newer = Frame(View(scene, 20, 0, 70), now() + 1000, "")
    older = Frame(View(scene, 10, 0, 70), now(), "")
    for frame in (newer, older):
        with services.db.write() as session:
            viewtrack.write(session, [viewtrack.Due(room, frame, [])])
    view = room_of(services, open_world).view
    assert view is not None
    assert view["yaw"] == 20


def test_a_view_whose_writing_failed_is_written_at_the_next_chance(services: Services, open_world: World) -> None:
    room, user, scene = open_world.room_id, host_of(open_world).reference, open_world.scenes[0]
    tracks = ViewTracks()
    tracks.checked(room, user, frozenset(open_world.scenes))
    tracks.accept(room, user, View(scene, 33, 0, 70), now(), "G")
    tracks.give_back(tracks.take_due(everything=True))
    tracks.drop(set())
    assert tracks.is_due(), "the guide stands still and sends no newer one"
    with services.db.write() as session:
        viewtrack.write(session, tracks.take_due())
    view = room_of(services, open_world).view
    assert view is not None
    assert view["yaw"] == 33
    tracks.drop(set())
    assert tracks.newest(room) is None
