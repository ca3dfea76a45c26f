"""Tables of tours. Angles in degrees: yaw 0 is the picture's centre, positive right; pitch positive up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tourserver.assets.models import Asset
from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, Texts, TimestampMixin
from tourserver.panoramas.models import Panorama


class Tour(Base):
    """What belongs to a site's tour as a whole. Made when it is first asked for."""

    __tablename__ = "tour"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    # a drawing of the place on which scenes have their points; none: a plain grid
    plan_asset_id: Mapped[str | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    # degrees clockwise from the drawing's top to compass north
    plan_north: Mapped[float] = mapped_column(default=0.0)
    # counts up when scenes are ordered or the plan changes
    revision: Mapped[int] = mapped_column(default=1)

    plan: Mapped[Asset | None] = relationship(lazy="joined")


class Scene(IdMixin, TimestampMixin, Base):
    """A place to stand. The id is stable over revisions: rooms, deep links and replays name it."""

    __tablename__ = "scene"
    __table_args__ = (
        UniqueConstraint("site_id", "key"),
        CheckConstraint("start_yaw BETWEEN -180 AND 180", name="yaw"),
        CheckConstraint("start_pitch BETWEEN -90 AND 90", name="pitch"),
        CheckConstraint("start_fov BETWEEN 30 AND 90", name="fov"),
        CheckConstraint("30 <= min_fov AND min_fov <= max_fov AND max_fov <= 90", name="limits"),
        CheckConstraint("(plan_x IS NULL) = (plan_y IS NULL)", name="plan"),
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
    # how near and how wide one may look, degrees of vertical field of view
    min_fov: Mapped[float] = mapped_column(default=30.0)
    max_fov: Mapped[float] = mapped_column(default=90.0)
    # the point on the plan, as fractions from its upper left corner
    plan_x: Mapped[float | None]
    plan_y: Mapped[float | None]
    # faces and plates to be blurred: [{"id", "yaw", "pitch", "width", "height"}], degrees; see panoramas.store.bake
    regions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    credit: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    # a computed picture, labelled as such
    is_render: Mapped[bool] = mapped_column(default=False)
    # taken from the public in a hurry: the draft keeps it, publishing leaves it out until it is put back
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
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
    """A point in the picture: a way to another scene, or something to read, see, watch, download or follow."""

    __tablename__ = "hotspot"
    __table_args__ = (
        CheckConstraint("kind IN ('link', 'info', 'picture', 'video', 'document', 'outside')", name="kind"),
        CheckConstraint("(kind = 'link') = (target_scene_id IS NOT NULL)", name="target"),
        CheckConstraint("(kind IN ('picture', 'video', 'document')) = (asset_id IS NOT NULL)", name="asset"),
        CheckConstraint("(kind = 'outside') = (url IS NOT NULL)", name="url"),
        CheckConstraint("arrival IN ('start', 'heading', 'view')", name="arrival"),
        CheckConstraint(
            "arrival <> 'view' OR (target_yaw IS NOT NULL AND target_pitch IS NOT NULL AND target_fov IS NOT NULL)",
            name="target_view",
        ),
        CheckConstraint("yaw BETWEEN -180 AND 180", name="yaw"),
        CheckConstraint("pitch BETWEEN -90 AND 90", name="pitch"),
    )

    scene_id: Mapped[str] = mapped_column(ForeignKey("scene.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str]
    yaw: Mapped[float]
    pitch: Mapped[float]
    label: Mapped[Texts]
    # Markdown: the text of an info point; of pictures and films what one sees and hears
    body: Mapped[Texts] = mapped_column(default=dict)
    target_scene_id: Mapped[str | None] = mapped_column(ForeignKey("scene.id", ondelete="CASCADE"), index=True)
    # where one looks on arriving: the scene's start view, the compass direction one walked in, or a view of its own
    arrival: Mapped[str] = mapped_column(default="start")
    target_yaw: Mapped[float | None]
    target_pitch: Mapped[float | None]
    target_fov: Mapped[float | None]
    asset_id: Mapped[str | None] = mapped_column(ForeignKey("asset.id"), index=True)
    captions_asset_id: Mapped[str | None] = mapped_column(ForeignKey("asset.id"))
    # http, https or mailto
    url: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)

    asset: Mapped[Asset | None] = relationship(lazy="joined", foreign_keys=[asset_id])
    captions: Mapped[Asset | None] = relationship(lazy="joined", foreign_keys=[captions_asset_id])
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
    # publish, rollback (an older one is in force again), withdrawal (a scene was taken out in a hurry)
    kind: Mapped[str] = mapped_column(default="publish")
    note: Mapped[str] = mapped_column(default="")
    # number of the revision that a roll back restored
    from_number: Mapped[int | None]
    submitted_by: Mapped[str | None]
    # nobody: the node has no second reviewer
    reviewed_by: Mapped[str | None]
    # what the submitter confirmed: {"faces", "permission", "protected"}
    confirmations: Mapped[dict[str, Any]] = mapped_column(default=dict)


class TourRevisionPanorama(Base):
    """A picture that a revision shows: it is not freed while the revision is needed."""

    __tablename__ = "tour_revision_panorama"

    revision_id: Mapped[str] = mapped_column(ForeignKey("tour_revision.id", ondelete="CASCADE"), primary_key=True)
    panorama_id: Mapped[str] = mapped_column(ForeignKey("panorama.id"), primary_key=True, index=True)


class TourSubmission(IdMixin, Base):
    """A tour that waits for a reviewer, or for its blurred pictures, before it is published."""

    __tablename__ = "tour_submission"
    __table_args__ = (
        Index(
            "uq_tour_submission_open",
            "site_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'approved')"),
            postgresql_where=text("state IN ('waiting', 'approved')"),
        ),
        CheckConstraint(
            "state IN ('waiting', 'approved', 'published', 'sent_back', 'taken_back', 'failed')", name="state"
        ),
    )

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    # waiting: for a reviewer; approved: only pictures are still being made
    state: Mapped[str] = mapped_column(default="waiting")
    # as TourRevision.content
    content: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    confirmations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(default="")
    revision_id: Mapped[str | None] = mapped_column(ForeignKey("tour_revision.id"))


class RemovedPart(IdMixin, Base):
    """A scene or point that was taken out of the draft, kept for a day so that it can be put back as it was."""

    __tablename__ = "removed_part"
    __table_args__ = (CheckConstraint("kind IN ('scene', 'hotspot')", name="kind"),)

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    # the id it had, and gets again
    thing_id: Mapped[str] = mapped_column(index=True)
    content: Mapped[dict[str, Any]]
    panorama_id: Mapped[str | None] = mapped_column(ForeignKey("panorama.id"), index=True)
    removed_by: Mapped[str]
    removed_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
