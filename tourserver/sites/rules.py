"""Sites: made, changed, published, withdrawn."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Forbidden, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.sites.catalogue import fold
from tourserver.sites.models import Node, Site, SlugHistory, Theme

RESERVED = frozenset({"new"})
"""Addresses that the studio's own pages have."""

_CHANGEABLE = {
    "node_id", "name", "summary", "body", "place", "latitude", "longitude", "figures", "contact_name",
    "contact_email", "source_language", "illustrative",
}  # fmt: skip


def thing(site: Site) -> Thing:
    """A site as rights see it: grants on its node cover it."""
    return Thing("site", site.id, (("node", site.node_id),))


def name_of_node(session: Session, node_id: str) -> Texts | None:
    """What a node is called; None when there is none."""
    node = session.get(Node, node_id)
    return node.name if node else None


def name_of_site(session: Session, site_id: str) -> Texts | None:
    """What a site is called; None when there is none."""
    site = session.get(Site, site_id)
    return site.name if site else None


def may_publish(session: Session, actor: Actor, site: Site) -> bool:
    """Whether ``actor`` decides what visitors see of a site: in a node without a second reviewer its officers do."""
    second = session.scalar(select(Node.second_reviewer).where(Node.id == site.node_id))
    return rights.can(session, actor, "site.publish" if second else "site.submit", thing(site))


def require_publish(session: Session, actor: Actor, site: Site) -> None:
    """Raise :class:`Forbidden` unless :func:`may_publish`."""
    if not may_publish(session, actor, site):
        raise Forbidden(N_("In this node a reviewer decides that. Send the tour to review, or ask a reviewer."))


def slug_for(session: Session, name: str) -> str:
    """A free ASCII address made from a name; addresses that were ever used are never given again."""
    base = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:60].strip("-") or "site"
    slug, number = base, 2
    while _taken(session, slug):
        slug, number = f"{base}-{number}", number + 1
    return slug


def create(
    session: Session,
    *,
    actor: Actor,
    name: Texts,
    node: Node,
    slug: str = "",
    themes: list[Theme] | None = None,
    **values: Any,
) -> Site:
    """A new site, as a draft. ``values`` are further columns."""
    _check(name=name, **values)
    slug = slug or slug_for(session, name.get("en") or next(iter(name.values())))
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise Invalid(N_("An address has small letters, digits and single hyphens only."), field="slug")
    if _taken(session, slug):
        raise Invalid(N_("This address is or was used by another site. Choose another."), field="slug")
    site = Site(slug=slug, name=name, node_id=node.id, node=node, summary={}, body={})
    _assign(site, values)
    site.themes = list(themes or [])
    session.add(site)
    session.flush()
    audit.record(session, actor, "site.create", "site", site.id, after=audit.snapshot(site))
    return site


def change(
    session: Session,
    site: Site,
    values: dict[str, Any],
    *,
    themes: list[Theme] | None,
    seen_revision: int,
    actor: Actor,
) -> None:
    """Save a site's form; raises :class:`Conflict` when somebody saved it since ``seen_revision``."""
    hold(session, site)
    if site.revision != seen_revision:
        raise Conflict(
            N_("Somebody else changed this site after you opened it. Both versions are shown; nothing is lost.")
        )
    _check(**values)
    before = audit.snapshot(site)
    _assign(site, values)
    if themes is not None:
        site.themes = list(themes)
    site.revision += 1
    session.flush()
    audit.record(session, actor, "site.change", "site", site.id, before=before, after=audit.snapshot(site))


def hold(session: Session, site: Site) -> None:
    """Read a site anew and keep others from changing it until the transaction ends."""
    session.refresh(site, with_for_update={"key_share": True, "of": Site})


def rename(session: Session, site: Site, slug: str, *, actor: Actor) -> None:
    """Give a site another address; the old one redirects for good."""
    if slug == site.slug:
        return
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or _taken(session, slug):
        raise Invalid(N_("This address is or was used by another site. Choose another."), field="slug")
    before, site_slug = audit.snapshot(site), site.slug
    session.add(SlugHistory(kind="site", slug=site_slug, thing_id=site.id, ended_at=clock.now()))
    site.slug = slug
    session.flush()
    audit.record(session, actor, "site.rename", "site", site.id, before=before, after=audit.snapshot(site))


def set_state(session: Session, site: Site, state: str, *, actor: Actor) -> None:
    """``published`` or ``withdrawn`` (or back to ``draft`` while it was never published)."""
    allowed = {("draft", "published"), ("published", "withdrawn"), ("withdrawn", "published")}
    if site.state == state:
        return
    if (site.state, state) not in allowed:
        raise Invalid(N_("A site can't go from “%(old)s” to “%(new)s”."), old=site.state, new=state)
    if state == "published" and not any(site.summary.values()):
        raise Invalid(N_("Write the result in one sentence before the site is published."), field="summary")
    before = audit.snapshot(site)
    site.state = state
    site.revision += 1
    session.flush()
    audit.record(session, actor, f"site.{state}", "site", site.id, before=before, after=audit.snapshot(site))


def _assign(site: Site, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in _CHANGEABLE:
            raise ValueError(f"a site has no {name} to change")
        setattr(site, name, value)


def _check(
    *, name: Texts | None = None, latitude: float | None = None, longitude: float | None = None, **_: Any
) -> None:
    if name is not None and not any(name.values()):
        raise Invalid(N_("Give the site a name in at least one language."), field="name")
    if (latitude is None) != (longitude is None):
        raise Invalid(N_("A map position needs both latitude and longitude, or neither."), field="latitude")
    if latitude is not None and not -90 <= latitude <= 90:
        raise Invalid(N_("The latitude must lie between −90 and 90 degrees."), field="latitude")
    if longitude is not None and not -180 <= longitude <= 180:
        raise Invalid(N_("The longitude must lie between −180 and 180 degrees."), field="longitude")


def _taken(session: Session, slug: str) -> bool:
    if slug in RESERVED:
        return True
    used = session.scalar(select(Site.id).where(Site.slug == slug))
    return used is not None or session.scalar(select(SlugHistory.id).where(SlugHistory.slug == slug)) is not None
