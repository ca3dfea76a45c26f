"""Guests of the crew: a speaker, a co-moderator, a captioner, each for one session and by a link of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.core.tokens import LinkTokens
from tourserver.live import access, texts
from tourserver.people.models import Person
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

GuestRole = Literal["speaker", "co_moderator", "captioner"]
NAME_LIMIT: Final = 120
MOST: Final = 50
"""Guests of one session."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may help to run one session's room."""

    id: str
    name: str
    role: str
    token: str


def invite(
    session: Session,
    tokens: LinkTokens,
    planned: ScheduledSession,
    name: str,
    role: GuestRole,
    *,
    language: str,
    actor: Actor,
) -> str:
    """Make a guest with a link of their own; gives the link's token. Nothing but the name is asked of them."""
    name = texts.clean(name, NAME_LIMIT, field="name")
    if planned.state in ("cancelled", "ended"):
        raise Conflict(N_("This session is over or was called off."))
    if (session.scalar(select(func.count()).select_from(Registration).where(_here(planned.id))) or 0) >= MOST:
        raise Conflict(N_("This session has %(count)s guests of the crew. Remove one first."), count=MOST)
    person = Person(email=None, name=name, language=language, zone=planned.zone)
    session.add(person)
    session.flush()
    guest = Registration(
        person_id=person.id,
        session_id=planned.id,
        role=role,
        country="ZZ",
        language=language,
        zone=planned.zone,
        uid=f"{new_id()}@tourserver",
        stamped_at=clock.now(),
    )
    session.add(guest)
    session.flush()
    rights.grant(session, Actor("registration", guest.id), role, "session", planned.id, by=actor)
    audit.record(session, actor, "crew.invite", "registration", guest.id, after={"role": role})
    return tokens.issue(session, access.JOIN, guest.id)


def listed(session: Session, tokens: LinkTokens, planned: ScheduledSession) -> list[Guest]:
    """A session's guests of the crew with their links, in the order of their making; in a writing transaction."""
    query = select(Registration).where(_here(planned.id)).order_by(Registration.created_at, Registration.id)
    return [
        Guest(guest.id, guest.person.name, guest.role, tokens.issue(session, access.JOIN, guest.id))
        for guest in session.scalars(query)
    ]


def remove(session: Session, tokens: LinkTokens, planned: ScheduledSession, guest_id: str, *, actor: Actor) -> None:
    """End a guest's link: who is in the room with it is out within a second. Raises :class:`NotFound`."""
    guest = session.scalar(select(Registration).where(Registration.id == guest_id, _here(planned.id)))
    if guest is None:
        raise NotFound(N_("There is no such guest in this session."))
    guest.state = "withdrawn"
    rights.withdraw(session, Actor("registration", guest.id), guest.role, "session", planned.id, by=actor)
    tokens.revoke(session, access.JOIN, guest.id)
    audit.record(session, actor, "crew.remove", "registration", guest.id, before={"role": guest.role})
    session.flush()


def _here(session_id: str) -> ColumnElement[bool]:
    return and_(
        Registration.session_id == session_id,
        Registration.state == "confirmed",
        Registration.role.in_(list(access.GUESTS)),
    )
