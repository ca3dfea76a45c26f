"""The table of pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core.db import Base, IdMixin, TimestampMixin


class Panorama(IdMixin, TimestampMixin, Base):
    """One equirectangular picture, stored once however often it is uploaded.

    A picture with blurred regions is a row of its own, made from the source's original.
    """

    __tablename__ = "panorama"

    # SHA-256 of the original (of a blurred one: of the source's and its regions), hex; also the folder of its tiles
    content_hash: Mapped[str] = mapped_column(unique=True)
    original_name: Mapped[str] = mapped_column(default="")
    # storage key of the original, which is never served
    original_key: Mapped[str]
    original_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    # [{"width", "height", "cols", "rows", "tile"}], smallest first; empty until tiled
    levels: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # waiting, tiling, ready, failed
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    # English gettext id and its values, when failed
    error: Mapped[dict[str, Any] | None]
    # codes of panoramas.inspect, such as "small" or "gps"
    warnings: Mapped[list[str]] = mapped_column(default=list)
    # WGS 84 degrees read from the file, offered as a map position and never published by itself
    gps_latitude: Mapped[float | None]
    gps_longitude: Mapped[float | None]
    # as told at the first upload; each scene has its own (tours.models.Scene)
    credit: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    # a computed picture, labelled as such
    is_render: Mapped[bool] = mapped_column(default=False)
    # the picture that this one was blurred from, and the regions: [{"yaw", "pitch", "width", "height"}], degrees
    source_id: Mapped[str | None] = mapped_column(ForeignKey("panorama.id"), index=True)
    regions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # since when its WebP tiles are there
    webp_at: Mapped[datetime | None]
    # a blurred version replaced it: its tiles are for the staff alone
    withheld: Mapped[bool] = mapped_column(default=False, index=True)
    uploaded_by: Mapped[str | None]
    ready_at: Mapped[datetime | None]
