"""Tables of the people at the screens of a room."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core.db import Base, IdMixin, TimestampMixin


class Companion(IdMixin, TimestampMixin, Base):
    """A colleague who uses somebody's personal link on a device of their own, under their own name."""

    __tablename__ = "companion"
    __table_args__ = (UniqueConstraint("registration_id", "device"),)

    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    # random id that the browser keeps
    device: Mapped[str]
    # emptied by erasure
    name: Mapped[str]
