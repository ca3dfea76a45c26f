"""Joining, for many at once: a session begins and two thousand people come in the same few seconds.

Who comes at the same moment is let in by one transaction and told where things stand from one reading. What each is
told is exactly what it would be alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.core.errors import Gone, RateLimited, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.tokens import LinkTokens
from tourserver.live import access, events, presence, rooms
from tourserver.live.access import Seat
from tourserver.live.faces import Audience
from tourserver.live.models import Room, RoomChannel
from tourserver.live.rooms import AFTERWARDS
from tourserver.live.tickets import Ticket

LINES_PER_PERSON: Final = 20

Lines = Callable[[str, str], int]
"""How many lines a person (second) has to a room (first) by now."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody at the door."""

    sid: str
    ticket: Ticket
    device: str
    heads: int


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody was given: a seat in a room, and the channels to hear with their numbers at that moment."""

    seat: Seat
    room_id: str
    channels: dict[Audience, str]
    numbers: dict[Audience, int]


def admit(
    session: Session, tokens: LinkTokens, wishes: Sequence[Wish], *, process: str, lines: Lines
) -> list[Place | TourserverError]:
    """Let people in or say why not, each on its own account; in a writing transaction."""
    seats = access.check_many(session, tokens, (wish.ticket for wish in wishes))
    wanted = dict.fromkeys((seat.session_id, ticket.room) for ticket, seat in seats.items() if isinstance(seat, Seat))
    found = {key: rooms.get_or_create(session, *key) for key in wanted}
    taken: Counter[tuple[str, str]] = Counter()
    answers: list[tuple[Room, Seat] | TourserverError] = []
    for wish in wishes:
        seat = seats[wish.ticket]
        if isinstance(seat, TourserverError):
            answers.append(seat)
            continue
        room = found[seat.session_id, wish.ticket.room]
        person = (room.id, seat.actor.id)
        refused = _refusal(room, lines(*person) + taken[person])
        if refused is None:
            taken[person] += 1
        answers.append(refused or (room, seat))
    granted = [answer for answer in answers if isinstance(answer, tuple)]
    channels = _channels(session, granted)
    arrivals = [
        presence.Arrival(room.id, seat, connection=wish.sid, device=wish.device, headcount=wish.heads)
        for wish, answer in zip(wishes, answers, strict=True)
        if isinstance(answer, tuple)
        for room, seat in [answer]
    ]
    presence.arrive(session, arrivals, process=process)
    return [_place(answer, channels) if isinstance(answer, tuple) else answer for answer in answers]


def _refusal(room: Room, lines: int) -> TourserverError | None:
    if room.state == "ended" and room.ended_at and clock.now() - room.ended_at > AFTERWARDS:
        return Gone(N_("This tour has ended."), code="ended")
    if lines >= LINES_PER_PERSON:
        return RateLimited(N_("This link is open in too many windows. Close some of them."))
    return None


def _place(answer: tuple[Room, Seat], channels: dict[tuple[str, str], tuple[str, int]]) -> Place:
    room, seat = answer
    heard = {audience(name): channels[room.id, channel] for name, channel in seat.channels.items()}
    return Place(
        seat,
        room.id,
        {name: channel_id for name, (channel_id, _seq) in heard.items()},
        {name: seq for name, (_channel_id, seq) in heard.items()},
    )


def _channels(session: Session, granted: Iterable[tuple[Room, Seat]]) -> dict[tuple[str, str], tuple[str, int]]:
    """Id and number of each channel that is to be heard, by room and name; made where it isn't there yet."""
    wanted: dict[str, set[str]] = {}
    for room, seat in granted:
        wanted.setdefault(room.id, set()).update(seat.channels.values())
    known = _known(session, wanted)
    missing = [(room_id, name) for room_id in sorted(wanted) for name in sorted(wanted[room_id])]
    rows = [
        {"id": new_id(), "room_id": room_id, "name": name, "seq": 0}
        for room_id, name in missing
        if (room_id, name) not in known
    ]
    if rows:
        events.insert_once(session, RoomChannel, rows)
        known = _known(session, wanted)
    return known


def _known(session: Session, wanted: dict[str, set[str]]) -> dict[tuple[str, str], tuple[str, int]]:
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for room_id, names in wanted.items():
        query = select(RoomChannel.name, RoomChannel.id, RoomChannel.seq).where(
            RoomChannel.room_id == room_id, RoomChannel.name.in_(names)
        )
        found |= {(room_id, name): (channel_id, seq) for name, channel_id, seq in session.execute(query)}
    return found


def audience(name: str) -> Audience:
    """The client's name of a channel, narrowed."""
    if name == "public":
        return "public"
    return "staff" if name == "staff" else "person"
