"""Staff page: the guests of a session's crew and their links."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from tourserver.core import web
from tourserver.core.errors import TourserverError
from tourserver.core.forms import show_error
from tourserver.live.crew import guests
from tourserver.live.crew.forms import ROLES, GuestForm
from tourserver.sessions import schedule
from tourserver.sessions.studio import load

crew_bp = Blueprint("live_crew", __name__, url_prefix="/studio/sessions/<slug>/crew")

# its hosts, who see who registered, and the administrators
CHANGE = "registrations.see"


@crew_bp.route("", methods=["GET", "POST"])
@web.staff_required(CHANGE)
def index(slug: str) -> Any:
    """Who helps to run the room: links to copy, and one more guest."""
    services, actor = web.services(), web.current_actor()
    form = GuestForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with services.db.write() as session:
                planned = load(session, slug, CHANGE)
                guests.invite(
                    session,
                    services.tokens,
                    planned,
                    form.name.data or "",
                    form.role.data,
                    language=web.current_language(),
                    actor=actor,
                )
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The link is made. Copy it and send it to them."), "done")
            return redirect(url_for("live_crew.index", slug=slug))
    # a link is derived anew where its key was taken away, hence a writing transaction
    with services.db.write() as session:
        planned = load(session, slug, CHANGE)
        found = guests.listed(session, services.tokens, planned)
        hosts = schedule.hosts(session, planned)
        rows = [{"guest": one, "role": ROLES[one.role], "link": _link(one.token)} for one in found]
        page = web.studio_page("live/crew.html", "sessions", planned=planned, rows=rows, form=form, hosts=len(hosts))
    return page, status


@crew_bp.post("/<guest_id>/remove")
@web.staff_required(CHANGE)
def remove(slug: str, guest_id: str) -> Any:
    """End a guest's link."""
    services = web.services()
    with services.db.write() as session:
        guests.remove(session, services.tokens, load(session, slug, CHANGE), guest_id, actor=web.current_actor())
    flash(_("The link has ended. Who was in the room with it is out."), "done")
    return redirect(url_for("live_crew.index", slug=slug))


def _link(token: str) -> str:
    return f"{request.url_root.rstrip('/')}/g/{token}"
