"""A database for the benchmarks: sessions with open rooms, hosts who guide, and registered people."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tourserver.core import clock, migrate, rights
from tourserver.core.db import new_id
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.live import access, rooms
from tourserver.live.guiding import guide
from tourserver.live.tickets import Ticket, account_mark, sign
from tourserver.panoramas.models import Panorama
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.models import Node, Site
from tourserver.tours import publishing, scenes


@dataclass(frozen=True, slots=True)
class World:
    """What the load client needs: tickets as pages carry them, and the ids of two scenes."""

    host: str
    people: list[str]
    scenes: list[str]

    def json(self) -> dict[str, object]:
        """For the load client's file."""
        return asdict(self)


def build(settings: Settings, participants: int) -> World:
    """Make the database at ``settings`` and fill it; its room is open and its host has the guide's token."""
    return build_rooms(settings, [participants])[0]


def build_rooms(settings: Settings, participants: list[int]) -> list[World]:
    """The same with so many rooms as there are numbers of participants, all of which show the same site."""
    migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    try:
        with services.db.write() as session:
            site, made = _site(session)
            return [_room(session, services, site, made, number, count) for number, count in enumerate(participants)]
    finally:
        services.close()


def _site(session: Session) -> tuple[Site, list[str]]:
    """A site with a published tour, and the ids of its two scenes."""
    node = Node(slug="bench", name={"en": "Bench"})
    session.add(node)
    session.flush()
    site = Site(slug="bench", node_id=node.id, state="published", name={"en": "Bench"}, summary={"en": "-"}, body={})
    panorama = Panorama(
        content_hash=uuid.uuid4().hex * 2,
        original_key="originals/none.jpg",
        original_bytes=1,
        width=4096,
        height=2048,
        levels=[{"width": 2048, "height": 1024, "cols": 4, "rows": 2, "tile": 512}],
        state="ready",
    )
    session.add_all([site, panorama])
    session.flush()
    made = [
        scenes.add_scene(session, site, panorama, title={"en": name}, alternative={"en": name}, actor=SYSTEM).id
        for name in ("Quay", "Hall")
    ]
    publishing.publish(session, site, actor=SYSTEM)
    return site, made


def _room(session: Session, services: Services, site: Site, made: list[str], number: int, participants: int) -> World:
    """An open room with its host and its people."""
    secret = services.keys.secret_key
    start = clock.now() + timedelta(minutes=5)
    planned = ScheduledSession(
        slug=f"bench-{number}",
        kind="guided_tour",
        state="scheduled",
        title={"en": "Bench"},
        summary={"en": ""},
        languages=["en"],
        local_start=clock.local(start, clock.SWEDEN).replace(tzinfo=None),
        zone=clock.SWEDEN,
        starts_at=start,
        tzdata_version=clock.TZDATA_VERSION,
        sites=[SessionSite(site_id=site.id)],
    )
    user = User(email=f"host{number}@example.org", name="Host", password=None, fs_uniquifier=new_id())
    session.add_all([planned, user])
    session.flush()
    host = Actor("user", user.id)
    rights.grant(session, host, "host", "session", planned.id, by=SYSTEM)
    people, registrations = _people(planned.id, number, participants)
    session.execute(insert(Person), people)
    session.execute(insert(Registration), registrations)
    tickets = []
    for one in registrations:
        services.tokens.issue(session, access.JOIN, str(one["id"]))
        version = services.tokens.version(session, access.JOIN, str(one["id"]))
        tickets.append(sign(secret, Ticket(planned.id, "registration", str(one["id"]), version)))
    room = rooms.get_or_create(session, planned.id)
    rooms.open_room(session, room.id, actor=host)
    guide.take(session, room.id, actor=host)
    lead = sign(secret, Ticket(planned.id, "user", user.id, account_mark(user.fs_uniquifier)))
    return World(lead, tickets, made)


def _people(session_id: str, room: int, count: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    people: list[dict[str, object]] = []
    registrations: list[dict[str, object]] = []
    for number in range(count):
        person: dict[str, object] = {
            "id": new_id(),
            "email": f"p{number}-{room}@example.org",
            "name": f"Person {number}",
            "country": "MA",
        }
        people.append(person)
        registrations.append(
            {
                "id": new_id(),
                "person_id": person["id"],
                "session_id": session_id,
                "country": "MA",
                "language": "en",
                "zone": "Africa/Casablanca",
                "uid": f"{new_id()}@tourserver",
                "stamped_at": clock.now(),
            }
        )
    return people, registrations
