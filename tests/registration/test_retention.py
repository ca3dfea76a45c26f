"""How long mail is kept, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_registration, make_session
from tourserver.core import clock, preferences
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import Person
from tourserver.registration import retention
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


@pytest.fixture
def registration(services: Services) -> Registration:
    """Somebody whose invitation was sent."""
    with services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Visits <visits@example.org>")
        made = make_registration(session, services, make_session(session))
        session.scalars(select(OutboxMessage)).one().state = "sent"
        return made


def mail(services: Services, registration: Registration) -> OutboxMessage:
    query = select(OutboxMessage).where(OutboxMessage.stream == f"registration:{registration.id}")
    with services.db.read() as session:
        return session.scalars(query).one()


def ended(services: Services, registration: Registration, ago: timedelta, *, over_time: timedelta | None) -> None:
    """Let the session have ended that long ago, by plan or by running over time."""
    with services.db.write() as session:
        scheduled = session.get_one(ScheduledSession, registration.session_id)
        scheduled.starts_at = clock.now() - ago - timedelta(minutes=scheduled.duration_minutes)
        if over_time is not None:
            scheduled.starts_at -= over_time
            scheduled.state, scheduled.ended_at = "ended", clock.now() - ago


@pytest.mark.parametrize("over_time", [None, timedelta(hours=2)])
def test_mail_is_emptied_thirty_days_after_its_session_and_not_before(
    services: Services, registration: Registration, over_time: timedelta | None
) -> None:
    with services.db.write() as session:
        other = make_registration(session, services, make_session(session))
    ended(services, registration, timedelta(days=30, minutes=-1), over_time=over_time)
    retention.purge_mail(services)
    assert mail(services, registration).content
    ended(services, registration, timedelta(days=30, minutes=1), over_time=over_time)
    retention.purge_mail(services)
    row = mail(services, registration)
    assert (row.state, row.content, row.recipient, row.subject, row.answer) == ("sent", b"", "", "", "purged")
    assert mail(services, other).recipient
    retention.purge_mail(services)
    assert mail(services, registration).message_id == row.message_id


def test_mail_of_a_person_who_was_erased_goes_at_once_and_what_waits_never_leaves(
    services: Services, registration: Registration
) -> None:
    with services.db.write() as session:
        other = make_registration(session, services, make_session(session))
        session.scalars(select(OutboxMessage).where(OutboxMessage.state == "sent")).one().state = "queued"
        person = session.get_one(Person, registration.person_id)
        person.email, person.name, person.erased_at = None, "", clock.now()
    retention.purge_mail(services)
    row = mail(services, registration)
    assert (row.state, row.content, row.recipient) == ("dead", b"", "")
    assert mail(services, other).recipient


def test_mail_of_many_is_emptied_in_portions(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_A_TIME", 2)
    with services.db.write() as session:
        scheduled = make_session(session)
        for _ in range(5):
            make_registration(session, services, scheduled)
        scheduled.starts_at = clock.now() - timedelta(days=40)
    retention.purge_mail(services)
    with services.db.read() as session:
        assert list(session.scalars(select(OutboxMessage.recipient))) == [""] * 5
