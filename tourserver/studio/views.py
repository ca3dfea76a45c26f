"""The staff's start page: what is on today and what waits."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import jobs, rights, web
from tourserver.core.rights import Actor
from tourserver.core.services import is_loopback
from tourserver.live.models import Room
from tourserver.live.questions.models import Question
from tourserver.mail.models import OutboxMessage
from tourserver.panoramas.models import Panorama
from tourserver.sessions import listing, schedule, withdrawals
from tourserver.sessions.models import ScheduledSession
from tourserver.sites import rules
from tourserver.sites.models import Site
from tourserver.tours import review
from tourserver.tours.models import TourSubmission

bp = Blueprint("studio", __name__, url_prefix="/studio")


@bp.get("")
@web.staff_required()
def today() -> str:
    """Sessions that are live or next, with the door to their rooms; what is stuck."""
    services, actor = web.services(), web.current_actor()
    with services.db.read() as session:
        coming = listing.ahead(session)
        sessions = [one for one in coming if rights.can(session, actor, "session.see", schedule.thing(one))][:10]
        mine = {one.id for one in sessions if rights.can(session, actor, "room.host", rights.Thing("session", one.id))}
        waiting = _waiting_questions(session, [one.id for one in sessions])
        states = OutboxMessage.state.in_(("held", "failed", "dead")) & (OutboxMessage.recipient != "")
        stuck = session.scalar(select(func.count()).select_from(OutboxMessage).where(states)) or 0
        failed = session.scalar(select(func.count()).select_from(Panorama).where(Panorama.state == "failed")) or 0
        alive = jobs.worker_alive(session)
        may_set_up = rights.can(session, actor, "setup.change")
        loopback = is_loopback(services.public_url(session))
        submissions = _submissions(session, actor)
        withdrawn = withdrawals.of_sessions(session, sessions)
    return web.studio_page(
        "studio/today.html",
        "today",
        sessions=sessions,
        mine=mine,
        waiting=waiting,
        submissions=submissions,
        withdrawn=withdrawn,
        stuck_mail=stuck,
        failed_pictures=failed,
        worker_silent=not alive,
        may_set_up=may_set_up,
        loopback=loopback and not services.settings.demo,
    )


def _submissions(session: Session, actor: Actor) -> list[tuple[TourSubmission, Site, str]]:
    """Tours that wait for this person: to be looked at (``review``), or to be mended and sent again (``mend``)."""
    found = []
    for submission, site in review.last_of_sites(session):
        own, where = submission.submitted_by == actor.reference, rules.thing(site)
        if submission.state == "waiting" and not own and rights.can(session, actor, "site.review", where):
            found.append((submission, site, "review"))
        elif submission.state in ("sent_back", "failed") and (
            own or "site_owner" in rights.roles_of(session, actor, where)
        ):
            found.append((submission, site, "mend"))
    return found


def _waiting_questions(session: Session, session_ids: list[str]) -> dict[str, int]:
    query = (
        select(Room.session_id, func.count())
        .join(Question, Question.room_id == Room.id)
        .join(ScheduledSession, ScheduledSession.id == Room.session_id)
        .where(Room.session_id.in_(session_ids), Question.state == "pending")
        .group_by(Room.session_id)
    )
    return {session_id: number for session_id, number in session.execute(query)}  # noqa: C416 - rows are no pairs to dict()
