"""Held invitations leave by themselves: written anew, with the present links and sender, once mail may leave."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import Gone, TourserverError
from tourserver.core.services import Services
from tourserver.mail import holding, outbox
from tourserver.mail.models import OutboxMessage
from tourserver.registration import invitations, signup
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

log = structlog.get_logger()

AT_A_TIME = 200
# a session lasts at most 12 hours: what began before that is over
LONGEST = timedelta(hours=12)


def take_back(session: Session) -> int:
    """Hold the invitations that no mail server has seen yet; :func:`renew_held` writes them anew.

    For the transaction that changes the public address or the sender: they are in the bytes. Gives the number.
    """
    return outbox.take_back(session, invitations.KIND, "address_changed")


def start(services: Services) -> None:
    """What a worker does before it sends: settings may have changed while none ran."""
    with services.db.write() as session:
        count = take_back(session)
    if count:
        log.info("mail.taken_back", messages=count)


def renew_held(services: Services) -> None:
    """Write held invitations anew and let them leave, unless mail still may not; the worker calls it often.

    Those of sessions that are over, or of people who withdrew, stay held: nobody needs them any more.
    """
    with services.db.read() as session:
        if holding.obstacle(services, session):
            return
        found = _held(session)
    for registration_id, session_id in found:
        _renew(services, registration_id, session_id)
    if found:
        log.info("mail.renewed", registrations=len(found))


def _held(session: Session) -> list[tuple[str, str]]:
    """Registrations with a held invitation, and their sessions, which are still to come."""
    query = (
        select(Registration, ScheduledSession)
        .join(ScheduledSession, ScheduledSession.id == Registration.session_id)
        .join(OutboxMessage, OutboxMessage.stream == literal(invitations.STREAM) + Registration.id)
        .where(
            OutboxMessage.kind == invitations.KIND,
            OutboxMessage.state == "held",
            Registration.state == "confirmed",
            (ScheduledSession.state == "live") | (ScheduledSession.starts_at > clock.now() - LONGEST),
        )
        .order_by(ScheduledSession.starts_at, Registration.id)
        .limit(AT_A_TIME)
    )
    rows = session.execute(query).unique().all()
    # a stream can have several held messages
    return list(dict.fromkeys((one.id, scheduled.id) for one, scheduled in rows if _is_to_come(scheduled)))


def _is_to_come(scheduled: ScheduledSession) -> bool:
    try:
        signup.check_open(scheduled)
    except Gone:
        return False
    return True


def _renew(services: Services, registration_id: str, session_id: str) -> None:
    """In a transaction of its own, as rendering takes a while and others want to write."""
    try:
        with services.db.write() as session:
            scheduled = schedule.lock(session, session_id)
            registration = session.get_one(Registration, registration_id)
            stream = invitations.stream(registration)
            last = outbox.last(session, stream, invitations.KIND)
            if last is None:
                return
            if last.state != "held":  # a later one has left, or is about to
                outbox.drop_held(session, stream, invitations.KIND, before=last.revision)
                return
            if invitations.differs(session, services, scheduled, registration, last):
                # the success page gave the old entry as a file: programs replace it by one with a higher number only
                registration.sequence += 1
                registration.stamped_at = clock.now()
                session.flush()
            invitations.queue(session, services, scheduled, registration)
    except (TourserverError, ValueError) as error:
        # such as the new sender's own address among the invited
        log.warning("mail.renewal_refused", registration=registration_id, error=type(error).__name__)
        with services.db.write() as session:
            row = outbox.last(session, invitations.STREAM + registration_id, invitations.KIND)
            if row is not None:
                outbox.abandon(session, row, str(error))
