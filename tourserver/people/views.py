"""Doors for the staff of the demo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from flask_security import login_user

from tourserver.core import clock, web
from tourserver.core.errors import Forbidden, Gone
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.people.accounts import ENTER
from tourserver.people.models import User

bp = Blueprint("people", __name__)

LINK_LIFE = timedelta(hours=12)


@bp.get("/studio/enter/<token>")
def enter(token: str) -> Any:
    """Sign in by a one-time link that the demo printed in its terminal.

    A GET that changes something, against the rule of all other links: it must be one click from a terminal. So it
    exists in the demo only, from this machine only, and works once.
    """
    services = web.services()
    if not services.settings.demo or request.remote_addr not in ("127.0.0.1", "::1"):
        raise Forbidden(N_("Sign-in links work on the demo's own machine only."))
    with services.db.write() as session:
        user = session.get(User, services.tokens.use_once(session, ENTER, token))
    if user is None or not user.active:
        raise Gone(N_("This account may not sign in."))
    login_user(user)
    return redirect(safe_path(request.args.get("next", "")) or "/studio", 303)


def one_time_link(services: Services, session: Any, user: User, to: str) -> str:
    """The path of a fresh sign-in link that leads to ``to``."""
    token = services.tokens.issue_once(session, ENTER, user.id, clock.now() + LINK_LIFE)
    return f"/studio/enter/{token}?next={to}"


def safe_path(target: str) -> str | None:
    """A path on this server, or None: never another host, however it is written."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    return target
