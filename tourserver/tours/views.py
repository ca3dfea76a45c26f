"""Tiles, posters and the tour document."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, send_file

from tourserver.core import web
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.sites import catalogue
from tourserver.sites.models import Site
from tourserver.tours import document, publishing

bp = Blueprint("tours", __name__)

FOREVER = 31_536_000  # seconds; the address changes with the content

_DIGEST = re.compile(r"[0-9a-f]{64}")
_POSTER = re.compile(r"[0-9a-f]{64}-[0-9a-f]{12}(-large|-thumb)?")


@bp.get("/media/panoramas/<string(length=64):digest>/<int:level>/<int:col>_<int:row>.jpg")
def tile(digest: str, level: int, col: int, row: int) -> Response:
    """One tile of a picture whose hash one knows."""
    return _panorama(digest, f"{level}/{col}_{row}.jpg")


@bp.get("/media/panoramas/<string(length=64):digest>/base.jpg")
def base(digest: str) -> Response:
    """The whole picture, small: shown until the tiles arrive."""
    return _panorama(digest, "base.jpg")


@bp.get("/media/posters/<name>.jpg")
def poster(name: str) -> Any:
    """The start view as a flat picture; until the worker has made it, the small whole picture stands in."""
    if not _POSTER.fullmatch(name):
        raise NotFound(N_("There is no such picture."))
    if not web.services().storage.exists(f"posters/{name}.jpg"):
        answer = redirect(f"/media/panoramas/{name[:64]}/base.jpg", 302)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return _media(f"posters/{name}.jpg")


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


def _panorama(digest: str, name: str) -> Response:
    if not _DIGEST.fullmatch(digest):
        raise NotFound(N_("There is no such picture."))
    return _media(f"panoramas/{digest}/{name}")


def _media(key: str) -> Response:
    with web.services().storage.local(key) as path:
        answer = send_file(path, mimetype="image/jpeg", max_age=FOREVER, conditional=True)
    answer.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    return answer
