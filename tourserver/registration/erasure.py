"""Erasing a person on request: who it was goes, that somebody took part stays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, signals
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.mail import outbox
from tourserver.people.countries import UNDISCLOSED
from tourserver.people.emails import normalise
from tourserver.people.models import Consent, Person
from tourserver.registration import invitations
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession


def erase(session: Session, services: Services, email: str, *, actor: Actor) -> int:
    """Empty a person's columns, end the join links, free seats to come and purge the mail; gives the registrations.

    Country and headcount of each registration stay as they were, so that past figures can be counted again.
    """
    person = session.scalar(select(Person).where(Person.email == normalise(email)).with_for_update())
    if person is None:
        raise NotFound(N_("Nobody is stored with this e-mail."))
    registrations = list(session.scalars(select(Registration).where(Registration.person_id == person.id)))
    for registration in registrations:
        services.tokens.revoke(session, invitations.JOIN, registration.id)
        registration.organisation = ""
        if session.get_one(ScheduledSession, registration.session_id).ends_at > clock.now():
            registration.state = "withdrawn"
        signals.registration_changed.send(session, registration_id=registration.id)
    outbox.purge(session, [invitations.stream(registration) for registration in registrations])
    for consent in session.scalars(select(Consent).where(Consent.person_id == person.id)):
        session.delete(consent)
    person.email, person.name, person.organisation, person.country = None, "", "", UNDISCLOSED
    person.erased_at = clock.now()
    session.flush()
    audit.record(session, actor, "person.erase", "person", person.id)
    signals.person_erased.send(session, person_id=person.id)
    return len(registrations)
