"""Things that tests of several features need: sites with tours, sessions, registrations, staff."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tourserver.core import clock, rights
from tourserver.core.db import Base, Database, new_id
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.people.models import User
from tourserver.registration import signup
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites import rules
from tourserver.sites.models import Node, Site, Theme
from tourserver.tours import hotspots, publishing, scenes
from tourserver.tours.document import poster_name
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene

_numbers = count(1)

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
"""The shortest thing that calls itself a JPEG: for tests that serve pictures and never open them."""


def make_node(session: Session, **values: Any) -> Node:
    """A regional node."""
    number = next(_numbers)
    node = Node(**{"slug": f"node-{number}", "name": {"en": f"Node {number}"}, "position": number, **values})
    session.add(node)
    session.flush()
    return node


def make_theme(session: Session, **values: Any) -> Theme:
    """A theme."""
    number = next(_numbers)
    theme = Theme(**{"slug": f"theme-{number}", "name": {"en": f"Theme {number}"}, "position": number, **values})
    session.add(theme)
    session.flush()
    return theme


def make_site(session: Session, *, state: str = "published", **values: Any) -> Site:
    """A site without a tour."""
    values.setdefault("name", {"en": f"Harbour {next(_numbers)}", "sv": "Hamnen"})
    values.setdefault("summary", {"en": "Less heat is lost."})
    node = values.pop("node", None) or make_node(session)
    site = rules.create(session, actor=SYSTEM, node=node, **values)
    for step in {"draft": (), "published": ("published",), "withdrawn": ("published", "withdrawn")}[state]:
        rules.set_state(session, site, step, actor=SYSTEM)
    return site


def make_panorama(session: Session, services: Services | None = None, *, state: str = "ready") -> Panorama:
    """A picture's row; with ``services`` its tiles lie in the storage as well."""
    digest = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    panorama = Panorama(
        content_hash=digest,
        original_key=f"originals/{digest}.jpg",
        original_bytes=len(JPEG),
        width=4096,
        height=2048,
        levels=[
            {"width": 2048, "height": 1024, "cols": 4, "rows": 2, "tile": 512},
            {"width": 4096, "height": 2048, "cols": 8, "rows": 4, "tile": 512},
        ],
        state=state,
    )
    session.add(panorama)
    session.flush()
    if services is not None:
        services.storage.put(panorama.original_key, JPEG)
        services.storage.put(f"panoramas/{digest}/base.jpg", JPEG)
        services.storage.put(f"panoramas/{digest}/0/0_0.jpg", JPEG)
    return panorama


def make_scene(session: Session, site: Site, panorama: Panorama | None = None, **values: Any) -> Scene:
    """A scene that could be published."""
    values.setdefault("title", {"en": "Quay", "sv": "Kajen"})
    values.setdefault("alternative", {"en": "A quay with a crane."})
    return scenes.add_scene(session, site, panorama or make_panorama(session), actor=SYSTEM, **values)


def make_tour(session: Session, services: Services | None = None, **values: Any) -> tuple[Site, list[Scene]]:
    """A published site whose tour of two scenes, joined by links and with something to read, is published."""
    site = make_site(session, **values)
    quay = make_scene(session, site, make_panorama(session, services))
    hall = make_scene(
        session,
        site,
        make_panorama(session, services),
        title={"en": "Hall"},
        alternative={"en": "A hall with pumps."},
    )
    for scene, point in (
        (quay, Point("link", 40, 0, {"en": "In"}, target=hall, arrival="start")),
        (hall, Point("link", -140, 0, {"en": "Out"}, target=quay, arrival="start")),
        (hall, Point("info", 10, 5, {"en": "Pump"}, {"en": "It moves *water*."})),
    ):
        hotspots.add_hotspot(session, scene, point, actor=SYSTEM)
    publishing.publish(session, site, actor=SYSTEM)
    return site, [quay, hall]


def put_poster(services: Services, scene: Scene) -> str:
    """Store the poster of a scene's start view; gives its name."""
    view = {"yaw": scene.start_yaw, "pitch": scene.start_pitch, "fov": scene.start_fov}
    name = poster_name(scene.panorama.content_hash, view)
    for end in ("", "-large", "-thumb"):
        services.storage.put(f"posters/{name}{end}.jpg", JPEG)
    return name


def make_session(
    session: Session,
    *,
    state: str = "scheduled",
    starts_at: datetime | None = None,
    sites: list[Site] | None = None,
    **values: Any,
) -> ScheduledSession:
    """A session that starts in two days at a full hour, without its rules' checks."""
    number = next(_numbers)
    start = starts_at or (clock.now() + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    zone = values.setdefault("zone", clock.SWEDEN)
    scheduled = ScheduledSession(
        **{
            "slug": f"walk-{number}-{uuid.uuid4().hex[:4]}",
            "kind": "guided_tour",
            "state": state,
            "title": {"en": f"A walk {number}", "sv": f"En rundtur {number}"},
            "summary": {"en": "What you see."},
            "languages": ["en"],
            "local_start": clock.local(start, zone).replace(tzinfo=None),
            "starts_at": start,
            "tzdata_version": clock.TZDATA_VERSION,
            "sites": [SessionSite(site_id=site.id, position=at) for at, site in enumerate(sites or [])],
            **values,
        }
    )
    session.add(scheduled)
    session.flush()
    return scheduled


def wish(**values: Any) -> signup.SignUp:
    """What somebody types into the sign-up form."""
    typed = {
        "name": "Amina Diallo",
        "email": "amina@example.org",
        "country": "MA",
        "language": "en",
        "zone": "Africa/Casablanca",
    }
    return signup.SignUp(**{**typed, **values})


def make_registration(session: Session, services: Services, scheduled: ScheduledSession, **values: Any) -> Registration:
    """A confirmed registration, with its mail in the outbox."""
    values.setdefault("email", f"{new_id()}@example.org")
    return signup.register(session, services, scheduled, wish(**values)).registration


def make_user(session: Session, *, admin: bool = False, hosts: ScheduledSession | None = None, **values: Any) -> User:
    """A member of staff, without a password: see :func:`signed_in`."""
    number = next(_numbers)
    user = User(
        **{"email": f"staff{number}@example.org", "name": f"Staff {number}", "fs_uniquifier": new_id(), **values}
    )
    session.add(user)
    session.flush()
    if admin:
        rights.grant(session, Actor("user", user.id), "admin", "global", by=SYSTEM)
    if hosts is not None:
        rights.grant(session, Actor("user", user.id), "host", "session", hosts.id, by=SYSTEM)
    return user


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A browser in which somebody signed in; tests/people signs in by the form."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = user.fs_uniquifier
        cookie["_fresh"] = True
    return client


def administrator(app: Flask) -> FlaskClient:
    """A browser in which a new administrator is signed in."""
    services: Services = app.extensions["tourserver"]
    with services.db.write() as session:
        user = make_user(session, admin=True)
    return signed_in(app, user)


def row_counts(db: Database) -> dict[str, int]:
    """Rows in every table: equal before and after what must change nothing."""
    with db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database while the block runs."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
