"""Which files of points and plans everybody may see, and which ones something still shows."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.tours import freezing, publishing, withholding
from tourserver.tours.models import Hotspot, RemovedPart, Tour, TourRevision
from tourserver.tours.withholding import Pins

_pinned: Final[list[Pins]] = []


def also_shown(tell: Pins) -> None:
    """Let a higher floor tell which older revisions of a site are still shown, as open rooms do.

    ``tell(session, site_id)`` gives ids of revisions. Told twice it is the same as once.
    """
    if tell not in _pinned:
        _pinned.append(tell)


def withheld_in_open_rooms(session: Session) -> frozenset[str]:
    """Hashes of withheld pictures that open rooms still show."""
    return withholding.in_open_rooms(session, _pinned)


def is_public(session: Session, asset: Asset) -> bool:
    """Whether the revision in force, or one that a room pinned, shows the file."""
    in_force = publishing.published(session, asset.site_id)
    if in_force is not None and asset.id in _shown_in(in_force):
        return True
    ids = {revision_id for tell in _pinned for revision_id in tell(session, asset.site_id)}
    query = select(TourRevision).where(TourRevision.id.in_(ids), TourRevision.site_id == asset.site_id)
    return any(asset.id in _shown_in(revision) for revision in session.scalars(query))


def _shown_in(revision: TourRevision) -> frozenset[str]:
    return _remembered(revision.id, _Content(revision.content))


class _Content:
    """Equal to every other, so that what is remembered goes by the revision alone: it never changes."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _remembered(_revision_id: str, content: _Content) -> frozenset[str]:
    return frozenset(freezing.asset_ids(content.content))


def in_use(session: Session, asset: Asset) -> bool:
    """Whether a point, a plan, a stored revision or a part that was taken out today shows the file."""
    points = select(Hotspot.id).where(or_(Hotspot.asset_id == asset.id, Hotspot.captions_asset_id == asset.id))
    plans = select(Tour.site_id).where(Tour.plan_asset_id == asset.id)
    if session.scalar(points.limit(1)) or session.scalar(plans.limit(1)):
        return True
    parts = session.scalars(select(RemovedPart).where(RemovedPart.site_id == asset.site_id))
    if any(asset.id in _ids_of(part.content) for part in parts):
        return True
    revisions = session.scalars(select(TourRevision).where(TourRevision.site_id == asset.site_id))
    return any(asset.id in _shown_in(revision) for revision in revisions)


def _ids_of(content: dict[str, Any]) -> set[str]:
    points = [content, *content.get("hotspots", []), *content.get("links", [])]
    return {point[name] for point in points for name in ("asset_id", "captions_asset_id") if point.get(name)}
