"""A session's page with its sign-up form, what follows it, and a new mail for a lost link."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tourserver.calendars import objects
from tourserver.core import web
from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.ratelimit import limiter
from tourserver.registration import invitations, seats, signup
from tourserver.registration.forms import ResendForm, SignUpForm
from tourserver.registration.models import Registration
from tourserver.sessions import listing
from tourserver.sessions.models import ScheduledSession
from tourserver.tours import pictures

bp = Blueprint("registration", __name__, url_prefix="/<any(en,sv,zh):lang>/sessions/<slug>")

RECEIPT = "receipt"
"""A cookie: what this browser registered last. Not in the address, which people share."""
RECEIPT_SECONDS = 24 * 3600


def _rate() -> str:
    return web.services().settings.registration_rate


@bp.get("")
def show(lang: str, slug: str) -> Any:
    """The session and, while people can register, the form."""
    with web.db().read() as session:
        try:
            scheduled = listing.by_slug(session, slug)
        except NotFound:
            moved = listing.renamed(session, slug)
            if moved is None or moved.state == "draft":
                raise
            return redirect(web.page_url("registration.show", slug=moved.slug), 301)
        return _page(session, scheduled, _form(scheduled))


def _form(scheduled: ScheduledSession) -> SignUpForm | None:
    try:
        signup.check_open(scheduled)
    except TourserverError:
        return None
    form = SignUpForm(formdata=request.form if request.method == "POST" else None)
    form.offer(web.current_language())
    if request.method == "GET":
        form.language.data = web.current_language()
    return form


def _page(session: Session, scheduled: ScheduledSession, form: SignUpForm | None) -> str:
    left = seats.left(session, scheduled)
    return render_template(
        "sessions/show.html",
        session=scheduled,
        form=form if left != 0 else None,
        register_url=web.page_url("registration.register", slug=scheduled.slug),
        full=left == 0 and form is not None,
        seats_left=left,
        pictures=pictures.of_sites(session, [entry.site for entry in scheduled.sites]),
    )


@bp.post("/register")
@limiter.limit(_rate)
def register(lang: str, slug: str) -> Any:
    """Take a sign-up."""
    services = web.services()
    with services.db.read() as session:
        scheduled = listing.by_slug(session, slug)
        form = _form(scheduled)
        if form is None:
            return _page(session, scheduled, None), 410
    status = 422
    if form.validate():
        try:
            with services.db.write() as session:
                outcome = signup.register(session, services, scheduled, _wish(form))
                receipt = _receipts().dumps({"r": outcome.registration.id, "own": outcome.is_own})
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            return _with_receipt(redirect(web.page_url("registration.registered", slug=slug), 303), receipt)
    with services.db.read() as session:
        return _page(session, listing.by_slug(session, slug), form), status


def _wish(form: SignUpForm) -> signup.SignUp:
    return signup.SignUp(
        name=form.name.data,
        email=form.email.data,
        country=form.country.data,
        language=form.language.data,
        zone=web.viewer_zone(),
        organisation=form.organisation.data or "",
    )


def _receipts() -> URLSafeTimedSerializer:
    """Signs what the success page may show; holds nothing about a person but a random id."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="registration-receipt")


def _with_receipt(answer: Response, receipt: str) -> Response:
    answer.set_cookie(
        RECEIPT,
        receipt,
        max_age=RECEIPT_SECONDS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer


def _registered_here(session: Session, slug: str) -> tuple[Registration, ScheduledSession, bool] | None:
    """What this browser registered for the session of that address, and whether it was new; None when nothing."""
    try:
        content = _receipts().loads(request.cookies.get(RECEIPT, ""), max_age=RECEIPT_SECONDS)
    except BadSignature:
        return None
    registration = session.get(Registration, content["r"])
    if registration is None or registration.state != "confirmed":
        return None
    scheduled = session.get_one(ScheduledSession, registration.session_id)
    return (registration, scheduled, bool(content["own"])) if scheduled.slug == slug else None


@bp.get("/registered")
def registered(lang: str, slug: str) -> Any:
    """What happens now; the same page whether the address was registered before or not."""
    with web.db().read() as session:
        found = _registered_here(session, slug)
        if found is None:
            return redirect(web.page_url("registration.show", slug=slug), 303)
        ics = url_for("registration.invite_ics", lang=lang, slug=slug)
        return _private(make_response(render_template("registration/registered.html", session=found[1], ics_url=ics)))


@bp.get("/registered/invite.ics")
def invite_ics(lang: str, slug: str) -> Response:
    """The calendar entry of the mail. Whoever typed an address that was registered already gets no personal link."""
    services = web.services()
    with services.db.read() as session:
        found = _registered_here(session, slug)
        if found is None:
            raise NotFound(N_("This file is no longer here. The mail has it too."))
        registration, scheduled, own = found
        stranger = "" if own else web.current_language()
        entry = invitations.calendar_entry(session, services, scheduled, registration, for_stranger=stranger)
    content = objects.download(entry)
    answer = Response(content, content_type=objects.MIME_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.ics"'
    answer.set_etag(objects.etag(content))
    return _private(answer)


@bp.route("/resend", methods=["GET", "POST"])
@limiter.limit(_rate, methods=["POST"])
def resend(lang: str, slug: str) -> Any:
    """Mail a lost link once more. The answer is the same for every address."""
    services = web.services()
    form = ResendForm()
    with services.db.read() as session:
        scheduled = listing.by_slug(session, slug)
    sent, status = False, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with services.db.write() as session:
                signup.resend(session, services, scheduled, form.email.data)
            sent, status = True, 200
        except TourserverError as error:
            status = error.status
            show_error(form, error)
    title = _("New link by mail")
    return render_template("registration/resend.html", session=scheduled, form=form, sent=sent, title=title), status


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
