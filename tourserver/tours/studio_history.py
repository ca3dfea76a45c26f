"""Staff pages of what was published: the history, rolling back, withdrawing a scene and putting it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tourserver.core import rights, web
from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.sites.models import Site
from tourserver.sites.rules import may_publish, require_publish, thing
from tourserver.sites.studio import load
from tourserver.tours import changes, history, publishing, review
from tourserver.tours.models import Scene, TourRevision
from tourserver.tours.review_forms import RollBackForm, WithdrawForm
from tourserver.tours.studio_review import names_of, preview_of

history_bp = Blueprint("tours_history", __name__, url_prefix="/studio/sites/<slug>/tour")

KINDS = {
    "publish": (N_("Published"), "circle-check"),
    "rollback": (N_("Rolled back"), "history"),
    "withdrawal": (N_("Scene withdrawn"), "eye-off"),
}
"""How a revision came about: words and icon."""


@history_bp.get("/history")
@web.staff_required("site.see")
def index(slug: str) -> str:
    """All revisions with who and when, the newest first."""
    with web.db().read() as session:
        site = load(session, slug, "site.see")
        found = history.revisions(session, site.id)
        people = [name for one in found for name in (one.published_by, one.submitted_by, one.reviewed_by)]
        latest = review.latest(session, site.id)
        return web.studio_page(
            "tours/studio_history.html",
            "sites",
            site=site,
            revisions=found,
            kinds=KINDS,
            names=names_of(session, people),
            withdrawn={one.id: [scene["title"] for scene in history.withdrawn_from(session, one)] for one in found},
            submission=latest if latest is not None and latest.state != "published" else None,
        )


@history_bp.get("/history/<int:revision_number>")
@web.staff_required("site.see")
def revision(slug: str, revision_number: int) -> str:
    """One revision as visitors saw it, and the way back to it."""
    with web.db().read() as session:
        load(session, slug, "site.see")
    return _page(slug, revision_number, RollBackForm(formdata=None))


@history_bp.post("/history/<int:revision_number>/roll-back")
@web.staff_required("site.submit")
def roll_back(slug: str, revision_number: int) -> Any:
    """Bring it back into force, as a new revision."""
    with web.db().read() as session:
        require_publish(session, web.current_actor(), load(session, slug, "site.submit"))
    form, status = RollBackForm(), 422
    if form.validate_on_submit():
        actor = web.current_actor()
        try:
            with web.db().write() as session:
                site = load(session, slug, "site.submit")
                require_publish(session, actor, site)
                note, seen = (form.note.data or "").strip(), form.seen.seen
                made = history.roll_back(session, site, revision_number, note=note, seen=seen, actor=actor)
                number = made.number
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            words = _("Tour %(old)s is in force again, as tour %(number)s.", old=revision_number, number=number)
            flash(words, "done")
            return redirect(url_for("tours_history.index", slug=slug))
    return _page(slug, revision_number, form), status


def _page(slug: str, revision_number: int, form: RollBackForm) -> str:
    with web.db().read() as session:
        site = load(session, slug, "site.see")
        found = history.revision(session, site.id, revision_number)
        newest = publishing.published(session, site.id)
        if newest is None:  # there is one: `found`
            raise NotFound(N_("There is no tour with this number."))
        form.seen.data, actor = str(newest.number), web.current_actor()
        out = publishing.withdrawn_scenes(session, site.id)
        return web.studio_page(
            "tours/studio_revision.html",
            "sites",
            site=site,
            revision=found,
            newest=newest,
            kind=KINDS[found.kind],
            names=names_of(session, [found.published_by, found.submitted_by, found.reviewed_by]),
            preview=preview_of(session, site, found.content),
            changes=changes.between(session, newest.content, found.content),
            uncovers=_uncovers(session, newest, found),
            left_out=[scene["title"] for scene in found.content["scenes"] if scene["id"] in out],
            missing=history.missing(session, found.content),
            may_roll_back=found.number != newest.number and may_publish(session, actor, site),
            may_withdraw=found.number == newest.number and rights.can(session, actor, "site.submit", thing(site)),
            form=form,
            wide=True,
        )


def _uncovers(session: Session, newest: TourRevision, old: TourRevision) -> list[dict[str, str]]:
    """Titles of scenes that an older tour shows with fewer blurred regions than the present one."""
    now = changes.pictures_of(session, newest.content)
    then = changes.pictures_of(session, old.content)
    covered = {picture.source: set(picture.regions) for picture in now.values() if picture.regions}
    return [
        scene["title"]
        for scene in old.content["scenes"]
        if scene["id"] in then and covered.get(then[scene["id"]].source, set()) - set(then[scene["id"]].regions)
    ]


@history_bp.route("/scenes/<scene_id>/withdraw", methods=["GET", "POST"])
@web.staff_required("site.submit")
def withdraw(slug: str, scene_id: str) -> Any:
    """Take a published scene from the public at once."""
    with web.db().read() as session:
        load(session, slug, "site.submit")
    form = WithdrawForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                site = load(session, slug, "site.submit")
                reason, actor = form.reason.data, web.current_actor()
                history.withdraw_scene(session, site, scene_id, reason=reason, actor=actor)
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("The scene is withdrawn: visitors no longer see it. Hosts of coming sessions are told."), "done")
            return redirect(url_for("tours_studio.tour", slug=slug))
    with web.db().read() as session:
        site = load(session, slug, "site.submit")
        newest = publishing.published(session, site.id)
        shown = newest.content["scenes"] if newest else []
        scene = next((one for one in shown if one["id"] == scene_id), None)
        if scene is None:
            _draft_scene(session, site, scene_id)
        return web.studio_page(
            "tours/studio_withdraw.html",
            "sites",
            site=site,
            scene=scene,
            only=len(shown) == 1,
            starts=newest is not None and newest.content["start"] == scene_id,
            form=form,
        ), status


@history_bp.post("/scenes/<scene_id>/put-back")
@web.staff_required("site.submit")
def put_back(slug: str, scene_id: str) -> Any:
    """Let the next publishing show a withdrawn scene again."""
    with web.db().write() as session:
        site = load(session, slug, "site.submit")
        history.put_back(session, _draft_scene(session, site, scene_id), actor=web.current_actor())
    flash(_("The scene is back in the draft. Visitors see it once the tour is published."), "done")
    return redirect(url_for("tours_studio.tour", slug=slug))


def _draft_scene(session: Session, site: Site, scene_id: str) -> Scene:
    found = session.get(Scene, scene_id)
    if found is None or found.site_id != site.id:
        raise NotFound(N_("This tour has no such scene."))
    return found
