"""Staff pages of a tour: upload, progress, scenes, points, publishing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tourserver.core import jobs, web
from tourserver.core.errors import Conflict, NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.sites.studio import load
from tourserver.tours import document, hotspots, publishing, scenes
from tourserver.tours.forms import HotspotForm, SceneForm, UploadForm
from tourserver.tours.models import Hotspot, Scene

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
            try:
                scene_id = _receive(slug, form)
            except TourserverError as error:
                status = error.status
                show_error(form, error)
            else:
                to = url_for("tours_studio.scene", slug=slug, scene_id=scene_id)
                if web.wants_json():
                    return jsonify({"location": to}), 201
                flash(_("The picture is kept and its tiles are being made."), "done")
                return redirect(to)
        else:
            status = 422
        if web.wants_json():
            return jsonify({"errors": _flat_errors(form)}), status
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
        ), status


def _receive(slug: str, form: UploadForm) -> str:
    """Store the picture, then add the scene: two short transactions around the long copying."""
    services, actor, upload = web.services(), web.current_actor(), form.picture.data
    held = store.hold(services, upload.stream, upload.filename or "")
    try:
        with services.db.write() as session:
            site = load(session, slug)
            panorama = store.keep(session, services.storage, held, actor=actor)
            return scenes.add_scene(
                session,
                site,
                panorama,
                title=form.title.texts,
                alternative=form.alternative.texts,
                credit=(form.credit.data or "").strip(),
                licence=(form.licence.data or "").strip(),
                is_render=bool(form.is_render.data),
                actor=actor,
            ).id
    finally:
        held.discard()


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
    """A scene's words and start view, and its points."""
    with web.db().read() as session:
        site, found = _scene(session, slug, scene_id)
    form = SceneForm(obj=found)
    if not form.is_submitted():
        form.revision.data = str(found.revision)
    status, theirs = 422 if form.is_submitted() else 200, None
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _site, changed = _scene(session, slug, scene_id)
                seen, values = form.revision.seen, form.values()
                scenes.change_scene(session, changed, values, seen_revision=seen, actor=web.current_actor())
        except TourserverError as error:
            status = error.status
            show_error(form, error)
            if isinstance(error, Conflict):
                # the form keeps what was typed; saving again with the new revision is then a decision
                with web.db().read() as session:
                    _site, theirs = _scene(session, slug, scene_id)
                form.revision.data = str(theirs.revision)
        else:
            flash(_("Saved. Visitors see it once the tour is published."), "done")
            return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))
    with web.db().read() as session:
        site, found = _scene(session, slug, scene_id)
        return web.studio_page(
            "tours/studio_scene.html",
            "sites",
            site=site,
            scene=found,
            state=picture_state(session, found.panorama),
            titles={other.id: other.title for other in scenes.of_site(session, site.id)},
            preview=_preview(session, site, found),
            form=form,
            theirs=theirs,
            wide=True,
        ), status


def _preview(session: Session, site: Site, scene: Scene) -> dict[str, Any]:
    """The draft as a tour document, so that the viewer shows what would be published."""
    draft = publishing.draft(session, site)
    tour = document.build(session, draft, web.current_language())
    return {**tour, "start": scene.id}


@studio_bp.post("/scenes/<scene_id>/remove")
@web.staff_required("site.change")
def remove_scene(slug: str, scene_id: str) -> Any:
    """Take a scene out of the draft."""
    with web.db().write() as session:
        _site, found = _scene(session, slug, scene_id)
        scenes.remove_scene(session, found, actor=web.current_actor())
    flash(_("The scene is out of the draft. What is published still shows it until you publish again."), "done")
    return redirect(url_for("tours_studio.tour", slug=slug))


@studio_bp.post("/scenes/<scene_id>/move/<any(up,down):way>")
@web.staff_required("site.change")
def move_scene(slug: str, scene_id: str, way: str) -> Any:
    """One place up or down."""
    with web.db().write() as session:
        site, found = _scene(session, slug, scene_id)
        scenes.move(session, site, found, -1 if way == "up" else 1, actor=web.current_actor())
    return redirect(url_for("tours_studio.tour", slug=slug))


@studio_bp.route("/scenes/<scene_id>/points/new", methods=["GET", "POST"])
@web.staff_required("site.change")
def new_point(slug: str, scene_id: str) -> Any:
    """Add a point."""
    return _point(slug, scene_id, None)


@studio_bp.route("/scenes/<scene_id>/points/<point_id>", methods=["GET", "POST"])
@web.staff_required("site.change")
def point(slug: str, scene_id: str, point_id: str) -> Any:
    """Change a point."""
    return _point(slug, scene_id, point_id)


def _point(slug: str, scene_id: str, point_id: str | None) -> Any:
    with web.db().read() as session:
        site, found = _scene(session, slug, scene_id)
        hotspot = _hotspot(found, point_id) if point_id else None
        all_scenes = scenes.of_site(session, site.id)
        preview = _preview(session, site, found)
    form = HotspotForm(obj=hotspot)
    form.offer(all_scenes, found, web.plain_filter)
    if hotspot is not None and not form.is_submitted():
        form.fill(hotspot)
        form.revision.data = str(hotspot.revision)
    elif not form.is_submitted():
        form.yaw.data = request.args.get("yaw", default=found.start_yaw, type=float)
        form.pitch.data = request.args.get("pitch", default=found.start_pitch, type=float)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _save_point(session, slug, scene_id, point_id, form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("Saved. Visitors see it once the tour is published."), "done")
            return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))
    context = {"site": site, "scene": found, "hotspot": hotspot, "form": form, "preview": preview, "wide": True}
    return web.studio_page("tours/studio_point.html", "sites", **context), status


def _save_point(session: Session, slug: str, scene_id: str, point_id: str | None, form: HotspotForm) -> None:
    _site, found = _scene(session, slug, scene_id)
    point, actor = form.point(session), web.current_actor()
    if point_id is None:
        hotspots.add_hotspot(session, found, point, actor=actor)
        return
    hotspots.change_hotspot(session, _hotspot(found, point_id), point, seen_revision=form.revision.seen, actor=actor)


@studio_bp.post("/scenes/<scene_id>/points/<point_id>/remove")
@web.staff_required("site.change")
def remove_point(slug: str, scene_id: str, point_id: str) -> Any:
    """Take a point away."""
    with web.db().write() as session:
        _site, found = _scene(session, slug, scene_id)
        hotspots.remove_hotspot(session, _hotspot(found, point_id), actor=web.current_actor())
    flash(_("The point is gone from the draft."), "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))


def _scene(session: Session, slug: str, scene_id: str) -> tuple[Site, Scene]:
    site = load(session, slug)
    found = session.get(Scene, scene_id)
    if found is None or found.site_id != site.id:
        raise NotFound(N_("This tour has no such scene."))
    return site, found


def _hotspot(scene: Scene, point_id: str) -> Hotspot:
    for hotspot in scene.hotspots:
        if hotspot.id == point_id:
            return hotspot
    raise NotFound(N_("This scene has no such point."))


def _flat_errors(form: UploadForm) -> list[dict[str, str]]:
    found = [{"field": "", "message": str(text)} for text in form.form_errors]
    for field in form:
        groups = field.errors.values() if isinstance(field.errors, dict) else [field.errors]
        found += [{"field": field.id, "message": str(text)} for group in groups for text in group]
    return found
