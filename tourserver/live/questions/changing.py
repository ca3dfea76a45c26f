"""How a question is changed: on the revision that was seen, held against everybody else, told to whom it concerns.

All changes of a room's questions hold its staff channel, so they happen one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events
from tourserver.live.events import Entry
from tourserver.live.questions.models import Question

CHANGED_BY_COLLEAGUE: Final = N_("A colleague changed this question.")
CHANGED_BY_HOSTS: Final = N_("The hosts changed this question in the meantime.")

SEEN_BY_ALL: Final = frozenset({"approved", "live", "answered"})
OPEN: Final = frozenset({"pending", "approved", "live"})
ANY: Final = frozenset({"pending", "approved", "live", "answered", "declined"})
"""All states in which the crew may still do something with a question."""


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


def author(session: Session, room_id: str, question_id: str) -> str:
    """The registration of who asked. Raises :class:`NotFound`."""
    query = select(Question.registration_id).where(Question.id == question_id, Question.room_id == room_id)
    author = session.scalar(query)
    if author is None:
        raise unknown()
    return author


def take(
    session: Session,
    room_id: str,
    question_id: str,
    revision: int,
    states: Set[str],
    *,
    changed: str = CHANGED_BY_COLLEAGUE,
    also: Iterable[str] = (),
) -> tuple[Question, dict[str, int]]:
    """The question, held, when it is what the sender saw; also the channels' present numbers.

    The channels of the registrations ``also`` are held with those of the question.
    """
    people = {author(session, room_id, question_id), *also}
    numbers = events.hold(session, room_id, [events.PUBLIC, events.STAFF, *map(events.person, people)])
    question = find(session, room_id, question_id)
    if question.revision != revision:
        raise Conflict(changed, state=state_of(question))
    if question.state not in states:
        raise Conflict(N_("This can't be done with the question as it is now."), state=state_of(question))
    return question, numbers


def state_of(question: Question) -> dict[str, Any]:
    """What a conflict says of the question; the faces add text and names when it is sent."""
    return {"question": question.id}


def change(session: Session, question: Question, state: str, kind: str, actor: Actor, *, public: bool) -> Question:
    """Bring a question into a state, and tell."""
    before = {"state": question.state, "revision": question.revision, "reason": question.reason}
    question.state = state
    question.revision += 1
    session.flush()
    after = {"state": state, "revision": question.revision, "reason": question.reason}
    audit.record(session, actor, kind, "question", question.id, before=before, after=after)
    channels = [events.STAFF, events.person(question.registration_id)]
    tell(session, question, kind, [events.PUBLIC, *channels] if public else channels)
    return question


def note(session: Session, question: Question, verb: str, actor: Actor, before: dict[str, Any]) -> Question:
    """Something but the state changed; ``before`` are the values by name, for the account."""
    question.revision += 1
    session.flush()
    after = {name: getattr(question, name) for name in before}
    audit.record(session, actor, verb, "question", question.id, before=before, after=after)
    seen = [events.PUBLIC] if question.state in SEEN_BY_ALL else []
    tell(session, question, "question.changed", [*seen, events.STAFF, events.person(question.registration_id)])
    return question


def tell(session: Session, question: Question, kind: str, channels: list[str]) -> None:
    """Write an event about a question to channels that are held."""
    data = {"question": question.id, "revision": question.revision, "state": question.state}
    events.append_many(session, question.room_id, [Entry(channel, kind, data) for channel in channels])
