"""Who works here and what they may do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, rights, signals, web
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.people import accounts
from tourserver.people.models import User
from tourserver.people.names import one_line
from tourserver.studio.forms import StaffChangeForm, StaffForm

bp = Blueprint("studio_staff", __name__, url_prefix="/studio/staff")


@bp.route("", methods=["GET", "POST"])
@web.staff_required("staff.change")
def index() -> Any:
    """All accounts; the form that adds one."""
    form = StaffForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _add(session, form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The account is ready. Give the first password by another way than mail."), "done")
            return redirect(url_for("studio_staff.index"))
    with web.db().read() as session:
        users = list(session.scalars(select(User).order_by(User.name)))
        admins = set(rights.users_with(session, "admin", "global"))
        return web.studio_page("studio/staff.html", "staff", users=users, admins=admins, form=form), status


def _add(session: Session, form: StaffForm) -> None:
    actor = web.current_actor()
    rights.require(session, actor, "staff.change")
    user = accounts.create_user(
        session,
        email=form.email.data,
        name=form.name.data,
        password=form.password.data,
        language=form.language.data,
        actor=actor,
    )
    if form.admin.data:
        rights.grant(session, Actor("user", user.id), "admin", "global", by=actor)


@bp.route("/<user_id>", methods=["GET", "POST"])
@web.staff_required("staff.change")
def edit(user_id: str) -> Any:
    """An account's name, rights and password."""
    with web.db().read() as session:
        user = _user(session, user_id)
        is_admin = user.id in rights.users_with(session, "admin", "global")
    form = StaffChangeForm(obj=user)
    if not form.is_submitted():
        form.admin.data = is_admin
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _change(session, _user(session, user_id), form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("studio_staff.index"))
    return web.studio_page("studio/staff_edit.html", "staff", user=user, form=form), status


def _change(session: Session, user: User, form: StaffChangeForm) -> None:
    actor = web.current_actor()
    rights.require(session, actor, "staff.change")
    stays_admin = bool(form.admin.data and form.active.data)
    if not stays_admin and _administrators(session) == [user.id]:
        raise Conflict(N_("This is the only administrator. Make somebody else one first."))
    before = audit.snapshot(user)
    name = one_line(form.name.data, 120)
    if not name:
        raise Invalid(N_("Enter the person's name: delegates see it in the room."), field="name")
    user.name, user.language = name, form.language.data
    accounts.set_active(user, bool(form.active.data))
    if form.password.data:
        accounts.set_password(user, form.password.data)
    subject = Actor("user", user.id)
    if form.admin.data:
        rights.grant(session, subject, "admin", "global", by=actor)
    else:
        rights.withdraw(session, subject, "admin", "global", by=actor)
    session.flush()
    after = {**audit.snapshot(user), "admin": bool(form.admin.data)}
    audit.record(session, actor, "staff.change", "user", user.id, before=before, after=after)
    signals.grants_changed.send(session, user_id=user.id)


def _administrators(session: Session) -> list[str]:
    """Ids of administrators who may sign in, held until the transaction ends: two can't take each other's right."""
    grants = select(rights.Grant).where(rights.Grant.role == "admin", rights.Grant.scope == "global")
    session.execute(grants.with_for_update())
    granted = grants.with_only_columns(rights.Grant.user_id)
    return list(session.scalars(select(User.id).where(User.active, User.id.in_(granted))))


def _user(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(N_("There is no such account."))
    return user
