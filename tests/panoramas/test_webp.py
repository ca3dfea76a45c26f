from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image
from sqlalchemy import select

from tests.panoramas import pictures
from tourserver.core import clock
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas import (
    jobs as tiling,  # noqa: F401 - registers its handler
)
from tourserver.panoramas import sandbox, store, webp
from tourserver.panoramas.models import Panorama


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return pictures.save_with_metadata(tmp_path_factory.mktemp("source") / "a.jpg", 2048, gps=True).read_bytes()


def tiled(services: Services, data: bytes) -> Panorama:
    """A picture with JPEG tiles."""
    held = store.hold(services, io.BytesIO(data), "a.jpg")
    try:
        with services.db.write() as session:
            panorama = store.keep(session, services.storage, held, actor=SYSTEM)
    finally:
        held.discard()
    assert Worker(services).run_once()
    return load(services, panorama.id)


def load(services: Services, panorama_id: str) -> Panorama:
    with services.db.read() as session:
        return session.get_one(Panorama, panorama_id)


def webp_job(services: Services) -> Job:
    with services.db.read() as session:
        return session.scalars(select(Job).where(Job.kind == webp.JOB)).one()


def due(services: Services) -> None:
    """As if the delay had passed."""
    with services.db.write() as session:
        session.scalars(select(Job).where(Job.kind == webp.JOB)).one().run_after = clock.now()


def tree(services: Services, panorama: Panorama) -> Path:
    return services.settings.files / "panoramas-webp" / panorama.content_hash


def jpegs(services: Services) -> dict[str, bytes]:
    folder = services.settings.files / "panoramas"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_webp_tiles_follow_the_jpeg_tiles_after_a_while_in_a_tree_of_their_own(
    services: Services, picture: bytes
) -> None:
    panorama = tiled(services, picture)
    before = jpegs(services)
    wait = webp_job(services).run_after - clock.now()
    assert timedelta(seconds=10) < wait <= webp.DELAY
    assert not Worker(services).run_once()
    due(services)
    assert Worker(services).run_once()
    assert webp_job(services).state == "done"
    assert load(services, panorama.id).webp_at is not None
    files = {str(path.relative_to(tree(services, panorama))) for path in tree(services, panorama).rglob("*.*")}
    tiles = {f"0/{col}_{row}.webp" for col in range(4) for row in range(2)}
    assert files == tiles | {"base.webp", "manifest.json"}
    assert jpegs(services) == before


def test_webp_tiles_show_the_same_without_a_place_or_notes(services: Services, tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 2048, Q=92)
    panorama = tiled(services, source.read_bytes())
    due(services)
    Worker(services).run_once()
    for file in tree(services, panorama).rglob("*.webp"):
        data = file.read_bytes()
        assert not any(trace in data for trace in (b"EXIF", b"XMP", b"ICCP"))
    rows = []
    for row in range(2):
        tiles = [
            pyvips.Image.new_from_file(str(tree(services, panorama) / "0" / f"{col}_{row}.webp")) for col in range(4)
        ]
        rows.append(pyvips.Image.arrayjoin(tiles, across=4))
    whole = rows[0].join(rows[1], "vertical")
    assert (whole.width, whole.height) == (2048, 1024)
    assert pictures.psnr(whole, pyvips.Image.new_from_file(str(source))) > 33
    with Image.open(tree(services, panorama) / "base.webp") as base:
        assert (base.size, base.format) == ((1024, 512), "WEBP")


def test_blurred_regions_are_blurred_in_webp_too(services: Services, tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 2048, Q=92)
    panorama = tiled(services, source.read_bytes())
    with services.db.write() as session:
        for job in session.scalars(select(Job)):
            session.delete(job)
        region = {"yaw": 0, "pitch": 0, "width": 30, "height": 30}
        baked = store.bake(session, session.get_one(Panorama, panorama.id), [region], actor=SYSTEM)
    assert Worker(services).run_once()
    due(services)
    assert Worker(services).run_once()
    tile = pyvips.Image.new_from_file(str(tree(services, baked) / "0" / "2_0.webp")).crop(0, 472, 40, 40)
    was = pyvips.Image.new_from_file(str(source)).crop(1024, 472, 40, 40)
    assert (tile.cast("float") - tile.gaussblur(2)).deviate() < (was.cast("float") - was.gaussblur(2)).deviate() / 3


def test_tiles_that_would_weigh_more_than_jpeg_are_dropped_without_harm(
    services: Services, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama = tiled(services, picture)
    manifest = services.settings.files / "panoramas" / panorama.content_hash / "manifest.json"
    # As of a picture that JPEG packs into next to nothing.
    manifest.write_text(manifest.read_text().replace('"bytes":', '"bytes":1,"was":'))
    due(services)
    assert Worker(services).run_once()
    assert webp_job(services).state == "done"
    assert load(services, panorama.id).webp_at is None
    assert not tree(services, panorama).exists()
    assert list((services.settings.files / "scratch").iterdir()) == []
    with services.db.write() as session:
        assert webp.ask_for_missing(session) == 0, "it is not tried for ever"


def test_a_failure_leaves_the_jpeg_tiles_as_they_are(
    services: Services, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama = tiled(services, picture)
    before = jpegs(services)
    start = sandbox._child

    @contextmanager
    def killed(*arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
        with start(*arguments) as child:
            child.kill()
            yield child

    monkeypatch.setattr(sandbox, "_child", killed)
    for _attempt in range(webp.MOST_ATTEMPTS):
        due(services)
        assert Worker(services).run_once()
    assert webp_job(services).state == "failed"
    found = load(services, panorama.id)
    assert (found.state, found.error, found.webp_at) == ("ready", None, None)
    assert jpegs(services) == before
    assert not tree(services, panorama).exists()


def test_an_attempt_that_died_after_storing_the_tree_is_finished_by_the_next(
    services: Services, picture: bytes
) -> None:
    panorama = tiled(services, picture)
    due(services)
    Worker(services).run_once()
    with services.db.write() as session:
        session.get_one(Panorama, panorama.id).webp_at = None
        session.scalars(select(Job).where(Job.kind == webp.JOB)).one().state = "waiting"
    before = (tree(services, panorama) / "manifest.json").stat().st_mtime_ns
    assert Worker(services).run_once()
    assert load(services, panorama.id).webp_at is not None
    assert (tree(services, panorama) / "manifest.json").stat().st_mtime_ns == before


def test_pictures_of_an_earlier_release_are_asked_for_once(services: Services, picture: bytes) -> None:
    panorama = tiled(services, picture)
    with services.db.write() as session:
        session.delete(session.scalars(select(Job).where(Job.kind == webp.JOB)).one())
    with services.db.write() as session:
        assert webp.ask_for_missing(session) == 1
        assert webp.ask_for_missing(session) == 0
    assert webp_job(services).key == panorama.id


def test_a_job_for_a_picture_that_was_freed_does_nothing(services: Services, picture: bytes) -> None:
    panorama = tiled(services, picture)
    due(services)
    with services.db.write() as session:
        session.delete(session.get_one(Panorama, panorama.id))
    assert Worker(services).run_once()
    assert webp_job(services).state == "done"
    assert not tree(services, panorama).exists()
