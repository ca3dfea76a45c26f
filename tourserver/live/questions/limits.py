"""Who may ask, how often: the room's rules and everyone's patience, held by what the database says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, Forbidden
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events
from tourserver.live.models import Room
from tourserver.live.questions.changing import author
from tourserver.live.questions.models import Question, RoomBlock

PENDING_LIMIT: Final = 20
"""Questions of one person that may wait for the hosts."""
ROOM_PENDING_LIMIT: Final = 2000
OFTEN: Final = 30
"""Questions of one person in :data:`LATELY`."""
LATELY: Final = timedelta(minutes=10)


def check_ask(session: Session, room: Room, registration_id: str) -> None:
    """Raise :class:`Conflict` or :class:`Forbidden`, with what to do, unless this person may ask now.

    No error here is one that trying again by itself would mend.
    """
    if is_blocked(session, room.id, registration_id):
        raise Forbidden(N_("The hosts no longer take questions from you. You can go on following the tour."))
    if room.questions_locked:
        raise Conflict(N_("The hosts take no more questions for now. Your text is kept; send it when they do again."))
    own = (Question.room_id == room.id, Question.registration_id == registration_id)
    if _count(session, *own, Question.state == "pending") >= PENDING_LIMIT:
        raise Conflict(
            N_("%(count)s of your questions wait for the hosts. Ask again when some of them are answered."),
            count=PENDING_LIMIT,
        )
    if _count(session, *own, Question.asked_at > clock.now() - LATELY) >= OFTEN:
        raise Conflict(
            N_("You asked %(count)s questions in ten minutes. Let others ask, too, and wait a little."), count=OFTEN
        )
    if _count(session, Question.room_id == room.id, Question.state == "pending") >= ROOM_PENDING_LIMIT:
        raise Conflict(N_("So many questions wait that the hosts can't read more. Vote for one that is like yours."))
    if room.question_slow_seconds:
        last = session.scalar(select(func.max(Question.asked_at)).where(*own))
        wait = timedelta(seconds=room.question_slow_seconds)
        if last is not None and clock.now() - last < wait:
            seconds = int((last + wait - clock.now()).total_seconds()) + 1
            raise Conflict(
                N_("One question at a time: you can send the next one in %(seconds)s seconds."), seconds=seconds
            )


def _count(session: Session, *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(Question).where(*conditions)) or 0  # type: ignore[arg-type]  # clauses


def is_blocked(session: Session, room_id: str, registration_id: str) -> bool:
    """Whether the hosts take nothing more from this person."""
    query = select(RoomBlock.id).where(RoomBlock.room_id == room_id, RoomBlock.registration_id == registration_id)
    return session.scalar(query) is not None


def marked(session: Session, room_ids: Iterable[str]) -> set[str]:
    """Ids of the questions that show the crew that their author is blocked.

    That is the one by which it was done. Where that has a name, others with that name show it as well; none that was
    asked without a name ever tells whose it is by a mark that it shares with others.
    """
    through = aliased(Question)
    query = (
        select(Question.id)
        .join(
            RoomBlock,
            and_(RoomBlock.room_id == Question.room_id, RoomBlock.registration_id == Question.registration_id),
        )
        .join(through, through.id == RoomBlock.question_id)
        .where(Question.room_id.in_(list(room_ids)))
        .where(
            or_(
                Question.id == RoomBlock.question_id,
                and_(Question.anonymous.is_(False), through.anonymous.is_(False)),
            )
        )
    )
    return set(session.scalars(query))


def block(session: Session, room_id: str, question_id: str, on: bool, *, actor: Actor) -> None:
    """Take no more questions and messages from who asked this one, or take them again; known by the question alone,
    so that the name of who asked without one stays unknown. What they asked before stays.

    Only a question that is marked can take it back, or marks of others would tell who it was.
    """
    registration_id = author(session, room_id, question_id)
    events.hold(session, room_id, [events.STAFF, events.person(registration_id)])
    shown = marked(session, [room_id])
    if on == (question_id in shown):
        return
    mine = (RoomBlock.room_id == room_id, RoomBlock.registration_id == registration_id)
    if on:
        if is_blocked(session, room_id, registration_id):
            return  # by a question that doesn't say so here
        session.add(
            RoomBlock(
                room_id=room_id,
                registration_id=registration_id,
                question_id=question_id,
                blocked_by=actor.reference,
            )
        )
    else:
        session.delete(session.scalars(select(RoomBlock).where(*mine)).one())
    session.flush()
    kind = "person.blocked" if on else "person.unblocked"
    audit.record(session, actor, kind, "question", question_id)
    changed = sorted(shown ^ marked(session, [room_id]))
    events.append(session, room_id, events.STAFF, kind, {"questions": changed})
    events.append(session, room_id, events.person(registration_id), kind, {})
