from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests import factories
from tourserver import wiring
from tourserver.core import clock
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.live.models import Room, RoomTour
from tourserver.panoramas import freeing, store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import publishing, removal
from tourserver.tours.models import RemovedPart, Scene, TourRevision, TourSubmission


@pytest.fixture(autouse=True)
def _wired() -> None:
    wiring.connect_signals()


@pytest.fixture
def session(services: Services) -> Iterator[Session]:
    with services.db.write() as found:
        yield found


def freed(session: Session) -> set[str]:
    """Ids of the pictures that a sweep would take away now, which it does."""
    session.flush()
    old = clock.now() - freeing.GRACE - timedelta(minutes=1)
    session.execute(update(Panorama).values(updated_at=old))
    ids = list(session.scalars(select(Panorama.id).order_by(Panorama.id.desc())))
    return {panorama_id for panorama_id in ids if freeing.free(session, panorama_id)}


def replaced(session: Session, site: Site, *, ago: timedelta) -> None:
    """Publish a tour that shows other pictures only, so long ago."""
    old = {scene.id for scene in session.scalars(select(Scene).where(Scene.site_id == site.id))}
    factories.make_scene(session, site)
    for scene_id in old:
        removal.take_scene(session, session.get_one(Scene, scene_id), actor=SYSTEM)
    session.execute(update(RemovedPart).values(removed_at=clock.now() - timedelta(days=2)))
    revision = publishing.publish(session, site, actor=SYSTEM)
    revision.published_at = clock.now() - ago
    session.flush()


def test_pictures_of_scenes_and_of_the_tour_in_force_stay(session: Session) -> None:
    site, _scenes = factories.make_tour(session)
    factories.make_scene(session, site)
    unused = factories.make_panorama(session)
    assert freed(session) == {unused.id}


def test_a_scene_that_was_taken_out_keeps_its_picture_for_a_day(session: Session) -> None:
    site = factories.make_site(session)
    scene = factories.make_scene(session, site)
    part = removal.take_scene(session, scene, actor=SYSTEM)
    assert freed(session) == set()
    part.removed_at = clock.now() - timedelta(hours=25)
    assert freed(session) == {scene.panorama_id}
    session.refresh(part)
    assert part.panorama_id is None


def test_a_revision_keeps_its_pictures_for_thirty_days_after_it_was_replaced(session: Session) -> None:
    site, scenes = factories.make_tour(session)
    shown = {scene.panorama_id for scene in scenes}
    replaced(session, site, ago=timedelta(days=29))
    assert freed(session) == set()
    newest = publishing.published(session, site.id)
    assert newest is not None
    newest.published_at = clock.now() - timedelta(days=31)
    assert freed(session) == shown
    assert len(session.scalars(select(TourRevision)).all()) == 2, "the history stays"


def test_a_revision_in_force_for_years_keeps_its_pictures(session: Session) -> None:
    site, scenes = factories.make_tour(session)
    revision = publishing.published(session, site.id)
    assert revision is not None
    revision.published_at = clock.now() - timedelta(days=1000)
    for scene in scenes:
        removal.take_scene(session, scene, actor=SYSTEM)
    session.execute(update(RemovedPart).values(removed_at=clock.now() - timedelta(days=2)))
    assert freed(session) == set()


def test_a_revision_that_a_room_has_pinned_keeps_its_pictures_for_ever(session: Session) -> None:
    site, scenes = factories.make_tour(session)
    shown = {scene.panorama_id for scene in scenes}
    pinned = publishing.published(session, site.id)
    assert pinned is not None
    room = Room(session_id=factories.make_session(session).id, name="of the test")
    session.add(room)
    session.flush()
    session.add(RoomTour(room_id=room.id, position=0, tour_revision_id=pinned.id))
    replaced(session, site, ago=timedelta(days=400))
    assert freed(session) == set()
    session.delete(room)
    assert freed(session) == shown


@pytest.mark.parametrize(
    ("state", "kept"), [("waiting", True), ("approved", True), ("sent_back", False), ("published", False)]
)
def test_a_tour_that_waits_for_its_reviewer_keeps_its_pictures(session: Session, state: str, kept: bool) -> None:
    site = factories.make_site(session)
    source = factories.make_panorama(session)
    region = {"yaw": 0, "pitch": 0, "width": 10, "height": 10}
    scene = factories.make_scene(session, site, source)
    baked = store.bake(session, source, [region], actor=SYSTEM)
    content = {"start": scene.id, "scenes": [{"id": scene.id, "panorama": baked.id}]}
    session.add(
        TourSubmission(site_id=site.id, state=state, content=content, submitted_by="user:1", submitted_at=clock.now())
    )
    assert freed(session) == (set() if kept else {baked.id})


def test_a_scene_that_is_being_added_keeps_its_picture(services: Services) -> None:
    with services.db.write() as session:
        site, panorama = factories.make_site(session), factories.make_panorama(session)
        panorama.updated_at = clock.now() - timedelta(days=3)
    added = threading.Event()

    def add() -> None:
        with services.db.write() as session:
            factories.make_scene(session, session.get_one(Site, site.id), session.get_one(Panorama, panorama.id))
            session.flush()
            added.set()
            threading.Event().wait(0.3)  # the sweep waits: for the row, or on SQLite for the database

    def free() -> bool:
        assert added.wait(10)
        with services.db.write() as session:
            return freeing.free(session, panorama.id)

    with ThreadPoolExecutor(2) as pool:
        adding, freeing_it = pool.submit(add), pool.submit(free)
    adding.result()
    assert freeing_it.result() is False
