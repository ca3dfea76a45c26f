from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvips
from sqlalchemy import func, select

from tests.panoramas import pictures
from tourserver.core import jobs
from tourserver.core.audit import Audit
from tourserver.core.errors import Invalid
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import (
    jobs as tiling,  # noqa: F401 - registers its handler
)
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama

FACE: dict[str, Any] = {"id": "f1", "yaw": 20.0, "pitch": 4.0, "width": 10.0, "height": 12.0}
PLATE: dict[str, Any] = {"id": "p1", "yaw": -150.0, "pitch": -20.0, "width": 8.0, "height": 3.0}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return pictures.save_scene(tmp_path_factory.mktemp("source") / "a.jpg", 2048, Q=90).read_bytes()


def upload(services: Services, data: bytes) -> str:
    held = store.hold(services, io.BytesIO(data), "a.jpg")
    try:
        with services.db.write() as session:
            return store.keep(session, services.storage, held, actor=SYSTEM).id
    finally:
        held.discard()


def bake(services: Services, source_id: str, *regions: dict[str, Any]) -> Panorama:
    with services.db.write() as session:
        return store.bake(session, session.get_one(Panorama, source_id), regions, actor=SYSTEM)


def load(services: Services, panorama_id: str) -> Panorama:
    with services.db.read() as session:
        return session.get_one(Panorama, panorama_id)


def test_a_blurred_picture_is_a_picture_of_its_own_from_the_same_original(services: Services, picture: bytes) -> None:
    source = load(services, upload(services, picture))
    baked = bake(services, source.id, PLATE, FACE)
    text = '[{"height":3.0,"pitch":-20.0,"width":8.0,"yaw":-150.0},{"height":12.0,"pitch":4.0,"width":10.0,"yaw":20.0}]'
    assert baked.content_hash == hashlib.sha256((source.content_hash + text).encode()).hexdigest()
    assert (baked.source_id, baked.original_key, baked.state) == (source.id, source.original_key, "waiting")
    assert (baked.width, baked.height, baked.webp_at, baked.withheld) == (2048, 1024, None, False)
    assert all("id" not in region for region in baked.regions)
    with services.db.read() as session:
        job = jobs.latest(session, store.TILE_JOB, baked.id)
        assert job is not None
        assert (job.state, job.payload) == ("waiting", {"panorama": baked.id})
        assert {row.verb for row in session.scalars(select(Audit))} == {"panorama.add", "panorama.bake"}


def test_the_same_regions_in_any_order_are_the_same_picture_and_others_another(
    services: Services, picture: bytes
) -> None:
    source_id = upload(services, picture)
    baked = bake(services, source_id, FACE, PLATE)
    assert bake(services, source_id, {**PLATE, "id": "x"}, {**FACE, "yaw": 20.0004}).id == baked.id
    assert bake(services, source_id, FACE).id != baked.id
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Panorama)) == 3
        assert session.scalar(select(func.count()).select_from(Job)) == 3


def test_no_regions_give_the_picture_itself(services: Services, picture: bytes) -> None:
    source_id = upload(services, picture)
    assert bake(services, source_id).id == source_id


def test_regions_on_a_blurred_picture_come_on_top_of_its_own(services: Services, picture: bytes) -> None:
    source_id = upload(services, picture)
    first = bake(services, source_id, FACE)
    both = bake(services, first.id, PLATE)
    assert (both.source_id, both.id) == (source_id, bake(services, source_id, FACE, PLATE).id)
    assert bake(services, first.id, FACE).id == bake(services, first.id).id == first.id


def test_what_is_no_region_makes_no_picture(services: Services, picture: bytes) -> None:
    source_id = upload(services, picture)
    with pytest.raises(Invalid):
        bake(services, source_id, {**FACE, "width": 400})
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Panorama)) == 1


def test_a_blurred_picture_that_failed_is_tried_again(services: Services, picture: bytes) -> None:
    source_id = upload(services, picture)
    baked = bake(services, source_id, FACE)
    with services.db.write() as session:
        session.get_one(Panorama, baked.id).state = "failed"
        for job in session.scalars(select(Job)):
            job.state = "failed"
    again = bake(services, source_id, FACE)
    assert (again.id, again.state, again.error) == (baked.id, "waiting", None)
    with services.db.read() as session:
        newest = jobs.latest(session, store.TILE_JOB, baked.id)
        assert newest is not None
        assert newest.state == "waiting"


@pytest.fixture
def embedded(settings: Settings) -> Iterator[Services]:
    found = Services.start(settings)
    yield found
    found.close()


def tiles_of(services: Services, panorama: Panorama) -> Path:
    return services.settings.files / "panoramas" / panorama.content_hash


def test_the_worker_bakes_the_regions_into_tiles_of_other_content(embedded: Services, picture: bytes) -> None:
    source = load(embedded, upload(embedded, picture))
    baked = bake(embedded, source.id, FACE)
    worker = Worker(embedded)
    assert worker.run_once()
    assert worker.run_once()
    assert {load(embedded, each.id).state for each in (source, baked)} == {"ready"}
    changed = same = 0
    for tile in sorted(tiles_of(embedded, baked).rglob("*.jpg")):
        other = tiles_of(embedded, source) / tile.relative_to(tiles_of(embedded, baked))
        one, two = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (tile, other))
        changed, same = changed + (one != two), same + (one == two)
    # The face lies in one or two of eight tiles, and in the base.
    assert 2 <= changed <= 3
    assert same >= 6
    column, row = int((FACE["yaw"] + 180) / 360 * 2048), int((90 - FACE["pitch"]) / 180 * 1024)
    seen = pictures.assemble(tiles_of(embedded, baked), 0, 4, 2).crop(column - 20, row - 20, 40, 40)
    was = pyvips.Image.new_from_buffer(picture, "").crop(column - 20, row - 20, 40, 40)
    assert (seen.cast("float") - seen.gaussblur(2)).deviate() < (was.cast("float") - was.gaussblur(2)).deviate() / 3
