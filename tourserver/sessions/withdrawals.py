"""Scenes that were withdrawn from sites which coming sessions show: their hosts are told, by mail and in the studio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import jobs, rights
from tourserver.core.db import Texts
from tourserver.core.i18n import pick
from tourserver.core.jobs import JobContext
from tourserver.core.services import Services
from tourserver.mail import letters
from tourserver.mail.rendering import sender_of
from tourserver.people.models import User
from tourserver.sessions import listing
from tourserver.sessions.models import ScheduledSession
from tourserver.sites.models import Site
from tourserver.tours import history
from tourserver.tours.models import Scene, TourRevision

JOB: Final = "session.withdrawal_mail"
STREAM: Final = "withdrawal:"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A scene that visitors don't see at present, though a session shows its site."""

    site: Texts
    scene: Texts
    at: datetime
    reason: str


def enqueue(session: Session, *, site_id: str, scene_id: str, revision_id: str) -> None:
    """Ask for the mails to hosts (receiver of ``tour_withdrawn``)."""
    jobs.enqueue(session, JOB, revision_id, {"revision": revision_id})


@jobs.handler(JOB)
def mail_hosts(context: JobContext) -> None:
    """Write to the hosts of coming sessions; done again it writes none twice."""
    with context.services.db.write() as session:
        tell(session, context.services, context.payload["revision"])


def tell(session: Session, services: Services, revision_id: str) -> bool:
    """Queue the mails about one withdrawal, one for each host; False when there is nothing to tell."""
    revision = session.get(TourRevision, revision_id)
    gone = history.withdrawn_from(session, revision) if revision else []
    if revision is None or not gone:
        return False
    site, by_host = session.get_one(Site, revision.site_id), dict[str, list[ScheduledSession]]()
    for one in _coming(session, site.id):
        for user_id in rights.users_with(session, "host", "session", one.id):
            by_host.setdefault(user_id, []).append(one)
    for user_id, shown in by_host.items():
        user = session.get(User, user_id)
        if user is not None and user.active:
            mail = letters.TourNews(
                to=letters.Recipient(
                    sender=sender_of(services, session), name=user.name, address=user.email, language=user.language
                ),
                kind="withdrawn",
                site=pick(site.name, user.language).value,
                scene=", ".join(pick(scene["title"], user.language).value or scene["key"] for scene in gone),
                note=revision.note,
                sessions=tuple(pick(one.title, user.language).value for one in shown),
                link=f"{services.public_url(session)}/studio/sessions",
            )
            letters.queue(session, services, f"{STREAM}{revision.id}:{user.id}", "withdrawal", letters.tour_news(mail))
    return bool(by_host)


def of_sessions(session: Session, sessions: list[ScheduledSession]) -> dict[str, list[Withdrawn]]:
    """What is withdrawn at present from the sites of coming sessions, by session."""
    coming = [one for one in sessions if one.state in ("draft", "scheduled", "live")]
    ahead = {one.id: {entry.site_id for entry in one.sites} for one in coming}
    sites = {site_id for shown in ahead.values() for site_id in shown}
    query = select(Scene, Site).join(Site, Site.id == Scene.site_id)
    query = query.where(Scene.site_id.in_(sites), Scene.withdrawn_at.is_not(None))
    found: dict[str, list[Withdrawn]] = {}
    for scene, site in session.execute(query.order_by(Scene.position)).unique():
        withdrawn = Withdrawn(site.name, scene.title, scene.withdrawn_at or scene.updated_at, _reason(session, scene))
        found.setdefault(site.id, []).append(withdrawn)
    return {one: [each for site_id in shown for each in found.get(site_id, [])] for one, shown in ahead.items()}


def _reason(session: Session, scene: Scene) -> str:
    """Why a scene was withdrawn, as the history has it."""
    for revision in history.revisions(session, scene.site_id):
        if any(one["id"] == scene.id for one in history.withdrawn_from(session, revision)):
            return revision.note
    return ""


def _coming(session: Session, site_id: str) -> list[ScheduledSession]:
    return [one for one in listing.ahead(session) if any(entry.site_id == site_id for entry in one.sites)]
