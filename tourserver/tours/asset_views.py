"""Files of points and plans: shown to whom may see them, listed, added by a plain form, deleted when unused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _

from tourserver.assets import files, receive, refusals
from tourserver.assets.inspect import MOST_BYTES
from tourserver.assets.models import Asset
from tourserver.core import audit, media, rights, web
from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.sites.models import Site
from tourserver.sites.rules import thing
from tourserver.sites.studio import load
from tourserver.tours import public_files
from tourserver.tours.forms import FileForm
from tourserver.uploads.rules import plain_name

media_bp = Blueprint("tours_assets", __name__)
files_bp = Blueprint("tours_files", __name__, url_prefix="/studio/sites/<slug>/tour/files")

_BLOCK: Final = 256 * 1024


@media_bp.get("/media/assets/<string(length=32):asset_id>")
def show(asset_id: str) -> Response:
    """A file: for everybody while a revision in force or a room shows it, before that for the site's staff alone."""
    with web.db().read() as session:
        asset = session.get(Asset, asset_id)
        if asset is None or asset.state != "ready":
            raise _no_file()
        public = public_files.is_public(session, asset)
        if not public and not rights.can(
            session, web.current_actor(), "site.see", thing(session.get_one(Site, asset.site_id))
        ):
            raise _no_file()
    name = None
    if asset.kind == "document":
        name = asset.original_name or f"{asset.id}.pdf"
    return media.send_stored(
        asset.storage_key, asset.media_type, immutable=True, private=not public, download_name=name
    )


@files_bp.route("", methods=["GET", "POST"])
@web.staff_required("site.change")
def index(slug: str) -> Any:
    """A site's files, and a form that adds one."""
    with web.db().read() as session:
        load(session, slug)  # the right comes before the bytes
    form = FileForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            _take(slug, form)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The file is kept. Points and the plan can show it now."), "done")
            return redirect(url_for("tours_files.index", slug=slug))
    with web.db().read() as session:
        site = load(session, slug)
        found = files.of_site(session, site.id)
        used = {file.id for file in found if public_files.in_use(session, file)}
    return web.studio_page(
        "tours/studio_files.html",
        "sites",
        site=site,
        files=found,
        used=used,
        errors={file.id: _(file.error["message"]) % file.error["params"] for file in found if file.error},
        form=form,
    ), status


def _take(slug: str, form: FileForm) -> None:
    services, upload = web.services(), form.file.data
    folder: Path = services.storage.scratch()
    stored: receive.Stored | None = None
    made: Asset | None = None
    try:
        digest, path = hashlib.sha256(), folder / "file"
        with path.open("wb") as out:
            size = 0
            while block := upload.stream.read(_BLOCK):
                size += len(block)
                if size > MOST_BYTES[form.kind.data]:
                    raise refusals.too_large(MOST_BYTES[form.kind.data] // (1024 * 1024))
                digest.update(block)
                out.write(block)
        name = plain_name(upload.filename or "")
        stored = receive.store(services, path, form.kind.data, name, digest.hexdigest())
        with services.db.write() as session:
            made = receive.keep(session, load(session, slug), stored, actor=web.current_actor())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if stored is not None and (made is None or made.id != stored.id):
            services.storage.delete(stored.key)


@files_bp.post("/<asset_id>/remove")
@web.staff_required("site.change")
def remove(slug: str, asset_id: str) -> Any:
    """Delete a file that nothing shows."""
    try:
        with web.db().write() as session:
            site = load(session, slug)
            asset = session.get(Asset, asset_id, with_for_update={"of": Asset})
            if asset is None or asset.site_id != site.id:
                raise _no_file()
            if public_files.in_use(session, asset):
                raise refusals.in_use()
            key = asset.storage_key
            audit.record(session, web.current_actor(), "asset.remove", "asset", asset.id, before=audit.snapshot(asset))
            session.delete(asset)
    except TourserverError as error:
        if isinstance(error, NotFound):
            raise
        flash(web.message(error), "danger")
    else:
        web.services().storage.delete(key)
        flash(_("The file is deleted."), "done")
    return redirect(url_for("tours_files.index", slug=slug))


def _no_file() -> NotFound:
    return NotFound(N_("There is no such file."))
