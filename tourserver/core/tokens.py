"""Secret links: join, manage, feed. A token is derived, so every mail can print it again; it is looked up by hash.

Token = HMAC(key, purpose, subject, version). Raising the version revokes the old link, and whoever opens it is
told that it was replaced. The key ring is a file of its own, made at first start, and can be rotated: new
tokens use the first key, old ones go on with the key they were made with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Index, UniqueConstraint, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin
from tourserver.core.errors import Gone, NotFound
from tourserver.core.i18n import N_


class LinkToken(IdMixin, Base):
    """One version of one link; only a hash of the token is kept."""

    __tablename__ = "link_token"
    __table_args__ = (
        UniqueConstraint("purpose", "subject_id", "version"),
        # the few that were revoked, which open rooms look for each second
        Index(
            "ix_link_token_revoked",
            "purpose",
            sqlite_where=text("revoked_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
    )

    purpose: Mapped[str]
    subject_id: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    key_id: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]
    # one-time links only: when it stops working and when it was used
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


@dataclass(frozen=True)
class KeyRing:
    """Secrets of this installation: Flask's key, the password pepper and the link keys, newest first."""

    secret_key: str
    password_salt: str
    link_keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def load(cls, folder: Path) -> KeyRing:
        """Read ``keys.json`` of the data folder; made with mode 0600 when it is not there."""
        path = folder / "keys.json"
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            fresh = {
                "secret_key": secrets.token_hex(32),
                "password_salt": secrets.token_hex(16),
                "link_keys": [{"id": secrets.token_hex(4), "key": secrets.token_hex(32)}],
            }
            temporary = folder / f"keys.json.{os.getpid()}"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(fresh, file, indent=1)
            try:
                os.link(temporary, path)  # never replaces keys that another process made a moment ago
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        content = json.loads(path.read_text())
        keys = tuple((entry["id"], bytes.fromhex(entry["key"])) for entry in content["link_keys"])
        return cls(content["secret_key"], content["password_salt"], keys)


class LinkTokens:
    """Makes and looks up tokens with one key ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = dict(ring.link_keys)
        self._current = ring.link_keys[0][0]

    def _derive(self, key_id: str, purpose: str, subject_id: str, version: int) -> str:
        message = f"{purpose}\n{subject_id}\n{version}".encode()
        digest = hmac.digest(self._keys[key_id], message, "sha256")
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def issue(self, session: Session, purpose: str, subject_id: str) -> str:
        """The present token of a subject; made when there is none, the same until it is revoked."""
        row = self._current_row(session, purpose, subject_id)
        if row is None or row.revoked_at is not None or row.key_id not in self._keys:
            version = row.version + 1 if row else 1
            token = self._derive(self._current, purpose, subject_id, version)
            session.add(
                LinkToken(
                    purpose=purpose, subject_id=subject_id, version=version, key_id=self._current, hash=_hash(token)
                )
            )
            session.flush()
            return token
        return self._derive(row.key_id, purpose, subject_id, row.version)

    def lookup(self, session: Session, purpose: str, token: str) -> str:
        """The subject of a token. Raises :class:`NotFound` when it was never made, :class:`Gone` when replaced."""
        row = session.scalar(select(LinkToken).where(LinkToken.hash == _hash(token), LinkToken.purpose == purpose))
        if row is None:
            broken = N_("This link is incomplete or broken. Copy the whole link from the mail.")
            raise NotFound(broken, code="broken_link")
        if row.revoked_at is not None or row.key_id not in self._keys:  # revoked, or its key was taken away
            raise Gone(N_("This link was replaced. Get a new one by mail."), code="replaced_link")
        return row.subject_id

    def version(self, session: Session, purpose: str, subject_id: str) -> int:
        """The version in force; 0 when there is none. Tickets carry it, so that revoking ends them too."""
        return self.versions(session, purpose, [subject_id])[subject_id]

    def versions(self, session: Session, purpose: str, subject_ids: Iterable[str]) -> dict[str, int]:
        """The same for many subjects."""
        found = dict.fromkeys(subject_ids, 0)
        query = select(LinkToken.subject_id, LinkToken.version, LinkToken.revoked_at, LinkToken.key_id).where(
            LinkToken.purpose == purpose, LinkToken.subject_id.in_(list(found))
        )
        for subject_id, version, revoked_at, key_id in session.execute(query.order_by(LinkToken.version)):
            found[subject_id] = version if revoked_at is None and key_id in self._keys else 0
        return found

    def revoke(self, session: Session, purpose: str, subject_id: str) -> None:
        """End the present link; the next ``issue`` makes a new one."""
        row = self._current_row(session, purpose, subject_id)
        if row and row.revoked_at is None:
            row.revoked_at = clock.now()
            session.flush()

    def issue_once(self, session: Session, purpose: str, subject_id: str, expires_at: datetime) -> str:
        """A random token that works once, until ``expires_at``; only its hash is kept."""
        token = secrets.token_urlsafe(24)
        row = self._current_row(session, purpose, subject_id)
        session.add(
            LinkToken(
                purpose=purpose,
                subject_id=subject_id,
                version=row.version + 1 if row else 1,
                key_id="",
                hash=_hash(token),
                expires_at=expires_at,
            )
        )
        session.flush()
        return token

    def use_once(self, session: Session, purpose: str, token: str) -> str:
        """The subject of a one-time token, which is used up by this."""
        row = session.scalar(select(LinkToken).where(LinkToken.hash == _hash(token), LinkToken.purpose == purpose))
        if row is None:
            raise NotFound(N_("This link is incomplete or broken. Copy the whole link."), code="broken_link")
        if row.used_at is not None or row.revoked_at is not None or (row.expires_at and row.expires_at < clock.now()):
            raise Gone(N_("This sign-in link was used or has expired. Sign in with your password, or get a new link."))
        mine = update(LinkToken).where(LinkToken.id == row.id, LinkToken.used_at.is_(None))
        if (
            session.scalar(mine.values(used_at=clock.now()).returning(LinkToken.id)) is None
        ):  # two clicks at once: the first one enters
            raise Gone(N_("This sign-in link was used or has expired. Sign in with your password, or get a new link."))
        return row.subject_id

    @staticmethod
    def _current_row(session: Session, purpose: str, subject_id: str) -> LinkToken | None:
        return session.scalar(
            select(LinkToken)
            .where(LinkToken.purpose == purpose, LinkToken.subject_id == subject_id)
            .order_by(LinkToken.version.desc())
            .limit(1)
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
