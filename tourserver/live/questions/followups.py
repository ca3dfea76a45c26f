"""Questions that were open when their room ended: somebody answers them until a day, and the asker gets the answer.

They are made in the transaction that ends the room, for the main room only. A room that is opened again takes those
back that nobody has touched; they come again at its next end.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.live import events, texts
from tourserver.live.events import Entry
from tourserver.live.models import Room
from tourserver.live.questions.models import FollowUp, Question
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession

OPEN: Final = ("pending", "approved", "live")
DAYS: Final = 10
"""From the end of the room to the day it is due."""
FURTHEST: Final = timedelta(days=366)
ANSWER_LIMIT: Final = 4000
SEE: Final = "session.see"
LEAD: Final = "room.host"


def of_ended_room(session: Session, *, room_id: str) -> None:
    """Make the follow-ups of a room that has just ended (receiver of ``room_ended``)."""
    room = session.get_one(Room, room_id)
    if room.name != "main":
        return
    planned = session.get_one(ScheduledSession, room.session_id)
    hosts = rights.users_with(session, "host", "session", planned.id)
    due = clock.local(clock.now(), planned.zone).date() + timedelta(days=DAYS)
    query = select(Question).where(Question.room_id == room_id, Question.state.in_(OPEN)).order_by(Question.id)
    rows = [
        {
            "id": new_id(),
            "question_id": question.id,
            "owner_user_id": _assigned(question) or (hosts[0] if hosts else None),
            "due_on": due,
            "state": "open",
            "revision": 1,
            "created_at": clock.now(),
            "updated_at": clock.now(),
        }
        for question in session.scalars(query)
    ]
    if rows:
        events.insert_once(session, FollowUp, rows)


def of_reopened_room(session: Session, *, room_id: str) -> None:
    """Take back what nobody has touched (receiver of ``room_reopened``)."""
    mine = select(Question.id).where(Question.room_id == room_id)
    untouched = (FollowUp.state == "open") & (FollowUp.revision == 1)
    session.execute(
        delete(FollowUp).where(FollowUp.question_id.in_(mine), untouched).execution_options(synchronize_session=False)
    )


def _assigned(question: Question) -> str | None:
    if question.assigned_to is None:
        return None
    actor = Actor.of(question.assigned_to)
    return actor.id if actor.kind == "user" else None


def to_do(session: Session, actor: Actor, *, session_id: str | None = None) -> list[tuple[FollowUp, Question, str]]:
    """Open follow-ups that ``actor`` owns or whose session they may see, the most urgent first; with the session."""
    query = (
        select(FollowUp, Question, Room.session_id)
        .join(Question, Question.id == FollowUp.question_id)
        .join(Room, Room.id == Question.room_id)
        .where(FollowUp.state == "open", Question.state.in_(OPEN))
        .order_by(FollowUp.due_on, Question.asked_at)
    )
    if session_id is not None:
        query = query.where(Room.session_id == session_id)
    allowed: dict[str, bool] = {}
    found: list[tuple[FollowUp, Question, str]] = []
    for follow_up, question, of_session in session.execute(query):
        if of_session not in allowed:
            allowed[of_session] = rights.can(session, actor, SEE, Thing("session", of_session))
        if allowed[of_session] or follow_up.owner_user_id == actor.id:
            found.append((follow_up, question, of_session))
    return found


def find(session: Session, follow_up_id: str, actor: Actor) -> tuple[FollowUp, Question, ScheduledSession]:
    """A follow-up that ``actor`` may work on: its owner, the session's hosts and who may see all sessions.

    Raises :class:`NotFound` and :class:`Forbidden`.
    """
    row = session.execute(
        select(FollowUp, Question, ScheduledSession)
        .join(Question, Question.id == FollowUp.question_id)
        .join(Room, Room.id == Question.room_id)
        .join(ScheduledSession, ScheduledSession.id == Room.session_id)
        .where(FollowUp.id == follow_up_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(N_("There is no such question."))
    follow_up, question, planned = row
    if follow_up.owner_user_id != actor.id and not rights.can(session, actor, SEE, Thing("session", planned.id)):
        raise Forbidden(N_("You may not do this. Ask an administrator for the right."))
    return follow_up, question, planned


def owners(session: Session, planned: ScheduledSession) -> list[User]:
    """The staff who may be given a question of a session: who may see it, and who work on its sites."""
    sites = [(entry.site_id, entry.site.node_id) for entry in planned.sites]
    scopes = [Thing("session", planned.id), *(Thing("site", site, (("node", node),)) for site, node in sites)]
    found: dict[str, User] = {}
    for user in session.scalars(select(User).where(User.active.is_(True)).order_by(User.name, User.email)):
        actor = Actor("user", user.id)
        verbs = [SEE, *("site.change" for _ in scopes[1:])]
        if any(rights.can(session, actor, verb, scope) for verb, scope in zip(verbs, scopes, strict=True)):
            found[user.id] = user
    return list(found.values())


def plan(
    session: Session, follow_up_id: str, *, seen_revision: int, owner_user_id: str | None, due_on: date, actor: Actor
) -> FollowUp:
    """Give a question to somebody, until a day."""
    follow_up, _question, planned = _held(session, follow_up_id, seen_revision, actor)
    if owner_user_id is not None and owner_user_id not in {one.id for one in owners(session, planned)}:
        raise Invalid(N_("Choose somebody who works with this session or its sites."), field="owner")
    today = clock.local(clock.now(), planned.zone).date()
    if due_on != follow_up.due_on and not today <= due_on <= today + FURTHEST:
        raise Invalid(N_("Choose a day from today to a year ahead."), field="due_on")
    before = audit.snapshot(follow_up)
    follow_up.owner_user_id, follow_up.due_on = owner_user_id, due_on
    return _keep(session, follow_up, actor, "follow_up.plan", before)


def answer(session: Session, follow_up_id: str, text: str, *, seen_revision: int, actor: Actor) -> FollowUp:
    """Answer in writing. A question that everyone saw gets its answer there too; one that nobody else saw stays so."""
    follow_up, question, _planned = _held(session, follow_up_id, seen_revision, actor)
    text = texts.clean(text, ANSWER_LIMIT, field="answer")
    before = audit.snapshot(follow_up)
    shown = question.state != "pending"
    question.answer, question.answered_at, question.answered_by = text, clock.now(), actor.reference
    question.state = "answered" if shown else question.state
    question.revision += 1
    session.flush()
    kind = "question.answered" if shown else "question.changed"
    data = {"question": question.id, "revision": question.revision, "state": question.state}
    channels = [events.STAFF, events.person(question.registration_id), *([events.PUBLIC] if shown else [])]
    events.append_many(session, question.room_id, [Entry(channel, kind, data) for channel in channels])
    follow_up.state = "answered"
    return _keep(session, follow_up, actor, "follow_up.answer", before)


def drop(session: Session, follow_up_id: str, *, seen_revision: int, actor: Actor) -> FollowUp:
    """It is not going to be answered; the list keeps it no longer."""
    follow_up, _question, _planned = _held(session, follow_up_id, seen_revision, actor)
    before = audit.snapshot(follow_up)
    follow_up.state = "dropped"
    return _keep(session, follow_up, actor, "follow_up.drop", before)


def _held(
    session: Session, follow_up_id: str, seen_revision: int, actor: Actor
) -> tuple[FollowUp, Question, ScheduledSession]:
    """What is to be changed, kept from everybody else, when it is still what the sender saw."""
    _follow_up, question, _planned = find(session, follow_up_id, actor)
    channels = [events.PUBLIC, events.STAFF, events.person(question.registration_id)]
    events.hold(session, question.room_id, channels)
    follow_up, question, planned = find(session, follow_up_id, actor)
    if follow_up.revision != seen_revision or follow_up.state != "open":
        raise Conflict(N_("A colleague changed this question."))
    return follow_up, question, planned


def _keep(session: Session, follow_up: FollowUp, actor: Actor, verb: str, before: object) -> FollowUp:
    follow_up.revision += 1
    session.flush()
    audit.record(session, actor, verb, "follow_up", follow_up.id, before=before, after=audit.snapshot(follow_up))
    return follow_up


def waiting(session: Session, user_id: str) -> int:
    """How many open follow-ups a member of staff owns."""
    mine = FollowUp.owner_user_id == user_id
    query = select(FollowUp.id).join(Question, Question.id == FollowUp.question_id)
    return len(session.scalars(query.where(mine, FollowUp.state == "open", Question.state.in_(OPEN))).all())
