"""A room's questions, polls and messages as tables of plain values, as its crew may see them.

Who asked without a name has none here either. Times are wall times of the session's zone with their offset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.i18n import N_, html_lang, pick
from tourserver.live.audience.models import ChatMessage, Poll, PollAnswer, PollChoice
from tourserver.live.guiding import guide
from tourserver.live.models import Room
from tourserver.live.questions import votes
from tourserver.live.questions.models import FollowUp, Question
from tourserver.people import countries
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

Cell = str | int | date | None

STATES: Final = {
    "pending": N_("waiting for the hosts"),
    "approved": N_("approved"),
    "live": N_("being answered"),
    "answered": N_("answered"),
    "declined": N_("declined"),
    "withdrawn": N_("withdrawn by its author"),
    "merged": N_("joined with another question"),
}
POLL_KINDS: Final = {"single": N_("one answer"), "multiple": N_("several answers"), "rating": N_("rating from 1 to 5")}
POLL_STATES: Final = {"open": N_("open"), "closed": N_("closed")}

QUESTION_COLUMNS: Final = (
    N_("Number"),
    N_("Asked"),
    N_("State"),
    N_("Question"),
    N_("As it was asked"),
    N_("Language"),
    N_("Translations"),
    N_("Asked by"),
    N_("Country"),
    N_("Votes"),
    N_("Labels"),
    N_("Reason"),
    N_("Answer"),
    N_("Answered"),
    N_("Answered by"),
    N_("Joined with number"),
    N_("To be answered by"),
    N_("Due"),
)
POLL_COLUMNS: Final = (
    N_("Poll"),
    N_("Kind"),
    N_("State"),
    N_("Opened"),
    N_("Closed"),
    N_("People who answered"),
    N_("Option"),
    N_("Chosen by"),
)
CHAT_COLUMNS: Final = (N_("Written"), N_("By"), N_("Country"), N_("Language"), N_("Message"))

Translate = Callable[[str], str]
"""A message in the language of the file."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its key in file names and addresses, its title, column titles, and rows of as many cells."""

    key: str
    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Record:
    """All tables of a session's room, with what they are about."""

    slug: str
    title: str
    zone: str
    begins: str
    tables: list[Table]


def of_session(session: Session, planned: ScheduledSession, lang: str, translate: Translate) -> Record:
    """The main room's record in a language; empty tables when nobody was in it yet."""
    room = session.scalar(select(Room).where(Room.session_id == planned.id, Room.name == "main"))
    room_id, zone = room.id if room else "", planned.zone
    return Record(
        planned.slug,
        pick(planned.title, lang).value,
        zone,
        when(planned.starts_at, zone),
        [
            _questions(session, room_id, zone, lang, translate),
            _polls(session, room_id, zone, translate),
            _chat(session, room_id, zone, lang, translate),
        ],
    )


def when(moment: datetime | None, zone: str) -> str:
    """``2026-11-25 14:03:11 +01:00`` in a zone; empty for none."""
    return "" if moment is None else clock.local(moment, zone).isoformat(" ", "seconds").replace("+", " +", 1)


def _questions(session: Session, room_id: str, zone: str, lang: str, _: Translate) -> Table:
    query = (
        select(Question, Person.name, Registration.country, FollowUp.due_on, User.name, User.email)
        .join(Registration, Registration.id == Question.registration_id)
        .join(Person, Person.id == Registration.person_id)
        .outerjoin(FollowUp, FollowUp.question_id == Question.id)
        .outerjoin(User, User.id == FollowUp.owner_user_id)
        # what its author took back is the author's alone
        .where(Question.room_id == room_id, Question.state != "withdrawn")
        .order_by(Question.asked_at, Question.id)
    )
    found = list(session.execute(query))
    numbers = {row[0].id: number for number, row in enumerate(found, start=1)}
    counted = votes.counts(session, list(numbers))
    answerers = guide.names(session, {row[0].answered_by for row in found if row[0].answered_by})
    rows: list[list[Cell]] = []
    for question, name, country, due_on, owner_name, owner_email in found:
        answered_by = answerers.get(question.answered_by or "")
        hidden = question.anonymous
        rows.append(
            [
                numbers[question.id],
                when(question.asked_at, zone),
                _(STATES[question.state]),
                question.edited or question.original,
                question.original if question.edited else "",
                html_lang(question.language),
                "\n".join(f"{html_lang(one)}: {text}" for one, text in sorted(question.translations.items())),
                _("without a name") if hidden else name,
                "" if hidden else countries.name(country, lang) or _("Not disclosed"),
                counted.get(question.id, 0),
                ", ".join(question.labels),
                question.reason,
                question.answer,
                when(question.answered_at, zone),
                answered_by["name"] if answered_by else "",
                numbers.get(question.merged_into_id or ""),
                (owner_name or owner_email or "") if due_on else "",
                due_on,
            ]
        )
    return _table("questions", N_("Questions"), QUESTION_COLUMNS, rows, _)


def _polls(session: Session, room_id: str, zone: str, _: Translate) -> Table:
    query = select(Poll).where(Poll.room_id == room_id, Poll.state != "draft").order_by(Poll.opened_at, Poll.id)
    rows: list[list[Cell]] = []
    for poll in session.scalars(query):
        answers = session.scalar(select(func.count()).where(PollAnswer.poll_id == poll.id)) or 0
        chosen = (
            select(PollChoice.option_id, func.count())
            .join(PollAnswer, PollAnswer.id == PollChoice.answer_id)
            .where(PollAnswer.poll_id == poll.id)
            .group_by(PollChoice.option_id)
        )
        counts: dict[str, int] = dict(session.execute(chosen).all())
        rows += [
            [
                poll.text,
                _(POLL_KINDS[poll.kind]),
                _(POLL_STATES[poll.state]),
                when(poll.opened_at, zone),
                when(poll.closed_at, zone),
                answers,
                str(option["text"]),
                counts.get(option["id"], 0),
            ]
            for option in poll.options
        ]
    return _table("polls", N_("Polls"), POLL_COLUMNS, rows, _)


def _chat(session: Session, room_id: str, zone: str, lang: str, _: Translate) -> Table:
    query = (
        select(ChatMessage, Person.name, Registration.country, User.name, User.email)
        .outerjoin(Registration, Registration.id == ChatMessage.registration_id)
        .outerjoin(Person, Person.id == Registration.person_id)
        .outerjoin(User, User.id == ChatMessage.user_id)
        .where(ChatMessage.room_id == room_id, ChatMessage.circle == "public", ChatMessage.removed_at.is_(None))
        .order_by(ChatMessage.at, ChatMessage.id)
    )
    rows: list[list[Cell]] = [
        [
            when(message.at, zone),
            name or user_name or (email or "").split("@")[0],
            countries.name(country, lang) if country else _("Crew"),
            html_lang(message.language),
            message.text,
        ]
        for message, name, country, user_name, email in session.execute(query)
    ]
    return _table("chat", N_("Chat"), CHAT_COLUMNS, rows, _)


def _table(key: str, title: str, columns: Sequence[str], rows: list[list[Cell]], _: Translate) -> Table:
    return Table(key, _(title), [_(column) for column in columns], rows)
