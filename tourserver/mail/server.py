"""The mail server: its address from the settings, and one SMTP connection to it."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.services import is_loopback

TIMEOUT = 20.0
"""Seconds for each answer of the server."""
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class Step(NamedTuple):
    """One step of the conversation and what the server answered."""

    step: str
    answer: str
    ok: bool


class RefusedError(Exception):
    """The server said no, at ``step``."""

    def __init__(self, step: str, code: int, answer: str) -> None:
        super().__init__(f"{step}: {code} {answer}")
        self.step, self.code, self.answer = step, code, answer

    @property
    def for_good(self) -> bool:
        """Whether it refused this very message for ever.

        What it says before it has seen a message, and "authentication required" (530), is about our settings
        or its state: those can be put right, and no mail is lost by waiting.
        """
        return self.step in ("MAIL FROM", "RCPT TO", "DATA") and 500 <= self.code < 600 and self.code != 530


@dataclass(frozen=True)
class MailServer:
    """Where and how mail leaves."""

    security: Literal["smtp", "smtp+starttls", "smtps"]
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Read ``smtp``, ``smtp+starttls`` or ``smtps`` ``://[user:password@]host[:port]``; or :class:`Invalid`."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise Invalid(
                N_(
                    "The mail server's address must look like smtp://host:25, "
                    "smtp+starttls://user:password@host:587 or smtps://user:password@host:465."
                ),
                field="smtp_url",
            )
        security = cast(Literal["smtp", "smtp+starttls", "smtps"], parts.scheme)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(security, parts.hostname, port or _PORTS[security], user, password)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether it listens here, and not on a port where a relay to the world does."""
        return is_loopback(f"smtp://{f'[{self.host}]' if ':' in self.host else self.host}") and (
            self.port not in _PORTS.values()
        )


class Connection:
    """One SMTP session; every answer is kept in :attr:`steps`."""

    def __init__(self, server: MailServer, hostname: str, timeout: float | None = None) -> None:
        self._server, self._hostname, self._timeout = server, hostname, timeout or TIMEOUT
        self._smtp: smtplib.SMTP | None = None
        self.steps: list[Step] = []
        self.current = "connect"
        """The step that was begun last: where it broke, when it broke."""
        self.messages = 0
        """How many messages this session has carried."""

    def open(self) -> None:
        """Connect, greet, secure, sign in. Raises :class:`RefusedError`, OSError or smtplib's errors."""
        server = self._server
        self.messages, self.current = 0, "connect"
        smtp: smtplib.SMTP
        if server.security == "smtps":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(local_hostname=self._hostname, timeout=self._timeout, context=context)
        else:
            smtp = smtplib.SMTP(local_hostname=self._hostname, timeout=self._timeout)
        # the name that certificates are checked against: smtplib knows it only when its constructor connects
        smtp._host = server.host  # type: ignore[attr-defined]
        self._smtp = smtp
        self._note(smtp.connect(server.host, server.port), {220})
        self._greet(smtp)
        if server.security == "smtp+starttls":
            self.current = "STARTTLS"
            if not smtp.has_extn("starttls"):
                self._note((502, b"The server doesn't offer STARTTLS."), {220})
            self._note(smtp.starttls(context=ssl.create_default_context()), {220})
            self._greet(smtp)
        if server.user:
            self.current = "AUTH"
            try:
                self._note(self._sign_in(smtp), {235, 503})
            except smtplib.SMTPAuthenticationError as error:
                self._note((error.smtp_code, _bytes(error.smtp_error)), {235})

    def _sign_in(self, smtp: smtplib.SMTP) -> tuple[int, bytes]:
        user, password = self._server.user, self._server.password
        if (user + password).isascii():
            return smtp.login(user, password)
        # smtplib knows ASCII only; PLAIN is defined for UTF-8 (RFC 4616)
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        return smtp.docmd("AUTH", f"PLAIN {secret}")

    def _greet(self, smtp: smtplib.SMTP) -> None:
        self.current = "EHLO"
        reply = smtp.ehlo()
        if 500 <= reply[0] < 600:
            self.current = "HELO"
            reply = smtp.helo()
        self._note(reply, {250})

    def send(self, sender: str, recipient: str, content: bytes) -> str:
        """Hand one message over; gives the server's last answer. Raises as :meth:`open`."""
        smtp = self._smtp
        if smtp is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        self.current = "MAIL FROM"
        try:
            self._note(smtp.mail(sender, self._options(smtp, sender + recipient, content)), {250})
            self.current = "RCPT TO"
            self._note(smtp.rcpt(recipient), {250, 251, 252})
            self.current = "DATA"
            try:
                answer = self._note(smtp.data(content), {250})
            except smtplib.SMTPDataError as error:
                answer = self._note((error.smtp_code, _bytes(error.smtp_error)), {250})
        except RefusedError as error:
            if error.code == 421:  # the server is closing the connection
                self.close()
            else:
                with suppress(OSError, smtplib.SMTPException):
                    smtp.rset()
            raise
        finally:
            smtp.command_encoding = "ascii"  # smtplib sets it to utf-8 and never back
        self.messages += 1
        return answer

    def _options(self, smtp: smtplib.SMTP, addresses: str, content: bytes) -> list[str]:
        options = [f"size={len(content)}"] if smtp.has_extn("size") else []
        if not addresses.isascii():
            if not smtp.has_extn("smtputf8"):
                self._note((553, b"The server can't take addresses with such letters (SMTPUTF8)."), {250})
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _note(self, reply: tuple[int, bytes], expected: set[int]) -> str:
        code, answer = reply[0], reply[1].decode(errors="replace")
        self.steps.append(Step(self.current, f"{code} {answer}", code in expected))
        if code not in expected:
            raise RefusedError(self.current, code, answer)
        return answer

    def is_open(self) -> bool:
        """Whether the session still stands, as far as this side knows."""
        return self._smtp is not None and self._smtp.sock is not None

    def close(self) -> None:
        """Say good-bye; trouble with that is nobody's trouble."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            with suppress(OSError):
                smtp.close()


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


@contextmanager
def connection(server: MailServer, hostname: str, timeout: float | None = None) -> Iterator[Connection]:
    """An SMTP session that is closed at the end of the block; opened by the caller."""
    link = Connection(server, hostname, timeout)
    try:
        yield link
    finally:
        link.close()
