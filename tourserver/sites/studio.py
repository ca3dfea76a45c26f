"""Staff pages of sites: the list, a new one, its texts and its state."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import rights, web
from tourserver.core.errors import Conflict, Forbidden, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.sites import catalogue, rules
from tourserver.sites.forms import SiteForm
from tourserver.sites.models import Node, Site, Theme

studio_bp = Blueprint("sites_studio", __name__, url_prefix="/studio/sites")


def load(session: Session, slug: str, verb: str = "site.change") -> Site:
    """A site of any state that the signed-in person may work on; used by the tour's pages as well."""
    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    rights.require(session, web.current_actor(), verb, rules.thing(site))
    return site


@studio_bp.before_app_request
def _within_reach() -> None:
    """Whoever may not see a site reaches none of its pages, of whatever blueprint, also those that are added later.

    Each view asks for its own right on the site as well; signing in is the views' too.
    """
    rule = request.url_rule
    if rule is None or not rule.rule.startswith("/studio/sites/<slug>") or web.current_actor().kind != "user":
        return
    with web.db().read() as session:
        load(session, (request.view_args or {})["slug"], "site.see")


@studio_bp.get("")
@web.staff_required("site.see")
def index() -> str:
    """All sites that the person may see."""
    with web.db().read() as session:
        actor = web.current_actor()
        sites = [
            site
            for site in session.scalars(select(Site).order_by(Site.updated_at.desc()))
            if rights.can(session, actor, "site.see", rules.thing(site))
        ]
        may_add = bool(_nodes(session))
        return web.studio_page("sites/studio_list.html", "sites", sites=sites, may_add=may_add)


@studio_bp.route("/new", methods=["GET", "POST"])
@web.staff_required("site.change")
def new() -> Any:
    """Create a site as a draft."""
    with web.db().read() as session:
        nodes, themes = _nodes(session), catalogue.themes(session)
    if not nodes:
        raise Forbidden(N_("You work on single sites. Ask an administrator to add one for you."))
    form = _form(nodes, themes)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                values = form.values(nodes)
                node = session.get_one(Node, values.pop("node_id"))
                rights.require(session, web.current_actor(), "site.change", rights.Thing("node", node.id))
                chosen = _themes(session, form)
                site = rules.create(session, actor=web.current_actor(), node=node, themes=chosen, **values)
                slug = site.slug
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The site is kept as a draft. Now upload its first panorama."), "done")
            return redirect(url_for("tours_studio.tour", slug=slug))
    return web.studio_page("sites/studio_form.html", "sites", form=form, site=None), status


@studio_bp.route("/<slug>", methods=["GET", "POST"])
@web.staff_required("site.change")
def edit(slug: str) -> Any:
    """A site's texts, place and contact."""
    with web.db().read() as session:
        site = load(session, slug)
        nodes, themes = _nodes(session, site.node_id), catalogue.themes(session)
    form = _form(nodes, themes, site)
    status, theirs = 422 if form.is_submitted() else 200, None
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                changed = load(session, slug)
                values, chosen = form.values(nodes), _themes(session, form)
                if values["node_id"] != changed.node_id:  # nobody gives a site to a node that is not theirs
                    rights.require(session, web.current_actor(), "site.change", rights.Thing("node", values["node_id"]))
                rules.change(
                    session,
                    changed,
                    values,
                    themes=chosen,
                    seen_revision=form.revision.seen,
                    actor=web.current_actor(),
                )
        except TourserverError as error:
            status = error.status
            show_error(form, error)
            if isinstance(error, Conflict):
                # the form keeps what was typed; saving again with the new revision is then a decision
                with web.db().read() as session:
                    theirs = site = load(session, slug)
                form.revision.data = str(theirs.revision)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("sites_studio.edit", slug=slug))
    with web.db().read() as session:
        decides = rules.may_publish(session, web.current_actor(), site)
    page = web.studio_page("sites/studio_form.html", "sites", form=form, site=site, theirs=theirs, decides=decides)
    return page, status


@studio_bp.post("/<slug>/state/<any(published,withdrawn):state>")
@web.staff_required("site.submit")
def set_state(slug: str, state: str) -> Any:
    """Publish or withdraw."""
    with web.db().read() as session:
        rules.require_publish(session, web.current_actor(), load(session, slug, "site.submit"))
    try:
        with web.db().write() as session:
            site = load(session, slug, "site.submit")
            rules.require_publish(session, web.current_actor(), site)
            rules.set_state(session, site, state, actor=web.current_actor())
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        withdrawn = _("The site is withdrawn; visitors are told so.")
        flash(_("The site is published.") if state == "published" else withdrawn, "done")
    return redirect(url_for("sites_studio.edit", slug=slug))


def _nodes(session: Session, present: str = "") -> list[Node]:
    """The nodes whose sites the person works on, and the one that a site has at present."""
    actor = web.current_actor()
    return [
        node
        for node in catalogue.nodes(session)
        if node.id == present or rights.can(session, actor, "site.change", rights.Thing("node", node.id))
    ]


def _form(nodes: list[Node], themes: list[Theme], site: Site | None = None) -> SiteForm:
    form = SiteForm(obj=site)
    form.offer(nodes, themes, web.plain_filter)
    if site is not None and not form.is_submitted():
        form.fill(site)
    return form


def _themes(session: Session, form: SiteForm) -> list[Theme]:
    return list(session.scalars(select(Theme).where(Theme.slug.in_(form.themes.data or []))))
