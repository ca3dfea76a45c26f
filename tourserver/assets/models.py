"""The table of files that points show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core.db import Base, IdMixin, TimestampMixin

KINDS = ("picture", "document", "video", "captions", "plan")


class Asset(IdMixin, TimestampMixin, Base):
    """A picture, document, film or caption file of a site; the same bytes are kept once per site and kind."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("site_id", "kind", "content_hash"),
        CheckConstraint("kind IN ('picture', 'document', 'video', 'captions', 'plan')", name="kind"),
        CheckConstraint("state IN ('waiting', 'ready', 'failed')", name="state"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    # waiting: a picture that is still to be re-encoded
    state: Mapped[str] = mapped_column(default="waiting")
    # SHA-256 of the file as it came, hex
    content_hash: Mapped[str]
    original_name: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    # pixels, of pictures
    width: Mapped[int | None]
    height: Mapped[int | None]
    # what is served; of pictures the re-encoded file
    storage_key: Mapped[str]
    # English gettext id and its values, when failed
    error: Mapped[dict[str, Any] | None]
    uploaded_by: Mapped[str | None]
