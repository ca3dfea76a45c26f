"""Landing page, site page and its text version, privacy and accessibility."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tourserver.core import clock, i18n, markdown, web
from tourserver.core.errors import Gone, NotFound
from tourserver.core.i18n import pick
from tourserver.core.services import Services
from tourserver.sessions import listing
from tourserver.sites import catalogue
from tourserver.sites.models import Site
from tourserver.tours import document, publishing

bp = Blueprint("pages", __name__)

LANG = "<any(en,sv,zh):lang>"
BARE = ("/", "/sites", "/sessions", "/privacy", "/accessibility")


def _to_language() -> Response:
    path = f"/{i18n.url_lang(web.current_language())}{request.path.rstrip('/')}"
    query = request.query_string.decode()
    answer = redirect(f"{path}?{query}" if query else path, 302)
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


for _path in BARE:
    bp.add_url_rule(_path, f"bare{_path.replace('/', '_')}", _to_language)


@bp.get(f"/{LANG}")
def landing(lang: str) -> str:
    """What this is, the next session, some sites."""
    with web.db().read() as session:
        sessions = listing.upcoming(session)
        live = listing.live_now(session)
        sites = catalogue.find(session, catalogue.Filters(), web.current_language())
        with_tours = publishing.sites_with_tours(session)
        featured = [site for site in sites if site.id in with_tours][:3] or sites[:3]
        next_session = (live or sessions or [None])[0]
        return render_template(
            "pages/landing.html",
            next_session=next_session,
            live_now=live,
            sessions=sessions[:3],
            featured=[card(session, site) for site in featured],
            site_count=len(sites),
            hero=_hero(session, featured),
        )


def card(session: Any, site: Site) -> dict[str, Any]:
    """A site as lists show it: the site, its poster and whether it has a tour."""
    revision = publishing.published(session, site.id)
    scene = document.build(session, revision, web.current_language())["scenes"][0] if revision else None
    return {"site": site, "poster": scene["poster"] if scene else None, "thumb": scene["thumb"] if scene else None,
            "has_tour": revision is not None, "render": bool(scene and scene["render"])}  # fmt: skip


def _hero(session: Any, sites: list[Site]) -> dict[str, Any] | None:
    for site in sites:
        found = card(session, site)
        if found["poster"]:
            return found
    return None


@bp.get(f"/{LANG}/sites/<slug>")
def site(lang: str, slug: str) -> Any:
    """A site with its 360° tour and its next session."""
    return _site_page(slug, "sites/show.html")


@bp.get(f"/{LANG}/sites/<slug>/text")
def site_text(lang: str, slug: str) -> Any:
    """The tour in words: every scene, its text alternative and its points. Needs neither WebGL nor JavaScript."""
    return _site_page(slug, "sites/text.html")


def _site_page(slug: str, template: str) -> Any:
    with web.db().read() as session:
        try:
            found = catalogue.visible(session, slug)
        except NotFound:
            site_id = catalogue.renamed(session, "site", slug)
            moved = session.get(Site, site_id) if site_id else None
            if moved is None:
                raise
            endpoint = request.endpoint or "pages.site"
            return redirect(web.page_url(endpoint, slug=moved.slug), 301)
        except Gone:
            return render_template("sites/withdrawn.html", slug=slug), 410
        language = web.current_language()
        revision = publishing.published(session, found.id)
        body = pick(found.body, language)
        return render_template(
            template,
            site=found,
            tour=document.build(session, revision, language) if revision else None,
            tour_url=url_for("tours.tour_json", lang=i18n.url_lang(language), slug=found.slug),
            body=body,
            body_html=markdown.to_html(body.value),
            next_session=listing.next_of_site(session, found.id),
            language_missing=language in i18n.missing_languages(found.body),
        )


@bp.get(f"/{LANG}/privacy")
def privacy(lang: str) -> str:
    """What is stored, why, for how long, and the rights of the people it is about."""
    return render_template("pages/privacy.html", contact=_contact(web.services()), updated=clock.now())


@bp.get(f"/{LANG}/accessibility")
def accessibility(lang: str) -> str:
    """The accessibility statement."""
    return render_template("pages/accessibility.html", contact=_contact(web.services()))


def _contact(services: Services) -> str:
    with services.db.read() as session:
        return parseaddr(services.mail_from(session))[1]
