"""Tables of uploads. The pieces themselves lie in the storage under ``uploads/<id>/<number>``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core.db import Base, IdMixin, TimestampMixin


class Upload(IdMixin, TimestampMixin, Base):
    """A file on its way in."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'complete', 'used', 'gone')", name="state"),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("chunk_bytes > 0", name="chunk_bytes"),
    )

    # reference of the actor who began it, and who alone may go on
    actor: Mapped[str] = mapped_column(index=True)
    # what it is for, such as "panorama"; who registered for that receives it
    purpose: Mapped[str]
    # what it belongs to, such as a site's slug
    thing_id: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    # bytes, as declared at the beginning
    size: Mapped[int] = mapped_column(BigInteger)
    chunk_bytes: Mapped[int]
    # SHA-256 of the whole, hex, when the client knew it
    digest: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open", index=True)
    # what else the receiver needs, such as a title
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # what the receiver answered: a repeated finish gives the same
    result: Mapped[dict[str, Any] | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UploadChunk(IdMixin, Base):
    """A piece that arrived."""

    __tablename__ = "upload_chunk"
    __table_args__ = (UniqueConstraint("upload_id", "number"),)

    upload_id: Mapped[str] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), index=True)
    # from 0
    number: Mapped[int]
    bytes: Mapped[int]
    # SHA-256, hex
    digest: Mapped[str]
