"""Who registered for a session, for its hosts and the administrators."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import select

from tourserver.core import web
from tourserver.mail.models import OutboxMessage
from tourserver.people import countries
from tourserver.registration import invitations
from tourserver.registration.models import Registration
from tourserver.sessions.studio import load

studio_bp = Blueprint("registration_studio", __name__, url_prefix="/studio/sessions/<slug>/registrations")


@studio_bp.get("")
@web.staff_required("registrations.see")
def index(slug: str) -> str:
    """The list, with the state of each invitation."""
    with web.db().read() as session:
        scheduled = load(session, slug, "registrations.see")
        query = (
            select(Registration)
            .where(Registration.session_id == scheduled.id, Registration.role == "participant")
            .order_by(Registration.created_at)
        )
        found = list(session.scalars(query))
        streams = [invitations.stream(one) for one in found]
        mails = select(OutboxMessage.stream, OutboxMessage.state).where(
            OutboxMessage.stream.in_(streams), OutboxMessage.kind == invitations.KIND
        )
        states: dict[str, str] = dict(session.execute(mails.order_by(OutboxMessage.position)).all())
        rows = [
            {
                "registration": one,
                "country": countries.name(one.country, web.current_language()),
                "mail": states.get(invitations.stream(one), ""),
            }
            for one in found
        ]
        return web.studio_page("registration/studio_list.html", "sessions", scheduled=scheduled, rows=rows)
