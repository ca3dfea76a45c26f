"""Raised hands: one for each person and room, called upon by the crew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Forbidden, NotFound
from tourserver.core.i18n import N_
from tourserver.live import events, rooms
from tourserver.live.audience.models import RaisedHand
from tourserver.live.events import Entry
from tourserver.live.questions import limits
from tourserver.people.models import Person
from tourserver.registration.models import Registration


def raise_hand(session: Session, room_id: str, registration_id: str) -> RaisedHand:
    """Ask to speak. Raising a raised hand changes nothing."""
    events.hold(session, room_id, [events.STAFF, events.person(registration_id)])
    rooms.require_open(rooms.get(session, room_id))
    if limits.is_blocked(session, room_id, registration_id):
        raise Forbidden(N_("The hosts no longer take questions from you. You can go on following the tour."))
    row = {"id": new_id(), "room_id": room_id, "registration_id": registration_id, "state": "down", "revision": 0}
    events.insert_once(session, RaisedHand, [{**row, "raised_at": clock.now()}])
    hand = _of(session, room_id, registration_id)
    if hand.state != "down":
        return hand
    hand.raised_at = clock.now()
    return _change(session, hand, "up", "hand.raised")


def lower(session: Session, room_id: str, registration_id: str) -> None:
    """Take one's own hand down."""
    events.hold(session, room_id, [events.STAFF, events.person(registration_id)])
    mine = (RaisedHand.room_id == room_id, RaisedHand.registration_id == registration_id)
    hand = session.scalar(select(RaisedHand).where(*mine).execution_options(populate_existing=True))
    if hand is not None and hand.state != "down":
        _change(session, hand, "down", "hand.lowered")


def call(session: Session, room_id: str, hand_id: str, revision: int) -> RaisedHand:
    """The crew gives this person the word."""
    hand = _held(session, room_id, hand_id, revision)
    if hand.state == "down":
        raise Conflict(N_("This hand was taken down."), state={"hand": hand.id})
    return hand if hand.state == "called" else _change(session, hand, "called", "hand.called")


def done(session: Session, room_id: str, hand_id: str, revision: int) -> RaisedHand:
    """This person has spoken, or isn't called upon any more."""
    hand = _held(session, room_id, hand_id, revision)
    return hand if hand.state == "down" else _change(session, hand, "down", "hand.lowered")


def _of(session: Session, room_id: str, registration_id: str) -> RaisedHand:
    query = select(RaisedHand).where(RaisedHand.room_id == room_id, RaisedHand.registration_id == registration_id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _held(session: Session, room_id: str, hand_id: str, revision: int) -> RaisedHand:
    query = select(RaisedHand.registration_id).where(RaisedHand.id == hand_id, RaisedHand.room_id == room_id)
    registration_id = session.scalar(query)
    if registration_id is None:
        raise NotFound(N_("There is no such hand in this room."), field="hand")
    events.hold(session, room_id, [events.STAFF, events.person(registration_id)])
    hand = _of(session, room_id, registration_id)
    if hand.revision != revision:
        raise Conflict(N_("This hand changed in the meantime."), state={"hand": hand.id})
    return hand


def _change(session: Session, hand: RaisedHand, state: str, kind: str) -> RaisedHand:
    hand.state = state
    hand.revision += 1
    session.flush()
    data = {"hand": hand.id, "state": state, "revision": hand.revision}
    channels = (events.STAFF, events.person(hand.registration_id))
    events.append_many(session, hand.room_id, [Entry(channel, kind, data) for channel in channels])
    return hand


def up(room_id: str) -> ColumnElement[bool]:
    """A room's hands that are raised or called upon."""
    return (RaisedHand.room_id == room_id) & (RaisedHand.state != "down")


def faces(session: Session, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Hands and whose they are, the longest raised first; for the crew."""
    query = (
        select(RaisedHand, Person.name, Registration.country)
        .join(Registration, Registration.id == RaisedHand.registration_id)
        .join(Person, Person.id == Registration.person_id)
        .where(which)
        .order_by(RaisedHand.raised_at, RaisedHand.id)
    )
    return [
        {
            "id": hand.id,
            "state": hand.state,
            "revision": hand.revision,
            "raised_at": clock.milliseconds(hand.raised_at),
            "name": name or None,
            "country": None if country == "ZZ" else country,
        }
        for hand, name, country in session.execute(query)
    ]


def of_persons(session: Session, room_id: str, registration_ids: Sequence[str]) -> dict[str, str]:
    """The state of each of these people's hands; those who never raised it are missing."""
    query = select(RaisedHand.registration_id, RaisedHand.state).where(
        RaisedHand.room_id == room_id, RaisedHand.registration_id.in_(registration_ids)
    )
    return {row[0]: row[1] for row in session.execute(query)}
