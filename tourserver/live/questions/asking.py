"""Questions: asked, approved, live, answered, declined, withdrawn.

Every change names the revision it was decided on; somebody else's change in between is a conflict, never
overwritten. All changes of a room's questions hold its staff channel, so they happen one after the other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.rights import SYSTEM, Actor
from tourserver.live import events, rooms, texts
from tourserver.live.questions import limits
from tourserver.live.questions.changing import CHANGED_BY_HOSTS, SEEN_BY_ALL, author, change, take, tell, unknown
from tourserver.live.questions.finding import searchable
from tourserver.live.questions.models import Question

TEXT_LIMIT: Final = 1000
REASON_LIMIT: Final = 300


def ask(session: Session, room_id: str, registration_id: str, text: str, *, anonymous: bool, language: str) -> Question:
    """Take a question; only its author and the crew know of it yet."""
    text = texts.clean(text, TEXT_LIMIT, field="text")
    channels = [events.STAFF, events.person(registration_id)]
    events.hold(session, room_id, channels)
    room = rooms.get(session, room_id)
    rooms.require_open(room)
    limits.check_ask(session, room, registration_id)
    question = Question(
        room_id=room_id,
        registration_id=registration_id,
        original=text,
        search_text=searchable(text),
        language=language,
        anonymous=anonymous,
    )
    session.add(question)
    session.flush()
    tell(session, question, "question.pending", channels)
    if not room.premoderated:
        return approve(session, room_id, question.id, question.revision, actor=SYSTEM)
    return question


def approve(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """Show a question to everyone, behind those approved before; a declined one too, on second thoughts."""
    question, numbers = take(session, room_id, question_id, revision, {"pending", "declined"})
    question.position = numbers[events.PUBLIC] + 1  # the number of this approval: later approvals come behind
    question.reason = ""
    return change(session, question, "approved", "question.approved", actor, public=True)


def make_live(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """This question is being answered now; another one that was steps back among the approved."""
    # whose question steps back is known, and stays so, once the staff channel is held: see events.hold
    events.hold(session, room_id, [events.STAFF])
    query = select(Question).where(Question.room_id == room_id, Question.state == "live", Question.id != question_id)
    others = session.scalars(query.execution_options(populate_existing=True)).all()
    concerned = {other.registration_id for other in others}
    question, _numbers = take(session, room_id, question_id, revision, {"approved"}, also=concerned)
    for other in others:
        change(session, other, "approved", "question.unlive", actor, public=True)
    question.live_at, question.next_position = clock.now(), None
    return change(session, question, "live", "question.live", actor, public=True)


def unlive(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """Not now after all: back among the approved."""
    question, _numbers = take(session, room_id, question_id, revision, {"live"})
    return change(session, question, "approved", "question.unlive", actor, public=True)


def answered(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """It was answered, in spoken words."""
    question, _numbers = take(session, room_id, question_id, revision, {"approved", "live"})
    question.answered_at, question.answered_by, question.next_position = clock.now(), actor.reference, None
    return change(session, question, "answered", "question.answered", actor, public=True)


def back(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """Undo the last step: what was approved or declined is new again, what is live or answered is approved again.

    A written answer stays with the question, in case it is marked answered again.
    """
    question, numbers = take(session, room_id, question_id, revision, {"approved", "declined", "live", "answered"})
    if question.state in ("live", "answered"):
        if question.position is None:  # declined once, and answered in writing since
            question.position = numbers[events.PUBLIC] + 1
        question.answered_at = None
        return change(session, question, "approved", "question.unlive", actor, public=True)
    was_public = question.state in SEEN_BY_ALL
    question.reason, question.pinned, question.next_position, question.position = "", False, None, None
    return change(session, question, "pending", "question.pending", actor, public=was_public)


def decline(session: Session, room_id: str, question_id: str, revision: int, reason: str, *, actor: Actor) -> Question:
    """Take a question off with a reason, which its author and the crew see."""
    reason = texts.clean(reason, REASON_LIMIT, field="reason")
    question, _numbers = take(session, room_id, question_id, revision, {"pending", "approved", "live"})
    was_public = question.state in SEEN_BY_ALL
    question.reason, question.pinned, question.next_position = reason, False, None
    return change(session, question, "declined", "question.declined", actor, public=was_public)


def withdraw(session: Session, room_id: str, question_id: str, revision: int, *, registration_id: str) -> Question:
    """Take one's own question back, unless it was answered or declined. Others' are not found."""
    if author(session, room_id, question_id) != registration_id:
        raise unknown()
    states = {"pending", "approved", "live"}
    question, _numbers = take(session, room_id, question_id, revision, states, changed=CHANGED_BY_HOSTS)
    was_public = question.state in SEEN_BY_ALL
    question.pinned, question.next_position = False, None  # it would keep a place that others wait for
    actor = Actor("registration", registration_id)
    return change(session, question, "withdrawn", "question.withdrawn", actor, public=was_public)
