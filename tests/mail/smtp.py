"""Real mail servers for tests, on this machine, that answer as they are told."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.mail.samples import parsed

Answer = Callable[[str], str | None]
"""From a recipient's address to an answer; None takes it."""


@dataclass
class Post:
    """What a server took and how it answers; an answer "hang" is none, "drop" cuts the line."""

    taken: list[bytes] = field(default_factory=list)
    on_sender: Answer = lambda _address: None
    on_recipient: Answer = lambda _address: None
    on_content: Answer = lambda _address: None
    on_kept: Answer = lambda _address: None
    """Asked when the message has been kept already: what is lost is the answer."""
    delay: float = 0
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ids(self) -> list[str]:
        """Message-IDs in order of arrival."""
        return [str(parsed(content)["Message-ID"]) for content in list(self.taken)]

    def subjects(self) -> list[str]:
        """Subjects in order of arrival."""
        return [str(parsed(content)["Subject"]) for content in list(self.taken)]

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, _session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._act(server, self.on_sender(address))
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, _session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._act(server, self.on_recipient(address))
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay)
        answer = await self._act(server, self.on_content(envelope.rcpt_tos[0]))
        if answer is not None:
            return answer
        assert isinstance(envelope.content, bytes)
        with self.lock:
            self.taken.append(envelope.content)
        return await self._act(server, self.on_kept(envelope.rcpt_tos[0])) or "250 OK, kept"

    async def _act(self, server: Any, answer: str | None) -> str | None:
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer == "drop":
            server.transport.abort()
            await asyncio.sleep(3600)
        return answer


class _Controller(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call] # aiosmtpd's own


@contextmanager
def serving(post: Post, **options: Any) -> Iterator[int]:
    """Run a server on a free port; gives the port."""
    controller = _Controller(post, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def sign_in(user: str, password: str) -> Any:
    """An authenticator of aiosmtpd that knows one user."""

    def check(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=known, handled=False)

    return check


def certificate(folder: Path) -> tuple[Path, Path]:
    """A fresh certificate for ``localhost`` and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key
