"""The draft as visitors would have it: on a phone, on a desktop, by keyboard alone, as text, on a slow line."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tourserver.core import i18n, web
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.sites.studio import load
from tourserver.tours import document, publishing
from tourserver.tours.slow import slowly

preview_bp = Blueprint("tours_preview", __name__, url_prefix="/studio/sites/<slug>/tour")

WAYS: Final = {
    "phone": (N_("Phone"), "smartphone", N_("390 × 844 points, as on a telephone held upright.")),
    "desktop": (N_("Desktop"), "monitor", N_("As wide as this window allows.")),
    "keyboard": (
        N_("Keyboard only"),
        "keyboard",
        N_("The pointer does nothing in it. Numbers show the order in which Tab goes through it."),
    ),
    "text": (
        N_("As text"),
        "text",
        N_("What visitors get who can't see the picture, and where pictures can't be drawn."),
    ),
    "slow": (
        N_("Slow line"),
        "gauge",
        N_("Pictures and files come at 400 kbit/s, each after 400 ms, as on a bad line."),
    ),
}
"""Name, icon and explanation of each way of looking."""


@preview_bp.get("/preview")
@web.staff_required("site.change")
def show(slug: str) -> Any:
    """A page with the draft in a frame, and the ways of looking at it."""
    with web.db().read() as session:
        site = load(session, slug)
    way, lang = _way(), _lang()
    values: dict[str, Any] = {"slug": slug, "as": way, "lang": i18n.url_lang(lang)}
    return web.studio_page(
        "tours/studio_preview_page.html",
        "sites",
        site=site,
        way=way,
        ways={name: (_(words), icon, _(more)) for name, (words, icon, more) in WAYS.items()},
        shown_in=lang,
        frame=url_for("tours_preview.frame", **values),
        wide=True,
    )


@preview_bp.get("/preview/frame")
@web.staff_required("site.change")
def frame(slug: str) -> Any:
    """The draft by itself; only pages of this server may frame it."""
    way, lang = _way(), _lang()
    g.language = lang  # of the visitors, not of the person who looks
    with web.db().read() as session:
        site = load(session, slug)
        tour = document.build(session, publishing.draft(session, site), lang)
    if way == "slow":
        tour = _moved(tour, f"{document.MEDIA}/", url_for("tours_preview.media", slug=slug, path=""))
    g.frame_ancestors = ["'self'"]
    return render_template("tours/preview_frame.html", site=site, tour=tour, way=way)


@preview_bp.get("/preview/media/<path:path>")
@web.staff_required("site.change")
def media(slug: str, path: str) -> Response:
    """What ``/media/`` has, over a slow line; the whole answer, whatever range was asked for."""
    with web.db().read() as session:
        load(session, slug)
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, values = adapter.match(f"{document.MEDIA}/{path}", method="GET") if adapter else ("", {})
    except (HTTPException, RequestRedirect):
        raise NotFound(N_("There is no such picture.")) from None
    if not endpoint.startswith(("media.", "tours_assets.")):
        raise NotFound(N_("There is no such picture."))
    answer: Response = current_app.ensure_sync(current_app.view_functions[endpoint])(**values)
    answer.headers["Cache-Control"] = "private, no-store"  # or the second look would be a quick one
    answer.direct_passthrough = False
    answer.response = slowly(web.current_actor().id, answer.iter_encoded())
    return answer


def _moved(value: Any, old: str, new: str) -> Any:
    """A document whose addresses begin with ``new`` in place of ``old``."""
    if isinstance(value, dict):
        return {name: _moved(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, old, new) for each in value]
    return new + value[len(old) :] if isinstance(value, str) and value.startswith(old) else value


def _way() -> str:
    way = request.args.get("as", "desktop")
    return way if way in WAYS else "desktop"


def _lang() -> str:
    return i18n.parse_language(request.args.get("lang")) or web.current_language()
