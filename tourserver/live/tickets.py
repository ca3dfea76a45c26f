"""The ticket that a room's page hands to the socket, and the cookie that remembers a join link.

Both are signed and hold ids only. A participant's carries the version of the join link, a member of staff's a
mark of the account's sign-in: revoking the link, or ending the account's sessions, ends them too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from tourserver.core.errors import Forbidden
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor

TICKET_SECONDS: Final = 24 * 60 * 60
COOKIE: Final = "tourserver_live"
COOKIE_SECONDS: Final = 180 * 24 * 60 * 60


RoomName = Literal["main", "rehearsal"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may enter which session's room, for 24 hours."""

    session_id: str
    kind: Literal["registration", "user"]
    actor_id: str
    # of the join link, or the account's mark
    version: int
    # a session has two: the one that counts, and one for its crew to rehearse in
    room: RoomName = "main"

    @property
    def actor(self) -> Actor:
        """Whom rights are asked for."""
        return Actor(self.kind, self.actor_id)


def account_mark(fs_uniquifier: str) -> int:
    """A number that changes when all sessions of an account are ended, and tells nothing about it."""
    return int.from_bytes(hashlib.sha256(fs_uniquifier.encode()).digest()[:6], "big")


def sign(secret_key: str, ticket: Ticket) -> str:
    """The ticket as the page carries it."""
    return _tickets(secret_key).dumps([ticket.session_id, ticket.kind, ticket.actor_id, ticket.version, ticket.room])


def read(secret_key: str, text: str) -> Ticket:
    """Read a ticket back. Raises :class:`Forbidden`, code ``ticket_expired`` or ``not_allowed``."""
    try:
        session_id, kind, actor_id, version, *room = _tickets(secret_key).loads(text, max_age=TICKET_SECONDS)
    except SignatureExpired as error:
        raise Forbidden(
            N_("This page is older than a day. Load it again; what you typed is kept."), code="ticket_expired"
        ) from error
    except (BadSignature, ValueError, TypeError) as error:
        raise Forbidden(N_("This page can't enter the room. Open your link again."), code="not_allowed") from error
    # pages of the first release don't name their room
    return Ticket(session_id, kind, actor_id, version, "rehearsal" if room == ["rehearsal"] else "main")


def cookie_path(slug: str) -> str:
    """Where the cookie of a session's link is sent: to its room alone, so that every session has one of its own."""
    return f"/live/{slug}"


def crew_path(slug: str) -> str:
    """The same for a guest of the crew."""
    return f"/host/{slug}"


def read_cookie(secret_key: str, value: str | None) -> Ticket | None:
    """A remembered join link as a ticket; None when the cookie is missing or was tampered with."""
    try:
        session_id, registration_id, version = _cookies(secret_key).loads(value or "")
        return Ticket(str(session_id), "registration", str(registration_id), int(version))
    except (BadSignature, ValueError, TypeError):
        return None


def write_cookie(secret_key: str, ticket: Ticket) -> str:
    """The cookie that remembers a join link, without an end of its own: the link's version ends it."""
    return str(_cookies(secret_key).dumps([ticket.session_id, ticket.actor_id, ticket.version]))


def _tickets(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt="tourserver.live.ticket")


def _cookies(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="tourserver.live.cookie")
