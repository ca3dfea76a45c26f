"""One vote per person and question, held by UNIQUE. Votes take no number in the public log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, TourserverError
from tourserver.core.i18n import N_
from tourserver.live import events, rooms
from tourserver.live.events import Entry
from tourserver.live.questions.changing import SEEN_BY_ALL, unknown
from tourserver.live.questions.models import Question, QuestionVote


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one person wants: a vote for a question, or theirs taken back."""

    question: str
    registration: str
    on: bool


def cast(session: Session, room_id: str, ballots: Sequence[Ballot]) -> list[int | TourserverError]:
    """Count ballots in the order given, each on its own account; gives the question's votes, or why not.

    Only approved and live questions are voted for. Voting twice, and taking back what one hasn't given, is a conflict.
    """
    refused = _refusals(session, room_id, {ballot.question for ballot in ballots})
    answers: dict[int, int | TourserverError] = {}
    waiting = list(enumerate(ballots))
    while waiting:
        # each person once a round: what somebody wants twice is done one after the other
        this_round = {ballot.registration: at for at, ballot in reversed(waiting)}
        now = sorted(this_round.values())
        outcomes = _cast(session, room_id, [ballots[at] for at in now], refused)
        answers |= dict(zip(now, outcomes, strict=True))
        waiting = [(at, ballot) for at, ballot in waiting if at not in answers]
    return [answers[at] for at in range(len(ballots))]


def _cast(
    session: Session, room_id: str, ballots: Sequence[Ballot], refused: dict[str, TourserverError]
) -> list[int | TourserverError]:
    """The same for different people; ``refused`` says which questions can't be voted for."""
    allowed = [ballot for ballot in ballots if ballot.question not in refused]
    events.hold(session, room_id, [events.person(ballot.registration) for ballot in allowed])
    given = _give(session, [ballot for ballot in allowed if ballot.on])
    taken = _take_back(session, [ballot for ballot in allowed if not ballot.on])
    changed = [ballot for ballot in allowed if (ballot.question, ballot.registration) in given | taken]
    # the person's other windows and devices learn of it; everybody else sees the tally
    events.append_each(
        session,
        room_id,
        [
            Entry(events.person(ballot.registration), "vote", {"question": ballot.question, "on": ballot.on})
            for ballot in changed
        ],
    )
    counted = counts(session, {ballot.question for ballot in changed})
    done = set(changed)
    return [
        counted.get(ballot.question, 0) if ballot in done else refused.get(ballot.question) or _again(ballot)
        for ballot in ballots
    ]


def _refusals(session: Session, room_id: str, question_ids: Set[str]) -> dict[str, TourserverError]:
    """Why these questions can't be voted for, by id; those that can are missing, and are joined to no other until the
    transaction ends: a vote would stay behind (see merging.py, which looks for votes once it holds the question).
    """
    try:
        rooms.require_open(rooms.get(session, room_id))
    except TourserverError as error:
        return dict.fromkeys(question_ids, error)
    query = select(Question.id, Question.state).where(Question.room_id == room_id, Question.id.in_(question_ids))
    held = query.order_by(Question.id).with_for_update(read=True, key_share=True)
    states = {row[0]: row[1] for row in session.execute(held)}
    refused: dict[str, TourserverError] = {}
    for question_id in question_ids:
        state = states.get(question_id)
        if state not in SEEN_BY_ALL:
            refused[question_id] = unknown()  # nobody but its author and the crew may learn that it exists
        elif state == "answered":
            refused[question_id] = Conflict(N_("This question was answered already."), state={"question": question_id})
    return refused


def _again(ballot: Ballot) -> Conflict:
    text = N_("You have voted for this question already.") if ballot.on else N_("You have not voted for this question.")
    return Conflict(text, state={"question": ballot.question, "on": ballot.on})


def _give(session: Session, ballots: Sequence[Ballot]) -> set[tuple[str, str]]:
    """New votes; gives question and person of those that were not there."""
    moment = clock.now()
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "question_id": ballot.question, "registration_id": ballot.registration, "at": moment}
        for ballot in ballots
    ]
    if not rows:
        return set()
    new = events.insert_new(session, QuestionVote, rows)
    return {(row["question_id"], row["registration_id"]) for row in rows if row["id"] in new}


def _take_back(session: Session, ballots: Sequence[Ballot]) -> set[tuple[str, str]]:
    """Votes taken back; gives question and person of those that were there."""
    if not ballots:
        return set()
    pairs = [(ballot.question, ballot.registration) for ballot in ballots]
    gone = delete(QuestionVote).where(tuple_(QuestionVote.question_id, QuestionVote.registration_id).in_(pairs))
    found = session.execute(
        gone.returning(QuestionVote.question_id, QuestionVote.registration_id).execution_options(
            synchronize_session=False
        )
    )
    return {(row[0], row[1]) for row in found}


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
