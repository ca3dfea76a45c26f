"""Tables of tours. Angles in degrees: yaw 0 is the picture's centre, positive right; pitch positive up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, Texts, TimestampMixin
from tourserver.panoramas.models import Panorama


class Scene(IdMixin, TimestampMixin, Base):
    """A place to stand. The id is stable over revisions: rooms, deep links and replays name it."""

    __tablename__ = "scene"
    __table_args__ = (
        UniqueConstraint("site_id", "key"),
        CheckConstraint("start_yaw BETWEEN -180 AND 180", name="yaw"),
        CheckConstraint("start_pitch BETWEEN -90 AND 90", name="pitch"),
        CheckConstraint("start_fov BETWEEN 30 AND 90", name="fov"),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    # short and ASCII, for deep links; unique in the site
    key: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[Texts]
    # what a person who can't see the picture needs; required to publish
    alternative: Mapped[Texts]
    panorama_id: Mapped[str] = mapped_column(ForeignKey("panorama.id"), index=True)
    start_yaw: Mapped[float] = mapped_column(default=0.0)
    start_pitch: Mapped[float] = mapped_column(default=0.0)
    start_fov: Mapped[float] = mapped_column(default=70.0)
    # the yaw at which compass north lies
    north: Mapped[float] = mapped_column(default=0.0)
    revision: Mapped[int] = mapped_column(default=1)

    panorama: Mapped[Panorama] = relationship(lazy="joined")
    hotspots: Mapped[list[Hotspot]] = relationship(
        lazy="selectin",
        order_by="Hotspot.position",
        cascade="all, delete-orphan",
        foreign_keys="Hotspot.scene_id",
        back_populates="scene",
    )


class Hotspot(IdMixin, TimestampMixin, Base):
    """A point in the picture: a way to another scene, or something to read."""

    __tablename__ = "hotspot"
    __table_args__ = (
        CheckConstraint("kind IN ('link', 'info')", name="kind"),
        CheckConstraint("(kind = 'link') = (target_scene_id IS NOT NULL)", name="target"),
        CheckConstraint("yaw BETWEEN -180 AND 180", name="yaw"),
        CheckConstraint("pitch BETWEEN -90 AND 90", name="pitch"),
    )

    scene_id: Mapped[str] = mapped_column(ForeignKey("scene.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str]
    yaw: Mapped[float]
    pitch: Mapped[float]
    label: Mapped[Texts]
    # Markdown, info points only
    body: Mapped[Texts] = mapped_column(default=dict)
    target_scene_id: Mapped[str | None] = mapped_column(ForeignKey("scene.id", ondelete="CASCADE"), index=True)

    scene: Mapped[Scene] = relationship(foreign_keys=[scene_id], back_populates="hotspots")


class TourRevision(IdMixin, Base):
    """A published tour, never changed afterwards. A room pins one when it opens."""

    __tablename__ = "tour_revision"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    # all texts in all languages, pictures by panorama id; tours/document.py makes the viewer's document of it
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_by: Mapped[str]
