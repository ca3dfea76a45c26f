"""What clients may ask a room to do: names, forms, rights, and doing each once.

A command carries an id made by its sender. The id is claimed in the transaction that does the command, before
anything else is written: a repeat, even one that comes at the same moment, waits for it and is given the
stored result. What was refused is rolled back whole, the claim too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Forbidden, Invalid, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.live import access, events, guide, presence, questions, revisions, rooms, texts, votes
from tourserver.live.access import Seat
from tourserver.live.faces import Audience, Faces
from tourserver.live.forms import Accept, Ask, Decline, Envelope, Heads, Nothing, Seen, Show, Strict, Which, parse
from tourserver.live.models import Question, Room, RoomCommand
from tourserver.live.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose connection a command came over."""

    ticket: Ticket
    room_id: str
    connection: str
    language: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule is given."""

    session: Session
    room_id: str
    seat: Seat
    caller: Caller


Rule = Callable[[Call, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Spec:
    """A command: its arguments, the verb it needs (None: a registered person's), and what it does."""

    model: type[Strict]
    verb: str | None
    rule: Rule


def _ask(call: Call, args: Ask) -> dict[str, Any]:
    return _done(
        questions.ask(
            call.session,
            call.room_id,
            call.seat.actor.id,
            args.text,
            anonymous=args.anonymous,
            language=texts.language_of(args.text, call.caller.language),
        )
    )


def _vote(call: Call, args: Which) -> dict[str, Any]:
    count = votes.vote(call.session, call.room_id, args.question, call.seat.actor.id)
    return {"question": args.question, "on": True, "votes": count}


def _unvote(call: Call, args: Which) -> dict[str, Any]:
    count = votes.unvote(call.session, call.room_id, args.question, call.seat.actor.id)
    return {"question": args.question, "on": False, "votes": count}


def _withdraw(call: Call, args: Seen) -> dict[str, Any]:
    author = call.seat.actor.id
    return _done(questions.withdraw(call.session, call.room_id, args.question, args.revision, registration_id=author))


def _decline(call: Call, args: Decline) -> dict[str, Any]:
    return _done(
        questions.decline(call.session, call.room_id, args.question, args.revision, args.reason, actor=call.seat.actor)
    )


def _moderate(rule: Callable[..., Question]) -> Rule:
    return lambda call, args: _done(
        rule(call.session, call.room_id, args.question, args.revision, actor=call.seat.actor)
    )


def _room(rule: Callable[..., Room]) -> Rule:
    return lambda call, _args: {"room": rooms.status(rule(call.session, call.room_id, actor=call.seat.actor))}


def _take_guide(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.take(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _release_guide(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.release(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _show(call: Call, args: Show) -> dict[str, Any]:
    view = guide.make_view(args.scene, args.yaw, args.pitch, args.fov)
    return guide.show_scene(call.session, call.room_id, view, actor=call.seat.actor)


def _accept(call: Call, args: Accept) -> dict[str, Any]:
    revisions.accept(call.session, call.room_id, args.site, args.revision, actor=call.seat.actor)
    return {"site": args.site, "revision": args.revision}


def _heads(call: Call, args: Heads) -> dict[str, Any]:
    presence.set_heads(call.session, call.caller.connection, args.heads)
    return {"heads": args.heads}


def _done(question: Question) -> dict[str, Any]:
    """Ids only: the result is kept, and what is kept holds no names or texts."""
    return {"question": question.id, "revision": question.revision, "state": question.state}


HOST: Final = access.HOST
GUIDE: Final = "room.guide"
MODERATE: Final = "questions.moderate"

COMMANDS: Final[dict[str, Spec]] = {
    "question.ask": Spec(Ask, None, _ask),
    "question.vote": Spec(Which, None, _vote),
    "question.unvote": Spec(Which, None, _unvote),
    "question.withdraw": Spec(Seen, None, _withdraw),
    "presence.heads": Spec(Heads, None, _heads),
    "room.open": Spec(Nothing, HOST, _room(rooms.open_room)),
    "room.end": Spec(Nothing, HOST, _room(rooms.end_room)),
    "room.reopen": Spec(Nothing, HOST, _room(rooms.reopen_room)),
    "tour.accept": Spec(Accept, HOST, _accept),
    "guide.take": Spec(Nothing, GUIDE, _take_guide),
    "guide.release": Spec(Nothing, GUIDE, _release_guide),
    "guide.scene": Spec(Show, GUIDE, _show),
    "question.approve": Spec(Seen, MODERATE, _moderate(questions.approve)),
    "question.live": Spec(Seen, MODERATE, _moderate(questions.make_live)),
    "question.unlive": Spec(Seen, MODERATE, _moderate(questions.unlive)),
    "question.answered": Spec(Seen, MODERATE, _moderate(questions.answered)),
    "question.decline": Spec(Decline, MODERATE, _decline),
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
    elif seat.actor.kind != "registration":
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
        audience: Audience = "staff" if seat.role == "host" else "person" if own else "public"
        face = Faces(session).question(question_id, audience)
        left = {"id": question_id, "state": question.state, "revision": question.revision} if question else None
        error.state = {**(error.state or {}), "question": face or left}
    return error
