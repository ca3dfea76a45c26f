"""Polls: drafted by the crew, open one at a time, one answer a person, which UNIQUE holds.

All changes hold the room's staff channel, so they happen one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.i18n import N_, html_lang
from tourserver.core.rights import Actor
from tourserver.live import events, rooms, texts
from tourserver.live.audience.models import Poll, PollAnswer, PollChoice
from tourserver.live.events import Entry

TEXT_LIMIT: Final = 300
OPTION_LIMIT: Final = 120
FEWEST: Final = 2
MOST: Final = 10
POLLS_LIMIT: Final = 100
"""Polls of one room."""
RATING: Final = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Wording:
    """What the crew writes of a poll."""

    kind: str
    text: str
    options: Sequence[str]
    results: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person chose, by the options' ids."""

    poll: str
    registration: str
    choices: tuple[str, ...]


def _unknown() -> NotFound:
    return NotFound(N_("There is no such poll in this room."), field="poll")


def find(session: Session, room_id: str, poll_id: str) -> Poll:
    """A poll of this room as it is now. Raises :class:`NotFound`, also for another room's."""
    query = select(Poll).where(Poll.id == poll_id, Poll.room_id == room_id)
    poll = session.scalar(query.execution_options(populate_existing=True))
    if poll is None:
        raise _unknown()
    return poll


def _options(wording: Wording) -> list[dict[str, Any]]:
    if wording.kind == "rating":
        if wording.options:
            raise Invalid(N_("A rating has the answers 1 to 5 and no others."), field="options")
        return [{"id": number, "text": number} for number in RATING]
    cleaned = [texts.clean(option, OPTION_LIMIT, field="options") for option in wording.options]
    if not FEWEST <= len(cleaned) <= MOST:
        raise Invalid(
            N_("A poll needs %(fewest)s to %(most)s answers to choose from."), field="options", fewest=FEWEST, most=MOST
        )
    if len({option.casefold() for option in cleaned}) < len(cleaned):
        raise Invalid(N_("Two of the answers are the same."), field="options")
    return [{"id": new_id(), "text": option} for option in cleaned]


def save(
    session: Session,
    room_id: str,
    poll_id: str | None,
    revision: int | None,
    wording: Wording,
    *,
    language: str,
    actor: Actor,
) -> Poll:
    """A new draft, or other words for one that nobody has seen yet. Raises :class:`Conflict` once it was opened."""
    text, options = texts.clean(wording.text, TEXT_LIMIT, field="text"), _options(wording)
    lang = texts.language_of(" ".join([text, *(str(one["text"]) for one in options)]), language)
    events.hold(session, room_id, [events.STAFF])
    if poll_id is None:
        amount = session.scalar(select(func.count()).select_from(Poll).where(Poll.room_id == room_id)) or 0
        if amount >= POLLS_LIMIT:
            raise Conflict(N_("This room has %(count)s polls already. Remove one first."), count=POLLS_LIMIT)
        poll = Poll(room_id=room_id, created_by=actor.reference, revision=0)
        session.add(poll)
    else:
        poll = _seen(session, room_id, poll_id, revision)
        if poll.state != "draft":
            raise Conflict(N_("This poll was shown already, so it can't be changed any more."), state={"poll": poll.id})
    poll.kind, poll.text, poll.options, poll.results = wording.kind, text, options, wording.results
    poll.language = lang
    return _changed(session, poll, "poll.save", actor)


def _seen(session: Session, room_id: str, poll_id: str, revision: int | None) -> Poll:
    poll = find(session, room_id, poll_id)
    if poll.revision != revision:
        raise Conflict(N_("A colleague changed this poll."), state={"poll": poll.id})
    return poll


def _changed(session: Session, poll: Poll, verb: str, actor: Actor, public: str | None = None) -> Poll:
    poll.revision += 1
    session.flush()
    audit.record(session, actor, verb, "poll", poll.id, after={"state": poll.state, "revision": poll.revision})
    events.append(session, poll.room_id, events.STAFF, "poll.saved", {"poll": poll.id})
    if public:
        events.append(session, poll.room_id, events.PUBLIC, public, {"poll": poll.id})
    return poll


def open_poll(session: Session, room_id: str, poll_id: str, revision: int, *, actor: Actor) -> Poll:
    """Ask everyone; a closed poll goes on with the answers that it has. One poll at a time is open."""
    events.hold(session, room_id, [events.STAFF, events.PUBLIC])
    rooms.require_open(rooms.get(session, room_id))
    poll = _seen(session, room_id, poll_id, revision)
    if poll.state == "open":
        return poll
    other = session.scalar(select(Poll.text).where(Poll.room_id == room_id, Poll.state == "open"))
    if other is not None:
        raise Conflict(N_("Another poll is open: %(text)s. Close it first."), text=other)
    poll.state, poll.opened_at, poll.closed_at = "open", poll.opened_at or clock.now(), None
    return _changed(session, poll, "poll.open", actor, "poll.opened")


def close_poll(session: Session, room_id: str, poll_id: str, revision: int, *, actor: Actor) -> Poll:
    """Take no more answers; everyone sees the result."""
    events.hold(session, room_id, [events.STAFF, events.PUBLIC])
    poll = _seen(session, room_id, poll_id, revision)
    if poll.state == "closed":
        return poll
    if poll.state == "draft":
        raise Conflict(N_("This poll isn't open."), state={"poll": poll.id})
    poll.state, poll.closed_at = "closed", clock.now()
    return _changed(session, poll, "poll.close", actor, "poll.closed")


def remove(session: Session, room_id: str, poll_id: str, revision: int, *, actor: Actor) -> None:
    """Take away a poll that nobody answered; answers are never thrown away."""
    events.hold(session, room_id, [events.STAFF, events.PUBLIC])
    poll = _seen(session, room_id, poll_id, revision)
    if poll.state == "open" or session.scalar(select(PollAnswer.id).where(PollAnswer.poll_id == poll.id).limit(1)):
        raise Conflict(N_("This poll has been shown and answered. Close it instead."), state={"poll": poll.id})
    was_public = poll.state != "draft"
    session.delete(poll)
    session.flush()
    audit.record(session, actor, "poll.remove", "poll", poll_id)
    for channel in [events.STAFF, *([events.PUBLIC] if was_public else [])]:
        events.append(session, room_id, channel, "poll.removed", {"poll": poll_id})


# --- answers


def answer(session: Session, room_id: str, answers: Sequence[Answer]) -> list[TourserverError | None]:
    """Take answers in the order given, each on its own account; gives why not, or None.

    Who answered already is told so and keeps the first answer.
    """
    polls = {
        poll.id: poll
        for poll in session.scalars(
            select(Poll)
            .where(Poll.room_id == room_id, Poll.id.in_({one.poll for one in answers}))
            # nobody closes it meanwhile: what is answered is in the result that everyone is then shown
            .with_for_update(read=True)
            .execution_options(populate_existing=True)
        )
    }
    refused: list[TourserverError | None] = [_refusal(polls.get(one.poll), one) for one in answers]
    # what somebody sends twice in the same moment is not there twice
    first: dict[tuple[str, str], int] = {}
    for at, one in enumerate(answers):
        if refused[at] is None:
            first.setdefault((one.poll, one.registration), at)
    taken = [answers[at] for at in first.values()]
    events.hold(session, room_id, [events.person(one.registration) for one in taken])
    new = _insert(session, taken)
    # the person's other windows learn of it; everybody else sees the counts
    told = [
        Entry(events.person(one.registration), "poll.answered", {"poll": one.poll, "choices": [*one.choices]})
        for one in taken
        if (one.poll, one.registration) in new
    ]
    events.append_each(session, room_id, told)
    done = {at for key, at in first.items() if key in new}
    return [refused[at] or (None if at in done else _already(one)) for at, one in enumerate(answers)]


def _refusal(poll: Poll | None, given: Answer) -> TourserverError | None:
    if poll is None or poll.state == "draft":
        return _unknown()
    if poll.state == "closed":
        return Conflict(N_("This poll is closed."), state={"poll": poll.id})
    known = {option["id"] for option in poll.options}
    several = poll.kind == "multiple"
    if not known.issuperset(given.choices) or len(set(given.choices)) < len(given.choices):
        return Invalid(N_("Choose from the answers that the poll has."), field="choices")
    if len(given.choices) > 1 and not several:
        return Invalid(N_("Choose one answer."), field="choices")
    return None


def _already(given: Answer) -> Conflict:
    return Conflict(N_("You answered this poll already."), state={"poll": given.poll})


def _insert(session: Session, answers: Sequence[Answer]) -> set[tuple[str, str]]:
    moment = clock.now()
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "poll_id": one.poll, "registration_id": one.registration, "at": moment} for one in answers
    ]
    if not rows:
        return set()
    new = events.insert_new(session, PollAnswer, rows)
    chosen = [
        {"answer_id": row["id"], "option_id": option}
        for row, one in zip(rows, answers, strict=True)
        if row["id"] in new
        for option in one.choices
    ]
    if chosen:
        events.insert_once(session, PollChoice, chosen)
    return {(row["poll_id"], row["registration_id"]) for row in rows if row["id"] in new}


# --- results


def counts(session: Session, poll_ids: Iterable[str]) -> dict[str, tuple[int, dict[str, int]]]:
    """By poll: how many answered, and how often each option was chosen; polls without answers are missing."""
    wanted = list(poll_ids)
    if not wanted:
        return {}
    answered = (
        select(PollAnswer.poll_id, func.count()).where(PollAnswer.poll_id.in_(wanted)).group_by(PollAnswer.poll_id)
    )
    found: dict[str, tuple[int, dict[str, int]]] = {row[0]: (row[1], {}) for row in session.execute(answered)}
    chosen = (
        select(PollAnswer.poll_id, PollChoice.option_id, func.count())
        .join(PollChoice, PollChoice.answer_id == PollAnswer.id)
        .where(PollAnswer.poll_id.in_(wanted))
        .group_by(PollAnswer.poll_id, PollChoice.option_id)
    )
    for poll_id, option_id, amount in session.execute(chosen):
        found[poll_id][1][option_id] = amount
    return found


def face(poll: Poll, counted: tuple[int, dict[str, int]], *, staff: bool) -> dict[str, Any]:
    """A poll as it is sent; its result only for whom and when it may be seen."""
    shown = staff or poll.state == "closed" or (poll.state == "open" and poll.results == "live")
    return {
        "id": poll.id,
        "kind": poll.kind,
        "text": poll.text,
        "lang": html_lang(poll.language),
        "options": poll.options,
        "results": poll.results,
        "state": poll.state,
        "revision": poll.revision,
        "opened_at": None if poll.opened_at is None else clock.milliseconds(poll.opened_at),
        "answers": counted[0] if shown else None,
        "counts": counted[1] if shown else None,
    }


def faces(session: Session, which: ColumnElement[bool], *, staff: bool) -> list[dict[str, Any]]:
    """Polls in the order of their making; drafts only for the crew."""
    query = select(Poll).where(which).order_by(Poll.created_at, Poll.id)
    if not staff:
        query = query.where(Poll.state != "draft")
    found = list(session.scalars(query.execution_options(populate_existing=True)))
    counted = counts(session, [poll.id for poll in found])
    return [face(poll, counted.get(poll.id, (0, {})), staff=staff) for poll in found]


def running(session: Session, room_id: str) -> dict[str, dict[str, Any]]:
    """The counts of polls that are open, by id, with whether everyone may see them: for the heartbeat."""
    rows = list(session.execute(select(Poll.id, Poll.results).where(Poll.room_id == room_id, Poll.state == "open")))
    counted = counts(session, [row[0] for row in rows])
    found = {}
    for poll_id, results in rows:
        answers, chosen = counted.get(poll_id, (0, {}))
        found[poll_id] = {"answers": answers, "counts": chosen, "public": results == "live"}
    return found


def answered_by(session: Session, room_id: str, registration_ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """For each of these people what they chose, by poll."""
    query = (
        select(PollAnswer.registration_id, PollAnswer.poll_id, PollChoice.option_id)
        .join(Poll, Poll.id == PollAnswer.poll_id)
        .join(PollChoice, PollChoice.answer_id == PollAnswer.id)
        .where(Poll.room_id == room_id, PollAnswer.registration_id.in_(registration_ids))
    )
    found: dict[str, dict[str, list[str]]] = {}
    for registration_id, poll_id, option_id in session.execute(query):
        found.setdefault(registration_id, {}).setdefault(poll_id, []).append(option_id)
    return found
