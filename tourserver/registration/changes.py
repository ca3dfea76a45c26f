"""What registered people are mailed when their session changes or is called off; their calendars follow.

A job of its own, as there may be thousands: each registration is a transaction, so that a killed worker goes on where
it was. What the last mail said decides what there is to say, so doing it twice writes nothing twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import SMTP
from typing import Final

import structlog
from icalendar import Calendar
from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from tourserver.calendars import objects
from tourserver.core import clock, jobs
from tourserver.core.errors import TourserverError
from tourserver.core.jobs import JobContext
from tourserver.core.services import Services
from tourserver.mail import changes, holding, outbox
from tourserver.mail.models import OutboxMessage
from tourserver.registration import invitations
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

log = structlog.get_logger()

JOB: Final = "registration.changes"
CANCELLATION: Final = "cancellation"
TOLD: Final = ("scheduled", "live", "cancelled")
"""States of a session whose changes concern somebody."""


def enqueue(session: Session, *, session_id: str) -> None:
    """Ask for the mails about a session as it is now (receiver of ``session_changed``)."""
    scheduled = session.get_one(ScheduledSession, session_id)
    if scheduled.state not in TOLD or not _invited(session, session_id, limit=1):
        return
    # by revision: a change while the mails of the one before are written is not taken for the same work
    jobs.enqueue(session, JOB, f"{session_id}:{scheduled.revision}", {"session": session_id})


@jobs.handler(JOB)
def mail_changes(context: JobContext) -> None:
    """Write to everybody who was invited to the session."""
    services = context.services
    with services.db.read() as session:
        found = _invited(session, context.payload["session"])
    written = 0
    for number, registration_id in enumerate(found, start=1):
        try:
            with services.db.write() as session:
                written += tell(session, services, registration_id)
        except (TourserverError, ValueError) as error:  # such as an address that is the sender's by now
            log.warning("mail.change_refused", registration=registration_id, error=type(error).__name__)
        context.progress(100 * number // len(found))
    if written:
        log.info("mail.changes_written", session=context.payload["session"], messages=written)


def _invited(session: Session, session_id: str, limit: int | None = None) -> list[str]:
    """Ids of confirmed registrations that an invitation was written for."""
    query = (
        select(Registration.id)
        .join(OutboxMessage, OutboxMessage.stream == literal(invitations.STREAM) + Registration.id)
        .where(
            Registration.session_id == session_id,
            Registration.state == "confirmed",
            OutboxMessage.kind == invitations.KIND,
        )
        .group_by(Registration.id)
        .order_by(Registration.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def tell(session: Session, services: Services, registration_id: str) -> bool:
    """Queue what this person has to be told, if anything; gives whether something was."""
    registration = session.get_one(Registration, registration_id)
    scheduled = schedule.lock(session, registration.session_id)
    last = outbox.last(session, invitations.stream(registration), invitations.KIND)
    if last is None or registration.state != "confirmed" or scheduled.state not in TOLD:
        return False
    if scheduled.state == "cancelled":
        return _cancel(session, services, scheduled, registration)
    if not invitations.differs(session, services, scheduled, registration, last):
        return False
    _raise_sequence(session, registration)
    if not _was_seen(session, registration):  # nobody has the old one: this is the first that is heard of it
        invitations.queue(session, services, scheduled, registration, instead=True)
        return True
    entry = invitations.calendar_entry(session, services, scheduled, registration)
    before = _times(last.content)
    message = changes.update(
        invitations.letter(session, services, registration, entry),
        objects.request(entry),
        before=before if before != (entry.starts_at, entry.ends_at) else None,
        references=outbox.message_ids(session, last.stream),
    )
    revision = invitations.next_revision(session, registration)
    hold = holding.obstacle(services, session)
    outbox.queue(session, last.stream, invitations.KIND, revision, message, hold=hold, replaces=(invitations.KIND,))
    return True


def _cancel(session: Session, services: Services, scheduled: ScheduledSession, registration: Registration) -> bool:
    stream = invitations.stream(registration)
    if outbox.last(session, stream, CANCELLATION) is not None:
        return False
    _raise_sequence(session, registration)
    entry = invitations.calendar_entry(session, services, scheduled, registration)
    message = changes.cancellation(
        invitations.letter(session, services, registration, entry),
        objects.cancel(entry),
        words=scheduled.cancelled_words,
        references=outbox.message_ids(session, stream),
    )
    # always sent, also to whoever was never told of the session: a file may have been taken from the success page
    hold = holding.obstacle(services, session)
    outbox.queue(session, stream, CANCELLATION, 1, message, hold=hold, replaces=(invitations.KIND,))
    return True


def _raise_sequence(session: Session, registration: Registration) -> None:
    """SEQUENCE and DTSTAMP go together, and both up with every mailed change."""
    registration.sequence += 1
    registration.stamped_at = clock.now()
    session.flush()


def _was_seen(session: Session, registration: Registration) -> bool:
    """Whether an invitation left, or may have left."""
    tried = (OutboxMessage.attempts > 0) | OutboxMessage.state.in_(("sending", "sent"))
    of_stream = (OutboxMessage.stream == invitations.stream(registration), OutboxMessage.kind == invitations.KIND)
    return session.scalar(select(OutboxMessage.id).where(*of_stream, tried).limit(1)) is not None


def _times(content: bytes) -> tuple[datetime, datetime] | None:
    """Start and end as a mail said them; None for one that was purged."""
    parts = BytesParser(policy=SMTP).parsebytes(content).iter_attachments() if content else ()
    for part in parts:
        if part.get_content_type() == "application/ics":
            (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
            start, end = event.decoded("dtstart"), event.decoded("dtend")
            if isinstance(start, datetime) and isinstance(end, datetime):
                return start.astimezone(UTC), end.astimezone(UTC)
    return None
