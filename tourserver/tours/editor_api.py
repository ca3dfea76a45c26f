"""The JSON face of the editor: the draft, and one address for all operations on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from tourserver.core import web
from tourserver.core.errors import Conflict, Invalid, TourserverError
from tourserver.core.i18n import N_
from tourserver.sites.studio import load
from tourserver.tours import draft, editor, ops

editor_bp = Blueprint("tours_editor", __name__, url_prefix="/studio/sites/<slug>/tour")


@editor_bp.errorhandler(TourserverError)
def _told(error: TourserverError) -> tuple[Response, int]:
    """An error as JSON; a conflict has the other version with it."""
    told: dict[str, Any] = {"code": error.code, "message": web.message(error), "field": error.field}
    if isinstance(error, Conflict) and error.state:
        told.update(error.state)
    return jsonify({"error": told}), error.status


@editor_bp.get("/draft.json")
@web.staff_required("site.change")
def show(slug: str) -> Response:
    """Everything that is edited, in all languages."""
    with web.db().read() as session:
        return _fresh(draft.whole(session, load(session, slug), gettext))


@editor_bp.post("/edit")
@web.staff_required("site.change")
def edit(slug: str) -> Response:
    """Do one operation. 409 has ``theirs``: what it was about, as somebody else saved it."""
    request.max_content_length = ops.MOST_BYTES
    try:
        command = ops.read(request.get_json(silent=True))
    except RequestEntityTooLarge:
        raise Invalid(N_("This is larger than an operation can be. Nothing was saved."), code="too_large") from None
    actor = web.current_actor()
    try:
        with web.db().write() as session:
            answer = editor.perform(command, session, load(session, slug), actor)
    except Conflict as error:
        with web.db().read() as session:
            raise editor.refuse_stale(error, session, load(session, slug), command) from error
    return _fresh({"ok": True, **answer})


def _fresh(content: dict[str, Any]) -> Response:
    answer = jsonify(content)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
