"""Mails for tests, made of the same values as the calendar samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from tests.calendars import samples as calendar_samples
from tourserver.calendars import objects
from tourserver.mail import rendering
from tourserver.mail.messages import Envelope, Sender, compose
from tourserver.mail.rendering import InvitationMail

SENDER = Sender("Smart City Sweden, tours", "tours@example.org")
ZONES = {"en": "Africa/Nairobi", "sv": "Europe/Stockholm", "zh_Hans": "Asia/Shanghai"}
DATE = datetime(2026, 11, 20, 9, 30, 16, tzinfo=UTC)


def invitation_mail(lang: str = "en", **changes: Any) -> InvitationMail:
    """The values of the mail that goes with a calendar sample."""
    sample = calendar_samples.BY_LANGUAGE[lang]
    mail = InvitationMail(
        sender=SENDER,
        recipient_name=sample.attendee_name,
        recipient_address=sample.attendee_email,
        language=lang,
        zone=ZONES[lang],
        title=sample.title,
        starts_at=sample.starts_at,
        ends_at=sample.ends_at,
        join_url=sample.join_url,
        session_url=sample.url,
        privacy_url=f"https://tours.example.org/{'zh' if lang == 'zh_Hans' else lang}/privacy",
        summary=sample.description,
        sound_url=sample.sound_url,
        contact_name=sample.contact_name,
        contact_email=sample.contact_email,
    )
    return replace(mail, **changes)


def invitation(lang: str = "en", **changes: Any) -> EmailMessage:
    """The mail itself."""
    calendar = objects.request(calendar_samples.BY_LANGUAGE[lang])
    return rendering.invitation(invitation_mail(lang, **changes), calendar)


def small(subject: str = "Hello", to: str = "amina@city.example.ke", sender: Sender = SENDER) -> EmailMessage:
    """A mail for tests that don't look inside."""
    envelope = Envelope(sender=sender, recipient_name="", recipient_address=to, subject=subject, language="en")
    return compose(envelope, plain=f"{subject}\n", html=f"<p>{subject}</p>")


def parsed(content: bytes) -> EmailMessage:
    """A message read back."""
    return message_from_bytes(content, policy=SMTP)
