"""Sends what is due in the outbox, and the test mail of the setup page."""

from __future__ import annotations

import os
import smtplib
import socket
import uuid
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.policy import SMTP
from functools import lru_cache
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import Invalid
from tourserver.core.services import Services, is_loopback
from tourserver.mail import holding, outbox
from tourserver.mail.addresses import ascii_domain
from tourserver.mail.messages import STAND_IN, sender_of
from tourserver.mail.models import OutboxMessage
from tourserver.mail.plain import one_line
from tourserver.mail.rendering import trial_mail
from tourserver.mail.server import TIMEOUT, Connection, MailServer, RefusedError, Step, connection

log = structlog.get_logger()

BATCH = 50
_reported: set[str] = set()
# seconds: connecting and one message are twelve answers of the server, each as late as allowed. With less than that
# left of its lease a message is given back, as another worker could take it meanwhile
ROOM = 12 * TIMEOUT


def deliver_due(services: Services) -> None:
    """Send all that is due over one connection for each batch; returns when nothing is due."""
    if not services.settings.smtp_url:
        return
    try:
        server = MailServer.parse(services.settings.smtp_url)
    except Invalid as error:
        if services.settings.smtp_url not in _reported:  # said once, as this is called each second
            _reported.add(services.settings.smtp_url)
            log.error("mail.settings", setting="TOURSERVER_SMTP_URL", error=error.text)
        return
    worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    while True:
        with services.db.read() as session:
            if not outbox.is_work(session):
                return
        with services.db.write() as session:
            batch = outbox.claim(session, worker, BATCH)
            hostname, hold = _hostname(services, session), holding.leads_nowhere(services, session)
        if not batch:
            return  # another worker has it
        with connection(server, hostname) as link:
            _Delivery(services, link, hold).run(batch)


def _hostname(services: Services, session: Session) -> str:
    url = services.public_url(session)
    return "localhost" if is_loopback(url) else urlsplit(url).hostname or "localhost"


class _Delivery:
    """One batch over one connection; each outcome is committed at once."""

    def __init__(self, services: Services, link: Connection, hold: bool) -> None:
        self._services, self._link, self._hold = services, link, hold
        self._unreachable = ""

    def run(self, batch: list[OutboxMessage]) -> None:
        for row in batch:
            left = row.leased_until - clock.now() if row.leased_until else None
            if left is None or left.total_seconds() < ROOM:
                self._write(outbox.give_back, row)
            else:
                self._deliver(row)

    def _deliver(self, row: OutboxMessage) -> None:
        sender = _sender(row.content)
        if self._hold or sender == STAND_IN:
            self._write(outbox.mark_held, row, "no_sender" if sender == STAND_IN else "loopback_url")
            return
        if self._unreachable:
            # no use in waiting for the same time-out for each message
            self._write(outbox.mark_again, row, self._unreachable)
            return
        try:
            answer = self._send(sender, row)
        except RefusedError as error:
            mark = outbox.mark_refused if error.for_good else outbox.mark_again
            self._write(mark, row, str(error))
            # never the answer itself: it usually repeats the recipient's address. The row has it
            log.warning("mail.refused", message=row.id, for_good=error.for_good, step=error.step, code=error.code)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            # the server may have taken it just before: it is sent again with the same Message-ID
            self._link.close()
            self._write(outbox.mark_again, row, f"{self._link.current}: {type(error).__name__}: {error}")
            log.warning("mail.interrupted", message=row.id, step=self._link.current, error=type(error).__name__)
        else:
            self._write(outbox.mark_sent, row, answer)

    def _send(self, sender: str, row: OutboxMessage) -> str:
        recipient = ascii_domain(row.recipient)
        if self._link.is_open():
            try:
                return self._link.send(sender, recipient, row.content)
            except (RefusedError, smtplib.SMTPServerDisconnected):
                # many servers close a connection after so many messages: then this one has not been begun
                if self._link.is_open() or self._link.current != "MAIL FROM":
                    raise
        self._open()
        return self._link.send(sender, recipient, row.content)

    def _open(self) -> None:
        try:
            self._link.open()
        except (RefusedError, OSError, ValueError, smtplib.SMTPException) as error:
            self._unreachable = f"{self._link.current}: {type(error).__name__}: {error}"
            raise

    def _write(self, mark: Callable[..., None], row: OutboxMessage, *values: str) -> None:
        with self._services.db.write() as session:
            mark(session, row, *values)


def _sender(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    return _address(one_line(str(BytesHeaderParser().parsebytes(head)["From"] or "")))


@lru_cache(maxsize=64)
def _address(header: str) -> str:
    addresses = SMTP.header_factory("From", header).addresses
    return str(addresses[0].addr_spec) if addresses else ""


def send_test(services: Services, recipient: str, language: str = "en") -> list[Step]:
    """Send a test mail at once and give the whole conversation; the last step says where it ended."""
    with services.db.read() as session:
        sender = sender_of(services, session)
        hostname, reason = _hostname(services, session), holding.obstacle(services, session)
    try:
        server = MailServer.parse(services.settings.smtp_url)
    except Invalid as error:
        return [Step("settings", error.text, False)]
    if reason:
        return [Step("settings", outbox.HELD[reason], False)]
    message = trial_mail(sender, recipient, language)
    with connection(server, hostname, timeout=10) as link:
        try:
            link.open()
            link.send(ascii_domain(sender.address), ascii_domain(recipient), message.as_bytes())
        except RefusedError:
            pass  # its answer is the last step
        except (OSError, ValueError, smtplib.SMTPException) as error:
            link.steps.append(Step(link.current, f"{type(error).__name__}: {error}", False))
    return link.steps
