"""A small world for the live room: a published tour of two scenes, a session, hosts and registered people."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from sqlalchemy.orm import Session

from tourserver.core import clock, rights
from tourserver.core.db import new_id
from tourserver.core.errors import TourserverError
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.live import access, rooms
from tourserver.live.calls import Caller
from tourserver.live.models import Room
from tourserver.live.questions import votes
from tourserver.live.tickets import Ticket, account_mark, sign
from tourserver.panoramas.models import Panorama
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.models import Node, Site
from tourserver.tours import publishing, scenes
from tourserver.tours.models import TourRevision

_numbers = count(1)


@dataclass
class World:
    """Ids of what was made; ``room_id`` is of the room, made closed."""

    session_id: str
    slug: str
    site_id: str
    room_id: str
    scenes: list[str]
    hosts: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)


def make_site(session: Session) -> tuple[Site, list[str]]:
    """A published site with two scenes."""
    number = next(_numbers)
    node = Node(slug=f"node-{number}-{uuid.uuid4().hex[:4]}", name={"en": "Node"})
    session.add(node)
    session.flush()
    site = Site(
        slug=f"site-{number}-{uuid.uuid4().hex[:4]}",
        node_id=node.id,
        state="published",
        name={"en": "Harbour", "sv": "Hamnen"},
        summary={"en": "Summary"},
        body={"en": "Body"},
    )
    session.add(site)
    session.flush()
    made = []
    for name in ("Quay", "Hall"):
        panorama = Panorama(
            content_hash=uuid.uuid4().hex * 2,
            original_key="originals/x.jpg",
            original_bytes=1,
            width=4096,
            height=2048,
            levels=[{"width": 2048, "height": 1024, "cols": 4, "rows": 2, "tile": 512}],
            state="ready",
        )
        session.add(panorama)
        session.flush()
        scene = scenes.add_scene(
            session, site, panorama, title={"en": name}, alternative={"en": f"The {name}."}, actor=SYSTEM
        )
        made.append(scene.id)
    publishing.publish(session, site, actor=SYSTEM)
    return site, made


def publish_again(
    session: Session, site_id: str, *, kind: str = "publish", titles: dict[str, str] | None = None, gone: str = ""
) -> TourRevision:
    """Another revision of a site's tour, with new English titles by scene id, or without a scene."""
    scenes.lock(session, site_id)
    before = publishing.published(session, site_id)
    assert before is not None
    content = publishing.without(before.content, {gone})
    named = titles or {}
    changed = [{**one, "title": {"en": named.get(one["id"], one["title"]["en"])}} for one in content["scenes"]]
    return publishing.add_revision(session, site_id, {**content, "scenes": changed}, actor=SYSTEM, kind=kind)


def make_world(session: Session, *, hosts: int = 1, people: int = 2, state: str = "scheduled") -> World:
    """A session with a room, hosts with their grants, and confirmed registrations."""
    site, scene_ids = make_site(session)
    start = clock.now() + timedelta(minutes=5)
    planned = ScheduledSession(
        slug=f"tour-{next(_numbers)}-{uuid.uuid4().hex[:4]}",
        kind="guided_tour",
        state=state,
        title={"en": "A walk", "sv": "En rundtur"},
        summary={"en": ""},
        languages=["en"],
        local_start=clock.local(start, clock.SWEDEN).replace(tzinfo=None),
        zone=clock.SWEDEN,
        starts_at=start,
        tzdata_version=clock.TZDATA_VERSION,
        sites=[SessionSite(site_id=site.id)],
    )
    session.add(planned)
    session.flush()
    room = rooms.get_or_create(session, planned.id)
    world = World(planned.id, planned.slug, site.id, room.id, scene_ids)
    world.hosts = [make_host(session, planned.id) for _ in range(hosts)]
    world.people = [make_registration(session, planned.id) for _ in range(people)]
    return world


def make_user(session: Session, name: str = "Hanna Host") -> str:
    """A member of staff without rights."""
    unique = new_id()
    user = User(email=f"{unique}@example.org", name=name, password=None, fs_uniquifier=unique)
    session.add(user)
    session.flush()
    return user.id


def make_host(session: Session, session_id: str, name: str = "Hanna Host") -> str:
    """A host of a session."""
    user_id = make_user(session, name)
    rights.grant(session, Actor("user", user_id), "host", "session", session_id, by=SYSTEM)
    return user_id


def make_registration(
    session: Session, session_id: str, name: str = "Amina Diallo", country: str = "MA", language: str = "en"
) -> str:
    """A confirmed registration of a new person."""
    unique = new_id()
    person = Person(email=f"{unique}@example.org", name=name, country=country, language=language)
    session.add(person)
    session.flush()
    registration = Registration(
        person_id=person.id,
        session_id=session_id,
        country=country,
        language=language,
        zone="Africa/Casablanca",
        uid=f"{unique}@tourserver",
        stamped_at=clock.now(),
    )
    session.add(registration)
    session.flush()
    return registration.id


def ticket_of(services: Services, session: Session, world: World, actor: Actor) -> Ticket:
    """A valid ticket; issues the join link of a registered person."""
    if actor.kind == "user":
        user = session.get_one(User, actor.id)
        return Ticket(world.session_id, "user", actor.id, account_mark(user.fs_uniquifier))
    services.tokens.issue(session, access.JOIN, actor.id)
    version = services.tokens.version(session, access.JOIN, actor.id)
    return Ticket(world.session_id, "registration", actor.id, version)


def caller_of(services: Services, world: World, actor: Actor) -> Caller:
    """Somebody's connection, without a socket."""
    with services.db.write() as session:
        return Caller(ticket_of(services, session, world, actor), world.room_id, uuid.uuid4().hex, "en")


def signed_ticket(services: Services, world: World, actor: Actor) -> str:
    """As the page carries it."""
    with services.db.write() as session:
        return sign(services.keys.secret_key, ticket_of(services, session, world, actor))


def host_of(world: World, number: int = 0) -> Actor:
    """One of the hosts."""
    return Actor("user", world.hosts[number])


def person_of(world: World, number: int = 0) -> Actor:
    """One of the registered people."""
    return Actor("registration", world.people[number])


def open_room(services: Services, world: World) -> None:
    """Open the world's room by its first host."""
    with services.db.write() as session:
        rooms.open_room(session, world.room_id, actor=host_of(world))


def vote(session: Session, room_id: str, question: str, registration: str, *, on: bool = True) -> int:
    """One vote, or one taken back; gives the question's votes or raises why not."""
    [answer] = votes.cast(session, room_id, [votes.Ballot(question, registration, on)])
    if isinstance(answer, TourserverError):
        raise answer
    return answer


def room_of(services: Services, world: World) -> Room:
    """The room's row."""
    with services.db.read() as session:
        return rooms.get(session, world.room_id)
