"""Forms of the tour as a whole: its plan, and all its texts on one page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from tourserver.core import web
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.i18n import N_
from tourserver.sites.models import Site
from tourserver.sites.studio import load
from tourserver.tours import editor, overview, plan, scenes
from tourserver.tours.models import Scene

planning_bp = Blueprint("tours_planning", __name__, url_prefix="/studio/sites/<slug>/tour")


@planning_bp.post("/plan")
@web.staff_required("site.change")
def save_plan(slug: str) -> Any:
    """The plan's drawing, its north, and the points of scenes upon it, in per cent."""
    try:
        with web.db().write() as session:
            site = load(session, slug)
            _save_plan(session, site)
    except (Invalid, Conflict, NotFound) as error:
        flash(web.message(error), "danger")
    else:
        flash(_("Saved. Visitors see it once the tour is published."), "done")
    return redirect(url_for("tours_studio.tour", slug=slug, _anchor="plan-heading"))


def _save_plan(session: Session, site: Site) -> None:
    actor, form = web.current_actor(), request.form
    known = plan.of(session, site.id)
    asset = editor.asset_of(session, form.get("asset") or None)
    north = _number(form.get("north", ""), "north") or 0.0
    if (asset and asset.id, north) != (known.plan_asset_id, known.plan_north):
        values = {"asset": asset, "north": north}
        plan.change(session, site, values, seen_revision=_revision("revision"), actor=actor)
    for scene in scenes.of_site(session, site.id):
        if f"revision-{scene.id}" not in form:
            continue
        x, y = (_share(form.get(f"{axis}-{scene.id}", "")) for axis in "xy")
        if (x, y) != (scene.plan_x, scene.plan_y):
            seen = _revision(f"revision-{scene.id}")
            scenes.change_scene(session, scene, {"plan_x": x, "plan_y": y}, seen_revision=seen, actor=actor)


@planning_bp.post("/plan/positions")
@web.staff_required("site.change")
def arrange(slug: str) -> Any:
    """Put scenes where their pictures' files say they were taken, relative to one another."""
    try:
        with web.db().write() as session:
            site = load(session, slug)
            count = _arrange(session, scenes.of_site(session, site.id))
    except TourserverError as error:
        flash(web.message(error), "danger")
    else:
        flash(
            ngettext(
                "%(num)s scene is placed. Look at the plan and move what is not where it should be.",
                "%(num)s scenes are placed. Look at the plan and move what is not where it should be.",
                count,
            ),
            "done",
        )
    return redirect(url_for("tours_studio.tour", slug=slug, _anchor="plan-heading"))


def _arrange(session: Session, found: list[Scene]) -> int:
    places = plan.by_positions(found)
    if not places:
        raise Invalid(N_("Fewer than two pictures tell where they were taken."))
    for scene in found:
        if scene.id in places:
            x, y = places[scene.id]
            changes = {"plan_x": x, "plan_y": y}
            scenes.change_scene(session, scene, changes, seen_revision=scene.revision, actor=web.current_actor())
    return len(places)


@planning_bp.route("/texts", methods=["GET", "POST"])
@web.staff_required("site.change")
def texts(slug: str) -> Any:
    """Every text of the tour by language, what is missing first; saved together, each against its own revision."""
    refused: list[overview.Entry] = []
    status = 200
    if request.method == "POST":
        with web.db().write() as session:
            saved, refused = overview.save(session, load(session, slug), request.form, actor=web.current_actor())
        if saved:
            flash(
                ngettext("%(num)s text was saved.", "The texts of %(num)s scenes and points were saved.", saved), "done"
            )
        if not refused:
            return redirect(url_for("tours_planning.texts", slug=slug, page=_page()))
        status = 409 if any(entry.theirs for entry in refused) else 422
    with web.db().read() as session:
        site = load(session, slug)
        found = scenes.of_site(session, site.id)
    listed = overview.entries(found)
    if refused:
        # what could not be saved stands first, as it was typed
        ids = {entry.id for entry in refused}
        listed = [*refused, *(entry for entry in listed if entry.id not in ids)]
    pages = max(1, -(-len(listed) // overview.PAGE))
    page = min(_page(), pages) if not refused else 1
    return web.studio_page(
        "tours/studio_texts.html",
        "sites",
        site=site,
        titles={scene.id: scene.title for scene in found},
        entries=listed[(page - 1) * overview.PAGE : page * overview.PAGE],
        missing=overview.missing(found),
        several=overview.WORDS,
        refused=[(entry, web.message(entry.error)) for entry in refused if entry.error],
        page=page,
        pages=pages,
        wide=True,
    ), status


def _page() -> int:
    return max(1, request.args.get("page", default=1, type=int))


def _revision(name: str) -> int:
    seen = request.form.get(name, "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else 0


def _number(text: str, field: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Invalid(N_("“%(text)s” is no number."), field=field, text=text[:40]) from None


def _share(text: str) -> float | None:
    """Per cent as a fraction; nothing typed: no point on the plan."""
    number = _number(text, "plan")
    return None if number is None else round(number / 100, 5)
