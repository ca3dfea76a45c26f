"""Landing page, site page and its text version, privacy and accessibility."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from tourserver.core import compressed, i18n, markdown, web
from tourserver.core.db import Texts
from tourserver.core.errors import Gone, NotFound
from tourserver.core.i18n import pick
from tourserver.core.services import Services
from tourserver.pages import points
from tourserver.sessions import listing
from tourserver.sessions.models import ScheduledSession
from tourserver.sites import catalogue, sweden
from tourserver.sites.models import Site
from tourserver.tours import document, pictures, publishing

bp = Blueprint("pages", __name__)
bp.after_request(compressed.public_page)
for _name, _filter in points.FILTERS.items():
    bp.add_app_template_filter(_filter, _name)

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
        sessions = [*listing.live_now(session), *listing.upcoming(session)]
        sites = catalogue.find(session, catalogue.Filters(), web.current_language())
        images = pictures.of_sites(session, sites)
        featured = sorted(sites, key=lambda site: site.id not in images)[:6]
        return render_template(
            "pages/landing.html",
            hero=_hero(sessions, featured, images),
            next_session=sessions[0] if sessions else None,
            sessions=sessions[:3],
            sites=featured if len(featured) == 6 else featured[:3],
            pictures=images,
            session_count=len(sessions),
            site_count=len(sites),
        )


def _hero(sessions: list[ScheduledSession], sites: list[Site], images: dict[str, Any]) -> dict[str, Any] | None:
    """The picture of the next session's first site, else of any site that has one."""
    shown = [entry.site for one in sessions[:1] for entry in one.sites]
    for site in [*shown, *sites]:
        if picture := images.get(site.id):
            return {**picture, "site": site, "alternative": pictures.alternative(picture, web.current_language())}
    return None


@bp.get(f"/{LANG}/sites")
def sites(lang: str) -> str:
    """The catalogue: sites by theme, node and words, as a list or on the map."""
    filters = catalogue.Filters(
        theme=request.args.get("theme", "")[:80],
        node=request.args.get("node", "")[:80],
        words=request.args.get("q", "")[:200],
    )
    view = "map" if request.args.get("view") == "map" else "list"
    with web.db().read() as session:
        found = catalogue.find(session, filters, web.current_language())
        places = sweden.points(found)
        return render_template(
            "sites/list.html",
            sites=found,
            themes=catalogue.themes(session),
            nodes=catalogue.nodes(session),
            filters={"theme": filters.theme, "node": filters.node, "q": filters.words, "view": view},
            pictures=pictures.of_sites(session, found),
            points=places,
            unplaced=[site for site in found if site.latitude is None],
        )


@bp.get(f"/{LANG}/sites/<slug>")
def site(lang: str, slug: str) -> Any:
    """A site with its 360° tour and its next session."""
    return _site_page(slug, "sites/show.html")


@bp.get(f"/{LANG}/sites/<slug>/text")
def site_text(lang: str, slug: str) -> Any:
    """The tour in words: every scene, its text alternative and its points. Needs neither WebGL nor JavaScript."""
    return _site_page(slug, "sites/text.html")


def _site_page(slug: str, template: str) -> Any:
    status = 200
    with web.db().read() as session:
        try:
            found = catalogue.visible(session, slug)
        except NotFound:
            site_id = catalogue.renamed(session, "site", slug)
            moved = session.get(Site, site_id) if site_id else None
            if moved is None:
                raise
            return redirect(web.page_url(request.endpoint or "pages.site", slug=moved.slug), 301)
        except Gone:
            found, status = catalogue.by_slug(session, slug), 410
        language = web.current_language()
        revision = publishing.published(session, found.id) if status == 200 else None
        places = sweden.points([found])
        return render_template(
            template,
            site=found,
            tour=document.build(session, revision, language) if revision else None,
            body=_body(found, language),
            next_session=listing.next_of_site(session, found.id),
            missing_language=any(_stands_in(texts, language) for texts in (found.name, found.body)),
            point=places[0] if places else None,
        ), status


def _stands_in(texts: Texts, language: str) -> bool:
    """Whether another language stands in for a text; what is written in none isn't missed."""
    return any(texts.values()) and language in i18n.missing_languages(texts)


def _body(site: Site, language: str) -> dict[str, str] | None:
    text = pick(site.body, language)
    # to_html sanitises
    return {**text.json(), "value": Markup(markdown.to_html(text.value))} if text.value else None  # noqa: S704


@bp.get(f"/{LANG}/privacy")
def privacy(lang: str) -> str:
    """What is stored, why, for how long, and the rights of the people it is about."""
    return render_template("pages/privacy.html", contact=_contact(web.services()))


@bp.get(f"/{LANG}/accessibility")
def accessibility(lang: str) -> str:
    """The accessibility statement."""
    return render_template("pages/accessibility.html", contact=_contact(web.services()))


def _contact(services: Services) -> dict[str, str]:
    with services.db.read() as session:
        name, email = parseaddr(services.mail_from(session))
    return {"name": name, "email": email}
