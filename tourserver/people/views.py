"""The door for the staff of the demo."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request
from flask_login import current_user
from flask_security import login_user

from tourserver.core import web
from tourserver.core.errors import Forbidden, Gone
from tourserver.core.i18n import N_
from tourserver.core.services import is_loopback
from tourserver.people import accounts
from tourserver.people.paths import safe_path

bp = Blueprint("people", __name__)

one_time_link = accounts.one_time_link


@bp.get("/studio/enter/<token>")
def enter(token: str) -> Any:
    """Sign in by a one-time link that the demo printed in its terminal.

    A GET that changes something, against the rule of all other links: it must be one click from a terminal. So it
    exists in the demo only, from this machine only, works once, and is not used up by a browser that only looks
    ahead.
    """
    if not web.services().settings.demo or not _from_this_machine():
        raise Forbidden(N_("Sign-in links work on the demo's own machine only."))
    if request.method == "HEAD" or request.headers.get("Sec-Purpose", "").startswith("prefetch"):
        return Response(status=204)
    to = safe_path(request.args.get("next", "")) or "/studio"
    try:
        with web.services().db.write() as session:
            user = accounts.use_link(web.services(), session, token)
    except Gone:
        if current_user.is_authenticated:
            return redirect(to, 303)  # the link was clicked once more in the browser that it had signed in
        raise
    login_user(user)
    answer = redirect(to, 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _from_this_machine() -> bool:
    """Asked from here, under a name of this machine (no site may point its own name here), through no proxy."""
    here = is_loopback(f"//{request.remote_addr}") or request.remote_addr == "::1"
    return here and is_loopback(request.host_url) and "X-Forwarded-For" not in request.headers
