"""Who works here and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights, signals, web
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.mail import outbox
from tourserver.people import accounts, invitations
from tourserver.people.models import StaffInvitation, User
from tourserver.people.names import one_line
from tourserver.sessions.models import ScheduledSession
from tourserver.studio import letters
from tourserver.studio.forms import StaffChangeForm, StaffForm
from tourserver.studio.staff_forms import GrantForm, InviteForm

SHOWN = timedelta(days=30)
"""How long an invitation that was used is listed."""
ROLE_WORDS = {
    "admin": N_("Administrator"),
    "node_reviewer": N_("Reviewer"),
    "site_owner": N_("Officer"),
    "host": N_("Host"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A right of an account: ``role`` is a message; ``here`` when it is given and taken away on these pages."""

    id: str
    role: str
    scope: str
    place: Texts | None
    here: bool


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
    return page(form, None), status


def page(form: StaffForm, invite_form: InviteForm | None) -> str:
    """The staff's page; with the form of an invitation that was refused."""
    with web.db().read() as session:
        if invite_form is None:
            invite_form = InviteForm(formdata=None, prefix="invite")
            invite_form.offer(session)
            invite_form.role.data = "site_owner"
        return web.studio_page(
            "studio/staff.html",
            "staff",
            users=list(session.scalars(select(User).order_by(User.name, User.email))),
            held=held_by(session),
            invitations=_invitations(session),
            form=form,
            invite_form=invite_form,
        )


def held_by(session: Session) -> dict[str, list[Held]]:
    """The rights of every account, in words, by account."""
    grants = select(rights.Grant).where(rights.Grant.user_id.is_not(None))
    found: dict[str, list[Held]] = {}
    for grant in session.scalars(grants.order_by(rights.Grant.scope, rights.Grant.granted_at, rights.Grant.id)):
        place = invitations.scope_name(session, grant.scope, grant.scope_id)
        session_row = session.get(ScheduledSession, grant.scope_id) if grant.scope == "session" else None
        held = Held(
            id=grant.id,
            role=ROLE_WORDS.get(grant.role, grant.role),
            scope=grant.scope,
            place=session_row.title if session_row else place,
            here=(grant.role, grant.scope) in invitations.ALLOWED,
        )
        found.setdefault(grant.user_id or "", []).append(held)
    return found


def _invitations(session: Session) -> list[dict[str, Any]]:
    """Those that are not used, and those of the last days that are; the newest first."""
    one = StaffInvitation
    recent = one.accepted_at.is_(None) | (one.accepted_at > clock.now() - SHOWN)
    query = select(one).where(recent).order_by(one.invited_at.desc(), one.id).limit(200)
    found = []
    for invitation in session.scalars(query):
        mail = letters.mail_state(session, invitation)
        found.append(
            {
                "row": invitation,
                "state": invitations.state(invitation),
                "role": ROLE_WORDS[invitation.role],
                "place": invitations.scope_name(session, invitation.scope, invitation.scope_id),
                "mail": mail.state if mail else "",
                "why": outbox.held_reason(mail) if mail else "",
            }
        )
    return found


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
        user = load_user(session, user_id)
        is_admin = user.id in rights.users_with(session, "admin", "global")
    form = StaffChangeForm(obj=user)
    if not form.is_submitted():
        form.admin.data = is_admin
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _change(session, load_user(session, user_id), form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("studio_staff.index"))
    return edit_page(user_id, form, None), status


def edit_page(user_id: str, form: StaffChangeForm, grant_form: GrantForm | None) -> str:
    """An account's page; with the form of a right that was refused."""
    with web.db().read() as session:
        user = load_user(session, user_id)
        if grant_form is None:
            grant_form = GrantForm(formdata=None)
            grant_form.offer(session)
            grant_form.role.data = "site_owner"
        held = held_by(session).get(user.id, [])
    return web.studio_page("studio/staff_edit.html", "staff", user=user, form=form, grant_form=grant_form, held=held)


def _change(session: Session, user: User, form: StaffChangeForm) -> None:
    actor = web.current_actor()
    rights.require(session, actor, "staff.change")
    stays_admin = bool(form.admin.data and form.active.data)
    if not stays_admin and administrators(session) == [user.id]:
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


def administrators(session: Session) -> list[str]:
    """Ids of administrators who may sign in, held until the transaction ends: two can't take each other's right."""
    grants = select(rights.Grant).where(rights.Grant.role == "admin", rights.Grant.scope == "global")
    session.execute(grants.with_for_update())
    granted = grants.with_only_columns(rights.Grant.user_id)
    return list(session.scalars(select(User.id).where(User.active, User.id.in_(granted))))


def load_user(session: Session, user_id: str) -> User:
    """An account. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(N_("There is no such account."))
    return user
