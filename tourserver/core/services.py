"""What the parts of one running program share: settings, database, storage, secrets."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from tourserver.core import preferences, storage
from tourserver.core.db import Database
from tourserver.core.settings import Settings
from tourserver.core.storage import Storage
from tourserver.core.tokens import KeyRing, LinkTokens


@dataclass(frozen=True)
class Services:
    """Handed to jobs, commands and, as ``app.extensions["tourserver"]``, to views."""

    settings: Settings
    db: Database
    storage: Storage
    keys: KeyRing
    tokens: LinkTokens

    @classmethod
    def start(cls, settings: Settings) -> Services:
        """Open everything that ``settings`` name; makes the data folder when it is not there.

        Raises ``Invalid`` or ``Unavailable`` when a bucket is set and can't be used.
        """
        settings.data.mkdir(parents=True, exist_ok=True)
        keys = KeyRing.load(settings.data)
        files = storage.start(settings.storage_url, settings.files)
        return cls(settings, Database(settings.sqlalchemy_url), files, keys, LinkTokens(keys))

    def public_url(self, session: Session) -> str:
        """The address people use, without a slash at its end."""
        saved = self.settings.public_url or preferences.get(session, "public_url") or self.settings.local_url
        return saved.rstrip("/")

    def mail_from(self, session: Session) -> str:
        """Sender and organiser, ``Name <address>``; empty until it is set."""
        return self.settings.mail_from or preferences.get(session, "mail_from")

    def close(self) -> None:
        """Give connections back."""
        self.db.close()
        self.storage.close()


def is_loopback(url: str) -> bool:
    """Whether an address can only be reached from this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
