"""Tables of registrations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tourserver.core.db import Base, IdMixin, TimestampMixin
from tourserver.people.models import Person


class Registration(IdMixin, TimestampMixin, Base):
    """A person's part in a session. Country, organisation and headcount as they were then stay after erasure."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("person_id", "session_id"),
        CheckConstraint("state IN ('confirmed', 'withdrawn')", name="state"),
        CheckConstraint("role IN ('participant', 'speaker', 'host', 'co_moderator', 'captioner')", name="role"),
        CheckConstraint("headcount BETWEEN 1 AND 500", name="headcount"),
        # the few who withdrew, which open rooms look for each second
        Index(
            "ix_registration_not_confirmed",
            "session_id",
            sqlite_where=text("state <> 'confirmed'"),
            postgresql_where=text("state <> 'confirmed'"),
        ),
    )

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("scheduled_session.id"), index=True)
    role: Mapped[str] = mapped_column(default="participant")
    state: Mapped[str] = mapped_column(default="confirmed")
    headcount: Mapped[int] = mapped_column(default=1)
    # ISO 3166-1 alpha-2 or "ZZ"
    country: Mapped[str]
    organisation: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    zone: Mapped[str]
    # iCalendar UID: random, the same in mail, download and feed
    uid: Mapped[str] = mapped_column(unique=True)
    # iCalendar SEQUENCE and DTSTAMP, frozen together
    sequence: Mapped[int] = mapped_column(default=0)
    stamped_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="joined")
