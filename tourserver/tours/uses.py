"""Which pictures tours need, so that those are not freed; registered in wiring.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from tourserver.core import clock
from tourserver.panoramas.models import Panorama
from tourserver.tours.models import RemovedPart, Scene, TourRevision, TourRevisionPanorama, TourSubmission
from tourserver.tours.removal import KEPT

REPLACED_KEPT: Final = timedelta(days=30)
"""How long a replaced revision keeps its pictures, so that it can be rolled back to."""


def of_scenes(session: Session) -> Select[Any]:
    """Pictures of scenes in drafts."""
    return select(Scene.panorama_id)


def of_removed_parts(session: Session) -> Select[Any]:
    """Pictures of scenes that can still be put back."""
    return select(RemovedPart.panorama_id).where(RemovedPart.removed_at >= clock.now() - KEPT)


def of_submissions(session: Session) -> Select[Any]:
    """Pictures of tours that wait for a reviewer, or for being published."""
    waiting = session.scalars(select(TourSubmission.content).where(TourSubmission.state.in_(("waiting", "approved"))))
    shown = {scene["panorama"] for content in waiting for scene in content["scenes"]}
    return select(Panorama.id).where(Panorama.id.in_(sorted(shown)))


def of_revisions(session: Session) -> Select[Any]:
    """Pictures of the revisions in force, and of those replaced less than 30 days ago."""
    later = aliased(TourRevision)
    long_replaced = exists().where(
        later.site_id == TourRevision.site_id,
        later.number > TourRevision.number,
        later.published_at <= clock.now() - REPLACED_KEPT,
    )
    shown = select(TourRevisionPanorama.panorama_id)
    return shown.join(TourRevision, TourRevision.id == TourRevisionPanorama.revision_id).where(~long_replaced)


def release(session: Session, panorama_id: str) -> None:
    """Old revisions and expired parts forget a picture that is freed."""
    session.execute(delete(TourRevisionPanorama).where(TourRevisionPanorama.panorama_id == panorama_id))
    session.execute(update(RemovedPart).where(RemovedPart.panorama_id == panorama_id).values(panorama_id=None))
