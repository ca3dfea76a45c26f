"""The log: numbers without a gap, whatever is rolled back and however many write."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.live.factories import World
from tourserver.core.services import Services
from tourserver.live import events
from tourserver.live.events import Entry
from tourserver.live.models import RoomChannel, RoomEvent


def _numbers(services: Services, world: World, channel: str) -> list[int]:
    with services.db.read() as session:
        query = (
            select(RoomEvent.seq)
            .join(RoomChannel, RoomChannel.id == RoomEvent.channel_id)
            .where(RoomChannel.room_id == world.room_id, RoomChannel.name == channel)
            .order_by(RoomEvent.seq)
        )
        return list(session.scalars(query))


def test_each_channel_counts_its_own_events(services: Services, world: World) -> None:
    with services.db.write() as session:
        first = events.append(session, world.room_id, "public", "a")
        second = events.append(session, world.room_id, "public", "b")
        staff = events.append(session, world.room_id, "staff", "c")
    assert (first, second, staff) == (1, 2, 1)


def test_a_rollback_leaves_no_hole(services: Services, world: World) -> None:
    with services.db.write() as session:
        events.append(session, world.room_id, "public", "kept")

    def fail() -> None:
        with services.db.write() as session:
            events.append(session, world.room_id, "public", "undone")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    with services.db.write() as session:
        assert events.append(session, world.room_id, "public", "kept too") == 2
    assert _numbers(services, world, "public") == [1, 2]


def test_a_persons_channel_is_made_at_its_first_event(services: Services, world: World) -> None:
    channel = events.person(world.people[0])
    with services.db.write() as session:
        assert events.append(session, world.room_id, channel, "vote") == 1
        assert channel in events.channel_ids(session, world.room_id, [channel])


def test_several_channels_get_one_event_each_in_one_transaction(services: Services, world: World) -> None:
    with services.db.write() as session:
        numbers = events.append_many(
            session, world.room_id, [Entry("staff", "x"), Entry("public", "x"), Entry("person:1", "x")]
        )
    assert numbers == {"staff": 1, "public": 1, "person:1": 1}


def test_a_wake_up_comes_after_the_commit_and_never_after_a_rollback(services: Services, world: World) -> None:
    woken: list[frozenset[str]] = []
    events.listen(woken.append)
    try:
        with services.db.write() as session:
            events.append_many(session, world.room_id, [Entry("staff", "x"), Entry("public", "x")])
            assert woken == []
            expected = frozenset(events.channel_ids(session, world.room_id, ["public", "staff"]).values())
        assert woken == [expected]

        def fail() -> None:
            with services.db.write() as session:
                events.append(session, world.room_id, "public", "undone")
                raise RuntimeError("on purpose")

        with pytest.raises(RuntimeError, match="on purpose"):
            fail()
        assert woken == [expected]
    finally:
        events.unlisten(woken.append)


def test_reading_goes_on_where_it_stopped(services: Services, world: World) -> None:
    with services.db.write() as session:
        for number in range(5):
            events.append(session, world.room_id, "public", "x", {"n": number})
    with services.db.read() as session:
        channel = events.channel_ids(session, world.room_id, ["public"])["public"]
        assert [one.data["n"] for one in events.read(session, channel, 0, 2)] == [0, 1]
        assert [one.data["n"] for one in events.read(session, channel, 2, 10)] == [2, 3, 4]


WRITER = """
import random, sys
from tourserver.core.db import Database
from tourserver import models
from tourserver.live import events
from tourserver.live.events import Entry
url, room, seed = sys.argv[1:]
db = Database(url)
chance = random.Random(int(seed))
channels = ["public", "staff", "person:a", "person:b"]
for number in range(60):
    chosen = chance.sample(channels, chance.randint(1, 3))
    try:
        with db.write() as session:
            events.append_many(session, room, [Entry(name, "x", {"w": seed, "n": number}) for name in chosen])
            if chance.random() < 0.3:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
"""


def test_three_processes_that_write_and_roll_back_leave_no_gap_and_lose_nothing(
    services: Services, world: World
) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, services.db.url, world.room_id, str(seed)], stderr=subprocess.PIPE
        )
        for seed in range(3)
    ]
    seen: dict[str, list[int]] = {}
    while any(writer.poll() is None for writer in writers):
        _follow(services, world, seen)
    assert [writer.communicate()[1] for writer in writers] == [b""] * 3
    assert [writer.returncode for writer in writers] == [0] * 3
    _follow(services, world, seen)
    for channel in ("public", "staff", "person:a", "person:b"):
        stored = _numbers(services, world, channel)
        assert stored == list(range(1, len(stored) + 1))
        assert seen[channel] == stored, "a reader that goes by numbers sees all, in order"


def _follow(services: Services, world: World, seen: dict[str, list[int]]) -> None:
    with services.db.read() as session:
        for channel, channel_id in events.channel_ids(
            session, world.room_id, ["public", "staff", "person:a", "person:b"]
        ).items():
            known = seen.setdefault(channel, [])
            known.extend(one.seq for one in events.read(session, channel_id, known[-1] if known else 0))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8), st.integers(1, 5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_channels_read_at_once_give_what_each_gives_alone(
    services: Services, world: World, channels: list[tuple[int, int]], limit: int
) -> None:
    names = [f"person:{uuid.uuid4().hex}" for _ in channels]
    with services.db.write() as session:
        for name, (amount, _cursor) in zip(names, channels, strict=True):
            events.ensure_channels(session, world.room_id, [name])
            for number in range(amount):
                events.append(session, world.room_id, name, "x", {"n": number})
    with services.db.read() as session:
        ids = events.channel_ids(session, world.room_id, names)
        cursors = {ids[name]: cursor for name, (_amount, cursor) in zip(names, channels, strict=True)}
        found = events.read_many(session, cursors, limit)
        for channel, cursor in cursors.items():
            assert found.get(channel, []) == events.read(session, channel, cursor, limit)
