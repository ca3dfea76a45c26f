"""Setup: from an empty installation to real use, each step with its present state."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tourserver.core import audit, jobs, preferences, rights, web
from tourserver.core.errors import Invalid, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.core.ratelimit import limiter
from tourserver.core.services import Services, is_loopback
from tourserver.mail import sending
from tourserver.mail.server import Step
from tourserver.pages import embedding
from tourserver.people.names import one_line
from tourserver.registration import requeue
from tourserver.studio.forms import EmbedForm, SetupForm, TestMailForm

bp = Blueprint("studio_setup", __name__, url_prefix="/studio/setup")


@bp.route("", methods=["GET", "POST"])
@web.staff_required("setup.change")
def index() -> Any:
    """The list of steps, and the form of what is kept in the database."""
    form = SetupForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _save(session, form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("studio_setup.index"))
    return _page(form, TestMailForm()), status


@bp.post("/test-mail")
@web.staff_required("setup.change")
@limiter.limit("10 per minute")
def test_mail() -> Any:
    """Send one mail now and show what the server answered, step by step."""
    form = TestMailForm()
    answers: list[Step] = []
    status = 422
    if form.validate_on_submit():
        status = 200
        try:
            answers = sending.send_test(web.services(), form.recipient.data, web.current_language())
        except TourserverError as error:
            status = error.status
            show_error(form, error)
    return _page(SetupForm(formdata=None), form, answers), status


@bp.post("/embedding")
@web.staff_required("embed.change")
def embed() -> Any:
    """Save whose pages may show our tours."""
    form = EmbedForm()
    status = 422
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                embedding.allow(session, (form.origins.data or "").replace("\0", ""), actor=web.current_actor())
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("studio_setup.index"))
    return _page(SetupForm(formdata=None), TestMailForm(formdata=None), embed_form=form), status


def _page(
    form: SetupForm,
    mail_form: TestMailForm,
    answers: list[Step] | None = None,
    embed_form: EmbedForm | None = None,
) -> str:
    services = web.services()
    embed_form = embed_form or EmbedForm(formdata=None)
    with services.db.read() as session:
        if request.endpoint != "studio_setup.embed":
            embed_form.origins.data = "\n".join(embedding.allowed(session))
        if not form.is_submitted() or request.endpoint != "studio_setup.index":
            name, address = parseaddr(services.mail_from(session))
            form.public_url.data = services.settings.public_url or preferences.get(session, "public_url")
            form.sender_name.data, form.sender_email.data = name, address
        state = state_of(session, services)
    return web.studio_page(
        "studio/setup.html", "setup", form=form, mail_form=mail_form, embed_form=embed_form, answers=answers,
        state=state,
        fixed={"public_url": bool(services.settings.public_url), "sender": bool(services.settings.mail_from)},
    )  # fmt: skip


def state_of(session: Session, services: Services) -> dict[str, Any]:
    """What is set and what is missing."""
    url = services.public_url(session)
    smtp = urlsplit(services.settings.smtp_url)
    return {
        "public_url": url,
        "loopback": is_loopback(url),
        "https": url.startswith("https://"),
        "request_secure": request.is_secure,
        "proxies": services.settings.trusted_proxies,
        "sender": services.mail_from(session),
        "smtp": f"{smtp.scheme}://{smtp.hostname}:{smtp.port or ''}".rstrip(":") if services.settings.smtp_url else "",
        "worker_alive": jobs.worker_alive(session),
        "database": "SQLite" if services.db.is_sqlite else "PostgreSQL",
    }


def _save(session: Session, form: SetupForm) -> None:
    services = web.services()
    rights.require(session, web.current_actor(), "setup.change")
    before = {name: preferences.get(session, name) for name in ("public_url", "mail_from")}
    if not services.settings.public_url:
        preferences.put(session, "public_url", check_url(form.public_url.data or ""))
    if not services.settings.mail_from:
        preferences.put(session, "mail_from", _sender(form.sender_name.data or "", form.sender_email.data or ""))
    after = {name: preferences.get(session, name) for name in before}
    audit.record(session, web.current_actor(), "setup.change", "preference", "setup", before=before, after=after)
    if after != before:
        requeue.take_back(session)


def check_url(value: str) -> str:
    """An address such as https://tours.example.org, without path; empty stays empty."""
    value = value.strip().rstrip("/")
    if not value:
        return ""
    wrong = Invalid(
        N_("Write the address as in https://tours.example.org, with nothing after the name."), field="public_url"
    )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:  # brackets that don't close, a port that is none
        raise wrong from error
    # only what an address has is left: no path, no query, no user, no spaces
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    plain = f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")
    if parts.scheme not in ("http", "https") or not parts.hostname or plain != value.lower():
        raise wrong
    if not re.fullmatch(r"[\w.:-]+", parts.hostname):
        raise wrong
    if parts.scheme == "http" and not is_loopback(value):
        raise Invalid(
            N_("People's names and e-mails travel here: the address must begin with https://."), field="public_url"
        )
    return plain


def _sender(name: str, email: str) -> str:
    if not email:
        return ""
    try:
        return str(Address(one_line(name, 100), addr_spec=email.strip()))
    except (ValueError, IndexError, HeaderParseError) as error:
        raise Invalid(N_("This is not an address that can send mail."), field="sender_email") from error
