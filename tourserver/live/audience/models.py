"""Tables of polls, hands, reactions, announcements and messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, TimestampMixin


class Poll(IdMixin, TimestampMixin, Base):
    """A question that the crew asks everyone."""

    __tablename__ = "poll"
    __table_args__ = (
        CheckConstraint("kind IN ('single', 'multiple', 'rating')", name="kind"),
        CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),
        CheckConstraint("results IN ('live', 'closed')", name="results"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    # [{"id", "text"} …] in order; a rating has "1" to "5"
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    # everyone sees the counts while it is open, or once it is closed
    results: Mapped[str] = mapped_column(default="closed")
    state: Mapped[str] = mapped_column(default="draft")
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class PollAnswer(IdMixin, Base):
    """One person's answer to one poll."""

    __tablename__ = "poll_answer"
    __table_args__ = (UniqueConstraint("poll_id", "registration_id"),)

    poll_id: Mapped[str] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class PollChoice(Base):
    """What was chosen in an answer: one row, or several where several may be chosen."""

    __tablename__ = "poll_choice"

    answer_id: Mapped[str] = mapped_column(ForeignKey("poll_answer.id", ondelete="CASCADE"), primary_key=True)
    option_id: Mapped[str] = mapped_column(primary_key=True)


class RaisedHand(IdMixin, Base):
    """Somebody would like to speak; one row for each person and room."""

    __tablename__ = "raised_hand"
    __table_args__ = (
        UniqueConstraint("room_id", "registration_id"),
        CheckConstraint("state IN ('up', 'called', 'down')", name="state"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default="up")
    revision: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[datetime] = mapped_column(default=clock.now)


class ReactionCount(IdMixin, Base):
    """How often a reaction was sent in ten seconds. Who sent it is not kept."""

    __tablename__ = "reaction_count"
    __table_args__ = (UniqueConstraint("room_id", "started_ms", "kind", "process"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    # server time, milliseconds since 1970
    started_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    # each web process counts its own
    process: Mapped[str]
    count: Mapped[int]


class Announcement(IdMixin, Base):
    """Words of the crew that stand above everything until they are taken back or their time is over."""

    __tablename__ = "announcement"

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    language: Mapped[str]
    # "user:<id>" or "registration:<id>"
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class ChatMessage(IdMixin, Base):
    """A message in the room: to everyone, or among the crew."""

    __tablename__ = "chat_message"
    __table_args__ = (
        CheckConstraint("circle IN ('public', 'crew')", name="circle"),
        CheckConstraint("registration_id IS NULL OR user_id IS NULL", name="one_author"),
        Index("ix_chat_message_room", "room_id", "circle", "at"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    circle: Mapped[str]
    # its author: a registered person, or staff
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    text: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    # taken away by the crew, or by its author; its text is emptied then
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
