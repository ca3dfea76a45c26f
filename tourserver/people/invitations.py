"""Officers invited by mail: who may come in, with which right, for a week; accepted once.

A right is given to the account with the invited address alone: to a new one that whoever holds the link makes, or
to an old one whose owner has signed in. The link itself shows nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights, signals
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.core.rights import Actor
from tourserver.core.tokens import LinkTokens
from tourserver.people import accounts
from tourserver.people.emails import normalise
from tourserver.people.models import StaffInvitation, User
from tourserver.people.names import one_line

PURPOSE: Final = "welcome"
"""Purpose of the links' tokens."""
LIFE: Final = timedelta(days=7)
ALLOWED: Final = frozenset(
    {("admin", "global"), ("node_reviewer", "node"), ("site_owner", "node"), ("site_owner", "site")}
)
"""Roles that a person can be invited to, and where. Hosts are chosen on each session's page."""
ROLE_NAMES: Final = {
    "admin": N_("Administrator: sites, sessions, staff and setup"),
    "node_reviewer": N_("Reviewer: works on the node's sites, looks at what others submit, publishes"),
    "site_owner": N_("Officer: works on sites and submits their tours"),
}

ScopeName = Callable[[Session, str], Texts | None]
_scope_names: dict[str, ScopeName] = {}


def name_scopes(scope: str, function: ScopeName) -> None:
    """Say what a kind of scope is called; nodes and sites, which this floor doesn't know, are told in wiring.py."""
    _scope_names[scope] = function


def scope_name(session: Session, scope: str, scope_id: str) -> Texts | None:
    """The name of a scope; None for everything, and for what is gone."""
    return _scope_names[scope](session, scope_id) if scope in _scope_names else None


def invite(
    session: Session,
    tokens: LinkTokens,
    *,
    email: str,
    name: str,
    language: str,
    role: str,
    scope: str,
    scope_id: str = "",
    actor: Actor,
) -> StaffInvitation:
    """Invite somebody to a role on a scope; whoever waits for the same gets a new link, and the old one ends.

    The caller has checked that the scope exists and sends the mail. Raises Invalid with its field, and Conflict
    when the account has this right already.
    """
    email, name = normalise(email), one_line(name, 120)
    _check(name, language, role, scope, scope_id)
    user = accounts.find_user(session, email)
    if user is not None:
        if not user.active:
            raise Conflict(N_("This account may not sign in. Let it sign in first."), field="email")
        if _has(session, user, role, scope, scope_id):
            raise Conflict(N_("This account has this right already."), field="email")
    found = _waiting(session, email, role, scope, scope_id)
    if found is None:
        found = StaffInvitation(email=email, role=role, scope=scope, scope_id=scope_id, invited_by=actor.reference)
        found.expires_at = clock.now() + LIFE
        session.add(found)
    found.name, found.language = name, language
    session.flush()
    _renew(session, tokens, found, actor)
    return found


def renew(session: Session, tokens: LinkTokens, invitation_id: str, *, actor: Actor) -> StaffInvitation:
    """A new link with seven more days; the old one ends."""
    found = _held(session, invitation_id)
    _check_unused(found)
    _renew(session, tokens, found, actor)
    return found


def revoke(session: Session, invitation_id: str, *, actor: Actor) -> None:
    """Take an invitation back; its link says so."""
    found = _held(session, invitation_id)
    _check_unused(found)
    found.revoked_at = clock.now()
    session.flush()
    audit.record(session, actor, "staff.uninvite", "staff_invitation", found.id)


def path(session: Session, tokens: LinkTokens, invitation: StaffInvitation) -> str:
    """The link without the server's address."""
    return f"/studio/welcome/{tokens.issue(session, PURPOSE, invitation.id)}"


def by_token(session: Session, tokens: LinkTokens, token: str) -> StaffInvitation:
    """The invitation of a link that works now. Raises NotFound and Gone with words for the person."""
    found = session.get(StaffInvitation, tokens.lookup(session, PURPOSE, token))
    if found is None:
        raise NotFound(N_("This link is incomplete or broken. Copy the whole link from the mail."), code="broken_link")
    check(found)
    return found


def check(invitation: StaffInvitation) -> None:
    """Raise :class:`Gone` unless an invitation can be accepted now."""
    _check_unused(invitation)
    if invitation.expires_at <= clock.now():
        raise Gone(N_("This invitation has expired. Ask whoever invited you for a new one."), code="expired")


def state(invitation: StaffInvitation) -> str:
    """``accepted``, ``revoked``, ``expired`` or ``waiting``."""
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.revoked_at is not None:
        return "revoked"
    return "expired" if invitation.expires_at <= clock.now() else "waiting"


def accept_new(session: Session, tokens: LinkTokens, token: str, *, name: str, password: str) -> User:
    """Make the account of an invitation, with its right. Raises Conflict when the address has an account by now."""
    invitation = _from_token(session, tokens, token)
    invited = Actor("system")
    user = accounts.create_user(
        session,
        email=invitation.email,
        name=name,
        password=password,
        language=invitation.language,
        actor=invited,
    )
    _give(session, invitation, user)
    return user


def accept_signed_in(session: Session, tokens: LinkTokens, token: str, user_id: str) -> User:
    """Give the right to the account that is signed in, which must be the invited one."""
    invitation = _from_token(session, tokens, token)
    user = session.get(User, user_id)
    if user is None or not user.active or user.email != invitation.email:
        raise Forbidden(
            N_("This invitation is for another account. Sign out, and sign in with the address it was sent to."),
            code="other_account",
        )
    _give(session, invitation, user)
    return user


def _from_token(session: Session, tokens: LinkTokens, token: str) -> StaffInvitation:
    invitation_id = tokens.lookup(session, PURPOSE, token)
    found = _held(session, invitation_id)
    tokens.lookup(session, PURPOSE, token)  # once more, now that it is held: it may have been renewed just before
    check(found)
    return found


def _give(session: Session, invitation: StaffInvitation, user: User) -> None:
    by, subject = _inviter(invitation), Actor("user", user.id)
    rights.grant(session, subject, invitation.role, invitation.scope, invitation.scope_id, by=by)
    invitation.accepted_at, invitation.user_id = clock.now(), user.id
    session.flush()
    audit.record(session, subject, "staff.accept", "staff_invitation", invitation.id)
    signals.grants_changed.send(session, user_id=user.id)


def _inviter(invitation: StaffInvitation) -> Actor:
    kind, _, found = invitation.invited_by.partition(":")
    return Actor("user", found) if kind == "user" else Actor("system")


def _check(name: str, language: str, role: str, scope: str, scope_id: str) -> None:
    if not name:
        raise Invalid(N_("Enter the person's name: delegates see it in the room."), field="name")
    if language not in LANGUAGES:
        raise Invalid(N_("Choose a language from the list."), field="language")
    if (role, scope) not in ALLOWED or bool(scope_id) != (scope != "global"):
        raise Invalid(N_("This role can't be given there. Choose another place, or another role."), field="scope")


def _has(session: Session, user: User, role: str, scope: str, scope_id: str) -> bool:
    grant = rights.Grant
    same = (grant.user_id == user.id, grant.role == role, grant.scope == scope, grant.scope_id == scope_id)
    return session.scalar(select(grant.id).where(*same)) is not None


def _waiting(session: Session, email: str, role: str, scope: str, scope_id: str) -> StaffInvitation | None:
    one = StaffInvitation
    same = (one.email == email, one.role == role, one.scope == scope, one.scope_id == scope_id)
    query = select(one).where(*same, one.accepted_at.is_(None), one.revoked_at.is_(None)).with_for_update()
    return session.scalar(query.order_by(one.invited_at.desc()).limit(1))


def _renew(session: Session, tokens: LinkTokens, invitation: StaffInvitation, actor: Actor) -> None:
    tokens.revoke(session, PURPOSE, invitation.id)
    tokens.issue(session, PURPOSE, invitation.id)
    invitation.invited_by, invitation.invited_at = actor.reference, clock.now()
    invitation.expires_at = invitation.invited_at + LIFE
    session.flush()
    after = [invitation.role, invitation.scope, invitation.scope_id]
    audit.record(session, actor, "staff.invite", "staff_invitation", invitation.id, after=after)


def _held(session: Session, invitation_id: str) -> StaffInvitation:
    found = session.get(StaffInvitation, invitation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(N_("There is no such invitation."))
    return found


def _check_unused(invitation: StaffInvitation) -> None:
    if invitation.accepted_at is not None:
        raise Gone(N_("This invitation was used. Sign in with your e-mail and password."), code="used")
    if invitation.revoked_at is not None:
        raise Gone(N_("This invitation was withdrawn. Ask whoever invited you."), code="revoked")
