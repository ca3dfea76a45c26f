"""Signing up for a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tourserver.calendars import objects
from tourserver.core import audit, clock, signals
from tourserver.core.errors import Gone, Invalid
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.mail import outbox
from tourserver.people import countries
from tourserver.people.emails import normalise
from tourserver.people.models import Consent, Person
from tourserver.people.names import one_line
from tourserver.registration import invitations, seats
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

PRIVACY_VERSION = "2026-11"
"""The privacy notice that the form shows; a new text gets a new version."""

SEND_AGAIN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """What the form asks."""

    name: str
    email: str
    country: str
    language: str
    zone: str
    organisation: str = ""


@dataclass(frozen=True)
class Outcome:
    """The registration, and whether it is new. Pages say the same in both cases."""

    registration: Registration
    is_new: bool
    # the address was unknown until now, so that whoever typed it takes nobody's name and link
    is_own: bool


def register(session: Session, services: Services, scheduled: ScheduledSession, wish: SignUp) -> Outcome:
    """Give a person a seat and mail the personal link.

    An address that is registered already keeps its seat and link; its mail is sent once more (at most every ten
    minutes) and nothing that is stored about its owner is changed or shown: whoever typed it proved nothing.
    Raises Invalid with the field, Gone when it is too late, and Conflict when all seats are taken, to everybody
    alike: who has one must not show.
    """
    email, country = normalise(wish.email), countries.check(wish.country)
    name, organisation = one_line(wish.name, 120), one_line(wish.organisation, 160)
    if not any(char.isalnum() for char in name):
        raise Invalid(N_("Enter your name: the hosts greet you by it."), field="name")
    if wish.language not in LANGUAGES:
        raise Invalid(N_("Choose a language from the list."), field="language")
    zone = clock.zone(wish.zone).key
    scheduled = schedule.lock(session, scheduled.id)
    check_open(scheduled)
    seats.claim(session, scheduled)
    known = _registration_of(session, scheduled, email)
    if known is not None and known.state == "confirmed":
        send_again(session, services, known)
        return Outcome(known, is_new=False, is_own=False)
    person, made = _person(session, email, name, organisation, country, wish)
    found = known or Registration(person_id=person.id, session_id=scheduled.id)
    found.state, found.role = "confirmed", "participant"
    found.country, found.organisation = country, organisation
    found.language, found.zone = wish.language, zone
    found.stamped_at = clock.now()
    if known is None:
        found.uid = objects.new_uid(urlsplit(services.public_url(session)).hostname or "localhost")
        found.sequence = 0
        session.add(found)
    else:
        found.sequence += 1
    found.person = person
    session.flush()
    session.add(Consent(person_id=person.id, kind="privacy_notice", version=PRIVACY_VERSION))
    invitations.queue(session, services, scheduled, found)
    actor = Actor("registration", found.id)
    audit.record(session, actor, "registration.confirm", "registration", found.id, after={"session": scheduled.id})
    signals.registration_changed.send(session, registration_id=found.id)
    return Outcome(found, is_new=True, is_own=made)


def check_open(scheduled: ScheduledSession) -> None:
    """Raise when nobody can register for a session (any more)."""
    if scheduled.state == "cancelled":
        raise Gone(N_("This session is cancelled."), code="cancelled")
    if scheduled.state == "ended" or (scheduled.state != "live" and scheduled.ends_at <= clock.now()):
        raise Gone(N_("This session is over. Choose one that is to come."), code="past")
    if scheduled.state == "draft":
        raise Gone(N_("This session isn't announced yet."), code="draft")


def send_again(session: Session, services: Services, registration: Registration) -> bool:
    """Mail the invitation once more, unless it was mailed in the last ten minutes.

    The entry keeps its SEQUENCE, so that calendars take it for the one they have; where the session changed since
    the last mail it is an update with the next one.
    """
    scheduled = session.get_one(ScheduledSession, registration.session_id)
    last = outbox.last(session, invitations.stream(registration), invitations.KIND)
    if last is not None and last.created_at > clock.now() - SEND_AGAIN_AFTER:
        return False
    if last is not None and invitations.differs(session, services, scheduled, registration, last):
        registration.sequence += 1
        registration.stamped_at = clock.now()
        session.flush()
    invitations.queue(session, services, scheduled, registration)
    return True


def resend(session: Session, services: Services, scheduled: ScheduledSession, email: str) -> None:
    """Mail the link to an address if it is registered; the caller says the same either way."""
    registration = _registration_of(session, scheduled, normalise(email))
    if registration is not None and registration.state == "confirmed" and scheduled.state not in ("ended", "cancelled"):
        send_again(session, services, registration)


def _registration_of(session: Session, scheduled: ScheduledSession, email: str) -> Registration | None:
    return session.scalar(
        select(Registration)
        .join(Person, Person.id == Registration.person_id)
        .where(Registration.session_id == scheduled.id, Person.email == email)
    )


def _person(
    session: Session, email: str, name: str, organisation: str, country: str, wish: SignUp
) -> tuple[Person, bool]:
    """The person with this address, and whether it was made now. A known one keeps name and organisation."""
    query = select(Person).where(Person.email == email)
    person = session.scalar(query)
    if person is not None:
        return person, False
    person = Person(
        email=email, name=name, organisation=organisation, country=country, language=wish.language, zone=wish.zone
    )
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
    except IntegrityError:  # the same address signed up for another session at this very moment
        return session.scalars(query).one(), False
    return person, True
