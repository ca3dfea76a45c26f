"""From the draft to a published revision: submitted, looked at by the node, published; or sent back.

Everything is decided while the site is held (``scenes.lock``), on what the database says then.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, signals
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound
from tourserver.core.i18n import N_, pick
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import publishing
from tourserver.tours.models import TourRevision, TourSubmission
from tourserver.tours.scenes import lock

CONFIRMATIONS: Final = ("faces", "permission", "protected")
"""What whoever submits a tour confirms: faces and plates are cared for, the site agrees, nothing protected is shown."""
OPEN: Final = ("waiting", "approved")
LONGEST_NOTE: Final = 2000


def open_submission(session: Session, site_id: str) -> TourSubmission | None:
    """The tour of a site that waits for a reviewer or for its pictures; there is one at most."""
    query = select(TourSubmission).where(TourSubmission.site_id == site_id, TourSubmission.state.in_(OPEN))
    return session.scalar(query)


def latest(session: Session, site_id: str) -> TourSubmission | None:
    """What was submitted last, whatever became of it."""
    query = select(TourSubmission).where(TourSubmission.site_id == site_id)
    return session.scalar(query.order_by(TourSubmission.submitted_at.desc(), TourSubmission.id.desc()).limit(1))


def last_of_sites(session: Session) -> list[tuple[TourSubmission, Site]]:
    """What was submitted last for each site and is not done with, the oldest first."""
    newest = (
        select(TourSubmission.site_id, func.max(TourSubmission.submitted_at).label("at"))
        .group_by(TourSubmission.site_id)
        .subquery()
    )
    query = (
        select(TourSubmission, Site)
        .join(newest, (newest.c.site_id == TourSubmission.site_id) & (newest.c.at == TourSubmission.submitted_at))
        .join(Site, Site.id == TourSubmission.site_id)
        .where(TourSubmission.state.in_(("waiting", "sent_back", "failed")))
        .order_by(TourSubmission.submitted_at, TourSubmission.id)
    )
    return [(submission, site) for submission, site in session.execute(query).unique()]


def submit(session: Session, site: Site, *, confirmed: Collection[str], note: str = "", actor: Actor) -> TourSubmission:
    """Freeze the draft and hand it to the node's reviewers; without a second reviewer it is published.

    Raises the first obstacle, Invalid at a confirmation that is missing, and Conflict when one waits already.
    """
    lock(session, site.id)
    if open_submission(session, site.id) is not None:
        raise Conflict(N_("A version of this tour waits already. Take it back before you send another."))
    content = publishing.frozen(session, site, actor=actor)
    for name in CONFIRMATIONS:
        if name not in confirmed:
            raise Invalid(N_("Confirm this before the tour is published."), field=name)
    submission = TourSubmission(
        site_id=site.id,
        state="waiting",
        content=content,
        note=_cut(note),
        confirmations=dict.fromkeys(CONFIRMATIONS, True),
        submitted_by=actor.reference,
        submitted_at=clock.now(),
    )
    session.add(submission)
    session.flush()
    audit.record(session, actor, "tour.submit", "tour_submission", submission.id, after=content)
    if publishing.second_reviewer(session, site.id):
        signals.submission_changed.send(session, submission_id=submission.id)
    else:
        _decided(submission)
        _publish_when_ready(session, submission, actor=actor)
    return submission


def approve(session: Session, submission_id: str, *, actor: Actor) -> TourSubmission:
    """Let a submitted tour into force, at once or when its pictures are ready.

    Where the node has a second reviewer that is somebody else than the submitter. Raises Forbidden, and Conflict
    when it was decided meanwhile. The caller has checked ``site.review``, or ``site.submit`` for one's own.
    """
    submission = _waiting(session, submission_id)
    _decided(submission, by=_reviewer(session, submission, actor))
    audit.record(session, actor, "tour.approve", "tour_submission", submission.id)
    _publish_when_ready(session, submission, actor=actor)
    return submission


def send_back(session: Session, submission_id: str, *, reason: str, actor: Actor) -> TourSubmission:
    """Give a submitted tour back with what is to be mended; the submitter is told."""
    submission = _waiting(session, submission_id)
    if submission.submitted_by == actor.reference:
        raise Forbidden(N_("You submitted this tour yourself: take it back instead."))
    reason = _cut(reason)
    if not reason:
        raise Invalid(N_("Write what is to be mended: the submitter reads it."), field="reason")
    _decided(submission, by=actor)
    submission.state, submission.decision_note = "sent_back", reason
    session.flush()
    audit.record(session, actor, "tour.send_back", "tour_submission", submission.id, after=reason)
    signals.submission_changed.send(session, submission_id=submission.id)
    return submission


def take_back(session: Session, submission_id: str, *, actor: Actor) -> TourSubmission:
    """The submitter wants it back before it is published."""
    submission = _held(session, submission_id)
    if submission.submitted_by != actor.reference:
        raise Forbidden(N_("Only whoever submitted a tour takes it back."))
    if submission.state not in OPEN:
        raise _too_late(submission)
    submission.state = "taken_back"
    session.flush()
    audit.record(session, actor, "tour.take_back", "tour_submission", submission.id)
    signals.submission_changed.send(session, submission_id=submission.id)
    return submission


def pictures_ready(session: Session, *, panorama_id: str) -> None:
    """Publish what waited for this blurred picture alone (receiver of ``panorama_ready``).

    Also those are held that still wait for their reviewer: whoever comes second sees what the first one did.
    """
    panorama = session.get(Panorama, panorama_id)
    if panorama is None or panorama.source_id is None:
        return
    query = select(TourSubmission.id, TourSubmission.content).where(TourSubmission.state.in_(OPEN))
    for submission_id, content in session.execute(query.order_by(TourSubmission.id)).all():
        if any(scene["panorama"] == panorama_id for scene in content["scenes"]):
            _settle(session, submission_id)


def settle(services: Services) -> None:
    """Look again at all that is approved and not published: a picture may have failed. The worker calls it often."""
    with services.db.read() as session:
        query = select(TourSubmission.id).where(TourSubmission.state == "approved")
        waiting = list(session.scalars(query.order_by(TourSubmission.id)))
    for submission_id in waiting:
        with services.db.write() as session:
            _settle(session, submission_id)


def left_out(session: Session, submission: TourSubmission) -> set[str]:
    """Ids of scenes that were withdrawn since the tour was submitted and are not put back: they stay out."""
    stay = publishing.withdrawn_scenes(session, submission.site_id)
    query = select(TourRevision).where(TourRevision.site_id == submission.site_id).order_by(TourRevision.number)
    before: set[str] = set()
    gone: set[str] = set()
    for revision in session.scalars(query):
        shown = {scene["id"] for scene in revision.content["scenes"]}
        if revision.kind == "withdrawal" and revision.published_at >= submission.submitted_at:
            gone |= before - shown
        before = shown
    back = set(session.scalars(publishing.scenes_in_draft(submission.site_id)))
    return {scene["id"] for scene in submission.content["scenes"]} & (stay | (gone - back))


def picture_problems(session: Session, submission: TourSubmission) -> list[tuple[str, Panorama | None]]:
    """Scenes, by title, whose picture is gone or could not be made, with that picture's row."""
    rows = _pictures(session, submission.content)
    found = []
    for scene in submission.content["scenes"]:
        panorama = rows.get(scene["panorama"])
        if panorama is None or (panorama.state == "failed" and panorama.source_id is not None):
            found.append((pick(scene["title"], "en").value or scene["key"], panorama))
    return found


def _settle(session: Session, submission_id: str) -> None:
    submission = _held(session, submission_id)
    if submission.state == "approved":
        actor = actor_of(submission.decided_by or submission.submitted_by)
        _publish_when_ready(session, submission, actor=actor)


def _publish_when_ready(session: Session, submission: TourSubmission, *, actor: Actor) -> None:
    """The end of every way. Blurred pictures are waited for; others show by themselves once they are there."""
    pictures = _pictures(session, submission.content)
    content = publishing.without(submission.content, left_out(session, submission))
    if picture_problems(session, submission) or not content["scenes"]:
        submission.state = "failed"
        session.flush()
        audit.record(session, actor, "tour.fail", "tour_submission", submission.id)
        signals.submission_changed.send(session, submission_id=submission.id)
        return
    submission.state = "approved"
    session.flush()
    if any(picture.source_id is not None and picture.state != "ready" for picture in pictures.values()):
        return
    revision = publishing.add_revision(
        session,
        submission.site_id,
        content,
        actor=actor,
        note=submission.note,
        submitted_by=submission.submitted_by,
        reviewed_by=submission.decided_by,
        confirmations={**submission.confirmations, "at": submission.submitted_at.isoformat()},
    )
    submission.state, submission.revision_id = "published", revision.id
    session.flush()
    signals.submission_changed.send(session, submission_id=submission.id)


def _pictures(session: Session, content: dict[str, Any]) -> dict[str, Panorama]:
    """The pictures of a frozen tour by id, as they are now; one that is gone is left out."""
    query = select(Panorama).where(Panorama.id.in_({scene["panorama"] for scene in content["scenes"]}))
    return {row.id: row for row in session.scalars(query, execution_options={"populate_existing": True})}


def _held(session: Session, submission_id: str) -> TourSubmission:
    site_id = session.scalar(select(TourSubmission.site_id).where(TourSubmission.id == submission_id))
    if site_id is None:
        raise NotFound(N_("There is no such submission."))
    lock(session, site_id)
    return session.get_one(TourSubmission, submission_id, populate_existing=True)


def _waiting(session: Session, submission_id: str) -> TourSubmission:
    submission = _held(session, submission_id)
    if submission.state != "waiting":
        raise _too_late(submission)
    return submission


def _too_late(submission: TourSubmission) -> Conflict:
    words = {
        "approved": N_("A colleague has approved this version already."),
        "published": N_("A colleague has approved this version already."),
        "sent_back": N_("A colleague has sent this version back already."),
        "taken_back": N_("The submitter has taken this version back."),
        "failed": N_("This version could not be published."),
    }
    return Conflict(words[submission.state])


def _reviewer(session: Session, submission: TourSubmission, actor: Actor) -> Actor | None:
    """Who is named as reviewer: nobody when one publishes one's own tour, where the node allows that."""
    if submission.submitted_by != actor.reference:
        return actor
    if publishing.second_reviewer(session, submission.site_id):
        raise Forbidden(N_("You submitted this tour yourself: somebody else looks at it before it is published."))
    return None


def _decided(submission: TourSubmission, *, by: Actor | None = None) -> None:
    submission.decided_by = by.reference if by else None
    submission.decided_at = clock.now()


def actor_of(reference: str) -> Actor:
    """The member of staff, or the system, that a reference names."""
    kind, _, found = reference.partition(":")
    return Actor("user", found) if kind == "user" else Actor("system")


def _cut(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST_NOTE]
