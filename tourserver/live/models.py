"""Tables of the live room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin


class Room(IdMixin, Base):
    """A session's room; ``main`` counts, ``rehearsal`` does not."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("session_id", "name"),
        CheckConstraint("state IN ('closed', 'open', 'ended')", name="state"),
        CheckConstraint("chat IN ('off', 'on', 'locked')", name="chat"),
        CheckConstraint("question_slow_seconds BETWEEN 0 AND 3600", name="question_slow"),
        CheckConstraint("chat_slow_seconds BETWEEN 0 AND 3600", name="chat_slow"),
    )

    session_id: Mapped[str] = mapped_column(ForeignKey("scheduled_session.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(default="main")
    state: Mapped[str] = mapped_column(default="closed")
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # the guide's token: one at a time, here and nowhere else
    # its holder as "user:<id>", or "registration:<id>" for a guest of the crew
    guide_actor: Mapped[str | None]
    # the guide's line was alive then; long ago, a co-host may take over without asking
    guide_seen_at: Mapped[datetime | None]
    # where the guide last stood: {"scene", "yaw", "pitch", "fov", "t"}, degrees and server milliseconds
    view: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # the point that the guide holds open for everyone
    shown_hotspot: Mapped[str | None]
    # questions: read by a host before all see them; at most one in so many seconds for each person; none at all
    premoderated: Mapped[bool] = mapped_column(default=True)
    question_slow_seconds: Mapped[int] = mapped_column(default=0)
    questions_locked: Mapped[bool] = mapped_column(default=False)
    # people write to each other: "on", "locked" (to be read only) or "off"; at most one message in so many seconds
    chat: Mapped[str] = mapped_column(default="off")
    chat_slow_seconds: Mapped[int] = mapped_column(default=0)
    reactions_on: Mapped[bool] = mapped_column(default=True)
    # counts up at each change of these rules
    rules_revision: Mapped[int] = mapped_column(default=1)


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
    __table_args__ = (UniqueConstraint("channel_id", "seq"), Index("ix_room_event_at", "at"))

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


class LiveProcess(Base):
    """A web process that has connections: they are there as long as it says so."""

    __tablename__ = "live_process"

    id: Mapped[str] = mapped_column(primary_key=True)
    last_seen_at: Mapped[datetime]


class Attendance(IdMixin, Base):
    """One connection, from when to when. What is not stored here can never be reported."""

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("headcount BETWEEN 1 AND 500", name="headcount"),
        Index("ix_attendance_open", "room_id", "ended_at"),
    )

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    # exactly one of the two: a registered person, or staff
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    # staff and guests of the crew are there to work and are not counted as attending
    crew: Mapped[bool] = mapped_column(default=False)
    # a colleague at the person's second device, who is counted as a person of their own
    companion_id: Mapped[str | None] = mapped_column(ForeignKey("companion.id", ondelete="SET NULL"))
    # looks around freely instead of following the guide
    free: Mapped[bool] = mapped_column(default=False)
    # random id of a browser tab, and the Socket.IO connection
    device: Mapped[str]
    connection: Mapped[str] = mapped_column(unique=True)
    # which web process holds the connection (LiveProcess); its rows are closed when it is gone
    process: Mapped[str]
    headcount: Mapped[int] = mapped_column(default=1)
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    # when it ended; before that its process (see LiveProcess) says whether it is there
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
