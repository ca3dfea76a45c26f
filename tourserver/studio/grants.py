"""Invitations of officers, and the rights of accounts one by one: given and taken away by administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tourserver.core import rights, signals, web
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.ratelimit import limiter
from tourserver.core.rights import Actor, Grant
from tourserver.people import invitations
from tourserver.people.models import StaffInvitation
from tourserver.studio import letters, staff
from tourserver.studio.forms import StaffChangeForm, StaffForm
from tourserver.studio.staff_forms import GrantForm, InviteForm

bp = Blueprint("studio_grants", __name__, url_prefix="/studio/staff")


@bp.post("/invitations")
@web.staff_required("staff.change")
@limiter.limit("60 per hour")
def invite() -> Any:
    """Send somebody a link; again for the same right, and the old link ends."""
    form, status = _offered(InviteForm(prefix="invite")), 422
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _require(session)
                tokens, actor = web.services().tokens, web.current_actor()
                made = invitations.invite(session, tokens, **form.values(), actor=actor)
                letters.queue_invitation(session, web.services(), made)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The invitation is on its way. Its link works for seven days."), "done")
            return redirect(url_for("studio_staff.index"))
    return staff.page(StaffForm(formdata=None), form), status


@bp.post("/invitations/<invitation_id>/renew")
@web.staff_required("staff.change")
@limiter.limit("60 per hour")
def renew(invitation_id: str) -> Any:
    """Send a new link; the old one ends."""
    _there(invitation_id)
    try:
        with web.db().write() as session:
            _require(session)
            found = invitations.renew(session, web.services().tokens, invitation_id, actor=web.current_actor())
            letters.queue_invitation(session, web.services(), found)
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(_("A new link is on its way; the old one no longer works."), "done")
    return redirect(url_for("studio_staff.index"))


@bp.post("/invitations/<invitation_id>/revoke")
@web.staff_required("staff.change")
def revoke(invitation_id: str) -> Any:
    """Take an invitation back."""
    _there(invitation_id)
    try:
        with web.db().write() as session:
            _require(session)
            invitations.revoke(session, invitation_id, actor=web.current_actor())
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(_("The invitation is withdrawn; its link says so."), "done")
    return redirect(url_for("studio_staff.index"))


@bp.post("/<user_id>/grants")
@web.staff_required("staff.change")
def add(user_id: str) -> Any:
    """Give an account one more right."""
    form, status = _offered(GrantForm()), 422
    with web.db().read() as session:
        user = staff.load_user(session, user_id)
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _require(session)
                scope, scope_id = form.place
                if (form.role.data, scope) not in invitations.ALLOWED:
                    raise Invalid(
                        N_("This role can't be given there. Choose another place, or another role."), field="scope"
                    )
                subject = Actor("user", staff.load_user(session, user_id).id)
                rights.grant(session, subject, form.role.data, scope, scope_id, by=web.current_actor())
                signals.grants_changed.send(session, user_id=user_id)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The right is given."), "done")
            return redirect(url_for("studio_staff.edit", user_id=user_id))
    change = StaffChangeForm(formdata=None, obj=user)
    return staff.edit_page(user_id, change, form), status


@bp.post("/<user_id>/grants/<grant_id>/withdraw")
@web.staff_required("staff.change")
def withdraw(user_id: str, grant_id: str) -> Any:
    """Take a right away; it is gone at the account's next click."""
    with web.db().read() as session:
        _grant(session, user_id, grant_id)
    try:
        with web.db().write() as session:
            _require(session)
            found = _grant(session, user_id, grant_id)
            if (found.role, found.scope) == ("admin", "global") and staff.administrators(session) == [user_id]:
                raise Conflict(N_("This is the only administrator. Make somebody else one first."))
            subject, by = Actor("user", user_id), web.current_actor()
            rights.withdraw(session, subject, found.role, found.scope, found.scope_id, by=by)
            signals.grants_changed.send(session, user_id=user_id)
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(_("The right is taken away."), "done")
    return redirect(url_for("studio_staff.edit", user_id=user_id))


def _offered(form: Any) -> Any:
    with web.db().read() as session:
        form.offer(session)
    return form


def _require(session: Session) -> None:
    rights.require(session, web.current_actor(), "staff.change")


def _there(invitation_id: str) -> None:
    with web.db().read() as session:
        if session.get(StaffInvitation, invitation_id) is None:
            raise NotFound(N_("There is no such invitation."))


def _grant(session: Session, user_id: str, grant_id: str) -> Grant:
    """A right of an account that these pages deal with; hosts are chosen on their session's page."""
    found = session.get(Grant, grant_id)
    if found is None or found.user_id != user_id or (found.role, found.scope) not in invitations.ALLOWED:
        raise NotFound(N_("This account has no such right."))
    return found
