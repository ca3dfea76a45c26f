"""Everything that ``tourserver demo`` prepares before it starts its processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tourserver.core import preferences
from tourserver.core.services import Services
from tourserver.demo import content, schedule
from tourserver.people.views import one_time_link
from tourserver.registration import invitations
from tourserver.wiring import connect_signals

SENDER = "Smart City Sweden (demo) <visits@example.org>"


@dataclass(frozen=True)
class Report:
    """What was made now."""

    admin_email: str
    admin_password: str | None


@dataclass(frozen=True)
class Links:
    """Paths to print."""

    host: str
    delegate: str


def load(services: Services, progress: Callable[[str], None]) -> Report:
    """Load what is missing and move what is untouched; safe to run at every start."""
    connect_signals()
    with services.db.write() as session:
        if not services.mail_from(session):
            preferences.put(session, "mail_from", SENDER)
    content.load_sites(services, progress)
    admin = schedule.load_staff(services)
    schedule.load_sessions(services)
    schedule.refresh(services)
    return Report(admin.email, admin.password)


def links(services: Services) -> Links:
    """Fresh links: the host's works once, the delegate's is a registration's personal link."""
    with services.db.write() as session:
        host = one_time_link(services, session, schedule.host_of_live(session), f"/host/{schedule.live_slug(session)}")
        delegate = invitations.join_path(session, services, schedule.delegates_of_live(session)[0])
        return Links(host, delegate)


def more_links(services: Services, delegate: int, host: int = 0) -> Links:
    """Fresh links of the host and the delegate of these numbers, for trying with several browsers."""
    with services.db.write() as session:
        user = schedule.host_of_live(session, host)
        link = one_time_link(services, session, user, f"/host/{schedule.live_slug(session)}")
        return Links(link, invitations.join_path(session, services, schedule.delegates_of_live(session)[delegate]))
