"""Tables of sessions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tourserver.core.db import Base, IdMixin, Texts, TimestampMixin
from tourserver.sites.models import Site


class ScheduledSession(IdMixin, TimestampMixin, Base):
    """A session people register for. (``Session`` is SQLAlchemy's word, hence the longer name.)"""

    __tablename__ = "scheduled_session"
    __table_args__ = (
        CheckConstraint("kind IN ('webinar', 'guided_tour')", name="kind"),
        CheckConstraint("state IN ('draft', 'scheduled', 'live', 'ended', 'cancelled')", name="state"),
        CheckConstraint("visibility IN ('public', 'unlisted')", name="visibility"),
        CheckConstraint("duration_minutes BETWEEN 5 AND 720", name="duration"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft", index=True)
    title: Mapped[Texts]
    summary: Mapped[Texts]
    # languages spoken, gettext or BCP 47 names, the main one first
    languages: Mapped[list[str]] = mapped_column(default=list)
    # wall time in `zone`: what was agreed. `starts_at` follows from it by the zone rules of `tzdata_version`
    local_start: Mapped[datetime] = mapped_column(DateTime())
    zone: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    tzdata_version: Mapped[str]
    duration_minutes: Mapped[int] = mapped_column(default=60)
    # seats online; NULL is no limit
    capacity: Mapped[int | None]
    visibility: Mapped[str] = mapped_column(default="public")
    # any meeting service, until the stage exists; empty when none
    sound_url: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    # counts up at each change
    revision: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # what registered people are told when it is called off; empty for nothing more than that
    cancelled_words: Mapped[str] = mapped_column(default="")
    # demo sessions that nobody has edited are moved at each start of the demo; emptied by the first edit
    demo_key: Mapped[str | None]

    sites: Mapped[list[SessionSite]] = relationship(
        lazy="selectin", order_by="SessionSite.position", cascade="all, delete-orphan"
    )

    @property
    def ends_at(self) -> datetime:
        """When it should end, UTC."""
        return self.starts_at + timedelta(minutes=self.duration_minutes)


class SessionSite(IdMixin, Base):
    """A site that a session shows, in order."""

    __tablename__ = "session_site"
    __table_args__ = (UniqueConstraint("session_id", "site_id"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("scheduled_session.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    site: Mapped[Site] = relationship(lazy="joined")
