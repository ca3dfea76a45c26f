"""Finished uploads of purpose “panorama” become scenes; and the place that a picture tells may be taken over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import rights, web
from tourserver.core.actors import Actor
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError, Unavailable
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.core.strict import Strict
from tourserver.panoramas import store, warnings
from tourserver.panoramas.inspect import MEGABYTE
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.sites.rules import thing
from tourserver.sites.studio import load
from tourserver.tours import positions, scenes
from tourserver.tours.forms import UploadForm
from tourserver.tours.models import Scene
from tourserver.uploads import rules
from tourserver.uploads.forms import Text
from tourserver.uploads.models import Upload
from tourserver.uploads.receivers import once, receiver

receive_bp = Blueprint("tours_receive", __name__, url_prefix="/studio/sites/<slug>/tour")

PURPOSE = "panorama"

_ENDING = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)

Line = Annotated[Text, Field(max_length=200)]


class PanoramaMeta(Strict):
    """What may be said about a picture while it is sent; the title in the page's language."""

    title: Line = ""
    credit: Line = ""
    licence: Line = ""
    is_render: bool = False


def may_add(session: Session, actor: Actor, slug: str) -> None:
    """Raise unless the actor may add a scene to the site now."""
    scenes.must_have_room(session, _site(session, actor, slug).id)


def most_bytes(services: Services) -> int:
    """The largest picture that is taken."""
    return services.settings.max_upload_mb * MEGABYTE


@receiver(PURPOSE, allow=may_add, most_bytes=most_bytes, meta=PanoramaMeta)
def receive(services: Services, upload: Upload, path: Path, actor: Actor) -> dict[str, Any]:
    """Look at the picture, keep it, make the scene: once, however often it is finished."""
    meta = PanoramaMeta(**upload.meta)
    with store.hold_file(services, path, upload.name, upload.digest or "") as held, once(services, upload) as use:
        site = _site(use.session, actor, upload.thing_id)
        panorama = store.keep(use.session, services.storage, held, actor=actor)
        scene = scenes.add_scene(
            use.session,
            site,
            panorama,
            title=_titles(meta.title, upload.name),
            alternative={},
            credit=meta.credit.strip(),
            licence=meta.licence.strip(),
            is_render=meta.is_render,
            actor=actor,
        )
        at: dict[str, Any] = {"slug": site.slug, "scene_id": scene.id}
        place = positions.offer(site, panorama)
        use.answer = {
            "location": url_for("tours_studio.scene", **at),
            "scene": scene.id,
            "title": web.plain_filter(scene.title),
            "warnings": warnings.texts(_codes(panorama, place), panorama.width, panorama.height, _),
            "place": {**place, "url": url_for("tours_receive.take_place", **at)} if place else None,
        }
    return use.answer


def _codes(panorama: Panorama, place: dict[str, Any] | None) -> list[str]:
    """What to warn of; the place is told where it is offered."""
    return [code for code in panorama.warnings if not (place and code == "gps")]


def take_form(slug: str, form: UploadForm) -> tuple[list[str], list[str]]:
    """The pictures of a form that was sent without JavaScript, each by itself: scenes made, and refusals in words.

    Two short transactions around the long copying of each.
    """
    services, actor, made, refused = web.services(), web.current_actor(), [], []
    files = form.picture.data
    for file in files:
        try:
            held = store.hold(services, file.stream, file.filename or "")
            try:
                with services.db.write() as session:
                    site = load(session, slug)
                    scene = scenes.add_scene(
                        session,
                        site,
                        store.keep(session, services.storage, held, actor=actor),
                        title=(form.title.texts if len(files) == 1 else {}) or _titles("", held.name),
                        alternative=form.alternative.texts if len(files) == 1 else {},
                        credit=(form.credit.data or "").strip(),
                        licence=(form.licence.data or "").strip(),
                        is_render=bool(form.is_render.data),
                        actor=actor,
                    )
                    made.append(scene.id)
            finally:
                held.discard()
        except (Invalid, Unavailable) as error:
            refused.append(f"{rules.plain_name(file.filename or '')}: {web.message(error)}")
    return made, refused


def _titles(typed: str, file_name: str) -> Texts:
    """A scene's title in the page's language: as typed, else what the file's name says."""
    return {web.current_language(): typed.strip() or title_of(file_name) or _("Scene")}


def title_of(name: str) -> str:
    """What a file name says about the place: ``turbine_hall-2.jpg`` becomes “Turbine hall 2”. May be empty."""
    stem = _ENDING.sub("", name).replace("_", " ").strip(" .-")
    if " " not in stem:
        stem = stem.replace("-", " ")
    words = " ".join(stem.split())
    return words[:1].upper() + words[1:]


@receive_bp.post("/scenes/<scene_id>/place")
@web.staff_required("site.change")
def take_place(slug: str, scene_id: str) -> Any:
    """Take over the place that a scene's file tells as the site's place on the map; the editor pressed for it."""
    seen = request.form.get("revision", "")
    try:
        with web.db().write() as session:
            site = load(session, slug)
            found = session.get(Scene, scene_id)
            if found is None or found.site_id != site.id:
                raise NotFound(N_("This tour has no such scene."))
            positions.take_over(
                session,
                site,
                found.panorama,
                seen_revision=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
                actor=web.current_actor(),
            )
            place = f"{site.latitude}, {site.longitude}"
    except TourserverError as error:
        if isinstance(error, NotFound):
            raise
        if web.wants_json():
            state = error.state or {} if isinstance(error, Conflict) else {}
            return jsonify({"error": {"code": error.code, "message": web.message(error), **state}}), error.status
        flash(web.message(error), "danger")
    else:
        said = _("The site's place on the map is now %(place)s.", place=place)
        if web.wants_json():
            return jsonify({"message": said})
        flash(said, "done")
    return redirect(url_for("tours_studio.scene", slug=slug, scene_id=scene_id))


def _site(session: Session, actor: Actor, slug: str) -> Site:
    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    rights.require(session, actor, "site.change", thing(site))
    return site
