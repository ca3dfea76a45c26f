"""What clients may ask a room to do: names, forms, rights, and doing each once.

A command carries an id made by its sender. The id is claimed in the transaction that does the command, before
anything else is written: a repeat, even one that comes at the same moment, waits for it and is given the
stored result. What was refused is rolled back whole, the claim too.

What thousands may do in the same seconds, as voting, is done for many in one transaction (``Many``), each
on its own account: the seat of each is read from the database, and what is refused to one is done for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Forbidden, Invalid, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.live import access, events, room_commands
from tourserver.live.access import Seat
from tourserver.live.audience import commands as audience_commands
from tourserver.live.calls import ANYONE, Call, Caller, Many, Rule, Spec
from tourserver.live.crew import commands as crew_commands
from tourserver.live.faces import Audience, Faces
from tourserver.live.forms import Envelope, parse
from tourserver.live.guiding import commands as guiding_commands
from tourserver.live.models import RoomCommand
from tourserver.live.questions import commands as question_commands
from tourserver.live.questions.models import Question

COMMANDS: Final[dict[str, Spec]] = {
    **room_commands.COMMANDS,
    **guiding_commands.COMMANDS,
    **question_commands.COMMANDS,
    **audience_commands.COMMANDS,
    **crew_commands.COMMANDS,
}


Key = tuple[str, str, str]
"""What the database keeps unique: room, sender, and the sender's id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command in its form: who, what, and with which arguments."""

    caller: Caller
    envelope: Envelope
    spec: Spec
    args: Any

    @property
    def key(self) -> Key:
        """By which a repeat is known."""
        return self.caller.room_id, self.caller.ticket.actor.reference, self.envelope.id


def read(caller: Caller, sent: Any) -> Asked:
    """What was sent, checked for its form alone. Raises :class:`Invalid`."""
    envelope = parse(Envelope, sent)
    spec = COMMANDS.get(envelope.name)
    if spec is None:
        raise Invalid(N_("This server doesn't know the command."), code="unknown_command")
    return Asked(caller, envelope, spec, parse(spec.model, envelope.args))


def execute(services: Services, caller: Caller, sent: Any) -> dict[str, Any]:
    """What was sent, done by itself; see :func:`perform`."""
    return perform(services, read(caller, sent))


def perform(services: Services, asked: Asked) -> dict[str, Any]:
    """Do a command, once; gives its result. Raises :class:`TourserverError` with nothing done.

    A seat that is lost (right withdrawn, link revoked, session cancelled) raises ``SeatLostError``.
    """
    rule = asked.spec.rule
    if isinstance(rule, Many):
        [outcome] = execute_many(services, [asked])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
    with services.db.write() as session:
        return _alone(session, services, rule, asked)


def execute_many(services: Services, asked: Sequence[Asked]) -> list[dict[str, Any] | Exception]:
    """Do commands that share one :class:`Many` in one transaction; gives a result or the reason for each."""
    [many] = {one.spec.rule for one in asked}
    if not isinstance(many, Many):
        raise TypeError("these commands can't be done together")
    with services.db.write() as session:
        return _together(session, services, many, asked)


def _alone(session: Session, services: Services, rule: Rule, asked: Asked) -> dict[str, Any]:
    seat = _seats(session, services, [asked])[0]
    if isinstance(seat, Exception):
        raise seat
    if (known := _claim(session, [asked]).get(asked.key)) is not None:
        if known.name != asked.envelope.name:
            raise _used_before()
        return known.result
    caller = asked.caller
    call = Call(session, caller.room_id, seat, caller)
    try:
        outcome = rule(call, asked.args)
    except Conflict as error:
        raise _with_face(session, error, seat) from error
    _keep(session, {asked.key: outcome})
    return outcome


def _together(
    session: Session, services: Services, many: Many, asked: Sequence[Asked]
) -> list[dict[str, Any] | Exception]:
    outcomes: dict[int, dict[str, Any] | Exception] = {}
    seats: dict[int, Seat] = {}
    for at, seat in enumerate(_seats(session, services, asked)):
        if isinstance(seat, Seat):
            seats[at] = seat
        else:
            outcomes[at] = seat
    stored = _claim(session, [asked[at] for at in seats])
    first: dict[Key, int] = {}
    for at in seats:
        one = asked[at]
        known = stored.get(one.key)
        if known is None and asked[first.setdefault(one.key, at)].envelope.name != one.envelope.name:
            outcomes[at] = _used_before()
        elif known is not None:
            outcomes[at] = known.result if known.name == one.envelope.name else _used_before()
    by_room: dict[str, list[int]] = {}
    for at in first.values():
        by_room.setdefault(asked[at].caller.room_id, []).append(at)
    done: dict[Key, dict[str, Any]] = {}
    for room_id in sorted(by_room):  # in one order, as each holds channels of its room
        fresh = by_room[room_id]
        calls = [(Call(session, room_id, seats[at], asked[at].caller), asked[at].args) for at in fresh]
        for at, outcome in zip(fresh, many.rule(session, room_id, calls), strict=True):
            outcomes[at] = _with_face(session, outcome, seats[at]) if isinstance(outcome, Conflict) else outcome
            if isinstance(outcome, dict):
                done[asked[at].key] = outcome
    _keep(session, done)
    _give_up(session, [key for key in first if key not in done])
    # the same once more, in the same moment, is answered like the first
    return [outcomes[at] if at in outcomes else outcomes[first[one.key]] for at, one in enumerate(asked)]


class SeatLostError(Exception):
    """The connection has no place in the room any more; ``reason`` says why."""

    def __init__(self, reason: TourserverError) -> None:
        self.reason = reason
        super().__init__(str(reason))


def _seats(session: Session, services: Services, asked: Sequence[Asked]) -> list[Seat | Exception]:
    """The seat of each by what the database says now, or why it may not do this."""
    found = access.check_many(session, services.tokens, [one.caller.ticket for one in asked])
    return [_allowed(session, one.spec, found[one.caller.ticket]) for one in asked]


def _allowed(session: Session, spec: Spec, seat: Seat | TourserverError) -> Seat | Exception:
    if isinstance(seat, TourserverError):
        return SeatLostError(seat)
    if spec.verb is None:
        refused = Forbidden(N_("Only people who registered can do this; you are here as crew."))
        return refused if seat.crew else seat
    if spec.verb == ANYONE:
        return seat
    try:
        rights.require(session, seat.actor, spec.verb, access.thing(seat.session_id))
    except TourserverError as error:
        return error
    return seat


def _claim(session: Session, asked: Sequence[Asked]) -> dict[Key, RoomCommand]:
    """Take the commands' ids; gives those that were done before, by key."""
    rows: dict[Key, dict[str, Any]] = {}
    # in one order, so that two processes that are sent the same repeats never wait for each other
    for one in sorted(asked, key=lambda one: one.key):
        room_id, actor, client_id = one.key
        row = {"id": new_id(), "room_id": room_id, "actor": actor, "client_id": client_id}
        rows.setdefault(one.key, {**row, "name": one.envelope.name, "result": {}})
    new = events.insert_new(session, RoomCommand, list(rows.values())) if rows else set()
    if not (old := [key for key, row in rows.items() if row["id"] not in new]):
        return {}
    keys = tuple_(RoomCommand.room_id, RoomCommand.actor, RoomCommand.client_id)
    known = session.scalars(select(RoomCommand).where(keys.in_(old)))
    return {(one.room_id, one.actor, one.client_id): one for one in known}


def _used_before() -> Invalid:
    return Invalid(N_("This id was used for another command."), field="id")


def _keep(session: Session, results: dict[Key, dict[str, Any]]) -> None:
    if not results:
        return
    kept = (
        update(RoomCommand.__table__)  # type: ignore[arg-type]  # the table itself: many rows in one go
        .where(
            RoomCommand.room_id == bindparam("of_room"),
            RoomCommand.actor == bindparam("of_actor"),
            RoomCommand.client_id == bindparam("of_client"),
        )
        .values(result=bindparam("outcome"))
    )
    rows = [
        {"of_room": room_id, "of_actor": actor, "of_client": client_id, "outcome": result}
        for (room_id, actor, client_id), result in results.items()
    ]
    session.connection().execute(kept, rows)


def _give_up(session: Session, keys: Sequence[Key]) -> None:
    """What was refused may be tried again with the same id."""
    if keys:
        mine = tuple_(RoomCommand.room_id, RoomCommand.actor, RoomCommand.client_id)
        gone = delete(RoomCommand).where(mine.in_(list(keys)))
        session.execute(gone.execution_options(synchronize_session=False))


def _with_face(session: Session, error: Conflict, seat: Seat) -> Conflict:
    """The conflict with names and texts as its receiver may see them, in place of ids."""
    offer = (error.state or {}).get("offer")
    if offer is not None:  # only the crew is offered tours
        error.state = {**(error.state or {}), "offer": Faces(session).offer(offer)}
    question_id = (error.state or {}).get("question")
    if isinstance(question_id, str):
        question = session.get(Question, question_id)
        own = question is not None and question.registration_id == seat.actor.id
        audience: Audience = "staff" if seat.crew else "person" if own else "public"
        face = Faces(session).question(question_id, audience)
        left = {"id": question_id, "state": question.state, "revision": question.revision} if question else None
        error.state = {**(error.state or {}), "question": face or left}
    return error
