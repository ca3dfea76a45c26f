"""Tables of guiding: the script that was prepared, and the track of what was shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, TimestampMixin


class ViewChunk(IdMixin, Base):
    """Ten seconds of the guide's view, for the replay."""

    __tablename__ = "view_chunk"
    __table_args__ = (Index("ix_view_chunk_room", "room_id", "started_ms"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    # "user:<id>" or "registration:<id>"
    guide_actor: Mapped[str | None]
    # server time, milliseconds since 1970
    started_ms: Mapped[int] = mapped_column(BigInteger)
    scenes: Mapped[list[str]]
    # {"version": 1, "deltas": [[ms, scene index or -1 for the same, yaw, pitch, fov] …]}: differences to the
    # sample before, angles in hundredths of a degree
    samples: Mapped[dict[str, Any]]


class ScriptStep(IdMixin, TimestampMixin, Base):
    """One stop of what the hosts plan to show: a scene, words for the guide alone, and minutes for it."""

    __tablename__ = "script_step"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 240", name="minutes"),
    )

    session_id: Mapped[str] = mapped_column(ForeignKey("scheduled_session.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    # a scene of one of the session's tours; it may have been taken out since
    scene_id: Mapped[str]
    # degrees; NULL is the scene's start view
    yaw: Mapped[float | None]
    pitch: Mapped[float | None]
    fov: Mapped[float | None]
    note: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int | None]


class CaptionLine(IdMixin, Base):
    """A line that the captioner wrote of what was said."""

    __tablename__ = "caption_line"
    __table_args__ = (Index("ix_caption_line_room", "room_id", "at"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    # who wrote it, as "user:<id>" or "registration:<id>"
    actor: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
