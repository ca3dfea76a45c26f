"""Sessions as visitors find them. Each function takes a fixed number of queries, however many sessions there are."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from tourserver.core import clock, rights
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Grant
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.models import SlugHistory

LONGEST = timedelta(hours=12)
"""No session is longer: what began earlier than this is over."""
CANCELLED_SHOWN = timedelta(days=30)


def _public() -> Select[ScheduledSession]:
    return select(ScheduledSession).where(ScheduledSession.visibility == "public")


def live_now(session: Session) -> list[ScheduledSession]:
    """Public sessions whose room is open, the oldest first."""
    query = _public().where(ScheduledSession.state == "live").order_by(ScheduledSession.starts_at)
    return list(session.scalars(query))


def upcoming(session: Session) -> list[ScheduledSession]:
    """Public sessions that are still to come or should be running, by start."""
    query = _public().where(ScheduledSession.state == "scheduled", ScheduledSession.starts_at > clock.now() - LONGEST)
    found = session.scalars(query.order_by(ScheduledSession.starts_at, ScheduledSession.id))
    return [one for one in found if one.ends_at > clock.now()]


def ahead(session: Session) -> list[ScheduledSession]:
    """Live and coming sessions, listed or not, live ones first: for whoever prepares and leads them."""
    query = select(ScheduledSession).where(
        (ScheduledSession.state == "live")
        | (ScheduledSession.state == "scheduled") & (ScheduledSession.starts_at > clock.now() - timedelta(hours=12))
    )
    found = session.scalars(query.order_by(ScheduledSession.state != "live", ScheduledSession.starts_at))
    return [one for one in found if one.state == "live" or one.ends_at > clock.now()]


def past(session: Session, limit: int = 50) -> list[ScheduledSession]:
    """Public sessions that are over, the latest first; a cancelled one is named until 30 days after its start."""
    present = clock.now()
    over = or_(
        ScheduledSession.state == "ended",
        and_(ScheduledSession.state == "scheduled", ScheduledSession.starts_at <= present),
        and_(ScheduledSession.state == "cancelled", ScheduledSession.starts_at > present - CANCELLED_SHOWN),
    )
    # those that should be running are among the first few: they began within the last twelve hours
    query = _public().where(over).order_by(ScheduledSession.starts_at.desc(), ScheduledSession.id).limit(limit * 2)
    return [one for one in session.scalars(query) if one.state != "scheduled" or one.ends_at <= present][:limit]


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


def for_staff(session: Session, actor: Actor, verb: str) -> list[ScheduledSession]:
    """Sessions of every state on which ``actor`` may do ``verb``, the latest first."""
    query = select(ScheduledSession).order_by(ScheduledSession.starts_at.desc(), ScheduledSession.id)
    roles = [role for role, verbs in rights.ROLES.items() if verb in verbs]
    granted = select(Grant.scope_id).where(Grant.user_id == actor.id, Grant.role.in_(roles), Grant.scope == "session")
    if not rights.can(session, actor, verb):
        query = query.where(ScheduledSession.id.in_(granted))
    return list(session.scalars(query))
