"""Who may do what: one table of grants and one question, ``can()``.

A grant says that an actor has a role on a scope. A role is a set of verbs. Asked on every request and every
socket event, from the database: a right that is taken away is gone at the next event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from tourserver.core import audit, clock
from tourserver.core.actors import ANONYMOUS as ANONYMOUS
from tourserver.core.actors import SYSTEM as SYSTEM
from tourserver.core.actors import Actor as Actor
from tourserver.core.db import Base, IdMixin
from tourserver.core.errors import Forbidden
from tourserver.core.i18n import N_

ROLES: Final[dict[str, frozenset[str]]] = {
    "admin": frozenset(
        {
            "setup.change",
            "staff.change",
            "embed.change",
            "node.change",
            "studio.see",
            "site.see",
            "site.change",
            "site.submit",
            "site.review",
            "site.publish",
            "session.see",
            "session.change",
            "registrations.see",
            "mail.see",
        }
    ),
    # a regional node's officers: one may also look at what others submit, and publish
    "node_reviewer": frozenset(
        {
            "studio.see",
            "site.see",
            "site.change",
            "site.submit",
            "site.review",
            "site.publish",
            "session.see",
        }
    ),
    "site_owner": frozenset({"studio.see", "site.see", "site.change", "site.submit"}),
    "host": frozenset(
        {
            "studio.see",
            "session.see",
            "registrations.see",
            "room.host",
            "room.crew",
            "room.guide",
            "room.caption",
            "questions.moderate",
            "audience.moderate",
        }
    ),
    # guests of the crew, for one session, by a link of their own
    "co_moderator": frozenset({"room.crew", "questions.moderate", "audience.moderate"}),
    "speaker": frozenset({"room.crew", "room.guide"}),
    "captioner": frozenset({"room.crew", "room.caption"}),
}
"""What each role may do. Leading a room is the hosts' alone: an admin who wants to lead becomes a host."""


class Grant(IdMixin, Base):
    """An actor's role on a scope."""

    __tablename__ = "grant_"
    __table_args__ = (
        # one of the two actors is NULL in every row, and NULLs are never equal: hence two partial ones
        Index(
            "uq_grant_user",
            *("user_id", "role", "scope", "scope_id"),
            unique=True,
            sqlite_where=text("user_id IS NOT NULL"),
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index(
            "uq_grant_registration",
            *("registration_id", "role", "scope", "scope_id"),
            unique=True,
            sqlite_where=text("registration_id IS NOT NULL"),
            postgresql_where=text("registration_id IS NOT NULL"),
        ),
        CheckConstraint("(user_id IS NULL) <> (registration_id IS NULL)", name="one_actor"),
    )

    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    # "global", "node", "site" or "session"; scope_id is "" for global, so that UNIQUE holds
    scope: Mapped[str]
    scope_id: Mapped[str] = mapped_column(default="")
    granted_by: Mapped[str | None]
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked about, with the scopes it lies in: a site names its node."""

    kind: str
    id: str = ""
    within: tuple[tuple[str, str], ...] = ()

    @property
    def scopes(self) -> list[tuple[str, str]]:
        """All scopes a grant may have to cover this thing."""
        own = [(self.kind, self.id)] if self.id else []
        return [("global", ""), *own, *self.within]


EVERYTHING = Thing("global")


def roles_of(session: Session, actor: Actor, thing: Thing = EVERYTHING) -> set[str]:
    """The roles an actor has on a thing, through any scope that covers it."""
    if actor.kind not in ("user", "registration") or not actor.id:
        return set()
    column = Grant.user_id if actor.kind == "user" else Grant.registration_id
    query = select(Grant.role).where(column == actor.id, tuple_(Grant.scope, Grant.scope_id).in_(thing.scopes))
    return set(session.scalars(query))


def can(session: Session, actor: Actor, verb: str, thing: Thing = EVERYTHING) -> bool:
    """Whether ``actor`` may do ``verb`` to ``thing``. The system may do everything."""
    if actor.kind == "system":
        return True
    return any(verb in ROLES.get(role, frozenset()) for role in roles_of(session, actor, thing))


def verbs_of(session: Session, actor: Actor, thing: Thing = EVERYTHING) -> frozenset[str]:
    """Everything that an actor may do to a thing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles_of(session, actor, thing)))


def who_can(session: Session, actors: Iterable[Actor], verb: str, thing: Thing) -> set[Actor]:
    """Those of many people who may do ``verb`` to ``thing``, by one query."""
    wanted = {actor.id: actor for actor in actors if actor.kind in ("user", "registration")}
    roles = [role for role, verbs in ROLES.items() if verb in verbs]
    query = select(Grant.user_id, Grant.registration_id).where(
        Grant.role.in_(roles),
        or_(Grant.user_id.in_(wanted), Grant.registration_id.in_(wanted)),
        tuple_(Grant.scope, Grant.scope_id).in_(thing.scopes),
    )
    return {wanted[user_id or registration_id or ""] for user_id, registration_id in session.execute(query)}


def can_somewhere(session: Session, actor: Actor, verb: str) -> bool:
    """Whether ``actor`` may do ``verb`` to anything at all, such as see the studio."""
    if actor.kind != "user":
        return actor.kind == "system"
    roles = [role for role, verbs in ROLES.items() if verb in verbs]
    query = select(Grant.id).where(Grant.user_id == actor.id, Grant.role.in_(roles)).limit(1)
    return session.scalar(query) is not None


def require(session: Session, actor: Actor, verb: str, thing: Thing = EVERYTHING) -> None:
    """Raise :class:`Forbidden` unless ``actor`` may do ``verb`` to ``thing``."""
    if not can(session, actor, verb, thing):
        raise Forbidden(N_("You may not do this. Ask an administrator for the right."))


def grant(session: Session, actor: Actor, role: str, scope: str, scope_id: str = "", *, by: Actor) -> None:
    """Give a role; giving it twice is the same as once."""
    if role not in ROLES:
        raise ValueError(f"unknown role {role}")
    column = Grant.user_id if actor.kind == "user" else Grant.registration_id
    same = (Grant.role == role, Grant.scope == scope, Grant.scope_id == scope_id)
    known = select(Grant).where(column == actor.id, *same)
    if session.scalar(known) is None:
        row = Grant(role=role, scope=scope, scope_id=scope_id, granted_by=by.reference)
        setattr(row, column.key, actor.id)
        session.add(row)
        session.flush()
        audit.record(session, by, "grant.give", actor.kind, actor.id, after=[role, scope, scope_id])


def withdraw(session: Session, actor: Actor, role: str, scope: str, scope_id: str = "", *, by: Actor) -> None:
    """Take a role away."""
    column = Grant.user_id if actor.kind == "user" else Grant.registration_id
    for row in session.scalars(
        select(Grant).where(column == actor.id, Grant.role == role, Grant.scope == scope, Grant.scope_id == scope_id)
    ):
        session.delete(row)
        audit.record(session, by, "grant.withdraw", actor.kind, actor.id, before=[role, scope, scope_id])
    session.flush()


def users_with(session: Session, role: str, scope: str, scope_id: str = "") -> list[str]:
    """Ids of the staff who have exactly this grant, in the order it was given."""
    query = select(Grant.user_id).where(
        Grant.role == role,
        Grant.scope == scope,
        Grant.scope_id == scope_id,
        Grant.user_id.is_not(None),
    )
    return [user for user in session.scalars(query.order_by(Grant.granted_at, Grant.id)) if user]
