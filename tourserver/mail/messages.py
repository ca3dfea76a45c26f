"""The form of every mail: headers, alternatives, the calendar file in both places that programs look."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

from sqlalchemy.orm import Session

from tourserver.core import clock, i18n
from tourserver.core.services import Services
from tourserver.mail.addresses import ascii_domain
from tourserver.mail.plain import one_line, shorten


class _Policy(EmailPolicy):
    """The standard library's SMTP policy, but Message-IDs are folded between them.

    The library encodes a long one as a word of text (RFC 2047), and then no program finds the thread.
    """

    def fold(self, name: str, value: str) -> str:
        if name.lower() in ("references", "in-reply-to"):
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in ("references", "in-reply-to"):
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


# 7bit: every server takes it, so the frozen bytes need no re-encoding on the way
POLICY = _Policy(linesep="\r\n", cte_type="7bit")
STAND_IN = "nobody@sender-not-set.invalid"
"""The sender while none is set up; a message with it stays in the outbox."""
_METHOD = re.compile(rb"^METHOD:([A-Z]+)\r$", re.MULTILINE)
_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom mails come, and who organises: a mailbox that people read."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The headers of one mail to one person. ``references``: Message-IDs of earlier mails, oldest first."""

    sender: Sender
    recipient_name: str
    recipient_address: str
    subject: str
    language: str
    references: tuple[str, ...] = ()
    message_id: str = ""
    date: datetime | None = None


def sender_of(services: Services, session: Session) -> Sender:
    """The sender that is set up, else a stand-in."""
    name, address = parseaddr(one_line(services.mail_from(session)))
    return Sender(name, address) if "@" in address else Sender("Smart City Sweden", STAND_IN)


def new_message_id(address: str) -> str:
    """A Message-ID in the domain of ``address``."""
    return f"<{uuid.uuid4()}@{ascii_domain(address).rpartition('@')[2]}>"


def compose(envelope: Envelope, *, plain: str, html: str, calendar: bytes | None = None) -> EmailMessage:
    """Build the message; with a calendar it is mixed[alternative[plain, html, text/calendar], invite.ics].

    Outlook and Gmail act on the alternative, others offer the attached file: both hold the same bytes, and
    the method in the header is that in the body, or Outlook shows no buttons.
    """
    utf8 = not ascii_domain(envelope.recipient_address).isascii()
    message = EmailMessage(policy=POLICY.clone(utf8=True) if utf8 else POLICY)
    message["From"] = _address(envelope.sender.name, envelope.sender.address)
    message["To"] = _address(envelope.recipient_name, envelope.recipient_address)
    message["Subject"] = shorten(one_line(envelope.subject), 200)
    message["Date"] = format_datetime(envelope.date or clock.now())
    message["Message-ID"] = envelope.message_id or new_message_id(envelope.sender.address)
    if earlier := [entry for entry in envelope.references if _ID.fullmatch(entry)]:
        message["In-Reply-To"] = earlier[-1]
        # the first one and the newest: RFC 5322 lets a long thread be cut in its middle
        message["References"] = " ".join(earlier if len(earlier) <= 10 else [earlier[0], *earlier[-9:]])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain, charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    if calendar is not None:
        _add_calendar(message, calendar)
    message["Content-Language"] = i18n.html_lang(envelope.language)
    _tidy(message)
    return message


def _address(name: str, address: str) -> Address:
    local, _, domain = ascii_domain(one_line(address)).rpartition("@")
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return Address(display_name=shorten(one_line(name), 100), username=local, domain=domain)


def _add_calendar(message: EmailMessage, calendar: bytes) -> None:
    found = _METHOD.search(calendar)
    if found is None:
        raise ValueError("a mailed calendar object needs a METHOD")
    method = found.group(1).decode()
    message.add_alternative(
        calendar.decode(), subtype="calendar", charset="utf-8", cte="base64", params={"method": method}
    )
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")


def _tidy(message: EmailMessage) -> None:
    """Boundaries that follow from the Message-ID; with the generator's random ones each writing would differ.

    ``=_`` appears neither in quoted-printable nor in base64, so no line of a part can be taken for one.
    """
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            digest = hashlib.sha256(f"{message['Message-ID']} {number}".encode()).hexdigest()[:24]
            part.set_boundary(f"=_{digest}")
        if part is not message:
            del part["MIME-Version"]  # belongs to the message alone (RFC 2045 4)
