"""Staff pages on which tours come in and go out as ZIPs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, request, stream_with_context, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from tourserver.core import audit, clock, rights, web
from tourserver.core.actors import Actor
from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.jobs import Job
from tourserver.core.media import send_stored
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.sites.rules import thing
from tourserver.sites.studio import load
from tourserver.tours import publishing as revisions
from tourserver.tours import scenes
from tourserver.tours.archive import exporting, importing, publishing, refusals
from tourserver.tours.archive.report import Report
from tourserver.uploads.assembling import minding_the_disk
from tourserver.uploads.models import Upload
from tourserver.uploads.receivers import once, receiver
from tourserver.uploads.rules import plain_name

archive_bp = Blueprint("tours_archive", __name__, url_prefix="/studio/sites/<slug>/tour")

PURPOSE = "archive"
_UNFINISHED = ("waiting", "running")


def may_import(session: Session, actor: Actor, slug: str) -> None:
    """Raise unless the actor may add scenes to the site now."""
    scenes.must_have_room(session, _site(session, actor, slug).id)


@receiver(PURPOSE, allow=may_import, most_bytes=importing.most_bytes)
def receive(services: Services, upload: Upload, path: Path, actor: Actor) -> dict[str, Any]:
    """Check a finished upload and have it imported, once."""
    importing.check(services, path)
    with importing.put(services, path) as import_id, once(services, upload) as use:
        site = _site(use.session, actor, upload.thing_id)
        importing.begin(use.session, site, import_id, name=upload.name, actor=actor)
        use.answer = {"location": url_for("tours_archive.show", slug=site.slug, import_id=import_id)}
    return use.answer


@archive_bp.get("/archive")
@web.staff_required("site.change")
def index(slug: str) -> Any:
    """Bring a tour in, take this one out, and what came of the last imports."""
    with web.db().read() as session:
        site = load(session, slug)
        revision = revisions.published(session, site.id)
        export = publishing.latest(session, site.id)
        return web.studio_page(
            "tours/studio_archive.html",
            "sites",
            site=site,
            imports=[_facts(job) for job in importing.of_site(session, site.id)],
            scenes=scenes.of_site(session, site.id),
            revision=revision,
            export=_export_facts(export),
            max_form_mb=web.services().settings.max_upload_mb,
        )


@archive_bp.post("/import")
@web.staff_required("site.change")
def bring_in(slug: str) -> Any:
    """Take a ZIP that was sent as a plain form."""
    with web.db().read() as session:
        may_import(session, web.current_actor(), slug)
    sent = request.files.get("archive")
    if sent is None or not sent.filename:
        flash(_("Choose a ZIP first."), "danger")
        return redirect(url_for("tours_archive.index", slug=slug))
    try:
        import_id = _take(slug, sent)
    except TourserverError as error:
        flash(web.message(error), "danger")
        return redirect(url_for("tours_archive.index", slug=slug))
    return redirect(url_for("tours_archive.show", slug=slug, import_id=import_id), 303)


def _take(slug: str, sent: FileStorage) -> str:
    services, actor = web.services(), web.current_actor()
    folder = services.storage.scratch()
    try:
        path = folder / "file"
        with minding_the_disk():
            sent.save(path)
        importing.check(services, path)
        with importing.put(services, path) as import_id, services.db.write() as session:
            site = load(session, slug)
            importing.begin(session, site, import_id, name=plain_name(sent.filename or ""), actor=actor)
        return import_id
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@archive_bp.get("/imports/<import_id>")
@web.staff_required("site.change")
def show(slug: str, import_id: str) -> Any:
    """How far an import is, and then what was taken and what was not."""
    with web.db().read() as session:
        site = load(session, slug)
        job = _import(session, site, import_id)
    report = Report.from_json(job.payload["report"]) if "report" in job.payload else None
    return web.studio_page(
        "tours/studio_import.html",
        "sites",
        site=site,
        told=_facts(job),
        report=report,
        lines={kind: _lines(report, kind) for kind in ("left", "changed", "taken")} if report else {},
    )


@archive_bp.get("/imports/<import_id>/progress.json")
@web.staff_required("site.change")
def progress(slug: str, import_id: str) -> Response:
    """How far an import is; the page asks once a second."""
    with web.db().read() as session:
        job = _import(session, load(session, slug), import_id)
    return jsonify(state=_state(job), percent=job.percent)


@archive_bp.post("/export")
@web.staff_required("site.change")
def take_out(slug: str) -> Any:
    """Send the draft with its originals, or have a ZIP made of what visitors see."""
    if request.form.get("choice") == "published":
        return _make_published(slug)
    services = web.services()
    try:
        with services.db.write() as session:
            site = load(session, slug)
            package = exporting.of_draft(session, site)
            audit.record(session, web.current_actor(), "tour.export", "site", site.id, after={"draft": True})
    except TourserverError as error:
        flash(web.message(error), "danger")
        return redirect(url_for("tours_archive.index", slug=slug))
    answer = Response(stream_with_context(exporting.stream(services, package)), mimetype="application/zip")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers.set("Content-Disposition", "attachment", filename=f"{slug}-draft.zip")
    return answer


def _make_published(slug: str) -> Any:
    try:
        with web.db().write() as session:
            site = load(session, slug)
            revision = revisions.published(session, site.id)
            if revision is None:
                raise NotFound(N_("This site has no tour yet."))
            publishing.begin(session, site, revision, actor=web.current_actor())
    except TourserverError as error:
        flash(web.message(error), "danger")
    return redirect(url_for("tours_archive.index", slug=slug), 303)


@archive_bp.get("/export/progress.json")
@web.staff_required("site.change")
def export_progress(slug: str) -> Response:
    """How far the ZIP of the published tour is."""
    with web.db().read() as session:
        job = publishing.latest(session, load(session, slug).id)
    return jsonify(state=_state(job) if job else "none", percent=job.percent if job else 0)


@archive_bp.get("/export/tour.zip")
@web.staff_required("site.change")
def download(slug: str) -> Response:
    """The newest ZIP of a published tour, while it is kept."""
    with web.db().read() as session:
        job = publishing.latest(session, load(session, slug).id)
    if job is None or job.state != "done":
        raise NotFound(N_("There is no such export any more. Make it again."))
    name = f"{slug}-{job.payload['number']}.zip"
    return send_stored(publishing.file_key(job), "application/zip", immutable=False, private=True, download_name=name)


def _site(session: Session, actor: Actor, slug: str) -> Site:
    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    rights.require(session, actor, "site.change", thing(site))
    return site


def _import(session: Session, site: Site, import_id: str) -> Job:
    job = importing.find(session, site.id, import_id)
    if job is None:
        raise NotFound(N_("This tour has no such import."))
    return job


def _state(job: Job) -> str:
    """Working until the whole of it is in: the page is loaded anew for what came of it."""
    if job.state in _UNFINISHED and "report" not in job.payload:
        return "working"
    return "failed" if job.state == "failed" and "report" not in job.payload else "done"


def _facts(job: Job) -> dict[str, Any]:
    return {
        "id": job.payload["import"],
        "name": refusals.plain(job.payload["name"]),
        "at": job.created_at,
        "state": _state(job),
        "percent": job.percent,
        "error": _error(job),
        "scenes": job.payload.get("report", {}).get("scenes", 0),
    }


def _export_facts(job: Job | None) -> dict[str, Any] | None:
    """Of the newest export: forgotten once its file is."""
    if job is None or (job.state == "done" and clock.now() - job.updated_at > publishing.KEPT):
        return None
    return {"state": _state(job), "percent": job.percent, "error": _error(job), "number": job.payload["number"]}


def _error(job: Job) -> str | None:
    told = job.payload.get("error")
    if told is None:
        return job.error if job.state == "failed" else None
    text: str = _(told["message"])
    return text % told["params"] if told["params"] else text


def _lines(report: Report, kind: Any) -> list[tuple[str, str]]:
    return [(line.where, line.text(_)) for line in report.of(kind)]
