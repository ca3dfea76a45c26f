"""Questions that ask the same become one: each person's vote counts once, and everyone who asked is told.

Who asked the one that is joined to another counts as a vote for that one, as they would like to hear its answer.
Chains are never made: what was joined to a question goes along when that one is joined to another.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events
from tourserver.live.events import Entry
from tourserver.live.questions.changing import (
    CHANGED_BY_COLLEAGUE,
    OPEN,
    SEEN_BY_ALL,
    author,
    find,
    note,
    state_of,
    take,
    tell,
)
from tourserver.live.questions.models import Question, QuestionVote

TARGETS: Final = frozenset({"pending", "approved", "live", "answered"})


def merge(
    session: Session, room_id: str, question_id: str, revision: int, into_id: str, into_revision: int, *, actor: Actor
) -> Question:
    """Join a question to another of the same room; both revisions are what the sender saw."""
    if question_id == into_id:
        raise Invalid(N_("A question can't be joined with itself."), field="into")
    events.hold(session, room_id, [events.STAFF])  # whom it concerns stays so from here on
    earlier = select(Question).where(Question.merged_into_id == question_id, Question.room_id == room_id)
    along = list(session.scalars(earlier.execution_options(populate_existing=True)))
    people = {author(session, room_id, into_id), *(one.registration_id for one in along)}
    session.execute(select(Question.id).where(Question.id == question_id).with_for_update())  # no votes from here on
    people |= _voters(session, question_id)
    question, _numbers = take(session, room_id, question_id, revision, set(OPEN), also=people)
    target = find(session, room_id, into_id)
    if target.revision != into_revision:
        raise Conflict(CHANGED_BY_COLLEAGUE, state=state_of(target))
    if target.state not in TARGETS:
        raise Conflict(N_("This can't be done with the question as it is now."), state=state_of(target))
    was_public = question.state in SEEN_BY_ALL
    before = {"state": question.state, "merged_into_id": None}
    _move_votes(session, question, target)
    question.state, question.merged_into_id = "merged", target.id
    question.pinned, question.next_position = False, None
    question.revision += 1
    session.execute(update(Question).where(Question.merged_into_id == question.id).values(merged_into_id=target.id))
    session.flush()
    after = {"state": "merged", "merged_into_id": target.id}
    audit.record(session, actor, "question.merge", "question", question.id, before=before, after=after)
    everyone = [events.PUBLIC] if was_public else []
    tell(session, question, "question.merged", [*everyone, events.STAFF, events.person(question.registration_id)])
    for one in along:
        session.refresh(one)
        one.revision += 1
        session.flush()
        tell(session, one, "question.merged", [events.STAFF, events.person(one.registration_id)])
    note(session, target, "question.joined", actor, {"revision": target.revision})
    return question


def _voters(session: Session, question_id: str) -> set[str]:
    return set(session.scalars(select(QuestionVote.registration_id).where(QuestionVote.question_id == question_id)))


def _move_votes(session: Session, question: Question, target: Question) -> None:
    """Each vote goes along, and each person's pages are told what they have voted for now."""
    had = _voters(session, question.id)
    voters = {*had, question.registration_id} - {target.registration_id}  # nobody votes for their own
    new = voters - _voters(session, target.id)
    session.execute(delete(QuestionVote).where(QuestionVote.question_id == question.id))
    rows = [{"id": new_id(), "question_id": target.id, "registration_id": one} for one in sorted(voters)]
    if rows:
        events.insert_once(session, QuestionVote, rows)
    for told, question_id, on in ((had, question.id, False), (new, target.id, True)):
        entries = [Entry(events.person(one), "vote", {"question": question_id, "on": on}) for one in sorted(told)]
        events.append_each(session, question.room_id, entries)
