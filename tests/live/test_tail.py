"""The tail and the pulse with a carrier that writes down what it is given."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.live.factories import World, caller_of, host_of, person_of, publish_again, signed_ticket, vote
from tests.live.test_questions import approve, ask
from tourserver.core import clock
from tourserver.core.errors import Gone, RateLimited
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import events, joining, rooms
from tourserver.live.brakes import Brakes
from tourserver.live.commands import execute
from tourserver.live.engine import Engine
from tourserver.live.greeting import Greeting
from tourserver.live.guiding import guide
from tourserver.live.guiding.guide import View
from tourserver.live.models import Room
from tourserver.live.revisions import accept as accept_tour
from tourserver.live.transport import Message
from tourserver.registration.models import Registration
from tourserver.sites.models import Site
from tourserver.tours import document, publishing


class Paper:
    """A carrier of paper: groups as sets, everything sent in a list, background tasks at once."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.ended: list[str] = []

    def join(self, sid: str, channel: str) -> None:
        self.groups.setdefault(channel, set()).add(sid)

    def leave(self, sid: str, channel: str) -> None:
        self.groups.get(channel, set()).discard(sid)

    def send(self, channel: str, *messages: Message, replaces: str | None = None) -> None:
        for sid in sorted(self.groups.get(channel, ())):
            self.send_to(sid, *messages)

    def send_to(self, sid: str, *messages: Message) -> None:
        self.sent += [(sid, message.event, message.data) for message in messages]

    def ping(self) -> None:
        """Paper doesn't die."""

    def disconnect(self, sid: str) -> None:
        self.ended.append(sid)

    def spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        if getattr(function, "__name__", "") != "run":  # the endless tasks are stepped by the tests
            function(*arguments)

    def when_connected(self, sid: str, function: Callable[..., None], *arguments: Any) -> None:
        self.spawn(function, *arguments)

    def sleep(self, seconds: float) -> None:
        """Time does not pass on paper."""

    def to(self, sid: str, event: str) -> list[dict[str, Any]]:
        """What one connection was sent."""
        return [data for receiver, name, data in self.sent if (receiver, name) == (sid, event)]


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def engine(services: Services, paper: Paper) -> Iterator[Engine]:
    found = Engine(services, paper, build_tour=document.build, translate=lambda error, _lang: error.text)
    yield found
    found.stop()


def join(engine: Engine, world: World, actor: Actor, **more: Any) -> str:
    sid = uuid.uuid4().hex
    ticket = signed_ticket(engine.services, world, actor)
    engine.join(sid, {"ticket": ticket, "device": sid, "heads": 1, "since": {}, **more}, None)
    return sid


def test_members_hear_their_channels_and_no_others(engine: Engine, paper: Paper, open_world: World) -> None:
    asker, other = join(engine, open_world, person_of(open_world)), join(engine, open_world, person_of(open_world, 1))
    crew = join(engine, open_world, host_of(open_world))
    approve(engine.services, open_world, ask(engine.services, open_world))
    engine.tail.tick()

    def heard(sid: str) -> list[tuple[str, str]]:
        frames = paper.to(sid, "frame")
        return [
            (channel, event["kind"])
            for frame in frames
            for channel, listed in frame["events"].items()
            for event in listed
        ]

    assert sorted(heard(asker)) == [
        ("person", "question.approved"),
        ("person", "question.pending"),
        ("public", "question.approved"),
    ]
    assert heard(other) == [("public", "question.approved")]
    assert sorted(heard(crew)) == [
        ("public", "question.approved"),
        ("staff", "question.approved"),
        ("staff", "question.pending"),
    ]


def test_each_event_is_handed_on_once_and_in_order(engine: Engine, paper: Paper, open_world: World) -> None:
    guest = join(engine, open_world, person_of(open_world))
    for number in range(450):
        if number % 150 == 0:
            engine.tail.tick()
        with engine.services.db.write() as session:
            events.append(session, open_world.room_id, "public", "x")
    for _ in range(4):
        engine.tail.tick()
    seen = [event["seq"] for frame in paper.to(guest, "frame") for event in frame["events"]["public"]]
    assert seen == list(range(2, 452))


def test_a_lost_wake_up_costs_a_second_and_no_event(engine: Engine, paper: Paper, open_world: World) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.tail.tick()
    events.unlisten(engine.tail.wake)
    with engine.services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    engine.tail.tick()
    assert paper.to(guest, "frame") == []
    engine.tail._swept = float("-inf")
    engine.tail.tick()
    assert [event["kind"] for event in paper.to(guest, "frame")[0]["events"]["public"]] == ["guide.changed"]


def test_the_newest_view_goes_out_with_the_events(engine: Engine, paper: Paper, open_world: World) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.tail.tick()
    engine.tracks.checked(open_world.room_id, host_of(open_world).reference, frozenset(open_world.scenes))
    for yaw in (1, 2, 3):
        engine.tracks.accept(
            open_world.room_id, host_of(open_world).reference, View(open_world.scenes[0], yaw, 0, 70), 0, "G"
        )
    with engine.services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
    engine.tail.tick()
    engine.tail.tick()
    frames = paper.to(guest, "frame")
    assert len(frames) == 1
    assert (frames[0]["view"]["yaw"], len(frames[0]["events"]["public"])) == (3, 1)


def test_a_view_that_another_process_stored_is_handed_on(engine: Engine, paper: Paper, open_world: World) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.tail.tick()
    with engine.services.db.write() as session:
        stored = {"scene": open_world.scenes[0], "yaw": 5, "pitch": 0, "fov": 70, "t": 1_900_000_000_000}
        session.execute(
            update(Room)
            .where(Room.id == open_world.room_id)
            .values(view=stored, guide_actor=host_of(open_world).reference)
        )
    engine.tail._swept = float("-inf")
    engine.tail.tick()
    assert paper.to(guest, "frame")[-1]["view"] == {**stored, "by": "Hanna Host"}


def test_heads_tell_numbers_presence_and_votes(engine: Engine, paper: Paper, open_world: World) -> None:
    question = ask(engine.services, open_world)
    approve(engine.services, open_world, question)
    guest = join(engine, open_world, person_of(open_world), heads=3)
    with engine.services.db.write() as session:
        vote(session, open_world.room_id, question, open_world.people[1])
    ask(engine.services, open_world, "And then?")
    engine.tail.tick()
    paper.sent.clear()
    engine.pulse.send_heads()
    engine.tail.tick()
    everyone, mine = paper.to(guest, "heads")
    assert (everyone["public"], everyone["tallies"]) == (2, {question: 1})
    assert everyone["presence"]["heads"] == 3
    assert mine["person"] == 3, "what was there when it joined was told then"


def test_only_votes_that_changed_are_told_again(engine: Engine, paper: Paper, open_world: World) -> None:
    shown = [ask(engine.services, open_world, f"Q{number}?") for number in range(2)]
    for question in shown:
        approve(engine.services, open_world, question)
    guest = join(engine, open_world, person_of(open_world))
    engine.pulse.send_heads()
    engine.tail.tick()
    with engine.services.db.write() as session:
        vote(session, open_world.room_id, shown[1], open_world.people[1])
    paper.sent.clear()
    engine.pulse._due.pop("heads")
    engine.pulse.send_heads()
    engine.tail.tick()
    assert paper.to(guest, "heads")[0]["tallies"] == {shown[1]: 1}


def test_votes_of_very_many_questions_are_told_by_and_by_and_changes_first(engine: Engine) -> None:
    counted = {f"q{number}": number for number in range(250)}
    tell = engine.pulse._changed_tallies
    beats = [tell("room", counted, False) for _ in range(4)]
    assert [len(one) for one in beats] == [100, 100, 50, 0]
    assert {question: count for one in beats for question, count in one.items()} == counted
    assert len(tell("room", counted, True)) == 100
    counted["q249"] = 1000
    del counted["q0"]
    later = [tell("room", counted, False) for _ in range(3)]
    assert later[0]["q249"] == 1000
    assert [len(one) for one in later] == [100, 50, 0]


def test_a_seat_that_is_lost_is_told_and_ended(engine: Engine, paper: Paper, open_world: World) -> None:
    guest, other = join(engine, open_world, person_of(open_world)), join(engine, open_world, person_of(open_world, 1))
    engine.pulse.check_seats()
    assert paper.ended == []
    with engine.services.db.write() as session:
        session.get_one(Registration, open_world.people[0]).state = "withdrawn"
    engine.pulse.check_seats()
    assert paper.ended == [guest]
    assert paper.to(guest, "removed")[0]["code"] == "withdrawn"
    assert paper.to(other, "removed") == []


def test_a_page_of_the_lobby_gets_the_pinned_tour_when_it_shows_another(
    engine: Engine, paper: Paper, world: World
) -> None:
    early = join(engine, world, person_of(world))
    with engine.services.db.write() as session:
        publishing.publish(session, session.get_one(Site, world.site_id), actor=SYSTEM)
    late = join(engine, world, person_of(world, 1))
    with engine.services.db.write() as session:
        rooms.open_room(session, world.room_id, actor=host_of(world))
    engine.tail.tick()

    assert revisions(paper, early) == [1, 2]
    assert revisions(paper, late) == [2]


def revisions(paper: Paper, sid: str) -> list[int]:
    """Numbers of the tours that a page was sent, in order."""
    public = [data["state"] for data in paper.to(sid, "snapshot") if data["channel"] == "public"]
    return [state["tour"][0]["revision"] for state in [*public, *paper.to(sid, "tours")]]


def test_an_accepted_tour_reaches_every_page_in_its_language_ahead_of_the_event(
    engine: Engine, paper: Paper, open_world: World
) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.tail.tick()
    with engine.services.db.write() as session:
        newer = publish_again(session, open_world.site_id, titles={open_world.scenes[0]: "New quay"})
    engine.tail.tick()
    assert revisions(paper, guest) == [1], "until a host accepts nothing changes"
    with engine.services.db.write() as session:
        accept_tour(session, open_world.room_id, open_world.site_id, newer.id, actor=host_of(open_world))
    paper.sent.clear()
    engine.tail.tick()
    (brought, frame) = [(event, data) for sid, event, data in paper.sent if sid == guest]
    assert brought[0] == "tours"
    assert brought[1]["tour"][0]["scenes"][0]["title"]["value"] == "New quay"
    assert [event["kind"] for event in frame[1]["events"]["public"]] == ["tour.changed"]
    late = join(engine, open_world, person_of(open_world, 1))
    assert revisions(paper, late) == [2]
    assert paper.to(late, "tours") == [], "the snapshot had it"


def test_a_view_of_a_scene_that_is_gone_is_not_handed_on_after_its_tour_changed(
    engine: Engine, paper: Paper, open_world: World
) -> None:
    guest = join(engine, open_world, person_of(open_world))
    with engine.services.db.write() as session:
        guide.take(session, open_world.room_id, actor=host_of(open_world))
        view = guide.make_view(open_world.scenes[1], 5, 0, 70)
        guide.show_scene(session, open_world.room_id, view, actor=host_of(open_world))
    engine.tail.tick()
    with engine.services.db.write() as session:
        newer = publish_again(session, open_world.site_id, kind="withdrawal", gone=open_world.scenes[1])
        accept_tour(session, open_world.room_id, open_world.site_id, newer.id, actor=host_of(open_world))
    engine.tracks.checked(open_world.room_id, host_of(open_world).reference, frozenset(open_world.scenes))
    stray = View(open_world.scenes[1], 9, 0, 70)
    engine.tracks.accept(open_world.room_id, host_of(open_world).reference, stray, clock.milliseconds(clock.now()), "G")
    engine.tail.tick()
    frame = paper.to(guest, "frame")[-1]
    assert [event["kind"] for event in frame["events"]["public"]] == ["tour.changed", "guide.scene"]
    assert frame["view"]["scene"] == open_world.scenes[0]
    assert not engine.tracks.accept(open_world.room_id, host_of(open_world).reference, stray, 0, "G")


def test_who_comes_back_with_an_old_tour_gets_a_snapshot_and_with_the_present_one_what_was_missed(
    engine: Engine, paper: Paper, open_world: World
) -> None:
    with engine.services.db.write() as session:
        newer = publish_again(session, open_world.site_id)
        accept_tour(session, open_world.room_id, open_world.site_id, newer.id, actor=host_of(open_world))
        slug = session.get_one(Site, open_world.site_id).slug
    since = {"public": 2, "person": 0}
    # its line was cut between the event and the documents
    old = join(engine, open_world, person_of(open_world), since=since, tours=[f"{slug}@1"])
    assert [data["channel"] for data in paper.to(old, "snapshot")] == ["public"]
    present = join(engine, open_world, person_of(open_world, 1), since=since, tours=[f"{slug}@2"])
    assert paper.to(present, "snapshot") == []


def test_a_cursor_from_nowhere_or_too_far_behind_gets_a_snapshot(
    engine: Engine, paper: Paper, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.services.db.read() as session:
        slug = session.get_one(Site, open_world.site_id).slug

    def shown(since: int) -> list[str]:
        back = {"since": {"public": since, "person": 0}, "tours": [f"{slug}@1"]}
        sid = join(engine, open_world, person_of(open_world), **back)
        return [event for receiver, event, data in paper.sent if receiver == sid and data.get("channel") == "public"]

    assert shown(99) == ["snapshot"], "no number of ours"
    assert shown(0) == ["events"]
    assert shown(1) == ["events"], "an empty page says that nothing was missed"
    monkeypatch.setattr("tourserver.live.greeting.MISSED_MOST", 0)
    assert shown(0) == ["snapshot"]
    assert shown(1) == ["events"]


def test_a_page_that_joins_while_a_tour_changes_ends_with_the_new_one(
    engine: Engine, paper: Paper, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_messages = engine._greeter.messages

    def slow(session: Session, greetings: Sequence[Greeting]) -> list[list[Message]]:
        """The snapshot was read, and the tour changes before it is sent."""
        found = first_messages(session, greetings)
        monkeypatch.setattr(engine._greeter, "messages", first_messages)
        with engine.services.db.write() as session:
            newer = publish_again(session, open_world.site_id)
            accept_tour(session, open_world.room_id, open_world.site_id, newer.id, actor=host_of(open_world))
        engine.tail.tick()
        connection = greetings[0].connection
        connection.tours = connection.tours[:0]  # what a later writer of the two may leave
        return found

    monkeypatch.setattr(engine._greeter, "messages", slow)
    guest = join(engine, open_world, person_of(open_world))
    last = [data for sid, event, data in paper.sent if sid == guest and event in ("tours", "snapshot")][-1]
    assert last["tour"][0]["revision"] == 2


def test_who_missed_the_opening_gets_a_snapshot_with_the_pinned_tour(
    engine: Engine, paper: Paper, open_world: World
) -> None:
    back = join(engine, open_world, person_of(open_world), since={"public": 0, "person": 0})
    assert [data["channel"] for data in paper.to(back, "snapshot")] == ["public"]
    assert [data["channel"] for data in paper.to(back, "events")] == ["person"]


def test_much_that_was_missed_comes_in_pages(engine: Engine, paper: Paper, open_world: World) -> None:
    with engine.services.db.write() as session:
        for _ in range(450):
            events.append(session, open_world.room_id, "public", "x")
    back = join(engine, open_world, person_of(open_world), since={"public": 1, "person": 0})
    pages = [data for data in paper.to(back, "events") if data["channel"] == "public"]
    assert [len(page["events"]) for page in pages] == [200, 200, 50]
    assert [page["more"] for page in pages] == [True, True, False]


def test_a_room_that_ended_a_day_ago_is_over(
    engine: Engine, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.services.db.write() as session:
        rooms.end_room(session, open_world.room_id, actor=host_of(open_world))
    join(engine, open_world, person_of(open_world))
    monkeypatch.setattr(joining, "AFTERWARDS", timedelta(0))
    with pytest.raises(Gone) as caught:
        join(engine, open_world, person_of(open_world))
    assert caught.value.code == "ended"


def test_one_link_opens_twenty_windows_and_no_more(engine: Engine, open_world: World) -> None:
    for _ in range(20):
        join(engine, open_world, person_of(open_world))
    with pytest.raises(RateLimited):
        join(engine, open_world, person_of(open_world))
    join(engine, open_world, person_of(open_world, 1))


def test_leaving_frees_channels_and_ends_attendance(engine: Engine, paper: Paper, open_world: World) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.leave(guest)
    engine.leave(guest)
    assert engine.members.channels() == []
    assert all(not members for members in paper.groups.values())


def test_the_tail_goes_on_after_a_moment_without_a_database(
    engine: Engine, paper: Paper, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = join(engine, open_world, person_of(open_world))
    engine.tail.tick()

    def fail(*_: Any) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(events, "read", fail)
        caller = caller_of(engine.services, open_world, host_of(open_world))
        execute(engine.services, caller, {"id": str(uuid.uuid4()), "name": "guide.take", "args": {}})
        with pytest.raises(RuntimeError, match="on purpose"):
            engine.tail.tick()
    engine.tail._swept = float("-inf")
    engine.tail.tick()
    assert [event["kind"] for event in paper.to(guest, "frame")[-1]["events"]["public"]] == ["guide.changed"]


def test_who_joins_again_and_again_is_slowed_down_and_nobody_else_is(
    engine: Engine, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_joins", Brakes(0.001, 3))
    for _ in range(3):
        engine.leave(join(engine, open_world, person_of(open_world)))
    with pytest.raises(RateLimited):
        join(engine, open_world, person_of(open_world))
    join(engine, open_world, person_of(open_world, 1))


def test_who_comes_back_by_number_is_told_all_votes_at_once(engine: Engine, paper: Paper, open_world: World) -> None:
    question = ask(engine.services, open_world)
    approve(engine.services, open_world, question)
    with engine.services.db.write() as session:
        vote(session, open_world.room_id, question, open_world.people[1])
        number = events.heads(session, [open_world.room_id])
        public = number[events.channel_ids(session, open_world.room_id, [events.PUBLIC])[events.PUBLIC]]
    back = join(engine, open_world, person_of(open_world), since={"public": public, "person": 0})
    assert paper.to(back, "heads")[0]["tallies"] == {question: 1}
    fresh = join(engine, open_world, person_of(open_world, 1))
    assert "tallies" not in paper.to(fresh, "heads")[0], "the snapshot has them"
