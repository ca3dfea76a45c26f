"""A registration's invitation: its mail, its calendar entry, its link."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import SMTP

from sqlalchemy.orm import Session

from tourserver.calendars import objects
from tourserver.core import i18n
from tourserver.core.i18n import pick
from tourserver.core.services import Services
from tourserver.mail import holding, outbox, rendering
from tourserver.mail.models import OutboxMessage
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

KIND = "invitation"
STREAM = "registration:"
"""What the names of all invitations' streams begin with; the registration's id follows."""
JOIN = "join"
"""Purpose of the personal link's token."""


def stream(registration: Registration) -> str:
    """The outbox's name for all mail about a registration."""
    return STREAM + registration.id


def join_path(session: Session, services: Services, registration: Registration) -> str:
    """The personal link without the server's address."""
    return f"/j/{services.tokens.issue(session, JOIN, registration.id)}"


def calendar_entry(
    session: Session,
    services: Services,
    scheduled: ScheduledSession,
    registration: Registration,
    *,
    for_stranger: str = "",
) -> objects.Invitation:
    """The entry in the person's language.

    ``for_stranger``, a language, gives it in that one and with the session's page where the personal link would
    stand: for whoever typed an address and may not be its owner.
    """
    base, sender = services.public_url(session), rendering.sender_of(services, session)
    lang, person = for_stranger or registration.language, registration.person
    page = f"{base}/{i18n.url_lang(lang)}/sessions/{scheduled.slug}"
    return objects.Invitation(
        uid=registration.uid,
        sequence=registration.sequence,
        stamped_at=registration.stamped_at,
        starts_at=scheduled.starts_at,
        ends_at=scheduled.ends_at,
        title=pick(scheduled.title, lang).value,
        description=pick(scheduled.summary, lang).value,
        join_url=page if for_stranger else base + join_path(session, services, registration),
        organiser_name=sender.name,
        organiser_email=sender.address,
        attendee_name=person.name,
        attendee_email=person.email or "",
        language=lang,
        url=page,
        sound_url=scheduled.sound_url,
        contact_name=scheduled.contact_name,
        contact_email=scheduled.contact_email,
    )


def queue(
    session: Session,
    services: Services,
    scheduled: ScheduledSession,
    registration: Registration,
    *,
    instead: bool = False,
) -> None:
    """Put the invitation into the outbox, in the transaction of the registration; each call is one more mail.

    While mail may not leave from here it is held, and :mod:`tourserver.registration.requeue` queues it again later.
    One that is held has never left: it is written anew instead. ``instead``: it takes the place of those that wait.
    """
    entry = calendar_entry(session, services, scheduled, registration)
    name = stream(registration)
    references = outbox.message_ids(session, name)
    message = rendering.invitation(
        letter(session, services, registration, entry), objects.request(entry), references=references
    )
    revision, hold = next_revision(session, registration), holding.obstacle(services, session)
    outbox.queue(session, name, KIND, revision, message, hold=hold, replaces=(KIND,) if instead else ())


def letter(
    session: Session, services: Services, registration: Registration, entry: objects.Invitation
) -> rendering.InvitationMail:
    """What every mail about a seat says: who, when, where."""
    return rendering.InvitationMail(
        sender=rendering.sender_of(services, session),
        recipient_name=entry.attendee_name,
        recipient_address=entry.attendee_email,
        language=registration.language,
        zone=registration.zone,
        title=entry.title,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        join_url=entry.join_url,
        session_url=entry.url,
        privacy_url=f"{services.public_url(session)}/{i18n.url_lang(registration.language)}/privacy",
        summary=entry.description,
        sound_url=entry.sound_url,
        contact_name=entry.contact_name,
        contact_email=entry.contact_email,
    )


def next_revision(session: Session, registration: Registration) -> int:
    """The outbox's number of the next invitation of a registration."""
    last = outbox.last(session, stream(registration), KIND)
    return registration.sequence if last is None else last.revision + (last.state != "held")


def differs(
    session: Session,
    services: Services,
    scheduled: ScheduledSession,
    registration: Registration,
    mailed: OutboxMessage,
) -> bool:
    """Whether the calendar entry says something else by now than the mailed one; a purged mail says nothing."""
    entry = objects.request(calendar_entry(session, services, scheduled, registration))
    parts = BytesParser(policy=SMTP).parsebytes(mailed.content).iter_attachments() if mailed.content else ()
    return any(part.get_content() != entry for part in parts if part.get_content_type() == "application/ics")
