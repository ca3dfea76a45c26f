"""The ticket that a room's page hands to the socket, and the cookie that remembers a join link.

Both are signed and hold ids only. A participant's carries the version of the join link, a member of staff's a
mark of the account's sign-in: revoking the link, or ending the account's sessions, ends them too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, Literal

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from tourserver.core.errors import Forbidden
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor

TICKET_SECONDS: Final = 24 * 60 * 60
COOKIE: Final = "tourserver_live"
COOKIE_PATH: Final = "/live"
COOKIE_SECONDS: Final = 180 * 24 * 60 * 60
REMEMBERED: Final = 10
"""Sessions a browser remembers join links of; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may enter which session's room, for 24 hours."""

    session_id: str
    kind: Literal["registration", "user"]
    actor_id: str
    # of the join link, or the account's mark
    version: int

    @property
    def actor(self) -> Actor:
        """Whom rights are asked for."""
        return Actor(self.kind, self.actor_id)


def account_mark(fs_uniquifier: str) -> int:
    """A number that changes when all sessions of an account are ended, and tells nothing about it."""
    return int.from_bytes(hashlib.sha256(fs_uniquifier.encode()).digest()[:6], "big")


def sign(secret_key: str, ticket: Ticket) -> str:
    """The ticket as the page carries it."""
    return _tickets(secret_key).dumps([ticket.session_id, ticket.kind, ticket.actor_id, ticket.version])


def read(secret_key: str, text: str) -> Ticket:
    """Read a ticket back. Raises :class:`Forbidden`, code ``ticket_expired`` or ``not_allowed``."""
    try:
        session_id, kind, actor_id, version = _tickets(secret_key).loads(text, max_age=TICKET_SECONDS)
    except SignatureExpired as error:
        raise Forbidden(
            N_("This page is older than a day. Load it again; what you typed is kept."), code="ticket_expired"
        ) from error
    except (BadSignature, ValueError, TypeError) as error:
        raise Forbidden(N_("This page can't enter the room. Open your link again."), code="not_allowed") from error
    return Ticket(session_id, kind, actor_id, version)


@dataclass(frozen=True, slots=True)
class Pass:
    """A remembered join link: the registration and the version of its link."""

    registration_id: str
    version: int


def read_cookie(secret_key: str, value: str | None) -> dict[str, Pass]:
    """Remembered join links by session id; nothing when the cookie is missing or was tampered with."""
    try:
        content: Any = _cookies(secret_key).loads(value or "")
        return {session_id: Pass(str(pair[0]), int(pair[1])) for session_id, pair in content.items()}
    except (BadSignature, ValueError, TypeError, AttributeError, LookupError):
        return {}


def write_cookie(secret_key: str, value: str | None, session_id: str, entry: Pass) -> str:
    """The cookie with one more link, the newest last."""
    known = read_cookie(secret_key, value)
    known.pop(session_id, None)
    known[session_id] = entry
    newest = list(known.items())[-REMEMBERED:]
    return str(_cookies(secret_key).dumps({key: [one.registration_id, one.version] for key, one in newest}))


def _tickets(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="tourserver.live.ticket")


def _cookies(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="tourserver.live.cookie")
