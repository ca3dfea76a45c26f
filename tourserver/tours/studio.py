"""Staff pages of a tour: upload, progress, scenes, points, publishing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tourserver.assets import files as assets
from tourserver.core import jobs, web
from tourserver.core.errors import Conflict, TourserverError
from tourserver.core.forms import show_error
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.sites.studio import load
from tourserver.tours import document, editor, hotspots, overview, plan, publishing, receive, removal, scenes
from tourserver.tours.forms import HotspotForm, RegionForm, SceneForm, UploadForm
from tourserver.tours.models import Scene

studio_bp = Blueprint("tours_studio", __name__, url_prefix="/studio/sites/<slug>/tour")


@studio_bp.route("", methods=["GET", "POST"])
@web.staff_required("site.change")
def tour(slug: str) -> Any:
    """The scenes of a site with the state of their pictures; the form that adds one."""
    form = UploadForm()
    status = 200
    if request.method == "POST":
        with web.db().read() as session:
            load(session, slug)  # the right comes before the bytes
        if form.validate_on_submit():
            made, refused = receive.take_form(slug, form)
            if made:
                flash(
                    ngettext(
                        "The picture is kept and its tiles are being made.",
                        "%(num)s pictures are kept and their tiles are being made.",
                        len(made),
                    ),
                    "done",
                )
            if not refused:
                only: dict[str, Any] = {"scene_id": made[0]} if len(made) == 1 else {}
                return redirect(url_for("tours_studio.scene" if only else "tours_studio.tour", slug=slug, **only))
            form.picture.errors = [*form.picture.errors, *refused]
        status = 422
    with web.db().read() as session:
        site = load(session, slug)
        found = scenes.of_site(session, site.id)
        return web.studio_page(
            "tours/studio_tour.html",
            "sites",
            site=site,
            scenes=found,
            states={scene.id: picture_state(session, scene.panorama) for scene in found},
            revision=publishing.published(session, site.id),
            obstacles=[web.message(problem) for problem in publishing.obstacles(found)] if found else [],
            form=form,
            max_upload_mb=web.services().settings.max_upload_mb,
            draft=document.build(session, publishing.draft(session, site), web.current_language()),
            tour=plan.of(session, site.id),
            plans=assets.of_site(session, site.id, "plan"),
            removed=removal.of_site(session, site.id),
            missing=overview.missing(found),
            by_positions=plan.by_positions(found),
        ), status


def picture_state(session: Session, panorama: Panorama) -> dict[str, Any]:
    """State, percent and what is wrong, in the page's language."""
    job = jobs.latest(session, document.TILE_JOB, panorama.id)
    percent = 100 if panorama.state == "ready" else job.percent if job else 0
    if panorama.error:
        template, values = panorama.error["message"], panorama.error.get("params", {})
        trouble = _(template) % values
    else:
        trouble = job.error if job and job.state == "waiting" else None
    warnings = store.warning_texts(panorama, _)
    return {"state": panorama.state, "percent": percent, "error": trouble, "warnings": warnings}


@studio_bp.get("/progress.json")
@web.staff_required("site.change")
def progress(slug: str) -> Response:
    """How far each scene's picture is; the page asks once a second while one is in work."""
    with web.db().read() as session:
        site = load(session, slug)
        found = {scene.id: picture_state(session, scene.panorama) for scene in scenes.of_site(session, site.id)}
    return jsonify(found)


@studio_bp.route("/scenes/<scene_id>", methods=["GET", "POST"])
@web.staff_required("site.change")
def scene(slug: str, scene_id: str) -> Any:
    """The editor of a scene: its picture with its points, its words and views, what is to be blurred."""
    with web.db().read() as session:
        site, found = of_site(session, slug, scene_id)
    form = SceneForm(obj=found)
    if not form.is_submitted():
        form.revision.data = str(found.revision)
    status, theirs = 422 if form.is_submitted() else 200, None
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _site, changed = of_site(session, slug, scene_id)
                seen, values = form.revision.seen, form.values()
                scenes.change_scene(session, changed, values, seen_revision=seen, actor=web.current_actor())
        except TourserverError as error:
            status = error.status
            show_error(form, error)
            if isinstance(error, Conflict):
                # the form keeps what was typed; saving again with the new revision is then a decision
                with web.db().read() as session:
                    _site, theirs = of_site(session, slug, scene_id)
                form.revision.data = str(theirs.revision)
        else:
            flash(_("Saved. Visitors see it once the tour is published."), "done")
            return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))
    with web.db().read() as session:
        site, found = of_site(session, slug, scene_id)
        others = scenes.of_site(session, site.id)
        point = HotspotForm(formdata=None, prefix="point-", kind="link", arrival="heading")
        point.offer(others, found, assets.of_site(session, site.id), web.plain_filter)
        return web.studio_page(
            "tours/studio_scene.html",
            "sites",
            site=site,
            scene=found,
            scenes=others,
            state=picture_state(session, found.panorama),
            titles={other.id: other.title for other in others},
            removed=[part for part in removal.of_site(session, site.id) if removal.was_in(part, scene_id)],
            problems={each.id: [web.message(one) for one in hotspots.problems(each)] for each in found.hotspots},
            form=form,
            point_form=point,
            region_form=RegionForm(formdata=None),
            theirs=theirs,
            wide=True,
        ), status


@studio_bp.post("/scenes/<scene_id>/remove")
@web.staff_required("site.change")
def remove_scene(slug: str, scene_id: str) -> Any:
    """Take a scene out of the draft; for a day it can be put back."""
    with web.db().write() as session:
        _site, found = of_site(session, slug, scene_id)
        removal.take_scene(session, found, actor=web.current_actor())
    flash(
        _(
            "The scene is out of the draft; until tomorrow it can be put back below. "
            "What is published still shows it until you publish again."
        ),
        "done",
    )
    return redirect(url_for("tours_studio.tour", slug=slug))


@studio_bp.post("/scenes/<scene_id>/move/<any(up,down):way>")
@web.staff_required("site.change")
def move_scene(slug: str, scene_id: str, way: str) -> Any:
    """One place up or down."""
    with web.db().write() as session:
        site, found = of_site(session, slug, scene_id)
        scenes.move(session, site, found, -1 if way == "up" else 1, actor=web.current_actor())
    return redirect(url_for("tours_studio.tour", slug=slug))


def of_site(session: Session, slug: str, scene_id: str) -> tuple[Site, Scene]:
    """A site that the person may change, and its scene."""
    site = load(session, slug)
    return site, editor.scene_of(session, site, scene_id)
