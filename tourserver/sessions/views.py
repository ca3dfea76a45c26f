"""The public list of sessions."""

from __future__ import annotations

from flask import Blueprint, render_template

from tourserver.core import web
from tourserver.sessions import listing

bp = Blueprint("sessions", __name__)


@bp.get("/<any(en,sv,zh):lang>/sessions")
def index(lang: str) -> str:
    """Live and upcoming sessions, then past ones, in the viewer's zone and Swedish time."""
    with web.db().read() as session:
        coming = [*listing.live_now(session), *listing.upcoming(session)]
        return render_template("sessions/list.html", upcoming=coming, past=listing.past(session))
