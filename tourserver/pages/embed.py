"""``/embed/<site>``: a tour alone, for the pages of sites that an administrator allowed (pages/embedding.py).

It sets and reads no cookie: in another site's page browsers would block it, and nobody was asked. The frame-ancestors
of its policy are the allowed origins; app.py puts them in.
"""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Blueprint, g, redirect, render_template, request, url_for

from tourserver.core import compressed, i18n, web
from tourserver.core.errors import Gone, NotFound
from tourserver.pages import embedding
from tourserver.sites import catalogue
from tourserver.sites.models import Site
from tourserver.tours import document, publishing

bp = Blueprint("embed", __name__)
bp.after_request(compressed.public_page)


@bp.get("/embed/<slug>")
def show(slug: str) -> Any:
    """The published tour of a site; ``?lang=`` names its language, else the browser's wish does."""
    _use_asked_language()
    with web.db().read() as session:
        g.frame_ancestors = embedding.allowed(session)
        try:
            site = catalogue.visible(session, slug)
        except NotFound:
            moved = session.get(Site, catalogue.renamed(session, "site", slug) or "")
            if moved is None:
                return _nothing(404)
            return redirect(url_for("embed.show", slug=moved.slug, lang=request.args.get("lang")), 301)
        except Gone:
            return _nothing(410)
        revision = publishing.published(session, site.id)
        if revision is None:
            return _nothing(404)
        tour = document.build(session, revision, web.current_language())
        return render_template(
            "pages/embed.html", site=site, tour=tour, page=web.page_url("pages.site", slug=site.slug)
        )


def _use_asked_language() -> None:
    asked = i18n.parse_language(request.args.get("lang"))
    g.language = asked or i18n.from_accept_language(request.headers.get("Accept-Language")) or "en"
    flask_babel.refresh()


def _nothing(status: int) -> tuple[str, int]:
    return render_template("pages/embed.html", site=None, tour=None, page=web.page_url("pages.sites")), status


@bp.app_context_processor
def _snippets() -> dict[str, Any]:
    """``embed_snippet(site)`` for the studio: the HTML to paste, or "" while no origin is allowed."""

    def embed_snippet(site: Site) -> str:
        services = web.services()
        with services.db.read() as session:
            if site.state != "published" or not embedding.allowed(session):
                return ""
            if publishing.published(session, site.id) is None:
                return ""
            base = services.public_url(session).rstrip("/")
        lang = web.current_language()
        address = f"{base}{url_for('embed.show', slug=site.slug, lang=i18n.url_lang(lang))}"
        return embedding.snippet(address, i18n.pick(site.name, lang).value)

    return {"embed_snippet": embed_snippet}
