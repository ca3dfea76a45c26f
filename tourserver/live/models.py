"""Tables of the live room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin


class Room(IdMixin, Base):
    """A session's room; ``main`` counts, ``rehearsal`` (later) does not."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("session_id", "name"),
        CheckConstraint("state IN ('closed', 'open', 'ended')", name="state"),
    )

    session_id: Mapped[str] = mapped_column(ForeignKey("scheduled_session.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(default="main")
    state: Mapped[str] = mapped_column(default="closed")
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # the guide's token: one at a time, here and nowhere else
    guide_user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    # where the guide last stood: {"scene", "yaw", "pitch", "fov", "t"}, degrees and server milliseconds
    view: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class RoomTour(IdMixin, Base):
    """The tour revision that a room pinned when it opened, one for each site shown."""

    __tablename__ = "room_tour"
    __table_args__ = (UniqueConstraint("room_id", "position"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    tour_revision_id: Mapped[str] = mapped_column(ForeignKey("tour_revision.id"))


class RoomChannel(IdMixin, Base):
    """``public``, ``staff`` or ``person:<registration>``: each counts its own events without a gap."""

    __tablename__ = "room_channel"
    __table_args__ = (UniqueConstraint("room_id", "name"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    seq: Mapped[int] = mapped_column(default=0)


class RoomEvent(IdMixin, Base):
    """One fact. The payload holds ids, never names: names are joined when it is sent."""

    __tablename__ = "room_event"
    __table_args__ = (UniqueConstraint("channel_id", "seq"),)

    channel_id: Mapped[str] = mapped_column(ForeignKey("room_channel.id", ondelete="CASCADE"))
    seq: Mapped[int]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class RoomCommand(IdMixin, Base):
    """A command that was done, by the id its sender gave it: repeated, it is answered and not done again."""

    __tablename__ = "room_command"
    __table_args__ = (UniqueConstraint("room_id", "actor", "client_id"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    actor: Mapped[str]
    client_id: Mapped[str]
    name: Mapped[str]
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Question(IdMixin, Base):
    """A question asked in a room."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'approved', 'live', 'answered', 'declined', 'withdrawn')", name="state"),
        Index("ix_question_room_state", "room_id", "state"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    original: Mapped[str]
    language: Mapped[str]
    anonymous: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    # the place in the list everybody sees: counts up at approval
    position: Mapped[int | None]
    answered_at: Mapped[datetime | None]


class QuestionVote(IdMixin, Base):
    """One person's vote for one question."""

    __tablename__ = "question_vote"
    __table_args__ = (UniqueConstraint("question_id", "registration_id"),)

    question_id: Mapped[str] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Attendance(IdMixin, Base):
    """One connection, from when to when. What is not stored here can never be reported."""

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("headcount BETWEEN 1 AND 500", name="headcount"),
        Index("ix_attendance_open", "room_id", "ended_at"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    # exactly one of the two: a participant, or crew (who are not counted as attending)
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    # random id of a browser tab, and the Socket.IO connection
    device: Mapped[str]
    connection: Mapped[str] = mapped_column(unique=True)
    # which web process holds the connection; its rows are closed when it is gone
    process: Mapped[str]
    headcount: Mapped[int] = mapped_column(default=1)
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]


class ViewChunk(IdMixin, Base):
    """Ten seconds of the guide's view, for the replay."""

    __tablename__ = "view_chunk"
    __table_args__ = (Index("ix_view_chunk_room", "room_id", "started_ms"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    guide_user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    # server time, milliseconds since 1970
    started_ms: Mapped[int] = mapped_column(BigInteger)
    scenes: Mapped[list[str]]
    # {"version": 1, "deltas": [[ms, scene index or -1 for the same, yaw, pitch, fov] …]}: differences to the
    # sample before, angles in hundredths of a degree
    samples: Mapped[dict[str, Any]]
