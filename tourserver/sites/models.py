"""Tables of sites."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tourserver.core.db import Base, IdMixin, Texts, TimestampMixin

site_theme = Table(
    "site_theme",
    Base.metadata,
    Column("site_id", ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    Column("theme_id", ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True),
)


class Node(IdMixin, Base):
    """A regional node."""

    __tablename__ = "node"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Texts]
    position: Mapped[int] = mapped_column(default=0)
    # a tour is published only after somebody else than its submitter has looked at it
    second_reviewer: Mapped[bool] = mapped_column(default=False)


class Theme(IdMixin, Base):
    """What a site is about: waste, energy, mobility …"""

    __tablename__ = "theme"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Texts]
    # name of a lucide icon
    icon: Mapped[str] = mapped_column(default="leaf")
    position: Mapped[int] = mapped_column(default=0)


class Site(IdMixin, TimestampMixin, Base):
    """A showcase site. Its texts are ``{language: text}``; ``source_language`` is the one they are written in."""

    __tablename__ = "site"

    # ASCII, stable, never reused: an old one stays in slug_history and redirects
    slug: Mapped[str] = mapped_column(unique=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("node.id"), index=True)
    # draft, published, withdrawn
    state: Mapped[str] = mapped_column(default="draft", index=True)
    source_language: Mapped[str] = mapped_column(default="en")
    name: Mapped[Texts]
    # the result in one sentence
    summary: Mapped[Texts]
    # Markdown
    body: Mapped[Texts]
    # the municipality
    place: Mapped[str] = mapped_column(default="")
    # WGS 84 degrees
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    # [{"label": Texts, "value": Texts}]
    figures: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # the figures illustrate and were not measured (fictional sites of the demo)
    illustrative: Mapped[bool] = mapped_column(default=False)
    contact_name: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    # counts up at each save; a form carries the one it was opened with
    revision: Mapped[int] = mapped_column(default=1)

    node: Mapped[Node] = relationship(lazy="joined")
    themes: Mapped[list[Theme]] = relationship(secondary=site_theme, lazy="selectin", order_by=Theme.position)


class SlugHistory(IdMixin, Base):
    """An address that once led to a thing, and still does."""

    __tablename__ = "slug_history"
    __table_args__ = (UniqueConstraint("kind", "slug"),)

    # "site" or "session"
    kind: Mapped[str]
    slug: Mapped[str]
    thing_id: Mapped[str] = mapped_column(index=True)
    ended_at: Mapped[datetime]
