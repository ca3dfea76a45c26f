"""Files of a site that its points show: found and kept once, deleted when nothing shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import audit
from tourserver.core.rights import Actor


def of_site(session: Session, site_id: str, kind: str = "") -> list[Asset]:
    """A site's files, of one kind if it is named, in the order in which they came."""
    query = select(Asset).where(Asset.site_id == site_id)
    if kind:
        query = query.where(Asset.kind == kind)
    return list(session.scalars(query.order_by(Asset.created_at, Asset.id)))


def known(session: Session, site_id: str, kind: str, content_hash: str) -> Asset | None:
    """A file of the same bytes that is kept already."""
    query = select(Asset).where(Asset.site_id == site_id, Asset.kind == kind, Asset.content_hash == content_hash)
    return session.scalar(query)


def add(session: Session, actor: Actor, **values: Any) -> tuple[Asset, bool]:
    """A row for a file, and whether it is new: the same bytes are one row per site and kind."""
    identity = (values["site_id"], values["kind"], values["content_hash"])
    if (asset := known(session, *identity)) is None:
        asset = Asset(uploaded_by=actor.id or None, **values)
        try:
            with session.begin_nested():
                session.add(asset)
        except IntegrityError:  # somebody uploaded the same bytes at the same moment
            other = known(session, *identity)
            if other is None:
                raise
            return other, False
        audit.record(session, actor, "asset.add", "asset", asset.id, after=audit.snapshot(asset))
        return asset, True
    return asset, False
