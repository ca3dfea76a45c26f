"""The tour document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect

from tourserver.core import web
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.sites import catalogue
from tourserver.sites.models import Site
from tourserver.tours import document, publishing

bp = Blueprint("tours", __name__)


@bp.get("/<any(en,sv,zh):lang>/sites/<slug>/tour.json")
def tour_json(lang: str, slug: str) -> Any:
    """The published tour, with the state of each picture."""
    with web.db().read() as session:
        try:
            site = catalogue.visible(session, slug)
        except NotFound:
            moved = session.get(Site, catalogue.renamed(session, "site", slug) or "")
            if moved is None:
                raise
            return redirect(web.page_url("tours.tour_json", slug=moved.slug), 301)
        revision = publishing.published(session, site.id)
        if revision is None:
            raise NotFound(N_("This site has no tour yet."))
        answer = jsonify(document.build(session, revision, web.current_language()))
    answer.headers["Cache-Control"] = "no-cache"
    return answer
