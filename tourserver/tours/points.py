"""Forms of the parts of a scene, which work without JavaScript: points, regions to be blurred, what was taken out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tourserver.assets import files as assets
from tourserver.core import web
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.sites.models import Site
from tourserver.sites.studio import load
from tourserver.tours import document, editor, hotspots, publishing, removal, scenes
from tourserver.tours.forms import HotspotForm, RegionForm
from tourserver.tours.models import Hotspot, Scene

points_bp = Blueprint("tours_points", __name__, url_prefix="/studio/sites/<slug>/tour")


@points_bp.route("/scenes/<scene_id>/points/new", methods=["GET", "POST"])
@web.staff_required("site.change")
def new(slug: str, scene_id: str) -> Any:
    """Add a point."""
    return _point(slug, scene_id, None)


@points_bp.route("/scenes/<scene_id>/points/<point_id>", methods=["GET", "POST"])
@web.staff_required("site.change")
def change(slug: str, scene_id: str, point_id: str) -> Any:
    """Change a point."""
    return _point(slug, scene_id, point_id)


def _point(slug: str, scene_id: str, point_id: str | None) -> Any:
    with web.db().read() as session:
        site, found = _scene(session, slug, scene_id)
        hotspot = _hotspot(found, point_id) if point_id else None
        all_scenes, files = scenes.of_site(session, site.id), assets.of_site(session, site.id)
        preview = document.build(session, publishing.draft(session, site), web.current_language())
    form = HotspotForm(obj=hotspot)
    form.offer(all_scenes, found, files, web.plain_filter)
    if hotspot is not None and not form.is_submitted():
        form.fill(hotspot)
        form.revision.data = str(hotspot.revision)
    elif not form.is_submitted():
        form.yaw.data = request.args.get("yaw", default=found.start_yaw, type=float)
        form.pitch.data = request.args.get("pitch", default=found.start_pitch, type=float)
    status, theirs = 422 if form.is_submitted() else 200, None
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                saved = _save(session, slug, scene_id, point_id, form)
                way_back = saved.kind == "link" and not hotspots.has_back(session, saved)
        except TourserverError as error:
            status = error.status
            error.field = {"asset": "file"}.get(error.field or "", error.field)
            show_error(form, error)
            if isinstance(error, Conflict):
                with web.db().read() as session:
                    _site, found = _scene(session, slug, scene_id)
                    theirs = _hotspot(found, point_id or "")
                form.revision.data = str(theirs.revision)
        else:
            flash(_("Saved. Visitors see it once the tour is published."), "done")
            back: dict[str, Any] = {"way_back": saved.id} if way_back else {}
            return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id, **back))
    return web.studio_page(
        "tours/studio_point.html",
        "sites",
        site=site,
        scene=found,
        hotspot=hotspot,
        titles={other.id: other.title for other in all_scenes},
        form=form,
        preview={**preview, "start": found.id},
        theirs=theirs,
        wide=True,
    ), status


def _save(session: Session, slug: str, scene_id: str, point_id: str | None, form: HotspotForm) -> Hotspot:
    _site, found = _scene(session, slug, scene_id)
    point, actor = form.point(session), web.current_actor()
    if point_id is None:
        return hotspots.add_hotspot(session, found, point, actor=actor)
    hotspot = _hotspot(found, point_id)
    hotspots.change_hotspot(session, hotspot, point, seen_revision=form.revision.seen, actor=actor)
    return hotspot


@points_bp.post("/scenes/<scene_id>/points/<point_id>/remove")
@web.staff_required("site.change")
def remove(slug: str, scene_id: str, point_id: str) -> Any:
    """Take a point out; for a day it can be put back."""
    with web.db().write() as session:
        _site, found = _scene(session, slug, scene_id)
        removal.take_hotspot(session, _hotspot(found, point_id), actor=web.current_actor())
    flash(_("The point is gone from the draft; until tomorrow it can be put back below."), "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))


@points_bp.post("/scenes/<scene_id>/points/<point_id>/back")
@web.staff_required("site.change")
def add_back(slug: str, scene_id: str, point_id: str) -> Any:
    """Add the way back to a link."""
    try:
        with web.db().write() as session:
            _site, found = _scene(session, slug, scene_id)
            made = hotspots.add_back(session, _hotspot(found, point_id), actor=web.current_actor())
            there = web.plain_filter(made.scene.title)
    except Invalid as error:
        flash(web.message(error), "danger")
    else:
        flash(_("The way back is in “%(scene)s”, on the opposite side. Move it there if need be.", scene=there), "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))


@points_bp.post("/scenes/<scene_id>/regions")
@web.staff_required("site.change")
def add_region(slug: str, scene_id: str) -> Any:
    """Mark one more part of the picture to be blurred."""
    form = RegionForm()
    if not form.validate_on_submit():
        flash(_("Give the region's middle, width and height as numbers of degrees. Nothing was saved."), "danger")
        return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id, _anchor="regions-heading"))
    return _save_regions(slug, scene_id, lambda regions: [*regions, form.region()])


@points_bp.post("/scenes/<scene_id>/regions/<region_id>")
@web.staff_required("site.change")
def change_region(slug: str, scene_id: str, region_id: str) -> Any:
    """Change a region, or with ``remove`` take it away: nothing was blurred before."""
    if "remove" in request.form:
        return _save_regions(slug, scene_id, lambda regions: [one for one in regions if one["id"] != region_id])
    form = RegionForm()
    if not form.validate_on_submit():
        flash(_("Give the region's middle, width and height as numbers of degrees. Nothing was saved."), "danger")
        return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id, _anchor="regions-heading"))
    changed = {**form.region(), "id": region_id}
    return _save_regions(
        slug, scene_id, lambda regions: [changed if one["id"] == region_id else one for one in regions]
    )


def _save_regions(slug: str, scene_id: str, change: Any) -> Any:
    try:
        with web.db().write() as session:
            _site, found = _scene(session, slug, scene_id)
            seen = request.form.get("revision", "")
            scenes.change_scene(
                session,
                found,
                {"regions": change(found.regions)},
                seen_revision=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
                actor=web.current_actor(),
            )
    except (Invalid, Conflict) as error:
        flash(web.message(error), "danger")
    else:
        flash(_("Saved. The original stays as it is; the blur is made when the tour is published."), "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id, _anchor="regions-heading"))


@points_bp.post("/put-back/<removed_id>")
@web.staff_required("site.change")
def put_back(slug: str, removed_id: str) -> Any:
    """Put back what was taken out within the last day."""
    try:
        with web.db().write() as session:
            back = removal.put_back(session, load(session, slug), removed_id, actor=web.current_actor())
            scene_id, left_out = back.scene.id, back.left_out
    except (Invalid, NotFound) as error:
        flash(web.message(error), "danger")
        return redirect(url_for("tours_studio.tour", slug=slug))
    if left_out:
        flash(_("It is back, without %(count)s ways that have nowhere to lead any more.", count=left_out), "warning")
    else:
        flash(_("It is back as it was."), "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))


def _scene(session: Session, slug: str, scene_id: str) -> tuple[Site, Scene]:
    site = load(session, slug)
    return site, editor.scene_of(session, site, scene_id)


def _hotspot(scene: Scene, point_id: str) -> Hotspot:
    for hotspot in scene.hotspots:
        if hotspot.id == point_id:
            return hotspot
    raise NotFound(N_("This scene has no such point."))
