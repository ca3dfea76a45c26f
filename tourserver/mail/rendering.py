"""Mails in the recipient's language and zone, from plain values: no request, no session, no registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from functools import lru_cache
from typing import Any

import css_inline
from babel.support import NullTranslations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tourserver.core import i18n
from tourserver.core.paths import resource
from tourserver.mail import moments
from tourserver.mail.addresses import is_web_address, mailto, web_address
from tourserver.mail.catalogues import catalogue, language
from tourserver.mail.messages import Envelope, Sender, compose, sender_of
from tourserver.mail.plain import one_line, several_lines

__all__ = ["InvitationMail", "Sender", "invitation", "sender_of", "trial_mail"]

# Gmail cuts longer ones and hides the rest behind a link
LONGEST_HTML = 102_000
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMail:
    """What the mail after a registration says; addresses are absolute, texts in the recipient's language."""

    sender: Sender
    recipient_name: str
    recipient_address: str
    language: str
    zone: str
    title: str
    starts_at: datetime
    ends_at: datetime
    join_url: str
    session_url: str
    privacy_url: str
    summary: str = ""
    sound_url: str = ""
    contact_name: str = ""
    contact_email: str = ""


def invitation(
    mail: InvitationMail,
    calendar: bytes,
    *,
    references: tuple[str, ...] = (),
    message_id: str = "",
    date: datetime | None = None,
) -> EmailMessage:
    """The mail with the personal link and the calendar entry, a METHOD:REQUEST for the same person.

    ``references`` are the Message-IDs of earlier mails about it. Message-ID and date are made when not given.
    """
    title = one_line(mail.title)
    lang = language(mail.language)
    envelope = Envelope(
        sender=mail.sender,
        recipient_name=mail.recipient_name,
        recipient_address=mail.recipient_address,
        subject=catalogue(lang).gettext("Registered: %(title)s") % {"title": title},
        language=lang,
        references=references,
        message_id=message_id,
        date=date,
    )
    plain, html = render("invitation", lang, **seat_values(mail))
    return compose(envelope, plain=plain, html=html, calendar=calendar)


def seat_values(mail: InvitationMail) -> dict[str, Any]:
    """What the templates of mails about a seat show, cleaned."""
    return {
        "title": one_line(mail.title),
        "name": one_line(mail.recipient_name),
        "summary": several_lines(mail.summary),
        "spans": moments.spans(mail.starts_at, mail.ends_at, mail.zone, language(mail.language)),
        "join_url": web_address(mail.join_url),
        "session_url": web_address(mail.session_url),
        "privacy_url": web_address(mail.privacy_url),
        "sound": one_line(mail.sound_url),
        "sound_is_link": is_web_address(mail.sound_url),
        "contact_name": one_line(mail.contact_name),
        "contact_email": one_line(mail.contact_email),
        "contact_link": mailto(mail.contact_email),
        "address": one_line(mail.recipient_address),
    }


def trial_mail(sender: Sender, recipient: str, lang: str) -> EmailMessage:
    """The mail that the setup page sends to try the mail server."""
    lang = language(lang)
    subject = catalogue(lang).gettext("Test mail")
    plain, html = render("test", lang, title=subject, address=one_line(recipient))
    envelope = Envelope(sender=sender, recipient_name="", recipient_address=recipient, subject=subject, language=lang)
    return compose(envelope, plain=plain, html=html)


def render(template: str, lang: str, /, **values: Any) -> tuple[str, str]:
    """The plain and the HTML text of a mail: templates ``mail/NAME.txt`` and ``mail/NAME.html``."""
    environment = _environment(lang, catalogue(lang))
    values |= {"html_lang": i18n.html_lang(lang), "text_dir": i18n.direction(lang)}
    plain = environment.get_template(f"mail/{template}.txt").render(values)
    html = _INLINER.inline(environment.get_template(f"mail/{template}.html").render(values))
    if len(html.encode()) > LONGEST_HTML:
        raise ValueError(f"mail/{template}.html is longer than {LONGEST_HTML} bytes")
    return plain.strip("\n") + "\n", html


@lru_cache(maxsize=8)
def _environment(lang: str, translations: NullTranslations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource("templates")),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment
