"""Who may be in a room: asked of the database at each join and command, and each second of all who are in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.core.errors import Forbidden, Gone, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.core.tokens import LinkToken, LinkTokens
from tourserver.live import events
from tourserver.live.tickets import Ticket, account_mark
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

HOST: Final = "room.host"
CREW: Final = "room.crew"
JOIN: Final = "join"


Role = Literal["participant", "host", "co_moderator", "speaker", "captioner"]
GUESTS: Final[dict[str, Role]] = {"co_moderator": "co_moderator", "speaker": "speaker", "captioner": "captioner"}
"""Registrations with these roles are guests of the crew, for one session."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in a session's room, as the database had it at that moment."""

    session_id: str
    actor: Actor
    role: Role
    name: str
    language: str

    @property
    def crew(self) -> bool:
        """Whether this is one of those who run the room."""
        return self.role != "participant"

    @property
    def channels(self) -> dict[str, str]:
        """The channels this person hears: the name a client uses → the name in the log."""
        if self.crew:
            return {"public": events.PUBLIC, "staff": events.STAFF}
        return {"public": events.PUBLIC, "person": events.person(self.actor.id)}


def thing(session_id: str) -> Thing:
    """The session, as rights know it."""
    return Thing("session", session_id)


def check(session: Session, tokens: LinkTokens, ticket: Ticket) -> Seat:
    """The seat that a ticket gives now.

    Raises :class:`Forbidden` or :class:`Gone`, whose code and message the person is shown, when it gives none
    (any more).
    """
    found = check_many(session, tokens, [ticket])[ticket]
    if isinstance(found, TourserverError):
        raise found
    return found


def check_many(session: Session, tokens: LinkTokens, tickets: Iterable[Ticket]) -> dict[Ticket, Seat | TourserverError]:
    """The same for many, with a few queries for all: a seat for each ticket, or why there is none."""
    wanted = set(tickets)
    query = select(ScheduledSession.id, ScheduledSession.state)
    rows = session.execute(query.where(ScheduledSession.id.in_({ticket.session_id for ticket in wanted})))
    states = {row[0]: row[1] for row in rows}
    found: dict[Ticket, Seat | TourserverError] = {}
    people: list[Ticket] = []
    for ticket in wanted:
        if (closed := _closed(states.get(ticket.session_id))) is not None:
            found[ticket] = closed
        elif ticket.kind == "user":
            found[ticket] = _user(session, ticket)
        else:
            people.append(ticket)
    if people:
        found |= _registered(session, tokens, people)
    return {ticket: _here(ticket, seat) for ticket, seat in found.items()}


def _here(ticket: Ticket, seat: Seat | TourserverError) -> Seat | TourserverError:
    """A rehearsal is the crew's alone."""
    if ticket.room == "rehearsal" and isinstance(seat, Seat) and not seat.crew:
        return Forbidden(N_("Only this session's crew may open this page."), code="not_allowed")
    return seat


def _closed(state: str | None) -> TourserverError | None:
    if state is None or state == "draft":
        return Forbidden(N_("This session isn't open to you."), code="not_allowed")
    if state == "cancelled":
        return Gone(N_("This session was cancelled."), code="cancelled")
    return None


def _user(session: Session, ticket: Ticket) -> Seat | TourserverError:
    query = select(User.name, User.email, User.language, User.active, User.fs_uniquifier).where(
        User.id == ticket.actor_id
    )
    row = session.execute(query).one_or_none()
    if row is None or not row.active or account_mark(row.fs_uniquifier) != ticket.version:
        return Forbidden(N_("You were signed out. Sign in again to lead this room."), code="signed_out")
    if not rights.can(session, ticket.actor, HOST, thing(ticket.session_id)):
        return Forbidden(N_("Only this session's hosts may lead its room."), code="not_allowed")
    return Seat(ticket.session_id, ticket.actor, "host", row.name or row.email.split("@")[0], row.language)


def _registered(session: Session, tokens: LinkTokens, tickets: list[Ticket]) -> dict[Ticket, Seat | TourserverError]:
    ids = [ticket.actor_id for ticket in tickets]
    query = (
        select(
            Registration.id,
            Registration.state,
            Registration.session_id,
            Registration.language,
            Registration.role,
            Person.name,
        )
        .join(Person, Person.id == Registration.person_id)
        .where(Registration.id.in_(ids))
    )
    rows = {row.id: row for row in session.execute(query)}
    versions = tokens.versions(session, JOIN, ids)
    return {
        ticket: _person(session, ticket, rows.get(ticket.actor_id), versions.get(ticket.actor_id, 0))
        for ticket in tickets
    }


def _person(session: Session, ticket: Ticket, row: Any, version: int) -> Seat | TourserverError:
    if row is None or row.session_id != ticket.session_id:
        return Forbidden(N_("Your link isn't for this session."), code="not_allowed")
    if row.state != "confirmed":
        return Forbidden(N_("You withdrew from this session. Register again to join."), code="withdrawn")
    if ticket.version < 1 or version != ticket.version:
        return Gone(N_("This link was replaced. Get a new one by mail."), code="replaced_link")
    role = GUESTS.get(row.role, "participant")
    if role != "participant" and not rights.can(session, ticket.actor, CREW, thing(ticket.session_id)):
        return Forbidden(N_("You are no longer one of this session's crew."), code="not_allowed")
    return Seat(ticket.session_id, ticket.actor, role, row.name, row.language)


ROOM_VERBS: Final = frozenset({HOST, CREW, "room.guide", "room.caption", "questions.moderate", "audience.moderate"})


def may(session: Session, seat: Seat) -> list[str]:
    """What somebody of the crew may do in the room, for their page to show nothing else."""
    return sorted(rights.verbs_of(session, seat.actor, thing(seat.session_id)) & ROOM_VERBS) if seat.crew else []


def session_of_replaced_link(session: Session, token: str) -> str | None:
    """The slug of the session that a join link was for before it was replaced; for the page that says so."""
    query = (
        select(ScheduledSession.slug)
        .join(Registration, Registration.session_id == ScheduledSession.id)
        .join(LinkToken, LinkToken.subject_id == Registration.id)
        .where(LinkToken.purpose == JOIN, LinkToken.hash == hashlib.sha256(token.encode()).hexdigest())
    )
    return session.scalar(query)


def suspects(session: Session, session_ids: list[str]) -> set[str]:
    """Registrations that withdrew or whose link was revoked once: the few that are worth a closer look."""
    withdrawn = select(Registration.id).where(
        # as it is written in the index, which a parameter would keep from being used
        Registration.session_id.in_(session_ids),
        text("registration.state <> 'confirmed'"),
    )
    revoked = (
        select(LinkToken.subject_id)
        .join(Registration, Registration.id == LinkToken.subject_id)
        .where(
            Registration.session_id.in_(session_ids),
            LinkToken.purpose == JOIN,
            LinkToken.revoked_at.is_not(None),
        )
    )
    return set(session.scalars(withdrawn)) | set(session.scalars(revoked))


def closed_sessions(session: Session, session_ids: list[str]) -> set[str]:
    """Those of these sessions that nobody may be in any more."""
    query = select(ScheduledSession.id).where(
        ScheduledSession.id.in_(session_ids), ScheduledSession.state.in_(("cancelled", "draft"))
    )
    return set(session.scalars(query))
