"""Messages: to everyone, when the hosts allow it, and among the crew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, Forbidden, NotFound
from tourserver.core.i18n import N_, html_lang
from tourserver.live import events, rooms, texts
from tourserver.live.access import Seat
from tourserver.live.audience.models import ChatMessage
from tourserver.live.models import Room
from tourserver.live.questions import limits
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration

TEXT_LIMIT: Final = 500
OFTEN: Final = 20
"""Messages of one person in :data:`LATELY`."""
LATELY: Final = timedelta(minutes=1)
ROOM_OFTEN: Final = 100
"""Messages of everybody in :data:`ROOM_LATELY`: more can't be read."""
ROOM_LATELY: Final = timedelta(seconds=10)
SHOWN: Final = 200
"""So many of the newest messages are in a snapshot."""


def say(session: Session, room_id: str, text: str, circle: str, seat: Seat, *, language: str) -> ChatMessage:
    """Write to everyone, or, for the crew alone, to the crew. Raises with what to do when that can't be now."""
    text = texts.clean(text, TEXT_LIMIT, field="text")
    if circle == "crew" and not seat.crew:
        raise Forbidden(N_("Only this session's crew writes here."))
    channel = events.PUBLIC if circle == "public" else events.STAFF
    events.hold(session, room_id, [channel])
    if circle == "public":
        _check(session, rooms.get(session, room_id), seat)
    message = ChatMessage(
        room_id=room_id,
        circle=circle,
        registration_id=seat.actor.id if seat.actor.kind == "registration" else None,
        user_id=seat.actor.id if seat.actor.kind == "user" else None,
        text=text,
        language=texts.language_of(text, language),
    )
    session.add(message)
    session.flush()
    events.append(session, room_id, channel, "chat.said", {"message": message.id})
    return message


def _check(session: Session, room: Room, seat: Seat) -> None:
    if room.state == "ended":
        raise Conflict(N_("This tour has ended."), state={"room": rooms.status(room)})
    if seat.crew:
        return
    if room.chat == "off":
        raise Conflict(N_("The hosts have switched the chat off. Ask a question instead."))
    if room.chat == "locked":
        raise Conflict(N_("Only the hosts write in the chat for now."))
    if limits.is_blocked(session, room.id, seat.actor.id):
        raise Forbidden(N_("The hosts no longer take messages from you. You can go on following the tour."))
    own = (ChatMessage.registration_id == seat.actor.id,)
    if _count(session, room.id, LATELY, *own) >= OFTEN:
        raise Conflict(N_("You wrote %(count)s messages in a minute. Wait a little."), count=OFTEN)
    wait = timedelta(seconds=room.chat_slow_seconds)
    if room.chat_slow_seconds and _count(session, room.id, wait, *own):
        raise Conflict(
            N_("One message in %(seconds)s seconds: your text is kept, send it a little later."),
            seconds=room.chat_slow_seconds,
        )
    if _count(session, room.id, ROOM_LATELY) >= ROOM_OFTEN:
        raise Conflict(N_("So many write at once that nobody can read it. Wait a moment."))


def _count(session: Session, room_id: str, lately: timedelta, *conditions: Any) -> int:
    query = (
        select(func.count())
        .select_from(ChatMessage)
        .where(ChatMessage.room_id == room_id, ChatMessage.circle == "public", ChatMessage.at > clock.now() - lately)
    )
    return session.scalar(query.where(*conditions)) or 0


def remove(session: Session, room_id: str, message_id: str, seat: Seat, *, moderates: bool) -> None:
    """Take a message away: one's own, or with the right to moderate anybody's. Its words are gone for good."""
    query = select(ChatMessage).where(ChatMessage.id == message_id, ChatMessage.room_id == room_id)
    message = session.scalar(query)
    if message is None or (message.circle == "crew" and not seat.crew):
        raise NotFound(N_("There is no such message in this room."), field="message")
    own = seat.actor.id in (message.registration_id, message.user_id)
    if not own and not moderates:
        raise Forbidden(N_("You can only take back your own messages."))
    channel = events.PUBLIC if message.circle == "public" else events.STAFF
    events.hold(session, room_id, [channel])
    session.refresh(message)
    if message.removed_at is not None:
        return
    message.removed_at, message.removed_by, message.text = clock.now(), seat.actor.reference, ""
    session.flush()
    audit.record(session, seat.actor, "chat.remove", "chat_message", message.id)
    events.append(session, room_id, channel, "chat.removed", {"message": message.id})


def of(room_id: str, circle: str) -> ColumnElement[bool]:
    """A room's messages to everyone, or among the crew."""
    return (ChatMessage.room_id == room_id) & (ChatMessage.circle == circle)


def faces(session: Session, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    """The newest messages as they are read, the newest last; those that were taken away are missing."""
    query = (
        select(ChatMessage, Person.name, Registration.country, Registration.role, User.name, User.email)
        .outerjoin(Registration, Registration.id == ChatMessage.registration_id)
        .outerjoin(Person, Person.id == Registration.person_id)
        .outerjoin(User, User.id == ChatMessage.user_id)
        .where(which, ChatMessage.removed_at.is_(None))
        .order_by(ChatMessage.at.desc(), ChatMessage.id.desc())
        .limit(SHOWN)
    )
    rows = list(session.execute(query))
    return [
        {
            "id": message.id,
            "text": message.text,
            "lang": html_lang(message.language),
            "at": clock.milliseconds(message.at),
            "author": name or user_name or (email or "").split("@")[0] or None,
            "country": country if role == "participant" and country != "ZZ" else None,
            "crew": role != "participant",
        }
        for message, name, country, role, user_name, email in reversed(rows)
    ]


def own(session: Session, room_id: str, registration_ids: Sequence[str]) -> dict[str, list[str]]:
    """The messages to everyone that each of these people wrote."""
    query = select(ChatMessage.registration_id, ChatMessage.id).where(
        ChatMessage.room_id == room_id,
        ChatMessage.registration_id.in_(registration_ids),
        ChatMessage.removed_at.is_(None),
    )
    found: dict[str, list[str]] = {}
    for registration_id, message_id in session.execute(query):
        found.setdefault(registration_id or "", []).append(message_id)
    return found
