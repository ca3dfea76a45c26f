"""Polls: one open at a time, one answer a person, results when they may be seen."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.live.factories import World, caller_of, host_of, make_world, open_room, person_of
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound, TourserverError
from tourserver.core.services import Services
from tourserver.live import commands, events, rooms, snapshots
from tourserver.live.audience import polls
from tourserver.live.audience.models import PollAnswer
from tourserver.live.calls import Caller
from tourserver.live.faces import Faces


def do(services: Services, caller: Caller, name: str, **args: Any) -> dict[str, Any]:
    return commands.execute(services, caller, {"id": str(uuid.uuid4()), "name": name, "args": args})


@pytest.fixture
def host(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, host_of(open_world))


@pytest.fixture
def guest(services: Services, open_world: World) -> Caller:
    return caller_of(services, open_world, person_of(open_world))


def draft(services: Services, host: Caller, **changed: Any) -> dict[str, Any]:
    wording = {"kind": "single", "text": "Which site next?", "options": ["Harbour", "Heating plant"]}
    return do(services, host, "poll.save", **{**wording, **changed})


def opened(services: Services, host: Caller, **changed: Any) -> dict[str, Any]:
    return do(services, host, "poll.open", **draft(services, host, **changed))


def seen(services: Services, world: World, audience: str = "public") -> list[dict[str, Any]]:
    with services.db.read() as session:
        room = rooms.get(session, world.room_id)
        state = snapshots.staff(session, room) if audience == "staff" else snapshots.public(session, room, [])
    found: list[dict[str, Any]] = state["polls"]
    return found


def option(services: Services, world: World, number: int = 0) -> str:
    return str(seen(services, world)[-1]["options"][number]["id"])


def test_a_draft_is_known_to_the_crew_alone_until_it_is_opened(
    services: Services, host: Caller, open_world: World
) -> None:
    made = draft(services, host)
    assert seen(services, open_world) == []
    assert [one["state"] for one in seen(services, open_world, "staff")] == ["draft"]
    do(services, host, "poll.open", **made)
    [poll] = seen(services, open_world)
    assert poll["state"] == "open"
    assert [one["text"] for one in poll["options"]] == ["Harbour", "Heating plant"]


def test_a_person_answers_once_and_keeps_the_first_answer(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    poll = opened(services, host)["poll"]
    first, second = option(services, open_world), option(services, open_world, 1)
    assert do(services, guest, "poll.answer", poll=poll, choices=[first])["choices"] == [first]
    with pytest.raises(Conflict, match="already"):
        do(services, guest, "poll.answer", poll=poll, choices=[second])
    with services.db.read() as session:
        assert polls.counts(session, [poll]) == {poll: (1, {first: 1})}
        mine = snapshots.person(session, rooms.get(session, open_world.room_id), open_world.people[0])
    assert mine["poll_answers"] == {poll: [first]}


def test_many_answers_at_once_are_counted_each_on_its_own_account(services: Services) -> None:
    with services.db.write() as session:
        world, elsewhere = make_world(session, people=6), make_world(session)
    for one in (world, elsewhere):
        open_room(services, one)
    host = caller_of(services, world, host_of(world))
    poll = opened(services, host)["poll"]
    chosen = option(services, world)
    callers = [caller_of(services, world, person_of(world, number)) for number in range(6)]
    foreigner = caller_of(services, elsewhere, person_of(elsewhere))

    def asked(caller: Caller, choices: list[str]) -> commands.Asked:
        args = {"poll": poll, "choices": choices}
        return commands.read(caller, {"id": str(uuid.uuid4()), "name": "poll.answer", "args": args})

    wanted = [asked(caller, [chosen]) for caller in callers]
    wanted += [asked(callers[0], [chosen]), asked(callers[1], ["nothing"]), asked(foreigner, [chosen])]
    outcomes = commands.execute_many(services, wanted)
    assert outcomes[:6] == [{"poll": poll, "choices": [chosen]}] * 6
    assert [type(one) for one in outcomes[6:]] == [Conflict, Invalid, NotFound]
    with services.db.read() as session:
        assert polls.counts(session, [poll]) == {poll: (6, {chosen: 6})}
        assert session.scalar(select(func.count()).select_from(PollAnswer)) == 6
        ids = events.channel_ids(session, world.room_id, map(events.person, world.people))
        told = [events.read(session, channel, 0)[-1].kind for channel in ids.values()]
    assert told == ["poll.answered"] * 6


@pytest.mark.parametrize(
    ("kind", "choices", "error"),
    [
        ("single", 1, None),
        ("single", 2, Invalid),
        ("multiple", 2, None),
        ("rating", 1, None),
        ("rating", 2, Invalid),
    ],
)
def test_how_many_answers_may_be_chosen_is_the_polls(
    services: Services,
    host: Caller,
    guest: Caller,
    open_world: World,
    kind: str,
    choices: int,
    error: type[TourserverError] | None,
) -> None:
    changed: dict[str, Any] = {"options": []} if kind == "rating" else {}
    poll = opened(services, host, kind=kind, **changed)["poll"]
    chosen = [option(services, open_world, number) for number in range(choices)]
    if error is None:
        do(services, guest, "poll.answer", poll=poll, choices=chosen)
        return
    with pytest.raises(error):
        do(services, guest, "poll.answer", poll=poll, choices=chosen)


def test_one_poll_at_a_time_is_open_and_a_closed_one_goes_on_with_its_answers(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    first, second = opened(services, host), draft(services, host, text="And then?")
    do(services, guest, "poll.answer", poll=first["poll"], choices=[option(services, open_world)])
    with pytest.raises(Conflict, match="Another poll is open"):
        do(services, host, "poll.open", **second)
    closed = do(services, host, "poll.close", **first)
    late = caller_of(services, open_world, person_of(open_world, 1))
    with pytest.raises(Conflict, match="closed"):
        do(services, late, "poll.answer", poll=first["poll"], choices=[option(services, open_world)])
    again = do(services, host, "poll.open", **closed)
    do(services, late, "poll.answer", poll=first["poll"], choices=[option(services, open_world)])
    do(services, host, "poll.close", **again)
    assert [one["answers"] for one in seen(services, open_world)] == [2]


@pytest.mark.parametrize(("results", "while_open"), [("live", 1), ("closed", None)])
def test_the_result_is_seen_while_it_is_open_or_once_it_is_closed(
    services: Services, host: Caller, guest: Caller, open_world: World, results: str, while_open: int | None
) -> None:
    poll = opened(services, host, results=results)
    do(services, guest, "poll.answer", poll=poll["poll"], choices=[option(services, open_world)])
    assert [one["answers"] for one in seen(services, open_world)] == [while_open]
    assert [one["answers"] for one in seen(services, open_world, "staff")] == [1]
    do(services, host, "poll.close", **poll)
    assert [one["answers"] for one in seen(services, open_world)] == [1]


def test_what_was_shown_is_not_changed_and_answers_are_never_thrown_away(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    made = draft(services, host)
    made = draft(services, host, **made, text="Better words?")
    with pytest.raises(Conflict, match="colleague"):
        draft(services, host, poll=made["poll"], revision=1)
    poll = do(services, host, "poll.open", **made)
    with pytest.raises(Conflict, match="shown already"):
        draft(services, host, **poll)
    do(services, guest, "poll.answer", poll=poll["poll"], choices=[option(services, open_world)])
    closed = do(services, host, "poll.close", **poll)
    with pytest.raises(Conflict, match="answered"):
        do(services, host, "poll.remove", **closed)
    unused = draft(services, host)
    do(services, host, "poll.remove", **unused)
    assert [one["text"] for one in seen(services, open_world, "staff")] == ["Better words?"]


@pytest.mark.parametrize(
    "changed",
    [
        {"options": ["Only one"]},
        {"options": [str(number) for number in range(11)]},
        {"options": ["Same", "same"]},
        {"options": ["", "b"]},
        {"text": " "},
        {"text": "x" * 301},
        {"kind": "rating"},
        {"kind": "open"},
        {"surprise": 1},
    ],
)
def test_a_poll_that_makes_no_sense_is_refused_in_words(services: Services, host: Caller, changed: Any) -> None:
    with pytest.raises(Invalid):
        draft(services, host, **changed)


def test_participants_and_hosts_of_other_rooms_neither_make_nor_open_polls(
    services: Services, host: Caller, guest: Caller
) -> None:
    with services.db.write() as session:
        elsewhere = make_world(session)
    foreign = caller_of(services, elsewhere, host_of(elsewhere))
    made = draft(services, host)
    with pytest.raises(Forbidden):
        draft(services, guest)
    for name in ("poll.open", "poll.close", "poll.remove"):
        with pytest.raises(Forbidden):
            do(services, guest, name, **made)
        with pytest.raises(TourserverError):
            do(services, foreign, name, **made)
    with pytest.raises(Forbidden):
        do(services, host, "poll.answer", poll=made["poll"], choices=["1"])


def test_the_crews_event_has_the_counts_and_everyones_has_them_when_it_is_closed(
    services: Services, host: Caller, guest: Caller, open_world: World
) -> None:
    poll = opened(services, host)
    do(services, guest, "poll.answer", poll=poll["poll"], choices=[option(services, open_world)])
    do(services, host, "poll.close", **poll)
    with services.db.read() as session:
        ids = events.channel_ids(session, open_world.room_id, [events.PUBLIC, events.STAFF])
        faces = Faces(session)
        public = faces.events(events.read(session, ids["public"], 0), "public")
        staff = faces.events(events.read(session, ids["staff"], 0), "staff")
    assert [one["kind"] for one in public] == ["room.opened", "poll.opened", "poll.closed"]
    assert public[-1]["data"]["poll"]["answers"] == 1
    assert {one["kind"] for one in staff} == {"poll.saved"}
    assert staff[-1]["data"]["poll"]["answers"] == 1
