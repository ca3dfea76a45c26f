"""The development mailbox: a real SMTP server on this machine that keeps what it takes as numbered files."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tourserver.core.errors import NotFound
from tourserver.core.messages import N_

_NAME = re.compile(r"\d{6,12}\.eml")


class Mailbox:
    """Listens on a free port of 127.0.0.1 while the ``with`` block runs, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._controller = _Controller(_Keeper(folder), hostname="127.0.0.1", port=0)

    @property
    def url(self) -> str:
        """The address for ``TOURSERVER_SMTP_URL``."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> Mailbox:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._controller.stop()


class _Controller(Controller):
    """A controller that lets the system choose the port."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call] # aiosmtpd's own


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        name = self._keep(content if isinstance(content, bytes) else str(content).encode())
        return f"250 Kept as {name}"

    def _keep(self, content: bytes) -> str:
        with self._lock:
            temporary = self._folder / f".incoming-{os.getpid()}"
            temporary.write_bytes(content)
            number = max((int(name.split(".")[0]) for name in _names(self._folder)), default=0)
            while True:
                number += 1
                path = self._folder / f"{number:06d}.eml"
                try:
                    os.link(temporary, path)  # whole or not at all, and never over another message
                except FileExistsError:
                    continue
                temporary.unlink()
                return path.name


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list; ``name`` is the file's name."""

    name: str
    subject: str
    sender: str
    recipient: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message."""

    filename: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A message taken apart: all headers in order, the plain text, the files and the calendar part."""

    summary: Summary
    headers: tuple[tuple[str, str], ...]
    text: str
    attachments: tuple[Attachment, ...]
    raw: bytes


def messages(folder: Path, limit: int = 200) -> list[Summary]:
    """The newest messages, newest first."""
    found = sorted(_names(folder), key=lambda name: int(name.split(".")[0]), reverse=True)
    return [_summary(folder / name, _parse((folder / name).read_bytes())) for name in found[:limit]]


def read(folder: Path, name: str) -> Letter:
    """One message by the name of its file; raises :class:`NotFound`."""
    path = folder / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(N_("There is no such message in the mailbox."))
    raw = path.read_bytes()
    message = _parse(raw)
    body = message.get_body(("plain",))
    return Letter(
        summary=_summary(path, message),
        headers=tuple((header, str(value)) for header, value in message.items()),
        text=str(body.get_content()) if isinstance(body, EmailMessage) else "",
        attachments=tuple(_attachments(message)),
        raw=raw,
    )


def _names(folder: Path) -> list[str]:
    return [entry for entry in os.listdir(folder) if _NAME.fullmatch(entry)] if folder.is_dir() else []


def _parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default_policy)


def _summary(path: Path, message: EmailMessage) -> Summary:
    return Summary(
        name=path.name,
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        received_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )


def _attachments(message: EmailMessage) -> list[Attachment]:
    found = []
    for part in message.walk():
        if part.is_multipart() or part.get_content_type() in ("text/plain", "text/html"):
            continue
        content = part.get_payload(decode=True)
        filename = part.get_filename() or f"part{mimetypes.guess_extension(part.get_content_type()) or '.bin'}"
        found.append(Attachment(filename, part.get_content_type(), content if isinstance(content, bytes) else b""))
    return found
