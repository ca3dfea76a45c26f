"""The outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin


class OutboxMessage(IdMixin, Base):
    """One message, frozen when it was caused: every attempt sends the same bytes with the same Message-ID."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("stream", "kind", "revision"),
        Index("ix_outbox_message_due", "state", "send_after"),
    )

    # messages of one stream leave in order; an opaque string such as "registration:…"
    stream: Mapped[str] = mapped_column(index=True)
    # "invitation", "test" …
    kind: Mapped[str]
    revision: Mapped[int]
    # counts up within the stream: the order of leaving
    position: Mapped[int] = mapped_column(index=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    message_id: Mapped[str]
    # emptied 30 days after the session, with recipient, subject and answer
    content: Mapped[bytes] = mapped_column(LargeBinary)
    # queued (also while no mail server is set), sending, sent, failed (refused for good), dead (given up),
    # superseded (a newer message said it better before this one was tried),
    # held (may not leave from here: `answer` is a key of outbox.HELD)
    state: Mapped[str] = mapped_column(default="queued")
    send_after: Mapped[datetime] = mapped_column(default=clock.now)
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # what the mail server said last
    answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
