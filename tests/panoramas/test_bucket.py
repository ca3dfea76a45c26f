"""The whole life of a picture whose files lie in a bucket: uploaded, tiled, blurred, as WebP, freed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.panoramas import pictures
from tourserver.core import clock
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.core.storage_s3 import S3Storage
from tourserver.panoramas import freeing, store, uses
from tourserver.panoramas import (
    jobs as tiling,  # noqa: F401 - registers its handler
)
from tourserver.panoramas.models import Panorama


@pytest.fixture
def in_a_bucket(settings: Settings, s3_url: str) -> Iterator[Services]:
    found = Services.start(settings.model_copy(update={"storage_url": s3_url}))
    yield found
    found.close()


def work(services: Services) -> None:
    """Do all jobs, those that wait for later too."""
    worker = Worker(services)
    for _round in range(3):
        with services.db.write() as session:
            for job in session.scalars(select(Job).where(Job.state == "waiting")):
                job.run_after = clock.now() - timedelta(seconds=1)
        while worker.run_once():
            pass


def test_a_picture_lives_and_goes_in_a_bucket(
    in_a_bucket: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, storage = in_a_bucket, in_a_bucket.storage
    assert isinstance(storage, S3Storage)
    needed: set[str] = set()

    def used(_session: Session) -> Select[Any]:
        return select(Panorama.id).where(Panorama.id.in_(sorted(needed)))

    monkeypatch.setattr(uses, "_used", [used])
    with pictures.save_scene(tmp_path / "a.jpg", 2048).open("rb") as file:
        held = store.hold(services, file, "a.jpg")
    with services.db.write() as session:
        source = store.keep(session, storage, held, actor=SYSTEM)
        region = {"yaw": 0, "pitch": 0, "width": 20, "height": 20}
        baked = store.bake(session, source, [region], actor=SYSTEM)
    held.discard()
    work(services)
    for panorama in (source, baked):
        for key in ("panoramas/{}/0/3_1.jpg", "panoramas/{}/base.jpg", "panoramas-webp/{}/0/0_0.webp"):
            assert storage.exists(key.format(panorama.content_hash))
        storage.put(f"posters/{panorama.content_hash}-0123456789ab.jpg", b"poster")
    with services.db.write() as session:
        for row in session.scalars(select(Panorama)):
            assert (row.state, row.webp_at is None) == ("ready", False)
            row.updated_at = clock.now() - freeing.GRACE - timedelta(minutes=1)
    needed.add(source.id)
    freeing.sweep(services)
    work(services)
    assert storage.exists(source.original_key)
    assert storage.exists(f"panoramas/{source.content_hash}/manifest.json")
    assert not storage.exists(f"panoramas/{baked.content_hash}/manifest.json")
    needed.clear()
    freeing.sweep(services)
    work(services)
    pages = storage._client.get_paginator("list_objects_v2").paginate(Bucket=storage.address.bucket)
    assert [found["Key"] for page in pages for found in page.get("Contents", ())] == []
    assert list((services.settings.files / "scratch").iterdir()) == []
