"""Seats: how many there are, and that the last one is given once."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


def taken(session: Session, session_id: str) -> int:
    """Seats of confirmed participants, by heads."""
    query = select(func.coalesce(func.sum(Registration.headcount), 0)).where(
        Registration.session_id == session_id, Registration.state == "confirmed", Registration.role == "participant"
    )
    return session.scalar(query) or 0


def left(session: Session, scheduled: ScheduledSession) -> int | None:
    """Free seats; None when there is no limit."""
    if scheduled.capacity is None:
        return None
    return max(0, scheduled.capacity - taken(session, scheduled.id))


def claim(session: Session, scheduled: ScheduledSession) -> None:
    """Raise :class:`Conflict` when no seat is left; call under :func:`tourserver.sessions.schedule.lock`."""
    if left(session, scheduled) == 0:
        raise Conflict(N_("All seats are taken. If one of them is yours, have your link mailed again."), code="full")
