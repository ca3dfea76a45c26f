"""How long mail is kept: its bytes, and to whom it went, go 30 days after the session or with the person."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.mail import outbox
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import Person
from tourserver.registration import invitations
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

log = structlog.get_logger()

KEPT = timedelta(days=30)
AT_A_TIME = 100


def purge_mail(services: Services) -> None:
    """Empty the mails of sessions that ended 30 days ago, and of persons who were erased."""
    with services.db.read() as session:
        streams = _due(session)
    emptied = 0
    for start in range(0, len(streams), AT_A_TIME):
        with services.db.write() as session:
            emptied += outbox.purge(session, streams[start : start + AT_A_TIME])
    if emptied:
        log.info("mail.purged", messages=emptied)


def _due(session: Session) -> list[str]:
    """Streams with something left to empty."""
    limit = clock.now() - KEPT
    query = (
        select(OutboxMessage.stream, ScheduledSession, Person.erased_at)
        .join(Registration, OutboxMessage.stream == literal(invitations.STREAM) + Registration.id)
        .join(ScheduledSession, ScheduledSession.id == Registration.session_id)
        .join(Person, Person.id == Registration.person_id)
        .where(OutboxMessage.recipient != "", or_(Person.erased_at.is_not(None), ScheduledSession.starts_at < limit))
        .order_by(OutboxMessage.stream)
    )
    rows = session.execute(query).unique().all()
    return list(dict.fromkeys(stream for stream, scheduled, erased in rows if erased or _end(scheduled) < limit))


def _end(scheduled: ScheduledSession) -> datetime:
    """When it ended: as planned, or later when the tour ran over time."""
    return max(scheduled.ends_at, scheduled.ended_at or scheduled.ends_at)
