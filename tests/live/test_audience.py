"""Hands, announcements, messages and reactions; who is there by country."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from tests.live.factories import World, caller_of, host_of, make_world, person_of
from tests.live.test_polls import do
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound, TourserverError
from tourserver.core.services import Services
from tourserver.live import access, events, presence, rooms, snapshots
from tourserver.live.audience import groups, reactions
from tourserver.live.audience.models import ChatMessage, ReactionCount
from tourserver.live.calls import Caller
from tourserver.live.faces import Faces
from tourserver.live.models import Room
from tourserver.registration.models import Registration


@pytest.fixture
def host(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world))


@pytest.fixture
def guest(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, person_of(open_world))


def state(services: Services, world: World, audience: str) -> dict[str, Any]:
    with services.db.read() as session:
        room = rooms.get(session, world.room_id)
        if audience == "person":
            return snapshots.person(session, room, world.people[0])
        return snapshots.staff(session, room) if audience == "staff" else snapshots.public(session, room, [])


def rule(services: Services, world: World, **values: Any) -> None:
    with services.db.write() as session:
        session.execute(update(Room).where(Room.id == world.room_id).values(**values))


# --- hands


def test_a_hand_is_raised_called_and_taken_down_and_only_the_crew_knows_whose(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    assert do(services, guest, "hand.raise") == {"state": "up"}
    assert do(services, guest, "hand.raise") == {"state": "up"}
    [hand] = state(services, open_world, "staff")["hands"]
    assert (hand["name"], hand["country"], hand["state"]) == ("Amina Diallo", "MA", "up")
    called = do(services, host, "hand.call", hand=hand["id"], revision=hand["revision"])
    assert state(services, open_world, "person")["hand"] == "called"
    with pytest.raises(Conflict):
        do(services, host, "hand.done", hand=hand["id"], revision=hand["revision"])
    do(services, host, "hand.done", hand=hand["id"], revision=called["revision"])
    assert state(services, open_world, "staff")["hands"] == []
    assert do(services, guest, "hand.raise") == {"state": "up"}
    assert do(services, guest, "hand.lower") == {"state": "down"}
    assert "Amina" not in str(state(services, open_world, "public"))
    with services.db.read() as session:
        ids = events.channel_ids(session, open_world.room_id, [events.person(open_world.people[0])])
        [channel] = ids.values()
        own = Faces(session).events(events.read(session, channel, 0), "person")
    kinds = ["hand.raised", "hand.called", "hand.lowered", "hand.raised", "hand.lowered"]
    assert [one["kind"] for one in own] == kinds
    assert [one["data"] for one in own][:3] == [{"state": "up"}, {"state": "called"}, {"state": "down"}]


def test_a_hand_of_another_room_is_not_found_and_participants_call_nobody(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    with services.db.write() as session:
        elsewhere = make_world(session)
    do(services, guest, "hand.raise")
    [hand] = state(services, open_world, "staff")["hands"]
    which = {"hand": hand["id"], "revision": hand["revision"]}
    foreign = caller_of(services, elsewhere, host_of(elsewhere))
    for name in ("hand.call", "hand.done"):
        with pytest.raises(NotFound):
            do(services, foreign, name, **which)
        with pytest.raises(Forbidden):
            do(services, guest, name, **which)
    with pytest.raises(Forbidden):
        do(services, host, "hand.raise")


# --- announcements


def test_an_announcement_stands_until_it_is_taken_back_or_its_time_is_over(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    posted = do(services, host, "announce.post", text="We go on in five minutes.")
    do(services, host, "announce.post", text="Sound is back.", seconds=3600)
    texts = [one["text"] for one in state(services, open_world, "public")["announcements"]]
    assert texts == ["We go on in five minutes.", "Sound is back."]
    do(services, host, "announce.post", text="Third.")
    with pytest.raises(Conflict, match="3 announcements"):
        do(services, host, "announce.post", text="Fourth.")
    do(services, host, "announce.withdraw", **posted)
    do(services, host, "announce.withdraw", **posted)
    texts = [one["text"] for one in state(services, open_world, "public")["announcements"]]
    assert texts == ["Sound is back.", "Third."]
    with pytest.raises(Forbidden):
        do(services, guest, "announce.post", text="Me too.")
    with pytest.raises(Forbidden):
        do(services, guest, "announce.withdraw", **posted)


# --- chat


def test_everyone_reads_a_message_and_only_the_crew_reads_the_crews(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    rule(services, open_world, chat="on")
    do(services, guest, "chat.say", text="Hello from Rabat")
    do(services, host, "chat.say", text="Welcome!")
    do(services, host, "chat.say", text="Two minutes left", circle="crew")
    public, staff = state(services, open_world, "public"), state(services, open_world, "staff")
    said = [(one["text"], one["author"], one["country"], one["crew"]) for one in public["chat"]]
    assert said == [("Hello from Rabat", "Amina Diallo", "MA", False), ("Welcome!", "Hanna Host", None, True)]
    assert [one["text"] for one in staff["crew_chat"]] == ["Two minutes left"]
    assert len(state(services, open_world, "person")["own_messages"]) == 1
    with pytest.raises(Forbidden):
        do(services, guest, "chat.say", text="Psst", circle="crew")


@pytest.mark.parametrize(
    ("rules", "words"),
    [({"chat": "off"}, "switched the chat off"), ({"chat": "locked"}, "Only the hosts write")],
)
def test_a_chat_that_is_off_or_locked_takes_only_the_crews_messages(
    services: Services, host: Caller, guest: Caller, open_world: World, rules: dict[str, Any], words: str
) -> None:
    rule(services, open_world, **rules)
    with pytest.raises(Conflict, match=words):
        do(services, guest, "chat.say", text="Hello")
    do(services, host, "chat.say", text="Good morning")


def test_slow_mode_and_patience_hold_back_who_writes_too_often(
    services: Services, guest: Caller, open_world: World
) -> None:
    rule(services, open_world, chat="on")
    for number in range(20):
        do(services, guest, "chat.say", text=f"Message {number}")
    with pytest.raises(Conflict, match="20 messages in a minute"):
        do(services, guest, "chat.say", text="One more")
    rule(services, open_world, chat="on", chat_slow_seconds=60)
    other = caller_of(services, open_world, person_of(open_world, 1))
    do(services, other, "chat.say", text="First")
    with pytest.raises(Conflict, match="60 seconds"):
        do(services, other, "chat.say", text="Second")


def test_words_of_a_message_that_is_taken_away_are_gone_for_good(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    rule(services, open_world, chat="on")
    other = caller_of(services, open_world, person_of(open_world, 1))
    first, second = (do(services, one, "chat.say", text="Sensitive words") for one in (guest, other))
    with pytest.raises(Forbidden):
        do(services, guest, "chat.remove", **second)
    do(services, guest, "chat.remove", **first)
    do(services, host, "chat.remove", **second)
    do(services, host, "chat.remove", **second)
    assert state(services, open_world, "public")["chat"] == []
    with services.db.read() as session:
        assert set(session.scalars(select(ChatMessage.text))) == {""}
        ids = events.channel_ids(session, open_world.room_id, [events.PUBLIC])
        replayed = Faces(session).events(events.read(session, ids["public"], 0), "public")
    assert "Sensitive" not in str(replayed)


def test_messages_of_another_room_and_of_the_crew_are_not_found(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    with services.db.write() as session:
        elsewhere = make_world(session)
    said = do(services, host, "chat.say", text="Among us", circle="crew")
    foreign = caller_of(services, elsewhere, host_of(elsewhere))
    for caller in (guest, foreign):
        with pytest.raises(NotFound):
            do(services, caller, "chat.remove", **said)


@pytest.mark.parametrize("text", ["", "x" * 501, "a\u202eb", "\x07"])
def test_a_message_that_can_not_be_shown_is_refused(
    services: Services, guest: Caller, open_world: World, text: str
) -> None:
    rule(services, open_world, chat="on")
    with pytest.raises(Invalid):
        do(services, guest, "chat.say", text=text)


def test_who_is_blocked_neither_writes_nor_raises_a_hand(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    rule(services, open_world, chat="on")
    asked = do(services, guest, "question.ask", text="Why?", anonymous=False)
    do(services, host, "person.block", question=asked["question"])
    for name, args in (("chat.say", {"text": "Hello"}), ("hand.raise", {})):
        with pytest.raises(TourserverError, match="no longer take"):
            do(services, guest, name, **args)


# --- reactions


def test_reactions_are_counted_together_sent_at_most_twice_a_second_and_stored_without_names(
    services: Services, open_world: World
) -> None:
    counting = reactions.Reactions()
    room = open_world.room_id
    assert counting.is_stale(room)
    assert not counting.add(room, "heart"), "nobody asked the database yet"
    with services.db.read() as session:
        counting.checked(room, reactions.are_allowed(session, room))
    for kind in ("heart", "heart", "applause"):
        assert counting.add(room, kind)
    counting.learn(room, {"heart": 3, "nonsense": 5, "laugh": -1})
    assert counting.take_unsent(room) == {"heart": 5, "applause": 1}
    counting.add(room, "laugh")
    assert counting.take_unsent(room) == {}
    assert counting.take_untold(room) == {"heart": 2, "applause": 1, "laugh": 1}
    due = counting.take_due(everything=True)
    counting.give_back(due)
    with services.db.write() as session:
        reactions.store(session, "a-process", counting.take_due(everything=True))
    with services.db.read() as session:
        stored = session.execute(select(ReactionCount.kind, ReactionCount.count))
        assert sorted(tuple(row) for row in stored) == [("applause", 1), ("heart", 2), ("laugh", 1)]


@pytest.mark.parametrize("values", [{"reactions_on": False}, {"state": "closed"}, {"state": "ended"}])
def test_a_room_that_is_not_open_or_switched_reactions_off_takes_none(
    services: Services, open_world: World, values: dict[str, Any]
) -> None:
    rule(services, open_world, **values)
    with services.db.read() as session:
        assert not reactions.are_allowed(session, open_world.room_id)


# --- who is there


def test_the_crew_sees_persons_and_people_by_country_and_organisation_but_no_address(
    services: Services, open_world: World
) -> None:
    with services.db.write() as session:
        session.execute(
            update(Registration)
            .where(Registration.id == open_world.people[1])
            .values(country="ZZ", organisation="City of Rabat")
        )
        arrivals = []
        for connection, number, heads in (("c0", 0, 2), ("c1", 1, 5), ("c2", 0, 2)):
            seat = access.Seat(open_world.session_id, person_of(open_world, number), "participant", "x", "en")
            one = presence.Arrival(open_world.room_id, seat, connection=connection, device=connection, headcount=heads)
            arrivals.append(one)
        presence.arrive(session, arrivals, process="p")
    with services.db.read() as session:
        assert groups.here(session, open_world.room_id) == [
            {"country": None, "organisation": "City of Rabat", "persons": 1, "heads": 5},
            {"country": "MA", "organisation": "", "persons": 1, "heads": 2},
        ]
