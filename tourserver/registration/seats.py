"""Seats: how many there are, and that the last one is given once."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


def lock(session: Session, session_id: str) -> ScheduledSession:
    """The session's row, held until the transaction ends, so that sign-ups count one after the other.

    On PostgreSQL by FOR UPDATE; on SQLite the writing transaction is alone anyway.
    """
    query = select(ScheduledSession).where(ScheduledSession.id == session_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def taken(session: Session, session_id: str) -> int:
    """Seats of confirmed participants."""
    query = select(func.count()).select_from(Registration)
    mine = (Registration.session_id == session_id) & (Registration.state == "confirmed")
    return session.scalar(query.where(mine, Registration.role == "participant")) or 0


def left(session: Session, scheduled: ScheduledSession) -> int | None:
    """Free seats; None when there is no limit."""
    if scheduled.capacity is None:
        return None
    return max(0, scheduled.capacity - taken(session, scheduled.id))


def claim(session: Session, scheduled: ScheduledSession) -> None:
    """Raise :class:`Conflict` when no seat is left; call under :func:`lock`."""
    if left(session, scheduled) == 0:
        raise Conflict(N_("All seats of this session are taken."), code="full")
