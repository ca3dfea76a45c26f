"""Announcements: words of the crew that everyone sees above everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_, html_lang
from tourserver.core.rights import Actor
from tourserver.live import events, texts
from tourserver.live.audience.models import Announcement

TEXT_LIMIT: Final = 300
AT_ONCE: Final = 3
"""So many may stand at the same time; more would cover the tour."""


def post(
    session: Session, room_id: str, text: str, seconds: int | None, *, language: str, actor: Actor
) -> Announcement:
    """Say something to everyone, before, during or after the tour; ``seconds`` None: until it is withdrawn."""
    text = texts.clean(text, TEXT_LIMIT, field="text")
    events.hold(session, room_id, [events.PUBLIC])
    amount = session.scalar(select(func.count()).select_from(Announcement).where(standing(room_id))) or 0
    if amount >= AT_ONCE:
        raise Conflict(N_("%(count)s announcements stand already. Take one back first."), count=AT_ONCE)
    posted = Announcement(
        room_id=room_id,
        text=text,
        language=texts.language_of(text, language),
        actor=actor.reference,
        until=None if seconds is None else clock.now() + timedelta(seconds=seconds),
    )
    session.add(posted)
    session.flush()
    audit.record(session, actor, "announce.post", "announcement", posted.id)
    events.append(session, room_id, events.PUBLIC, "announcement.posted", {"announcement": posted.id})
    return posted


def withdraw(session: Session, room_id: str, announcement_id: str, *, actor: Actor) -> None:
    """Take an announcement back. Taking it back twice changes nothing."""
    events.hold(session, room_id, [events.PUBLIC])
    query = select(Announcement).where(Announcement.id == announcement_id, Announcement.room_id == room_id)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(N_("There is no such announcement in this room."), field="announcement")
    if found.withdrawn_at is None:
        found.withdrawn_at = clock.now()
        session.flush()
        audit.record(session, actor, "announce.withdraw", "announcement", found.id)
        events.append(session, room_id, events.PUBLIC, "announcement.withdrawn", {"announcement": found.id})


def standing(room_id: str) -> ColumnElement[bool]:
    """A room's announcements that everyone sees now."""
    until = or_(Announcement.until.is_(None), Announcement.until > clock.now())
    return and_(Announcement.room_id == room_id, Announcement.withdrawn_at.is_(None), until)


def faces(session: Session, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Announcements that were not taken back, the oldest first."""
    query = select(Announcement).where(which, Announcement.withdrawn_at.is_(None))
    query = query.order_by(Announcement.at, Announcement.id)
    return [
        {
            "id": one.id,
            "text": one.text,
            "lang": html_lang(one.language),
            "at": clock.milliseconds(one.at),
            "until": None if one.until is None else clock.milliseconds(one.until),
        }
        for one in session.scalars(query)
    ]
