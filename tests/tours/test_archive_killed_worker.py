"""A worker that is killed in the middle of an import leaves no half of a tour, and no double one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from tests import factories
from tests.servers import environment
from tests.tours import archives
from tourserver.core import clock, jobs
from tourserver.core.actors import SYSTEM
from tourserver.core.jobs import Job, Worker
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.tours import scenes
from tourserver.tours.archive import dropping, importing
from tourserver.tours.models import Hotspot, Scene

PICTURES = 14

WORK = """
import sys
from tourserver import models
from tourserver.core.jobs import Worker
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.tours.archive import handlers
Worker(Services.start(Settings())).run_once(only=sys.argv[1])
"""


def big_tour(path: Path) -> Path:
    names = [f"p{number}" for number in range(PICTURES)]
    told = {
        name: {"panorama": f"{name}.jpg", "hotSpots": [{"yaw": 0, "pitch": 0, "text": "On", "sceneId": other}]}
        for name, other in zip(names, [*names[1:], names[0]], strict=True)
    }
    files: dict[str, bytes | str] = {f"{name}.jpg": archives.panorama(shade) for shade, name in enumerate(names)}
    return archives.zip_of(path, {**files, "tour.json": json.dumps({"scenes": told})})


def begin(services: Services, path: Path) -> tuple[str, str]:
    with services.db.write() as session:
        site = factories.make_site(session)
    with importing.put(services, path) as import_id, services.db.write() as session:
        return site.id, importing.begin(session, site, import_id, name="tour.zip", actor=SYSTEM).id


def count(services: Services, model: type[Panorama] | type[Scene] | type[Hotspot]) -> int:
    with services.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def work_and_kill(services: Services, job_id: str, after: int) -> None:
    """Let a worker process take the job and kill -9 it once so many pictures are kept."""
    process = subprocess.Popen([sys.executable, "-c", WORK, job_id], env=environment(services.settings))
    try:
        deadline = time.monotonic() + 60
        while count(services, Panorama) < after:
            assert process.poll() is None, "the worker ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()


def a_minute_passes(services: Services, job_id: str) -> None:
    with services.db.write() as session:
        past = clock.now() - timedelta(seconds=1)
        session.execute(update(Job).where(Job.id == job_id).values(state="running", leased_until=past))


def test_kill_nine_in_the_middle_of_an_import_leaves_nothing_half_and_nothing_double(
    services: Services, tmp_path: Path
) -> None:
    site_id, job_id = begin(services, big_tour(tmp_path / "tour.zip"))
    for after in (2, 6):
        work_and_kill(services, job_id, after)
        assert count(services, Scene) == 0, "scenes appear all at once"
        a_minute_passes(services, job_id)
    assert Worker(services).run_once(only=job_id)
    with services.db.read() as session:
        found = scenes.of_site(session, site_id)
        job = session.get_one(Job, job_id)
        assert (job.state, job.worker_losses) == ("done", 2)
        tiling = session.scalar(select(func.count()).select_from(Job).where(Job.kind == "panorama.tile"))
    assert [scene.key for scene in found] == [f"p{number}" for number in range(PICTURES)]
    assert tiling == count(services, Panorama) == count(services, Hotspot) == PICTURES
    assert not services.storage.exists(importing.archive_key(job.payload["import"]))

    # killed once more between the transaction and the note that the job is done
    with services.db.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(worker_losses=0))
    a_minute_passes(services, job_id)
    assert Worker(services).run_once(only=job_id)
    assert count(services, Scene) == PICTURES


def test_a_zip_that_takes_the_worker_with_it_is_given_up_and_removed(services: Services, tmp_path: Path) -> None:
    site_id, job_id = begin(services, big_tour(tmp_path / "tour.zip"))
    for _ in range(jobs.MOST_LOSSES):
        a_minute_passes(services, job_id)
        with services.db.write() as session:
            session.execute(update(Job).where(Job.id == job_id).values(worker_losses=Job.worker_losses + 1))
    assert not Worker(services).run_once(only=job_id)
    with services.db.read() as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.payload["error"]["code"]) == ("failed", "worker_lost")
        assert scenes.of_site(session, site_id) == []
        drop = session.scalars(select(Job).where(Job.kind == dropping.JOB)).one()
    key = importing.archive_key(job.payload["import"])
    assert services.storage.exists(key)
    assert Worker(services).run_once(only=drop.id)
    assert not services.storage.exists(key)


def test_a_worker_that_shall_stop_gives_the_import_back(services: Services, tmp_path: Path) -> None:
    _site_id, job_id = begin(services, big_tour(tmp_path / "tour.zip"))
    worker = Worker(services)
    worker.stopping.set()
    assert worker.run_once(only=job_id)
    with services.db.read() as session:
        assert session.get_one(Job, job_id).state == "waiting"
    assert count(services, Scene) == 0
    assert list((services.settings.files / "scratch").iterdir()) == []
