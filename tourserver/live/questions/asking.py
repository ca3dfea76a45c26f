"""Questions: asked, approved, live, answered, declined, withdrawn.

Every change names the revision it was decided on; somebody else's change in between is a conflict, never
overwritten. All changes of a room's questions hold its staff channel, so they happen one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms, texts
from tourserver.live.events import Entry
from tourserver.live.questions.models import Question

TEXT_LIMIT: Final = 1000
REASON_LIMIT: Final = 300
PENDING_LIMIT: Final = 20

CHANGED_BY_COLLEAGUE: Final = N_("A colleague changed this question.")
CHANGED_BY_HOSTS: Final = N_("The hosts changed this question in the meantime.")

SEEN_BY_ALL: Final = frozenset({"approved", "live", "answered"})


def ask(session: Session, room_id: str, registration_id: str, text: str, *, anonymous: bool, language: str) -> Question:
    """Take a question; only its author and the crew know of it yet."""
    text = texts.clean(text, TEXT_LIMIT, field="text")
    channels = [events.STAFF, events.person(registration_id)]
    events.hold(session, room_id, channels)
    rooms.require_open(rooms.get(session, room_id))
    waiting = select(func.count()).where(
        Question.room_id == room_id, Question.registration_id == registration_id, Question.state == "pending"
    )
    if (session.scalar(waiting) or 0) >= PENDING_LIMIT:
        # a Conflict and no RateLimited: trying again by itself would not help
        raise Conflict(
            N_("%(count)s of your questions wait for the hosts. Ask again when some of them are answered."),
            count=PENDING_LIMIT,
        )
    question = Question(
        room_id=room_id,
        registration_id=registration_id,
        original=text,
        language=language,
        anonymous=anonymous,
    )
    session.add(question)
    session.flush()
    _tell(session, question, "question.pending", channels)
    return question


def approve(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """Show a question to everyone, behind those approved before; a declined one too, on second thoughts."""
    question, numbers = _take(session, room_id, question_id, revision, {"pending", "declined"})
    question.position = numbers[events.PUBLIC] + 1  # the number of this approval: later approvals come behind
    question.reason = ""
    return _change(session, question, "approved", "question.approved", actor, public=True)


def make_live(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """This question is being answered now; another one that was steps back among the approved."""
    # whose question steps back is known, and stays so, once the staff channel is held: see events.hold
    events.hold(session, room_id, [events.STAFF])
    query = select(Question).where(Question.room_id == room_id, Question.state == "live", Question.id != question_id)
    others = session.scalars(query.execution_options(populate_existing=True)).all()
    concerned = {other.registration_id for other in others}
    question, _numbers = _take(session, room_id, question_id, revision, {"approved"}, also=concerned)
    for other in others:
        _change(session, other, "approved", "question.unlive", actor, public=True)
    return _change(session, question, "live", "question.live", actor, public=True)


def unlive(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """Not now after all: back among the approved."""
    question, _numbers = _take(session, room_id, question_id, revision, {"live"})
    return _change(session, question, "approved", "question.unlive", actor, public=True)


def answered(session: Session, room_id: str, question_id: str, revision: int, *, actor: Actor) -> Question:
    """It was answered."""
    question, _numbers = _take(session, room_id, question_id, revision, {"approved", "live"})
    question.answered_at = clock.now()
    return _change(session, question, "answered", "question.answered", actor, public=True)


def decline(session: Session, room_id: str, question_id: str, revision: int, reason: str, *, actor: Actor) -> Question:
    """Take a question off with a reason, which its author and the crew see."""
    reason = texts.clean(reason, REASON_LIMIT, field="reason")
    question, _numbers = _take(session, room_id, question_id, revision, {"pending", "approved", "live"})
    was_public = question.state in SEEN_BY_ALL
    question.reason = reason
    return _change(session, question, "declined", "question.declined", actor, public=was_public)


def withdraw(session: Session, room_id: str, question_id: str, revision: int, *, registration_id: str) -> Question:
    """Take one's own question back, unless it was answered or declined. Others' are not found."""
    if _author(session, room_id, question_id) != registration_id:
        raise unknown()
    states = {"pending", "approved", "live"}
    question, _numbers = _take(session, room_id, question_id, revision, states, changed=CHANGED_BY_HOSTS)
    was_public = question.state in SEEN_BY_ALL
    actor = Actor("registration", registration_id)
    return _change(session, question, "withdrawn", "question.withdrawn", actor, public=was_public)


def find(session: Session, room_id: str, question_id: str) -> Question:
    """A question of this room as it is now. Raises :class:`NotFound`, also for another room's."""
    query = select(Question).where(Question.id == question_id, Question.room_id == room_id)
    question = session.scalar(query.execution_options(populate_existing=True))
    if question is None:
        raise unknown()
    return question


def unknown() -> NotFound:
    """The answer for a question that isn't there or may not be known of."""
    return NotFound(N_("There is no such question in this room."), field="question")


def _author(session: Session, room_id: str, question_id: str) -> str:
    query = select(Question.registration_id).where(Question.id == question_id, Question.room_id == room_id)
    author = session.scalar(query)
    if author is None:
        raise unknown()
    return author


def _take(
    session: Session,
    room_id: str,
    question_id: str,
    revision: int,
    states: set[str],
    *,
    changed: str = CHANGED_BY_COLLEAGUE,
    also: Iterable[str] = (),
) -> tuple[Question, dict[str, int]]:
    """The question, held, when it is what the sender saw; also the channels' present numbers.

    The channels of the registrations ``also`` are held with those of the question.
    """
    people = {_author(session, room_id, question_id), *also}
    numbers = events.hold(session, room_id, [events.PUBLIC, events.STAFF, *map(events.person, people)])
    question = find(session, room_id, question_id)
    if question.revision != revision:
        raise Conflict(changed, state=_state(question))
    if question.state not in states:
        raise Conflict(N_("This can't be done with the question as it is now."), state=_state(question))
    return question, numbers


def _state(question: Question) -> dict[str, Any]:
    """What a conflict says of the question; the faces add text and names when it is sent."""
    return {"question": question.id}


def _change(session: Session, question: Question, state: str, kind: str, actor: Actor, *, public: bool) -> Question:
    before = {"state": question.state, "revision": question.revision, "reason": question.reason}
    question.state = state
    question.revision += 1
    session.flush()
    after = {"state": state, "revision": question.revision, "reason": question.reason}
    audit.record(session, actor, kind, "question", question.id, before=before, after=after)
    channels = [events.STAFF, events.person(question.registration_id)]
    _tell(session, question, kind, [events.PUBLIC, *channels] if public else channels)
    return question


def _tell(session: Session, question: Question, kind: str, channels: list[str]) -> None:
    data = {"question": question.id, "revision": question.revision, "state": question.state}
    events.append_many(session, question.room_id, [Entry(channel, kind, data) for channel in channels])
