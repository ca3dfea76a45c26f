"""Staff pages of sessions: the list, a new one, its form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock, rights, web
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.people import accounts
from tourserver.sessions import listing, schedule, withdrawals
from tourserver.sessions.forms import CancelForm, SessionForm
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
        found = listing.for_staff(session, actor, "session.see")
        mine = {one.id for one in listing.for_staff(session, actor, "room.host")}
        may_add = rights.can(session, actor, "session.change")
    return web.studio_page("sessions/studio_list.html", "sessions", sessions=found, may_add=may_add, mine=mine)


@studio_bp.route("/new", methods=["GET", "POST"])
@web.staff_required("session.change")
def new() -> Any:
    """Plan a session; it stays a draft until it is announced."""
    actor = web.current_actor()
    form = _form(None)
    status = 200
    if form.is_submitted():
        status = 422
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                rights.require(session, actor, "session.change")
                slug = (form.slug.data or "").strip()
                scheduled = schedule.create(session, form.plan(), actor=actor, slug=slug)
                schedule.set_hosts(session, scheduled, list(form.hosts.data or []), actor=actor)
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
    form = _form(scheduled, hosts)
    status, theirs = 200, None
    if form.is_submitted():
        status = 422
    if form.validate_on_submit():
        try:
            moved, slug = _save(slug, form)
        except Conflict as error:
            with web.db().read() as session:
                theirs = scheduled = load(session, slug, "session.change")
            status = 409
            form.revision.data = str(scheduled.revision)  # saving again is meant: both versions were shown
            show_error(form, error)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            if moved and scheduled.state == "scheduled":
                flash(_("The start moved. Whoever has registered gets a mail, and the calendar follows."), "info")
            return redirect(url_for("sessions_studio.edit", slug=slug))
    return _page(form, scheduled, theirs), status


def _save(slug: str, form: SessionForm) -> tuple[bool, str]:
    """Whether the start moved, and the address it has now."""
    actor = web.current_actor()
    with web.db().write() as session:
        scheduled = load(session, slug, "session.change")
        moved = schedule.change(session, scheduled, form.plan(), seen_revision=form.seen_revision, actor=actor)
        schedule.set_hosts(session, scheduled, list(form.hosts.data or []), actor=actor)
        if wanted := (form.slug.data or "").strip():
            schedule.rename(session, scheduled, wanted, actor=actor)
        return moved, scheduled.slug


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


@studio_bp.post("/<slug>/cancel")
@web.staff_required("session.change")
def cancel(slug: str) -> Any:
    """Call the session off and tell everybody who registered."""
    form = CancelForm()
    try:
        if not form.validate_on_submit():
            raise Invalid(N_("Tick the box to call the session off; nothing was changed."))
        with web.db().write() as session:
            scheduled = load(session, slug, "session.change")
            schedule.cancel(
                session,
                scheduled,
                form.words.data or "",
                seen_revision=form.seen_revision,
                actor=web.current_actor(),
            )
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(
            _("The session is called off. Everybody who registered is told by mail, and their calendars follow."),
            "done",
        )
    return redirect(url_for("sessions_studio.edit", slug=slug))


def _form(scheduled: ScheduledSession | None, hosts: list[str] | None = None) -> SessionForm:
    shown = [entry.site_id for entry in scheduled.sites] if scheduled else []
    with web.db().read() as session:
        # a site that was withdrawn since stays a choice: saving must not drop what nobody touched
        offered = (Site.state == "published") | Site.id.in_(shown)
        sites = sorted(session.scalars(select(Site).where(offered)), key=lambda site: web.plain_filter(site.name))
        users = accounts.active_users(session)
    form = SessionForm(data=schedule.as_form(scheduled) if scheduled else {"languages": ["en"]})
    form.offer(sites, users, web.plain_filter)
    if scheduled is not None and not form.is_submitted():
        form.fill(scheduled, hosts or [])
    return form


def _page(form: SessionForm, scheduled: ScheduledSession | None, theirs: ScheduledSession | None = None) -> str:
    present, gone = clock.now(), list[withdrawals.Withdrawn]()
    if scheduled is not None:
        with web.db().read() as session:
            gone = withdrawals.of_sessions(session, [scheduled]).get(scheduled.id, [])
    return web.studio_page(
        "sessions/studio_form.html",
        "sessions",
        form=form,
        cancel_form=_cancel_form(scheduled),
        scheduled=scheduled,
        theirs=theirs,
        withdrawn=gone,
        zones=[(name, clock.place_label(name), clock.offset_label(present, name)) for name in _zones()],
        ambiguous=bool(form.fold.errors or form.fold.data),
    )


def _cancel_form(scheduled: ScheduledSession | None) -> CancelForm | None:
    """The form to call a session off; None where that can't be done."""
    if scheduled is None or scheduled.state not in ("scheduled", "live"):
        return None
    return CancelForm(formdata=None, data={"revision": str(scheduled.revision)})


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    """Zones named after a place, by that name; old names such as US/Eastern are taken and not offered."""
    old = ("Etc/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")
    names = [name for name in clock.zone_names() if "/" in name and not name.startswith(old)]
    return sorted([*names, "UTC"], key=clock.place_label)
