"""Run inside a small disk by the tests: ``python -m tests.panoramas.full_disk PICTURE DATA [upload]``.

Takes a picture in, fills the disk, lets the worker try, gives the space back and lets it try again; prints a
JSON line after each try. With ``upload`` the disk is full before the picture comes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from sqlalchemy import select

from tourserver import models
from tourserver.core import clock, logs, migrate
from tourserver.core.errors import TourserverError
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import (
    jobs,  # noqa: F401 - registers its handler
    store,
)
from tourserver.panoramas.models import Panorama

assert models.Base.metadata.tables
LEFT = 400 * 1024
TILE_JOBS = select(Job).where(Job.kind == store.TILE_JOB)


def fill(ballast: Path) -> None:
    """Leave 400 kB on the file system."""
    state = os.statvfs(ballast.parent)
    ballast.write_bytes(bytes(state.f_bavail * state.f_frsize - LEFT))


def tell(services: Services) -> None:
    """Print where things stand."""
    files = services.settings.files
    with services.db.read() as session:
        job, panorama = session.scalars(TILE_JOBS).one(), session.scalars(select(Panorama)).one()
    found = {
        "job": job.state,
        "error": job.error,
        "wait": (job.run_after - clock.now()).total_seconds(),
        "panorama": panorama.state,
        "scratch": len(list((files / "scratch").iterdir())),
        "tiles": len(list((files / "panoramas").rglob("*.jpg"))) if (files / "panoramas").exists() else 0,
    }
    print(json.dumps(found))


def main(picture: Path, data: Path, mode: str) -> None:
    """See above."""
    settings = Settings(data=data)
    data.mkdir()
    logs.configure(settings)
    migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    ballast = settings.data / "ballast"
    with picture.open("rb") as file:
        if mode == "upload":
            fill(ballast)
            try:
                store.hold(services, file, "a.jpg")
            except TourserverError as error:
                print(json.dumps({"error": error.text, "scratch": len(list((settings.files / "scratch").iterdir()))}))
            return
        held = store.hold(services, file, "a.jpg")
    with services.db.write() as session:
        store.keep(session, services.storage, held, actor=SYSTEM)
    held.discard()
    fill(ballast)
    Worker(services).run_once()
    tell(services)
    ballast.unlink()
    with services.db.write() as session:
        session.scalars(TILE_JOBS).one().run_after = clock.now()
    Worker(services).run_once()
    tell(services)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).absolute(), (sys.argv[3:] or [""])[0])
