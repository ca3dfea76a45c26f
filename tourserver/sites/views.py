"""The catalogue."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from tourserver.core import web
from tourserver.sites import catalogue, sweden

bp = Blueprint("sites", __name__)


@bp.get("/<any(en,sv,zh):lang>/sites")
def index(lang: str) -> str:
    """Sites by theme, node and words, as a list or on the map."""
    filters = catalogue.Filters(
        theme=request.args.get("theme", "")[:80],
        node=request.args.get("node", "")[:80],
        words=request.args.get("q", "")[:200],
    )
    with web.db().read() as session:
        sites = catalogue.find(session, filters, web.current_language())
        return render_template(
            "sites/index.html",
            sites=sites,
            themes=catalogue.themes(session),
            nodes=catalogue.nodes(session),
            filters=filters,
            view="map" if request.args.get("view") == "map" else "list",
            places=sweden.places(sites),
            outline=sweden.outline(),
        )
