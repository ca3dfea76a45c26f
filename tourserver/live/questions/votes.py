"""One vote per person and question, held by UNIQUE. Votes take no number in the public log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.live import events, rooms
from tourserver.live.questions.changing import SEEN_BY_ALL, find, unknown
from tourserver.live.questions.models import Question, QuestionVote


def vote(session: Session, room_id: str, question_id: str, registration_id: str) -> int:
    """Vote for an approved or live question; gives its votes. Voting twice is a conflict."""
    _check(session, room_id, question_id)
    row = {"id": new_id(), "question_id": question_id, "registration_id": registration_id, "at": clock.now()}
    if not events.insert_once(session, QuestionVote, [row]):
        raise Conflict(N_("You have voted for this question already."), state={"question": question_id, "on": True})
    _tell(session, room_id, question_id, registration_id, on=True)
    return count(session, question_id)


def unvote(session: Session, room_id: str, question_id: str, registration_id: str) -> int:
    """Take one's vote back; gives the question's votes."""
    _check(session, room_id, question_id)
    gone = delete(QuestionVote).where(
        QuestionVote.question_id == question_id, QuestionVote.registration_id == registration_id
    )
    if not session.execute(gone.returning(QuestionVote.id)).all():
        raise Conflict(N_("You have not voted for this question."), state={"question": question_id, "on": False})
    _tell(session, room_id, question_id, registration_id, on=False)
    return count(session, question_id)


def _check(session: Session, room_id: str, question_id: str) -> None:
    rooms.require_open(rooms.get(session, room_id))
    question = find(session, room_id, question_id)
    if question.state not in SEEN_BY_ALL:
        raise unknown()  # nobody but its author and the crew may learn that it exists
    if question.state == "answered":
        raise Conflict(N_("This question was answered already."), state={"question": question_id})


def _tell(session: Session, room_id: str, question_id: str, registration_id: str, *, on: bool) -> None:
    """The person's other tabs and devices learn of it; everybody else sees the tally."""
    data = {"question": question_id, "on": on}
    events.append(session, room_id, events.person(registration_id), "vote", data)


def count(session: Session, question_id: str) -> int:
    """Votes of one question."""
    query = select(func.count()).select_from(QuestionVote).where(QuestionVote.question_id == question_id)
    return session.scalar(query) or 0


def counts(session: Session, question_ids: Iterable[str]) -> dict[str, int]:
    """Votes by question; those without votes are missing."""
    query = (
        select(QuestionVote.question_id, func.count())
        .where(QuestionVote.question_id.in_(list(question_ids)))
        .group_by(QuestionVote.question_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def tallies(session: Session, room_id: str) -> dict[str, int]:
    """Votes of all of a room's questions that everyone sees."""
    query = (
        select(Question.id, func.count(QuestionVote.id))
        .outerjoin(QuestionVote, QuestionVote.question_id == Question.id)
        .where(Question.room_id == room_id, Question.state.in_(SEEN_BY_ALL))
        .group_by(Question.id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def of_persons(session: Session, room_id: str, registration_ids: Sequence[str]) -> dict[str, list[str]]:
    """The questions of a room that each of these people voted for; who did not vote is missing."""
    query = (
        select(QuestionVote.registration_id, QuestionVote.question_id)
        .join(Question, Question.id == QuestionVote.question_id)
        .where(Question.room_id == room_id, QuestionVote.registration_id.in_(registration_ids))
        .order_by(QuestionVote.at)
    )
    found: dict[str, list[str]] = {}
    for registration_id, question_id in session.execute(query):
        found.setdefault(registration_id, []).append(question_id)
    return found
