"""Whether mail may leave from here at all: with links that lead nowhere, or from nobody, it must not."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tourserver.core.errors import Invalid
from tourserver.core.services import Services, is_loopback
from tourserver.core.settings import Settings
from tourserver.mail.messages import STAND_IN, sender_of
from tourserver.mail.server import MailServer


def obstacle(services: Services, session: Session) -> str:
    """Why mail that is written now may not leave, a key of :data:`outbox.HELD`; empty when it may."""
    if sender_of(services, session).address == STAND_IN:
        return "no_sender"
    return "loopback_url" if leads_nowhere(services, session) else ""


def leads_nowhere(services: Services, session: Session) -> bool:
    """Whether links in mail open on this machine only while the mail would go elsewhere."""
    return is_loopback(services.public_url(session)) and not _goes_to_own_mailbox(services.settings)


def _goes_to_own_mailbox(settings: Settings) -> bool:
    """Whether mail ends in the demo's mailbox; a tunnel or relay on this machine looks alike, hence ``demo``.

    The demo makes its data before it tells a process where the mailbox listens: with no server set it is that one.
    """
    if not settings.demo:
        return False
    try:
        return not settings.smtp_url or MailServer.parse(settings.smtp_url).is_on_this_machine
    except Invalid:
        return False
