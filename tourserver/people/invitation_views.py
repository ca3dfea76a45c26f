"""The pages behind an invitation's link. Opening it changes nothing; the token leaves the address bar at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import login_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tourserver.core import web
from tourserver.core.errors import Conflict, Forbidden, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.ratelimit import limiter
from tourserver.people import accounts, invitations
from tourserver.people.forms import AcceptForm, WelcomeForm
from tourserver.people.models import StaffInvitation, User

welcome_bp = Blueprint("welcome", __name__, url_prefix="/studio/welcome")

COOKIE = "tourserver_welcome"
COOKIE_SECONDS = 24 * 3600
_RATE = "20 per 5 minutes"


@welcome_bp.get("/<token>")
def enter(token: str) -> Any:
    """Remember the link in a cookie and lead to the page without it."""
    try:
        with web.db().read() as session:
            invitations.by_token(session, web.services().tokens, token)
    except TourserverError as error:
        return _refused(error)
    answer = redirect(url_for("welcome.page"), 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        path=url_for("welcome.page"),
        secure=bool(current_app.config.get("TOURSERVER_HTTPS")),
        httponly=True,
        samesite="Lax",
    )
    return answer


@welcome_bp.get("")
def page() -> Any:
    """Choose a name and password; or, with an account, sign in and accept."""
    try:
        return _page(WelcomeForm(formdata=None))
    except TourserverError as error:
        return _refused(error)


@welcome_bp.post("")
@limiter.limit(_RATE)
def make_account() -> Any:
    """Make the account, give it its right and sign in."""
    form = WelcomeForm()
    status = 422
    try:
        if current_user.is_authenticated:
            raise _other_account()
        if form.validate_on_submit():
            services = web.services()
            name, password = form.name.data, form.password.data
            with services.db.write() as session:
                user = invitations.accept_new(session, services.tokens, _token(), name=name, password=password)
            login_user(user)
            return _welcomed()
    except Conflict:
        return redirect(url_for("welcome.page"), 303)  # the address has an account by now: the page says what to do
    except TourserverError as error:
        if error.field not in form:
            return _refused(error)
        status = error.status
        show_error(form, error)
    try:
        return _page(form), status
    except TourserverError as error:
        return _refused(error)


@welcome_bp.post("/accept")
@limiter.limit(_RATE)
def accept() -> Any:
    """Give the right to the account that is signed in."""
    services = web.services()
    try:
        if not current_user.is_authenticated:
            return redirect(url_for("security.login", next=url_for("welcome.page")), 303)
        with services.db.write() as session:
            invitations.accept_signed_in(session, services.tokens, _token(), current_user.id)
    except TourserverError as error:
        return _refused(error)
    return _welcomed()


def _welcomed() -> Response:
    flash(_("Welcome. What you may work on is listed here."), "done")
    answer = redirect(url_for("studio.today"), 303)
    answer.delete_cookie(COOKIE, path=url_for("welcome.page"))
    return answer


def _token() -> str:
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise NotFound(N_("Open the link in the mail with your invitation."), code="no_link")
    return token


def _other_account() -> Forbidden:
    return Forbidden(
        N_("This invitation is for another account. Sign out, and sign in with the address it was sent to."),
        code="other_account",
    )


def _page(form: WelcomeForm) -> str:
    with web.db().read() as session:
        invitation = invitations.by_token(session, web.services().tokens, _token())
        web.use_language(invitation.language)
        user = accounts.find_user(session, invitation.email)
        signed_in = current_user.id if current_user.is_authenticated else None
        if not form.is_submitted():
            form.name.data = invitation.name
        return render_template(
            "people/welcome.html",
            invitation=invitation,
            invited_by=_inviter(session, invitation),
            role=invitations.ROLE_NAMES[invitation.role],
            place=invitations.scope_name(session, invitation.scope, invitation.scope_id),
            has_account=user is not None,
            own=user is not None and user.id == signed_in,
            other=current_user.email if signed_in and (user is None or user.id != signed_in) else "",
            form=form,
            accept_form=AcceptForm(formdata=None),
        )


def _inviter(session: Session, invitation: StaffInvitation) -> str:
    user = session.get(User, invitation.invited_by.partition(":")[2])
    return (user.name or user.email) if user else ""


def _refused(error: TourserverError) -> tuple[str, int]:
    return render_template("people/welcome_refused.html", words=web.message(error), code=error.code), error.status
