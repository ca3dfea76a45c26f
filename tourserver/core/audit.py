"""An append-only account of every change: who, what, which thing, when, and hashes of before and after."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, Session, mapped_column

from tourserver.core import clock
from tourserver.core.actors import Actor
from tourserver.core.db import Base, IdMixin


class Audit(IdMixin, Base):
    """One change. Holds no personal data: hashes prove, ids lead to the row while it lives."""

    __tablename__ = "audit"

    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    actor: Mapped[str]
    verb: Mapped[str]
    thing_kind: Mapped[str]
    thing_id: Mapped[str] = mapped_column(index=True)
    before_hash: Mapped[str | None]
    after_hash: Mapped[str | None]


def fingerprint(value: Any) -> str | None:
    """SHA-256 of a value's canonical JSON; None stays None."""
    if value is None:
        return None
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def snapshot(row: Base) -> dict[str, Any]:
    """The column values of a row, for ``before`` and ``after``."""
    return {attribute.key: getattr(row, attribute.key) for attribute in row.__mapper__.column_attrs}


def record(
    session: Session,
    actor: Actor,
    verb: str,
    thing_kind: str,
    thing_id: str,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    """Add a line to the account, in the transaction of the change."""
    session.add(
        Audit(
            actor=actor.reference,
            verb=verb,
            thing_kind=thing_kind,
            thing_id=thing_id,
            before_hash=fingerprint(before),
            after_hash=fingerprint(after),
        )
    )
