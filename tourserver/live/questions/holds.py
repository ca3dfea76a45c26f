"""Who of the crew works on a question now, so that two don't do the same. It binds nobody and ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.rights import Actor
from tourserver.live import events
from tourserver.live.guiding import guide
from tourserver.live.questions.changing import find
from tourserver.live.questions.models import Question, QuestionHold

HELD: Final = timedelta(seconds=30)
"""A page that has a question open says so again before this is over."""


def hold(session: Session, room_id: str, question_id: str, on: bool, *, actor: Actor) -> None:
    """Somebody opened a question, has it open still, or closed it. Raises :class:`NotFound`."""
    find(session, room_id, question_id)
    mine = (QuestionHold.question_id == question_id, QuestionHold.actor == actor.reference)
    if not on:
        session.execute(delete(QuestionHold).where(*mine))
        return
    until = clock.now() + HELD
    row = {"question_id": question_id, "actor": actor.reference, "until": until}
    if not events.insert_once(session, QuestionHold, [row]):
        session.execute(update(QuestionHold).where(*mine).values(until=until))


def held(session: Session, room_id: str) -> dict[str, list[dict[str, str]]]:
    """By question who works on it now: reference and name."""
    query = (
        select(QuestionHold.question_id, QuestionHold.actor)
        .join(Question, Question.id == QuestionHold.question_id)
        .where(Question.room_id == room_id, QuestionHold.until > clock.now())
        .order_by(QuestionHold.until, QuestionHold.actor)
    )
    rows = list(session.execute(query))
    faces = guide.names(session, {reference for _question, reference in rows})
    found: dict[str, list[dict[str, str]]] = {}
    for question_id, reference in rows:
        if reference in faces:
            found.setdefault(question_id, []).append(faces[reference])
    return found
