"""Staff pages of sessions: the list, a new one, its form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock, rights, web
from tourserver.core.errors import Conflict, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.people.models import User
from tourserver.sessions import schedule
from tourserver.sessions.forms import SessionForm
from tourserver.sessions.models import ScheduledSession
from tourserver.sites.models import Site

studio_bp = Blueprint("sessions_studio", __name__, url_prefix="/studio/sessions")


def load(session: Session, slug: str, verb: str) -> ScheduledSession:
    """A session of any state on which the signed-in person may do ``verb``."""
    found = session.scalar(select(ScheduledSession).where(ScheduledSession.slug == slug))
    if found is None:
        raise NotFound(N_("There is no session with this address."))
    rights.require(session, web.current_actor(), verb, schedule.thing(found))
    return found


@studio_bp.get("")
@web.staff_required("session.see")
def index() -> str:
    """All sessions that the person may see, the latest first."""
    with web.db().read() as session:
        actor = web.current_actor()
        query = select(ScheduledSession).order_by(ScheduledSession.starts_at.desc())
        everything = list(session.scalars(query))
        found = [one for one in everything if rights.can(session, actor, "session.see", schedule.thing(one))]
        may_add = rights.can(session, actor, "session.change")
        mine = {one.id for one in found if rights.can(session, actor, "room.host", schedule.thing(one))}
    return web.studio_page("sessions/studio_list.html", "sessions", sessions=found, may_add=may_add, mine=mine)


@studio_bp.route("/new", methods=["GET", "POST"])
@web.staff_required("session.change")
def new() -> Any:
    """Plan a session; it stays a draft until it is announced."""
    form, sites = _form(None)
    status = 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                rights.require(session, web.current_actor(), "session.change")
                scheduled = schedule.create(session, form.plan(sites), actor=web.current_actor())
                schedule.set_hosts(session, scheduled, list(form.hosts.data or []), actor=web.current_actor())
                slug = scheduled.slug
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The session is kept as a draft. Announce it when it is ready."), "done")
            return redirect(url_for("sessions_studio.edit", slug=slug))
    return _page(form, None), status


@studio_bp.route("/<slug>", methods=["GET", "POST"])
@web.staff_required("session.change")
def edit(slug: str) -> Any:
    """A session's form."""
    with web.db().read() as session:
        scheduled = load(session, slug, "session.change")
        hosts = schedule.hosts(session, scheduled)
    form, sites = _form(scheduled, hosts)
    status, theirs = 200, None
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                scheduled = load(session, slug, "session.change")
                seen = int(form.revision.data or 0)
                schedule.change(session, scheduled, form.plan(sites), seen_revision=seen, actor=web.current_actor())
                schedule.set_hosts(session, scheduled, list(form.hosts.data or []), actor=web.current_actor())
        except Conflict as error:
            theirs, status = scheduled, 409
            form.revision.data = str(scheduled.revision)
            show_error(form, error)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("sessions_studio.edit", slug=slug))
    return _page(form, scheduled, theirs), status


@studio_bp.post("/<slug>/announce")
@web.staff_required("session.change")
def announce(slug: str) -> Any:
    """List the session and let people register."""
    try:
        with web.db().write() as session:
            scheduled = load(session, slug, "session.change")
            schedule.announce(session, scheduled, actor=web.current_actor())
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(_("The session is announced: people can register."), "done")
    return redirect(url_for("sessions_studio.edit", slug=slug))


def _form(scheduled: ScheduledSession | None, hosts: list[str] | None = None) -> tuple[SessionForm, list[Site]]:
    with web.db().read() as session:
        sites = list(session.scalars(select(Site).where(Site.state == "published").order_by(Site.slug)))
        users = list(session.scalars(select(User).where(User.active).order_by(User.name)))
    form = SessionForm(data=schedule.as_plan(scheduled) if scheduled else {"languages": ["en"]})
    form.offer(sites, users, web.plain_filter)
    if scheduled is not None and not form.is_submitted():
        form.fill(scheduled, hosts or [])
    return form, sites


def _page(form: SessionForm, scheduled: ScheduledSession | None, theirs: ScheduledSession | None = None) -> str:
    return web.studio_page(
        "sessions/studio_form.html",
        "sessions",
        form=form,
        scheduled=scheduled,
        theirs=theirs,
        zones=sorted(clock.zone_names()),
        ambiguous="fold" in form.errors or bool(form.fold.data),
    )
