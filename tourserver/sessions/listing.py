"""Sessions as visitors find them. Each function takes a fixed number of queries, however many sessions there are."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.models import SlugHistory

GRACE = timedelta(hours=12)
"""A scheduled session that nobody opened is listed as coming until this long after its end at the latest."""


def _public() -> Select[ScheduledSession]:
    return select(ScheduledSession).where(ScheduledSession.visibility == "public")


def live_now(session: Session) -> list[ScheduledSession]:
    """Public sessions whose room is open, the oldest first."""
    query = _public().where(ScheduledSession.state == "live").order_by(ScheduledSession.starts_at)
    return list(session.scalars(query))


def upcoming(session: Session) -> list[ScheduledSession]:
    """Public sessions that are still to come or should be running, by start."""
    query = _public().where(
        ScheduledSession.state == "scheduled", ScheduledSession.starts_at > clock.now() - GRACE
    )
    found = session.scalars(query.order_by(ScheduledSession.starts_at, ScheduledSession.id))
    return [one for one in found if one.ends_at > clock.now()]


def past(session: Session, limit: int = 50) -> list[ScheduledSession]:
    """Public sessions that are over, the latest first; cancelled ones say so for thirty days."""
    states = ScheduledSession.state.in_(("ended", "scheduled", "cancelled"))
    query = _public().where(states).order_by(ScheduledSession.starts_at.desc()).limit(limit * 2)
    return [one for one in session.scalars(query) if _is_past(one)][:limit]


def _is_past(one: ScheduledSession) -> bool:
    if one.state == "cancelled":
        return one.starts_at > clock.now() - timedelta(days=30)
    return one.state == "ended" or one.ends_at <= clock.now()


def next_of_site(session: Session, site_id: str) -> ScheduledSession | None:
    """The live or next public session that shows a site."""
    query = (
        _public()
        .join(SessionSite, SessionSite.session_id == ScheduledSession.id)
        .where(SessionSite.site_id == site_id, ScheduledSession.state.in_(("live", "scheduled")))
        .order_by(ScheduledSession.starts_at)
    )
    for one in session.scalars(query):
        if one.state == "live" or one.ends_at > clock.now():
            return one
    return None


def by_slug(session: Session, slug: str) -> ScheduledSession:
    """A session that visitors may see, listed or not; drafts are not there for them."""
    found = session.scalar(select(ScheduledSession).where(ScheduledSession.slug == slug))
    if found is None or found.state == "draft":
        raise NotFound(N_("There is no session with this address."))
    return found


def renamed(session: Session, slug: str) -> ScheduledSession | None:
    """The session that once had this address."""
    query = select(SlugHistory.thing_id).where(SlugHistory.kind == "session", SlugHistory.slug == slug)
    found = session.scalar(query)
    return session.get(ScheduledSession, found) if found else None
