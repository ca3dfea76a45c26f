"""Letters: an invitation to the studio, news of a tour, the answer to a question. From plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Final

from babel.dates import format_date
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.mail import holding, outbox
from tourserver.mail.addresses import mailto, web_address
from tourserver.mail.catalogues import catalogue, language
from tourserver.mail.messages import Envelope, Sender, compose
from tourserver.mail.plain import one_line, several_lines
from tourserver.mail.rendering import render

_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who a letter goes to, and from whom."""

    sender: Sender
    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInvitationMail:
    """What an invited officer reads. ``role`` is a message to translate; ``place`` is in the recipient's language."""

    to: Recipient
    invited_by: str
    role: str
    place: str
    link: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TourNews:
    """What became of a tour; ``kind`` is a key of :data:`NEWS`. Texts are in the recipient's language."""

    to: Recipient
    kind: str
    site: str
    link: str
    by: str = ""
    note: str = ""
    scene: str = ""
    # sessions that show the site, one a line
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMail:
    """The answer to a question that was open when its tour ended; titles are in the recipient's language."""

    to: Recipient
    session: str
    question: str
    answer: str
    link: str
    contact_name: str = ""
    contact_email: str = ""


NEWS: Final = {
    "waiting": (
        N_("A tour waits for your review: %(site)s"),
        N_("Somebody of your node has submitted a tour. It is published once you, or another reviewer, approve it."),
        N_("Look at it"),
    ),
    "sent_back": (
        N_("Sent back: the tour of %(site)s"),
        N_("A reviewer of your node looked at the tour and asks for something to be mended. Then submit it again."),
        N_("Look at it"),
    ),
    "published": (
        N_("Published: the tour of %(site)s"),
        N_("A reviewer of your node approved the tour. Visitors see it now."),
        N_("Look at it"),
    ),
    "failed": (
        N_("Not published: the tour of %(site)s"),
        N_("A picture of the tour could not be made, so it is not published. What visitors see is as before."),
        N_("See which picture"),
    ),
    "withdrawn": (
        N_("A scene was withdrawn: %(site)s"),
        N_("Visitors no longer see a scene of a site that your session shows. A room that is open keeps it until you accept the change there."),  # noqa: E501 - one message
        N_("To your sessions"),
    ),
}  # fmt: skip
"""Subject, first sentence and words of the button, by kind."""


def staff_invitation(mail: StaffInvitationMail, *, message_id: str = "", date: datetime | None = None) -> EmailMessage:
    """The mail with the link to the studio. Message-ID and date are made when not given."""
    lang = language(mail.to.language)
    translate = catalogue(lang).gettext
    expires = clock.local(mail.expires_at, clock.SWEDEN).date()
    title = translate("You are invited to the studio of Smart City Sweden")
    plain, html = render(
        "staff_invitation",
        lang,
        title=title,
        name=one_line(mail.to.name),
        invited_by=one_line(mail.invited_by),
        role=translate(mail.role),
        place=one_line(mail.place),
        link=web_address(mail.link),
        expires=format_date(expires, "long", locale=_LOCALES.get(lang, lang)),
        address=one_line(mail.to.address),
    )
    return compose(_envelope(mail.to, title, message_id, date), plain=plain, html=html)


def tour_news(mail: TourNews, *, message_id: str = "", date: datetime | None = None) -> EmailMessage:
    """The mail that says what became of a tour, with a link to it."""
    lang = language(mail.to.language)
    translate = catalogue(lang).gettext
    subject, words, button = NEWS[mail.kind]
    title = translate(subject) % {"site": one_line(mail.site)}
    plain, html = render(
        "tour_news",
        lang,
        title=title,
        name=one_line(mail.to.name),
        words=translate(words),
        by=one_line(mail.by),
        scene=one_line(mail.scene),
        note=several_lines(mail.note),
        sessions=[one_line(each) for each in mail.sessions],
        link=web_address(mail.link),
        button=translate(button),
        address=one_line(mail.to.address),
    )
    return compose(_envelope(mail.to, title, message_id, date), plain=plain, html=html)


def answer(mail: AnswerMail, *, message_id: str = "", date: datetime | None = None) -> EmailMessage:
    """The mail with a question and its answer."""
    lang = language(mail.to.language)
    title = catalogue(lang).gettext("Your question is answered: %(session)s") % {"session": one_line(mail.session)}
    plain, html = render(
        "answer",
        lang,
        title=title,
        name=one_line(mail.to.name),
        session=one_line(mail.session),
        question=several_lines(mail.question),
        answer=several_lines(mail.answer),
        link=web_address(mail.link),
        contact_name=one_line(mail.contact_name),
        contact_email=one_line(mail.contact_email),
        contact_link=mailto(mail.contact_email) if mail.contact_email else "",
        address=one_line(mail.to.address),
    )
    return compose(_envelope(mail.to, title, message_id, date), plain=plain, html=html)


def queue(
    session: Session, services: Services, stream: str, kind: str, message: EmailMessage, *, revision: int = 1
) -> None:
    """Put a letter into the outbox; held while mail may not leave from here. The same one twice is one."""
    outbox.queue(session, stream, kind, revision, message, hold=holding.obstacle(services, session))


def _envelope(to: Recipient, subject: str, message_id: str, date: datetime | None) -> Envelope:
    return Envelope(
        sender=to.sender,
        recipient_name=to.name,
        recipient_address=to.address,
        subject=subject,
        language=language(to.language),
        message_id=message_id,
        date=date,
    )
