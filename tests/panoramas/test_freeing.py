from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.panoramas import pictures
from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.errors import Unavailable
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas import freeing, leaving, store, uses, webp
from tourserver.panoramas import (
    jobs as tiling,  # noqa: F401 - registers its handler
)
from tourserver.panoramas.models import Panorama

REGION = {"yaw": 0, "pitch": 0, "width": 10, "height": 10}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return pictures.save_with_metadata(tmp_path_factory.mktemp("source") / "a.jpg", 2048).read_bytes()


@pytest.fixture
def needed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of pictures that somebody needs; a test may put some in."""
    wanted: set[str] = set()

    def used(_session: Session) -> Select[Any]:
        return select(Panorama.id).where(Panorama.id.in_(sorted(wanted)))

    monkeypatch.setattr(uses, "_used", [used])
    monkeypatch.setattr(uses, "_release", [])
    return wanted


def upload(services: Services, data: bytes, hold_open: Callable[[], None] = lambda: None) -> str:
    held = store.hold(services, io.BytesIO(data), "a.jpg")
    try:
        with services.db.write() as session:
            panorama_id = store.keep(session, services.storage, held, actor=SYSTEM).id
            session.flush()
            hold_open()
            return panorama_id
    finally:
        held.discard()


def work(services: Services) -> None:
    """Do all jobs, those that wait for later too."""
    worker = Worker(services)
    for _round in range(20):
        with services.db.write() as session:
            for job in session.scalars(select(Job).where(Job.state == "waiting")):
                job.run_after = clock.now() - timedelta(seconds=1)
        while worker.run_once():
            pass
        with services.db.read() as session:
            if session.scalar(select(Job.id).where(Job.state.in_(("waiting", "running")))) is None:
                return
    raise AssertionError("the jobs don't come to an end")


def grow_old(services: Services) -> None:
    """As if nothing had happened to any picture for an hour and more."""
    with services.db.write() as session:
        for panorama in session.scalars(select(Panorama)):
            panorama.updated_at = clock.now() - freeing.GRACE - timedelta(minutes=1)


def load(services: Services, panorama_id: str) -> Panorama | None:
    with services.db.read() as session:
        return session.get(Panorama, panorama_id)


def files(services: Services) -> list[str]:
    root = services.settings.files
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def ready_and_old(services: Services, data: bytes) -> str:
    panorama_id = upload(services, data)
    work(services)
    panorama = load(services, panorama_id)
    assert panorama is not None
    assert panorama.webp_at is not None
    services.storage.put(f"posters/{panorama.content_hash}-0123456789ab.jpg", b"poster")
    services.storage.put(f"posters/{panorama.content_hash}-0123456789ab-thumb.jpg", b"poster")
    grow_old(services)
    return panorama_id


def test_a_picture_that_nothing_needs_goes_with_all_its_files(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    panorama_id = ready_and_old(services, picture)
    services.storage.put("posters/" + "0" * 64 + "-0123456789ab.jpg", b"of another")
    freeing.sweep(services)
    assert load(services, panorama_id) is None
    assert len(files(services)) > 20, "rows go first"
    work(services)
    assert files(services) == ["posters/" + "0" * 64 + "-0123456789ab.jpg"]
    with services.db.read() as session:
        assert "panorama.free" in {row.verb for row in session.scalars(select(Audit))}


def test_a_picture_in_use_or_just_uploaded_stays(services: Services, picture: bytes, needed: set[str]) -> None:
    panorama_id = ready_and_old(services, picture)
    needed.add(panorama_id)
    freeing.sweep(services)
    assert load(services, panorama_id) is not None
    needed.clear()
    upload(services, picture)
    freeing.sweep(services)
    assert load(services, panorama_id) is not None, "somebody is about to use it"
    grow_old(services)
    freeing.sweep(services)
    assert load(services, panorama_id) is None


def test_without_any_use_registered_nothing_is_freed(
    services: Services, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama_id = ready_and_old(services, picture)
    monkeypatch.setattr(uses, "_used", [])
    with pytest.raises(LookupError, match="No use of pictures is registered"):
        freeing.sweep(services)
    assert load(services, panorama_id) is not None


def test_a_use_with_nulls_in_it_keeps_nothing_else(services: Services, picture: bytes, needed: set[str]) -> None:
    panorama_id = ready_and_old(services, picture)
    uses._used.append(lambda _session: select(Panorama.source_id))  # null for this one
    freeing.sweep(services)
    assert load(services, panorama_id) is None


def test_a_source_stays_as_long_as_a_blurred_version_and_goes_after_it(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    source_id = upload(services, picture)
    with services.db.write() as session:
        source = session.get_one(Panorama, source_id)
        baked_id = store.bake(session, source, [REGION], actor=SYSTEM).id
    work(services)
    grow_old(services)
    needed.add(baked_id)
    freeing.sweep(services)
    assert load(services, source_id) is not None
    needed.clear()
    needed.add(source_id)
    freeing.sweep(services)
    work(services)
    assert load(services, baked_id) is None
    assert source.original_key in files(services)
    assert [path for path in files(services) if path.startswith("panoramas/") and source.content_hash not in path] == []
    needed.clear()
    freeing.sweep(services)
    work(services)
    assert load(services, source_id) is None
    assert files(services) == []


def test_both_go_in_one_sweep_when_nothing_needs_either(services: Services, picture: bytes, needed: set[str]) -> None:
    source_id = upload(services, picture)
    with services.db.write() as session:
        store.bake(session, session.get_one(Panorama, source_id), [REGION], actor=SYSTEM)
    work(services)
    grow_old(services)
    freeing.sweep(services)
    work(services)
    with services.db.read() as session:
        assert session.scalars(select(Panorama)).all() == []
    assert files(services) == []


def test_jobs_that_wait_for_the_picture_are_called_off_and_a_running_one_keeps_it(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    panorama_id = upload(services, picture)
    assert Worker(services).run_once()  # the tiles; WebP still waits
    grow_old(services)
    with services.db.write() as session:
        job = session.scalars(select(Job).where(Job.kind == webp.JOB)).one()
        job.state, job.leased_by, job.leased_until = "running", "a worker", clock.now() + timedelta(minutes=1)
    freeing.sweep(services)
    assert load(services, panorama_id) is not None
    with services.db.write() as session:
        session.get_one(Job, job.id).state = "waiting"
    freeing.sweep(services)
    assert load(services, panorama_id) is None
    work(services)
    assert files(services) == []
    with services.db.read() as session:
        assert session.get(Job, job.id) is None


def test_a_free_that_was_cut_off_is_completed_later(
    services: Services, picture: bytes, needed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama_id = ready_and_old(services, picture)
    freeing.sweep(services)
    delete = services.storage.delete_beginning

    def away(_start: str) -> None:
        raise Unavailable("The bucket doesn't answer.")

    monkeypatch.setattr(services.storage, "delete_beginning", away)
    assert Worker(services).run_once()
    assert any(path.startswith("posters/") for path in files(services))
    with services.db.write() as session:
        job = session.scalars(select(Job).where(Job.kind == leaving.JOB)).one()
        assert (job.state, job.error) == ("waiting", "The bucket doesn't answer.")
        job.state = "failed"  # as after days of it
    monkeypatch.setattr(services.storage, "delete_beginning", delete)
    freeing.sweep(services)
    work(services)
    assert load(services, panorama_id) is None
    assert files(services) == []


def both(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[Future[Any], Future[Any]]:
    """Run two functions at once, each in a thread, and wait for both."""
    with ThreadPoolExecutor(2) as pool:
        return pool.submit(one), pool.submit(other)


def whole(services: Services, panorama_id: str) -> Panorama:
    """The picture, checked to be there with original and tiles."""
    work(services)
    panorama = load(services, panorama_id)
    assert panorama is not None
    assert panorama.state == "ready"
    assert services.storage.exists(panorama.original_key)
    assert services.storage.exists(f"panoramas/{panorama.content_hash}/manifest.json")
    assert services.storage.exists(f"panoramas/{panorama.content_hash}/0/3_1.jpg")
    return panorama


def test_an_upload_that_came_just_before_keeps_the_picture(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    panorama_id = ready_and_old(services, picture)
    inside = threading.Event()

    def stay() -> None:
        inside.set()
        threading.Event().wait(0.3)  # the other waits: for the row, or on SQLite for the database

    def arrive() -> str:
        return upload(services, picture, stay)

    def free() -> bool:
        assert inside.wait(10)
        with services.db.write() as session:
            return freeing.free(session, panorama_id)

    arrived, freed = both(arrive, free)
    assert (arrived.result(), freed.result()) == (panorama_id, False)
    whole(services, panorama_id)


def test_an_upload_while_it_is_freed_waits_and_loses_no_file(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    panorama_id = ready_and_old(services, picture)
    inside = threading.Event()

    def free() -> bool:
        with services.db.write() as session:
            done = freeing.free(session, panorama_id)
            inside.set()
            threading.Event().wait(0.3)  # the upload is at the door
            return done

    def arrive() -> str:
        assert inside.wait(10)
        return upload(services, picture)

    freed, arrived = both(free, arrive)
    assert freed.result()
    new_id = arrived.result()
    assert new_id != panorama_id
    # The new row is there before the old files are gone.
    panorama = whole(services, new_id)
    assert [path for path in files(services) if path.startswith("originals/")] == [panorama.original_key]


def test_tiles_of_a_new_upload_wait_until_the_old_ones_are_gone(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    panorama_id = ready_and_old(services, picture)
    freeing.sweep(services)
    new_id = upload(services, picture)
    with services.db.write() as session:
        session.scalars(select(Job).where(Job.kind == leaving.JOB)).one().run_after = clock.now() + timedelta(hours=1)
    assert Worker(services).run_once()
    with services.db.read() as session:
        job = session.scalars(select(Job).where(Job.key == new_id, Job.kind == store.TILE_JOB)).one()
    assert job.state == "waiting"
    assert new_id != panorama_id
    whole(services, new_id)


def test_a_picture_freed_and_uploaded_three_times_over_is_there_once(
    services: Services, picture: bytes, needed: set[str]
) -> None:
    for _time in range(3):
        upload(services, picture)
        grow_old(services)
        freeing.sweep(services)
    panorama = whole(services, upload(services, picture))
    assert [path for path in files(services) if path.startswith("originals/")] == [panorama.original_key]


def test_every_failed_blur_and_upload_goes_too(services: Services, tmp_path: Path, needed: set[str]) -> None:
    data = pictures.save_scene(tmp_path / "a.jpg", 2048).read_bytes()
    panorama_id = upload(services, data[: len(data) // 2] + b"\xff\xd9")
    Worker(services).run_once()
    grow_old(services)
    freeing.sweep(services)
    work(services)
    assert load(services, panorama_id) is None
    assert files(services) == []
