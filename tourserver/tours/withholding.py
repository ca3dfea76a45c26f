"""Pictures that visitors saw and may not see any more: uncovered ones that a blurred version replaced, withdrawn ones.

Their tiles are for the staff alone from then on, but for open rooms that still show them: those change when their
host accepts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.rights import Actor
from tourserver.panoramas.models import Panorama
from tourserver.tours.models import TourRevision, TourRevisionPanorama

Pins = Callable[[Session, str], Iterable[str]]


def renew(session: Session, panorama_ids: set[str], *, withdrawn: frozenset[str] = frozenset(), actor: Actor) -> None:
    """Withhold, or show again, the pictures behind these after another revision came into force.

    A source is withheld while a revision in force shows a blurred version of it and none shows it as it is. When
    neither is so any more it stays as it was: what was once covered is not uncovered by taking the scene away. The
    ``withdrawn`` are withheld unless another tour shows them, until one shows them again.
    """
    sources = _sources(session, panorama_ids, withdrawn)
    if not sources:
        return
    shown = _in_force(session, {source.id for source in sources})
    for source in sources:
        covered = any(panorama.source_id == source.id for panorama in shown)
        plain = any(panorama.id == source.id for panorama in shown)
        withheld = not plain and (covered or source.withheld or source.id in withdrawn)
        if withheld != source.withheld:
            source.withheld = withheld
            verb = "panorama.withhold" if withheld else "panorama.show"
            audit.record(session, actor, verb, "panorama", source.id, after=withheld)
    session.flush()


def hashes(session: Session) -> frozenset[str]:
    """The content hashes of all withheld pictures."""
    return frozenset(session.scalars(select(Panorama.content_hash).where(Panorama.withheld)))


def in_open_rooms(session: Session, pins: Iterable[Pins]) -> frozenset[str]:
    """Those of them that older revisions show which open rooms have pinned; ``pins`` as in public_files."""
    query = (
        select(Panorama.content_hash, TourRevision.site_id, TourRevision.id)
        .join(TourRevisionPanorama, TourRevisionPanorama.panorama_id == Panorama.id)
        .join(TourRevision, TourRevision.id == TourRevisionPanorama.revision_id)
        .where(Panorama.withheld)
    )
    rows = session.execute(query).all()
    pinned = {revision for site in {row.site_id for row in rows} for tell in pins for revision in tell(session, site)}
    return frozenset(row.content_hash for row in rows if row.id in pinned)


def _sources(session: Session, panorama_ids: set[str], withdrawn: frozenset[str]) -> list[Panorama]:
    """Those of these pictures, and of their sources, that have blurred versions, are withheld or are to be; held."""
    of_blurred = select(Panorama.source_id).where(Panorama.id.in_(panorama_ids), Panorama.source_id.is_not(None))
    blurred = select(Panorama.source_id).where(
        or_(Panorama.source_id.in_(panorama_ids), Panorama.source_id.in_(of_blurred))
    )
    withheld = select(Panorama.id).where(Panorama.id.in_(panorama_ids), Panorama.withheld)
    found = {*session.scalars(blurred.distinct()), *session.scalars(withheld), *withdrawn}
    ids = sorted(source for source in found if source)
    query = select(Panorama).where(Panorama.id.in_(ids)).order_by(Panorama.id).with_for_update(key_share=True)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def _in_force(session: Session, source_ids: set[str]) -> list[Panorama]:
    """These pictures and blurred versions of them that the newest revision of any site shows."""
    newest = (
        select(TourRevision.site_id, func.max(TourRevision.number).label("number"))
        .group_by(TourRevision.site_id)
        .subquery()
    )
    query = (
        select(Panorama)
        .join(TourRevisionPanorama, TourRevisionPanorama.panorama_id == Panorama.id)
        .join(TourRevision, TourRevision.id == TourRevisionPanorama.revision_id)
        .join(newest, (newest.c.site_id == TourRevision.site_id) & (newest.c.number == TourRevision.number))
        .where(or_(Panorama.id.in_(source_ids), Panorama.source_id.in_(source_ids)))
    )
    return list(session.scalars(query).unique())
