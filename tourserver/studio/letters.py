"""Mail to the staff, written where everything is known that it says: invitations, and what became of a tour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tourserver.core import clock, jobs
from tourserver.core.i18n import pick
from tourserver.core.jobs import JobContext
from tourserver.core.rights import ROLES, Grant
from tourserver.core.services import Services
from tourserver.mail import holding, letters, outbox
from tourserver.mail.models import OutboxMessage
from tourserver.mail.rendering import sender_of
from tourserver.people import invitations
from tourserver.people.models import StaffInvitation, User
from tourserver.sessions import withdrawals
from tourserver.sites.models import Site
from tourserver.tours.models import TourSubmission

log = structlog.get_logger()

JOB: Final = "studio.submission_mail"
INVITATION: Final = "staff_invitation"
STREAM: Final = "submission:"
KEPT: Final = timedelta(days=30)
TOLD: Final = ("waiting", "sent_back", "published", "failed")
"""States of a submission that somebody is told of by mail."""


def queue_invitation(session: Session, services: Services, invitation: StaffInvitation) -> None:
    """The mail of an invitation that was just made or renewed, in the same transaction."""
    inviter = session.get(User, invitation.invited_by.partition(":")[2])
    place = invitations.scope_name(session, invitation.scope, invitation.scope_id)
    mail = letters.StaffInvitationMail(
        to=letters.Recipient(
            sender=sender_of(services, session),
            name=invitation.name,
            address=invitation.email,
            language=invitation.language,
        ),
        invited_by=(inviter.name or inviter.email) if inviter else "",
        role=invitations.ROLE_NAMES[invitation.role],
        place=pick(place, invitation.language).value,
        link=services.public_url(session) + invitations.path(session, services.tokens, invitation),
        expires_at=invitation.expires_at,
    )
    version = services.tokens.version(session, invitations.PURPOSE, invitation.id)
    message = letters.staff_invitation(mail)
    letters.queue(session, services, f"{INVITATION}:{invitation.id}", INVITATION, message, revision=version)


def mail_state(session: Session, invitation: StaffInvitation) -> OutboxMessage | None:
    """The newest mail of an invitation: whether it left."""
    return outbox.last(session, f"{INVITATION}:{invitation.id}", INVITATION)


def enqueue_for_submission(session: Session, *, submission_id: str) -> None:
    """Ask for the mails about a submission's new state (receiver of ``submission_changed``)."""
    submission = session.get_one(TourSubmission, submission_id)
    if submission.state in TOLD:
        payload = {"submission": submission_id, "state": submission.state}
        jobs.enqueue(session, JOB, f"{submission_id}:{submission.state}", payload)


@jobs.handler(JOB)
def tell(context: JobContext) -> None:
    """Write the mails of one state of a submission; done again it writes none twice."""
    with context.services.db.write() as session:
        submission = session.get(TourSubmission, context.payload["submission"])
        if submission is not None and submission.state == context.payload["state"]:  # else it is news no longer
            _tell(session, context.services, submission)


def _tell(session: Session, services: Services, submission: TourSubmission) -> None:
    site = session.get_one(Site, submission.site_id)
    waiting = submission.state == "waiting"
    by = _user(session, submission.submitted_by if waiting else submission.decided_by)
    path = f"/studio/sites/{site.slug}/tour/submissions/{submission.id}"
    for user in _reviewers(session, site, submission) if waiting else _submitter(session, submission):
        mail = letters.TourNews(
            to=letters.Recipient(
                sender=sender_of(services, session), name=user.name, address=user.email, language=user.language
            ),
            kind=submission.state,
            site=pick(site.name, user.language).value,
            link=services.public_url(session) + path,
            by=(by.name or by.email) if by else "",
            note=submission.note if waiting else submission.decision_note,
        )
        stream = f"{STREAM}{submission.id}:{user.id}"
        letters.queue(session, services, stream, f"tour_{submission.state}", letters.tour_news(mail))


def _submitter(session: Session, submission: TourSubmission) -> list[User]:
    """Whoever submitted it, unless nobody else decided: then they saw it on the page."""
    user = _user(session, submission.submitted_by)
    told = submission.decided_by is not None or submission.state == "failed"
    return [user] if user is not None and user.active and told else []


def _reviewers(session: Session, site: Site, submission: TourSubmission) -> list[User]:
    """The node's reviewers but the submitter; the administrators when there are none."""
    own = or_(
        (Grant.scope == "node") & (Grant.scope_id == site.node_id),
        (Grant.scope == "site") & (Grant.scope_id == site.id),
    )
    for where in (own, Grant.scope == "global"):
        roles = [role for role, verbs in ROLES.items() if "site.review" in verbs]
        granted = select(Grant.user_id).where(Grant.role.in_(roles), where)
        found = session.scalars(select(User).where(User.active, User.id.in_(granted)).order_by(User.name, User.id))
        others = [user for user in found if f"user:{user.id}" != submission.submitted_by]
        if others:
            return others
    return []


def _user(session: Session, reference: str | None) -> User | None:
    return session.get(User, reference.partition(":")[2]) if reference else None


def renew_held(services: Services) -> None:
    """Write held letters anew once mail may leave; the worker calls it often. Old ones are given up."""
    with services.db.read() as session:
        if holding.obstacle(services, session):
            return
        held = list(session.scalars(select(OutboxMessage).where(_ours(), OutboxMessage.state == "held").limit(100)))
    for row in held:
        with services.db.write() as session:
            if row.created_at < clock.now() - invitations.LIFE or not _again(session, services, row):
                outbox.abandon(session, row, "too_old")


def _again(session: Session, services: Services, row: OutboxMessage) -> bool:
    purpose, _, rest = row.stream.partition(":")
    thing_id = rest.partition(":")[0]
    if purpose == INVITATION:
        invitation = session.get(StaffInvitation, thing_id)
        if invitation is None or invitations.state(invitation) != "waiting":
            return False
        queue_invitation(session, services, invitation)
        return True
    if purpose + ":" == withdrawals.STREAM:
        return withdrawals.tell(session, services, thing_id)
    submission = session.get(TourSubmission, thing_id)
    if submission is None or f"tour_{submission.state}" != row.kind:
        return False
    _tell(session, services, submission)
    return True


def purge_old(services: Services) -> None:
    """Empty letters, with their addresses, after thirty days."""
    with services.db.write() as session:
        old = (OutboxMessage.created_at < clock.now() - KEPT, OutboxMessage.recipient != "")
        streams = list(session.scalars(select(OutboxMessage.stream).where(_ours(), *old).distinct().limit(500)))
        if emptied := outbox.purge(session, streams):
            log.info("letters.purged", messages=emptied)


def _ours() -> Any:
    return or_(*(OutboxMessage.stream.startswith(name) for name in (f"{INVITATION}:", STREAM, withdrawals.STREAM)))
