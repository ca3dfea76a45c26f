"""Mails about a seat whose session changed or was called off, each with the calendar entry that says the same."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from tourserver.mail import moments
from tourserver.mail.catalogues import catalogue, language
from tourserver.mail.messages import Envelope, compose
from tourserver.mail.plain import one_line, several_lines
from tourserver.mail.rendering import InvitationMail, render, seat_values


def update(
    mail: InvitationMail,
    calendar: bytes,
    *,
    before: tuple[datetime, datetime] | None,
    references: tuple[str, ...] = (),
    message_id: str = "",
    date: datetime | None = None,
) -> EmailMessage:
    """The mail after a change, with a METHOD:REQUEST of the next SEQUENCE.

    ``before`` are start and end as they were mailed the last time, when they moved.
    """
    lang = language(mail.language)
    subject = catalogue(lang).gettext("Moved: %(title)s") if before else catalogue(lang).gettext("Changed: %(title)s")
    earlier = moments.spans(*before, mail.zone, lang) if before else []
    plain, html = render("update", lang, **seat_values(mail), earlier=earlier)
    envelope = _envelope(mail, subject, references, message_id, date)
    return compose(envelope, plain=plain, html=html, calendar=calendar)


def cancellation(
    mail: InvitationMail,
    calendar: bytes,
    *,
    words: str,
    references: tuple[str, ...] = (),
    message_id: str = "",
    date: datetime | None = None,
) -> EmailMessage:
    """The mail that says that a session is called off, with a METHOD:CANCEL. ``words`` are the organiser's."""
    lang = language(mail.language)
    subject = catalogue(lang).gettext("Cancelled: %(title)s")
    plain, html = render("cancellation", lang, **seat_values(mail), words=several_lines(words))
    envelope = _envelope(mail, subject, references, message_id, date)
    return compose(envelope, plain=plain, html=html, calendar=calendar)


def _envelope(
    mail: InvitationMail, subject: str, references: tuple[str, ...], message_id: str, date: datetime | None
) -> Envelope:
    return Envelope(
        sender=mail.sender,
        recipient_name=mail.recipient_name,
        recipient_address=mail.recipient_address,
        subject=subject % {"title": one_line(mail.title)},
        language=language(mail.language),
        references=references,
        message_id=message_id,
        date=date,
    )
