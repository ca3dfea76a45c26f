"""The staff's start page: what is on today and what waits."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import jobs, rights, web
from tourserver.core.services import is_loopback
from tourserver.live.models import Question, Room
from tourserver.mail.models import OutboxMessage
from tourserver.panoramas.models import Panorama
from tourserver.sessions import listing, schedule
from tourserver.sessions.models import ScheduledSession

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
    return web.studio_page(
        "studio/today.html",
        "today",
        sessions=sessions,
        mine=mine,
        waiting=waiting,
        stuck_mail=stuck,
        failed_pictures=failed,
        worker_silent=not alive,
        may_set_up=may_set_up,
        loopback=loopback and not services.settings.demo,
    )


def _waiting_questions(session: Session, session_ids: list[str]) -> dict[str, int]:
    query = (
        select(Room.session_id, func.count())
        .join(Question, Question.room_id == Room.id)
        .join(ScheduledSession, ScheduledSession.id == Room.session_id)
        .where(Room.session_id.in_(session_ids), Question.state == "pending")
        .group_by(Room.session_id)
    )
    return {session_id: number for session_id, number in session.execute(query)}  # noqa: C416 - rows are no pairs to dict()
