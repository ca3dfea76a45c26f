"""Who stands at the door of the crew's pages: signed-in staff, or a guest of the crew with a link of their own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tourserver.core.errors import Forbidden, TourserverError
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.live import access, tickets
from tourserver.live.access import Seat
from tourserver.live.tickets import Ticket
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody of the crew, with the ticket that their page hands to the socket."""

    seat: Seat
    ticket: Ticket


def enter(
    session: Session, services: Services, planned: ScheduledSession, actor: Actor, cookie: str | None
) -> Entrance | None:
    """Let somebody of the crew in; None for who is neither signed in nor has a link to this session.

    ``cookie`` is what a guest's link left in the browser. Staff come first: a host who tried a guest's link is still
    the host. Raises :class:`Forbidden` or :class:`Gone` with the reason for who may not (any more).
    """
    refused: TourserverError | None = None
    if actor.kind == "user":
        user = session.get_one(User, actor.id)
        ticket = Ticket(planned.id, "user", user.id, tickets.account_mark(user.fs_uniquifier))
        try:
            return Entrance(access.check(session, services.tokens, ticket), ticket)
        except TourserverError as error:
            refused = error
    guest = tickets.read_cookie(services.keys.secret_key, cookie)
    if guest is not None and guest.session_id == planned.id:
        seat = access.check(session, services.tokens, guest)
        if not seat.crew:
            raise Forbidden(N_("Only this session's crew may open this page."), code="not_allowed")
        return Entrance(seat, guest)
    if refused is not None:
        raise refused
    return None
