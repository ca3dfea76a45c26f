"""Order in the queue: labels, who takes care, what comes first, what the speaker has before them next."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.live import access, rooms
from tourserver.live.questions.changing import ANY, SEEN_BY_ALL, note, take
from tourserver.live.questions.models import Question

MOST_LABELS: Final = 5
LABEL_LIMIT: Final = 40
NEXT: Final = 3
MOST_PINNED: Final = 3


def label(
    session: Session, room_id: str, question_id: str, revision: int, labels: Sequence[str], *, actor: Actor
) -> Question:
    """Give a question these labels and no others; each once, whatever its capitals."""
    named: dict[str, str] = {}
    for one in labels:
        words = " ".join(unicodedata.normalize("NFC", one).split())
        if len(words) > LABEL_LIMIT or any(unicodedata.category(sign) in ("Cc", "Cs", "Cf") for sign in words):
            raise Invalid(
                N_("A label has at most %(limit)s characters and no control signs."), field="labels", limit=LABEL_LIMIT
            )
        if words:
            named.setdefault(words.casefold(), words)
    if len(named) > MOST_LABELS:
        raise Invalid(N_("A question takes at most %(limit)s labels."), field="labels", limit=MOST_LABELS)
    question, _numbers = take(session, room_id, question_id, revision, ANY)
    before = {"labels": question.labels}
    question.labels = list(named.values())
    return note(session, question, "question.label", actor, before)


def assign(
    session: Session, room_id: str, question_id: str, revision: int, to: str | None, *, actor: Actor
) -> Question:
    """Somebody of the crew takes care of it; ``to`` is a reference, None nobody."""
    if to is not None:
        room = rooms.get(session, room_id)
        if not rights.can(session, Actor.of(to), access.CREW, Thing("session", room.session_id)):
            raise Invalid(N_("Choose somebody of this session's crew."), field="to")
    question, _numbers = take(session, room_id, question_id, revision, ANY)
    before = {"assigned_to": question.assigned_to}
    question.assigned_to = to
    return note(session, question, "question.assign", actor, before)


def pin(session: Session, room_id: str, question_id: str, revision: int, on: bool, *, actor: Actor) -> Question:
    """Keep a question at the top of everyone's list, or no longer."""
    question, _numbers = take(session, room_id, question_id, revision, set(SEEN_BY_ALL))
    if on and not question.pinned:
        others = select(func.count()).where(Question.room_id == room_id, Question.pinned.is_(True))
        if (session.scalar(others) or 0) >= MOST_PINNED:
            raise Conflict(N_("%(count)s questions are pinned already. Unpin one first."), count=MOST_PINNED)
    before = {"pinned": question.pinned}
    question.pinned = on
    return note(session, question, "question.pin", actor, before)


def prioritise(
    session: Session, room_id: str, question_id: str, revision: int, priority: int, *, actor: Actor
) -> Question:
    """0 as the others, 1 soon, 2 first; the crew's own order, which nobody else sees."""
    question, _numbers = take(session, room_id, question_id, revision, ANY)
    before = {"priority": question.priority}
    question.priority = priority
    return note(session, question, "question.priority", actor, before)


def put_next(session: Session, room_id: str, question_id: str, revision: int, on: bool, *, actor: Actor) -> Question:
    """Among the next three that the speaker sees, behind those that are there; or no longer."""
    question, _numbers = take(session, room_id, question_id, revision, {"approved"})
    before = {"next_position": question.next_position}
    if not on:
        question.next_position = None
    elif question.next_position is None:
        listed = select(Question.next_position).where(
            Question.room_id == room_id, Question.next_position.is_not(None), Question.state == "approved"
        )
        taken = [position for position in session.scalars(listed) if position is not None]
        if len(taken) >= NEXT:
            raise Conflict(N_("The speaker has %(count)s questions next already. Take one off first."), count=NEXT)
        question.next_position = max(taken, default=0) + 1
    return note(session, question, "question.next", actor, before)
