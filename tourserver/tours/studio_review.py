"""Staff pages from draft to published revision: submit, look at, decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import rights, web
from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.forms import show_error
from tourserver.core.i18n import N_
from tourserver.people.models import User
from tourserver.sites.models import Site
from tourserver.sites.rules import may_publish, thing
from tourserver.sites.studio import load
from tourserver.tours import changes, document, history, publishing, review, scenes
from tourserver.tours.models import TourRevision, TourSubmission
from tourserver.tours.publishing import Obstacle
from tourserver.tours.review_forms import SendBackForm, SubmitForm

review_bp = Blueprint("tours_review", __name__, url_prefix="/studio/sites/<slug>/tour")

SUBMISSION_STATES = {
    "waiting": (N_("Waits for a reviewer"), "hourglass", "warning"),
    "approved": (N_("Approved, pictures are being made"), "loader", "info"),
    "published": (N_("Published"), "circle-check", "done"),
    "sent_back": (N_("Sent back"), "undo-2", "warning"),
    "taken_back": (N_("Taken back"), "undo-2", ""),
    "failed": (N_("Could not be published"), "circle-x", "danger"),
}
"""What became of a submission: words, icon, kind of its chip."""


@review_bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    """``tour_state(site)``: what the part ``tours/_publish.html`` shows, wherever it is included."""
    return {"tour_state": tour_state}


def tour_state(site: Site) -> dict[str, Any]:
    """What visitors see of a site's tour, what waits, and what the signed-in person may do about it."""
    actor = web.current_actor()
    with web.db().read() as session:
        latest = review.latest(session, site.id)
        found = scenes.of_site(session, site.id)
        return {
            "revision": publishing.published(session, site.id),
            "latest": latest,
            "open": latest if latest is not None and latest.state in review.OPEN else None,
            "own": latest is not None and latest.submitted_by == actor.reference,
            "state": SUBMISSION_STATES[latest.state] if latest else None,
            "obstacles": publishing.obstacles(found) if found else [],
            "second_reviewer": publishing.second_reviewer(session, site.id),
            "may_review": rights.can(session, actor, "site.review", thing(site)),
            "decides": may_publish(session, actor, site),
            "may_submit": rights.can(session, actor, "site.submit", thing(site)),
            "scenes": len(found),
        }


@review_bp.route("/publish", methods=["GET", "POST"])
@web.staff_required("site.submit")
def submit(slug: str) -> Any:
    """What is missing, what is new, the three confirmations; sending it to review, or publishing it."""
    with web.db().read() as session:
        load(session, slug, "site.submit")
    form = SubmitForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                site = load(session, slug, "site.submit")
                note, actor = form.note.data or "", web.current_actor()
                made = review.submit(session, site, confirmed=form.confirmed, note=note, actor=actor)
                told = _what_happened(session, made)
                to = url_for("tours_review.submission", slug=slug, submission_id=made.id)
        except Obstacle:
            pass  # the page lists them all
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(*told)
            return redirect(to)
    with web.db().read() as session:
        site = load(session, slug, "site.submit")
        found = scenes.of_site(session, site.id)
        revision = publishing.published(session, site.id)
        draft = changes.draft_content(session, site, found)
        return web.studio_page(
            "tours/studio_publish.html",
            "sites",
            site=site,
            form=form,
            open=review.open_submission(session, site.id),
            obstacles=[(web.message(problem), mend_url(slug, problem)) for problem in publishing.obstacles(found)],
            revision=revision,
            changes=changes.between(session, revision.content if revision else None, draft),
            second_reviewer=publishing.second_reviewer(session, site.id),
        ), status


def mend_url(slug: str, problem: Obstacle) -> str:
    """Where an obstacle is mended."""
    if problem.hotspot_id and problem.scene_id:
        return url_for("tours_points.change", slug=slug, scene_id=problem.scene_id, point_id=problem.hotspot_id)
    if problem.scene_id:
        return url_for("tours_studio.scene", slug=slug, scene_id=problem.scene_id)
    return url_for("tours_studio.tour", slug=slug)


def _what_happened(session: Session, submission: TourSubmission) -> tuple[str, str]:
    """Words for the next page, and their kind."""
    if submission.state == "published":
        number = publishing.number_of(session, submission.revision_id)
        return _("Tour %(number)s is published.", number=number), "done"
    if submission.state == "approved":
        return _("It is approved. It is published as soon as its blurred pictures are made."), "done"
    if submission.state == "failed":
        return _("It could not be published: see below."), "danger"
    return _("It is with the reviewers of your node. You are told by mail what they say."), "done"


@review_bp.get("/submissions/<submission_id>")
@web.staff_required("site.see")
def submission(slug: str, submission_id: str) -> Any:
    """A submitted tour as it would be published, what is new in it, and the decision."""
    with web.db().read() as session:
        load(session, slug, "site.see")
    return _page(slug, submission_id, SendBackForm(formdata=None))


@review_bp.post("/submissions/<submission_id>/approve")
@web.staff_required("site.submit")
def approve(slug: str, submission_id: str) -> Any:
    """Publish it, at once or when its pictures are ready."""
    return _decide(slug, submission_id, "approve")


@review_bp.post("/submissions/<submission_id>/take-back")
@web.staff_required("site.submit")
def take_back(slug: str, submission_id: str) -> Any:
    """The submitter goes on working on it."""
    return _decide(slug, submission_id, "take_back")


def _decide(slug: str, submission_id: str, what: str) -> Any:
    _check(slug, submission_id, own_too=True)
    actor = web.current_actor()
    try:
        with web.db().write() as session:
            _load(session, slug, submission_id)
            rule = review.approve if what == "approve" else review.take_back
            done = rule(session, submission_id, actor=actor)
            told = _what_happened(session, done) if what == "approve" else (_("It is with you again."), "done")
    except TourserverError as error:
        told = web.message(error), "danger"
    flash(*told)
    return redirect(url_for("tours_review.submission", slug=slug, submission_id=submission_id))


@review_bp.post("/submissions/<submission_id>/send-back")
@web.staff_required("site.review")
def send_back(slug: str, submission_id: str) -> Any:
    """Give it back with a reason."""
    _check(slug, submission_id, own_too=False)
    form = SendBackForm()
    status = 422
    if form.validate_on_submit():
        try:
            with web.db().write() as session:
                _load(session, slug, submission_id)
                review.send_back(session, submission_id, reason=form.reason.data, actor=web.current_actor())
        except TourserverError as error:
            status = error.status
            show_error(form, error)
        else:
            flash(_("It is sent back; whoever submitted it is told by mail."), "done")
            return redirect(url_for("tours_review.submission", slug=slug, submission_id=submission_id))
    return _page(slug, submission_id, form), status


def _check(slug: str, submission_id: str, *, own_too: bool) -> None:
    """The right to decide on it: ``site.review``, or to have submitted it oneself where that counts."""
    with web.db().read() as session:
        site, found = _load(session, slug, submission_id)
        own = found.submitted_by == web.current_actor().reference
        rights.require(session, web.current_actor(), "site.submit" if own and own_too else "site.review", thing(site))


def _load(session: Session, slug: str, submission_id: str) -> tuple[Site, TourSubmission]:
    site = load(session, slug, "site.see")
    found = session.get(TourSubmission, submission_id)
    if found is None or found.site_id != site.id:
        raise NotFound(N_("There is no such submission."))
    return site, found


def _page(slug: str, submission_id: str, form: SendBackForm) -> str:
    actor = web.current_actor()
    with web.db().read() as session:
        site, found = _load(session, slug, submission_id)
        revision = publishing.published(session, site.id)
        before = revision if found.state in review.OPEN else _before(session, found)
        draft = changes.draft_content(session, site, scenes.of_site(session, site.id))
        second, own = publishing.second_reviewer(session, site.id), found.submitted_by == actor.reference
        waiting = found.state == "waiting"
        may = rights.can(session, actor, "site.review", thing(site))
        out = review.left_out(session, found) if found.state in review.OPEN else set()
        return web.studio_page(
            "tours/studio_submission.html",
            "sites",
            site=site,
            submission=found,
            state=SUBMISSION_STATES[found.state],
            names=names_of(session, [found.submitted_by, found.decided_by]),
            preview=preview_of(session, site, found.content),
            changes=changes.between(session, before.content if before else None, found.content),
            before=before,
            draft_changes=len(changes.between(session, found.content, draft)),
            left_out=[scene["title"] for scene in found.content["scenes"] if scene["id"] in out],
            problems=review.picture_problems(session, found),
            second_reviewer=second,
            own=own,
            may_approve=waiting and (not second and may_publish(session, actor, site) if own else may),
            may_send_back=waiting and may and not own,
            may_take_back=own and found.state in review.OPEN,
            number=publishing.number_of(session, found.revision_id),
            form=form,
            wide=True,
        )


def _before(session: Session, found: TourSubmission) -> TourRevision | None:
    """The tour that was in force before the one that a submission became."""
    number = publishing.number_of(session, found.revision_id)
    return history.revision(session, found.site_id, number - 1) if number and number > 1 else None


def preview_of(session: Session, site: Site, content: dict[str, Any]) -> dict[str, Any] | None:
    """The tour document of a frozen tour; None when pictures of it are gone."""
    if not content["scenes"] or history.missing_pictures(session, content):
        return None
    return document.build(session, publishing.preview(site.id, content), web.current_language())


def names_of(session: Session, references: Iterable[str | None]) -> dict[str, str]:
    """How the staff of references are called, by reference; whoever is gone has no name."""
    ids = {reference.partition(":")[2] for reference in references if reference and reference.startswith("user:")}
    rows = session.execute(select(User.id, User.name, User.email).where(User.id.in_(ids))).all()
    return {f"user:{row.id}": row.name or row.email for row in rows}
