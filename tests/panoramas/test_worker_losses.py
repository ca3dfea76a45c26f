"""A picture that takes the worker with it: real workers in processes of their own, ended by kill -9."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.panoramas import pictures
from tests.servers import end_with_parent, environment
from tourserver.core import clock, jobs
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import (
    jobs as tiling,  # noqa: F401 - registers its handler
)
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama

WORKER = """
from tourserver import models
from tourserver.core import jobs
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import jobs as tiling

jobs.Worker(Services.start(Settings()), poll_seconds=0.05).run()
"""


@pytest.fixture
def embedded(settings: Settings) -> Iterator[Services]:
    """Services on SQLite, which other processes open too."""
    found = Services.start(settings)
    yield found
    found.close()


def upload(services: Services, path: Path) -> str:
    held = store.hold(services, io.BytesIO(path.read_bytes()), path.name)
    try:
        with services.db.write() as session:
            return store.keep(session, services.storage, held, actor=SYSTEM).id
    finally:
        held.discard()


def state(services: Services, panorama_id: str) -> str:
    with services.db.read() as session:
        return session.get_one(Panorama, panorama_id).state


def job_of(services: Services, panorama_id: str) -> Job:
    with services.db.read() as session:
        return session.scalars(select(Job).where(Job.kind == store.TILE_JOB, Job.key == panorama_id)).one()


def kill_a_worker_while_it_tiles(services: Services, panorama_id: str, attempt: int) -> None:
    """Start a worker, wait until it has begun with the picture, kill -9 it, and let its lease run out."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment(services.settings), preexec_fn=end_with_parent
    ) as worker:
        end = time.monotonic() + 30
        while (job := job_of(services, panorama_id)).attempts < attempt or state(services, panorama_id) != "tiling":
            assert time.monotonic() < end, "no worker took the picture"
            time.sleep(0.01)
        assert job.state == "running"
        worker.kill()
    with services.db.write() as session:
        session.get_one(Job, job.id).leased_until = clock.now() - timedelta(seconds=1)


def test_a_picture_that_kills_the_worker_three_times_fails_with_the_reason_and_others_are_made(
    embedded: Services, tmp_path: Path
) -> None:
    # Large enough that the worker is still busy with it when it is killed.
    heavy = upload(embedded, pictures.save_scene(tmp_path / "heavy.jpg", 8192, Q=75))
    for attempt in range(1, jobs.MOST_LOSSES + 1):
        kill_a_worker_while_it_tiles(embedded, heavy, attempt)
    light = upload(embedded, pictures.save_scene(tmp_path / "light.jpg", 2048))
    assert Worker(embedded).run_once()
    with embedded.db.read() as session:
        failed = session.get_one(Panorama, heavy)
    assert failed.state == "failed"
    assert failed.error is not None
    assert (failed.error["code"], failed.error["params"]) == ("worker_lost", {"count": 3})
    assert failed.error["message"].startswith("The worker ended %(count)s times while it made the tiles of this")
    assert not embedded.storage.exists(f"panoramas/{failed.content_hash}/manifest.json")
    assert state(embedded, light) == "ready"


def test_a_worker_that_is_killed_once_costs_nothing_but_time(embedded: Services, tmp_path: Path) -> None:
    panorama_id = upload(embedded, pictures.save_scene(tmp_path / "a.jpg", 8192, Q=75))
    kill_a_worker_while_it_tiles(embedded, panorama_id, 1)
    assert state(embedded, panorama_id) == "tiling"
    assert Worker(embedded).run_once()
    assert state(embedded, panorama_id) == "ready"
    job = job_of(embedded, panorama_id)
    assert (job.state, job.worker_losses) == ("done", 1)
