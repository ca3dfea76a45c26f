"""``tourserver tours``: tours as ZIPs on the command line."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tourserver.core.errors import NotFound, TourserverError
from tourserver.core.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tourserver.core.services import Services
    from tourserver.sites.models import Site
    from tourserver.tours.archive.report import Report

_POLL_SECONDS = 0.5
_MARKS = {"taken": "+", "changed": "~", "left": "-"}


@click.command("import")
@click.argument("zip_path", metavar="ZIP", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "slug", required=True, help="Address of the site whose draft gets the scenes.")
def import_tour(zip_path: Path, slug: str) -> None:
    """Add the scenes of the tour in ZIP to a site's draft, and print what was taken and what was not.

    Takes tours of Pannellum and Marzipano, and what `tourserver tours export` wrote. Publishes nothing; the worker
    makes the tiles. Ends with 2 when the ZIP can't be used.
    """
    from tourserver.core.actors import SYSTEM
    from tourserver.tours.archive import importing

    with _services() as services:
        with services.db.read() as session:
            site = _site(session, slug)
        folder = services.storage.scratch()
        try:
            copy = Path(shutil.copyfile(zip_path, folder / "file"))
            importing.check(services, copy)
            with importing.put(services, copy) as import_id, services.db.write() as session:
                job_id = importing.begin(session, site, import_id, name=zip_path.name, actor=SYSTEM).id
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _print(_work(services, job_id))


@click.command("export")
@click.argument("slug", metavar="SLUG")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The ZIP to write.")
def export_tour(slug: str, out: Path) -> None:
    """Write the draft of the site SLUG with its original pictures into a ZIP that `tourserver tours import` takes.

    Faces and plates are not blurred in originals: keep the ZIP private. The same tour gives the same bytes.
    """
    from tourserver.core import audit
    from tourserver.core.actors import SYSTEM
    from tourserver.tours.archive import exporting

    with _services() as services:
        with services.db.write() as session:
            site = _site(session, slug)
            package = exporting.of_draft(session, site)
            audit.record(session, SYSTEM, "tour.export", "site", site.id, after={"draft": True})
        with _whole(out) as target:
            exporting.write(services, package, target)
    click.echo(f"{out}: {len(package.manifest.scenes)} scenes, {out.stat().st_size} bytes")


@contextlib.contextmanager
def _services() -> Iterator[Services]:
    from tourserver.core import logs
    from tourserver.core.services import Services
    from tourserver.core.settings import Settings

    settings = Settings()
    logs.configure(settings)
    services = Services.start(settings)
    try:
        yield services
    finally:
        services.close()


def _site(session: Session, slug: str) -> Site:
    from sqlalchemy import select

    from tourserver.sites.models import Site

    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    return site


def _work(services: Services, job_id: str) -> Report:
    """Do the job here, or wait for the worker that was quicker, with a bar in the terminal."""
    from tourserver.core.jobs import Job, Worker
    from tourserver.tours.archive.report import Report

    with _bar(services, job_id):
        while True:
            Worker(services).run_once(only=job_id)
            with services.db.read() as session:
                job = session.get_one(Job, job_id)
            if "report" in job.payload:
                return Report.from_json(job.payload["report"])
            if job.state == "failed":
                raise TourserverError((job.error or "").replace("%", "%%"))
            time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def _bar(services: Services, job_id: str) -> Iterator[None]:
    """A progress bar on stderr when that is a terminal; the job's row says how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    import threading

    from rich.console import Console
    from rich.progress import Progress

    from tourserver.core.jobs import Job

    ended = threading.Event()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Import", total=100)

        def follow() -> None:
            while not ended.wait(_POLL_SECONDS):
                with services.db.read() as session:
                    bar.update(task, completed=session.get_one(Job, job_id).percent)

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def _whole(out: Path) -> Iterator[tempfile._TemporaryFileWrapper[bytes]]:
    """A file that appears at ``out`` whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=out.absolute().parent, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, out)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _print(report: Report) -> None:
    for line in report.lines:
        place = f"{line.where}: " if line.where else ""
        click.echo(f"{_MARKS[line.kind]} {place}{line.text()}")
    if report.unsaid:
        click.echo(f"and {report.unsaid} more lines")
    click.echo(f"{report.scenes} scenes and {report.points} points from {report.source} ({report.format})")
