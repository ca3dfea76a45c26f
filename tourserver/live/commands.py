"""What clients may ask a room to do: names, forms, rights, and doing each once.

A command carries an id made by its sender. The id is claimed in the transaction that does the command, before
anything else is written: a repeat, even one that comes at the same moment, waits for it and is given the
stored result. What was refused is rolled back whole, the claim too.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Forbidden, Invalid, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.live import access, events, room_commands
from tourserver.live.access import Seat
from tourserver.live.calls import Call, Caller, Spec
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
}


def execute(services: Services, caller: Caller, sent: Any) -> dict[str, Any]:
    """Do a command, once; gives its result. Raises :class:`TourserverError` with nothing done.

    A seat that is lost (right withdrawn, link revoked, session cancelled) raises ``SeatLostError``.
    """
    envelope = parse(Envelope, sent)
    spec = COMMANDS.get(envelope.name)
    if spec is None:
        raise Invalid(N_("This server doesn't know the command."), code="unknown_command")
    args = parse(spec.model, envelope.args)
    with services.db.write() as session:
        try:
            seat = access.check(session, services.tokens, caller.ticket)
        except TourserverError as error:
            raise SeatLostError(error) from error
        _check_right(session, spec, seat)
        stored = _claim(session, caller, envelope)
        if stored is not None:
            return stored
        try:
            result = spec.rule(Call(session, caller.room_id, seat, caller), args)
        except Conflict as error:
            raise _with_face(session, error, seat) from error
        _keep(session, caller, envelope, result)
        return result


class SeatLostError(Exception):
    """The connection has no place in the room any more; ``reason`` says why."""

    def __init__(self, reason: TourserverError) -> None:
        self.reason = reason
        super().__init__(str(reason))


def _check_right(session: Session, spec: Spec, seat: Seat) -> None:
    if spec.verb is not None:
        rights.require(session, seat.actor, spec.verb, access.thing(seat.session_id))
    elif seat.crew:
        raise Forbidden(N_("Only people who registered can do this; you are here as crew."))


def _claim(session: Session, caller: Caller, envelope: Envelope) -> dict[str, Any] | None:
    """Take the command's id; gives the stored result when it was done before."""
    actor = caller.ticket.actor.reference
    row = {
        "id": new_id(),
        "room_id": caller.room_id,
        "actor": actor,
        "client_id": envelope.id,
        "name": envelope.name,
        "result": {},
    }
    if events.insert_once(session, RoomCommand, [row]):
        return None
    query = select(RoomCommand).where(
        RoomCommand.room_id == caller.room_id,
        RoomCommand.actor == actor,
        RoomCommand.client_id == envelope.id,
    )
    known = session.scalars(query).one()
    if known.name != envelope.name:
        raise Invalid(N_("This id was used for another command."), field="id")
    return known.result


def _keep(session: Session, caller: Caller, envelope: Envelope, result: dict[str, Any]) -> None:
    session.execute(
        update(RoomCommand)
        .where(
            RoomCommand.room_id == caller.room_id,
            RoomCommand.actor == caller.ticket.actor.reference,
            RoomCommand.client_id == envelope.id,
        )
        .values(result=result)
    )


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
