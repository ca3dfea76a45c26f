"""Publishing: the tour as it is now becomes an immutable revision that pages and rooms show."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, signals
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.sites.models import Site
from tourserver.tours import freezing
from tourserver.tours.models import Scene, TourRevision
from tourserver.tours.scenes import lock, of_site


def obstacles(scenes: list[Scene]) -> list[Invalid]:
    """What keeps a tour from being published; empty when nothing does."""
    if not scenes:
        return [Invalid(N_("The tour has no scene yet. Upload a panorama first."))]
    found = []
    for scene in scenes:
        name = scene.title.get("en") or next(iter(scene.title.values()), scene.key)
        if not any(scene.title.values()):
            found.append(Invalid(N_("Scene %(scene)s has no title."), scene=scene.key))
        if not any(scene.alternative.values()):
            found.append(
                Invalid(
                    N_("“%(scene)s” has no text alternative. People who can't see the picture need it to take part."),
                    scene=name,
                )
            )
        if scene.panorama.state == "failed":
            found.append(Invalid(N_("The picture of “%(scene)s” could not be used. Upload another."), scene=name))
    return found


def publish(session: Session, site: Site, *, actor: Actor) -> TourRevision:
    """Freeze the tour as the next revision. Pictures may still be in work: each shows once its tiles are there."""
    lock(session, site.id)
    scenes = of_site(session, site.id)
    if problems := obstacles(scenes):
        raise problems[0]
    last = session.scalar(select(func.max(TourRevision.number)).where(TourRevision.site_id == site.id)) or 0
    content = freezing.freeze(session, site, scenes)
    revision = TourRevision(site_id=site.id, number=last + 1, content=content, published_by=actor.reference)
    session.add(revision)
    session.flush()
    freezing.list_pictures(session, revision)
    audit.record(session, actor, "tour.publish", "tour_revision", revision.id, after=content)
    signals.tour_published.send(session, site_id=site.id, revision_id=revision.id)
    return revision


def draft(session: Session, site: Site) -> TourRevision:
    """The tour as it is now, in the form of a revision that is never stored: for previews."""
    return TourRevision(
        site_id=site.id, number=0, content=freezing.freeze(session, site, of_site(session, site.id)), published_by=""
    )


def published(session: Session, site_id: str) -> TourRevision | None:
    """The revision in force."""
    query = select(TourRevision).where(TourRevision.site_id == site_id).order_by(TourRevision.number.desc())
    return session.scalar(query.limit(1))


def sites_with_tours(session: Session) -> set[str]:
    """Ids of all sites that have a published tour, in one query."""
    return set(session.scalars(select(TourRevision.site_id).distinct()))
