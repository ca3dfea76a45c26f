from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.panoramas import pictures
from tests.panoramas.disks import on_a_small_disk
from tourserver.core import clock, jobs, signals
from tourserver.core.audit import Audit
from tourserver.core.errors import Invalid
from tourserver.core.jobs import Job, JobContext, Worker
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.panoramas import jobs as tiling
from tourserver.panoramas import making, refusals, sandbox, store
from tourserver.panoramas.manifest import Manifest
from tourserver.panoramas.models import Panorama

EDITOR = Actor("user", "0" * 32)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A panorama that warns of its size and tells its place."""
    return pictures.save_with_metadata(tmp_path_factory.mktemp("source") / "a.jpg", 2048, gps=True).read_bytes()


@pytest.fixture
def ready() -> Iterator[list[str]]:
    """The ids that ``panorama_ready`` announced."""
    heard: list[str] = []

    def hear(_session: Session, *, panorama_id: str) -> None:
        heard.append(panorama_id)

    before = list(signals.panorama_ready._receivers)
    signals.panorama_ready._receivers[:] = [hear]
    yield heard
    signals.panorama_ready._receivers[:] = before


def upload(services: Services, data: bytes, name: str = "a.jpg") -> str:
    held = store.hold(services, io.BytesIO(data), name)
    try:
        with services.db.write() as session:
            return store.keep(session, services.storage, held, actor=EDITOR).id
    finally:
        held.discard()


def load(services: Services, panorama_id: str) -> Panorama:
    with services.db.read() as session:
        return session.get_one(Panorama, panorama_id)


def job_of(services: Services, panorama_id: str) -> Job:
    with services.db.read() as session:
        job = jobs.latest(session, store.TILE_JOB, panorama_id)
        assert job is not None
        return job


def files(services: Services) -> list[str]:
    root = services.settings.files
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_upload_is_kept_by_its_content_and_its_tiles_are_asked_for(services: Services, picture: bytes) -> None:
    panorama = load(services, upload(services, picture, "C:\\pictures\\Åre 1.jpg"))
    content_hash = hashlib.sha256(picture).hexdigest()
    assert (panorama.content_hash, panorama.original_bytes) == (content_hash, len(picture))
    assert (panorama.width, panorama.height, panorama.state) == (2048, 1024, "waiting")
    assert (panorama.original_name, panorama.uploaded_by) == ("Åre 1.jpg", EDITOR.id)
    assert panorama.warnings == ["small", "gps"]
    assert (panorama.gps_latitude, panorama.gps_longitude) == pytest.approx((48.577056, 13.471583), abs=1e-5)
    assert files(services) == [panorama.original_key]
    assert re.fullmatch(f"originals/{content_hash}-[0-9a-f]{{8}}.jpg", panorama.original_key)
    with services.storage.open(panorama.original_key) as file:
        assert file.read() == picture
    assert job_of(services, panorama.id).state == "waiting"
    with services.db.read() as session:
        assert session.scalars(select(Audit)).one().verb == "panorama.add"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("å" * 300 + ".jpg", "å" * 200),
        ("مبنى البلدية 🏗️.jpg", "مبنى البلدية 🏗️.jpg"),
        ("../../etc/passwd", "passwd"),
        ("\u202egpj.exe\0\n.jpg", "gpj.exe.jpg"),
        ("", ""),
    ],
)
def test_names_of_all_scripts_are_kept_without_folders_and_control_signs(
    services: Services, picture: bytes, name: str, kept: str
) -> None:
    assert load(services, upload(services, picture, name)).original_name == kept


def test_the_warnings_of_a_stored_picture_are_there_in_words(services: Services, picture: bytes) -> None:
    panorama = load(services, upload(services, picture))
    assert store.warning_texts(panorama)[0].startswith("The picture is 2048 × 1024; 4096 × 2048 is needed")
    assert store.warning_texts(panorama, lambda _: "Bilden är %(width)s × %(height)s.")[0] == ("Bilden är 2048 × 1024.")


def test_the_worker_makes_the_tiles_and_announces_them(services: Services, picture: bytes, ready: list[str]) -> None:
    panorama_id = upload(services, picture)
    assert Worker(services).run_once()
    panorama = load(services, panorama_id)
    assert (panorama.state, panorama.error) == ("ready", None)
    assert panorama.levels == [{"width": 2048, "height": 1024, "cols": 4, "rows": 2, "tile": 512}]
    assert panorama.ready_at is not None
    assert ready == [panorama_id]
    job = job_of(services, panorama_id)
    assert (job.state, job.percent) == ("done", 100)
    prefix = f"panoramas/{panorama.content_hash}"
    tiles = {f"{prefix}/0/{col}_{row}.jpg" for col in range(4) for row in range(2)}
    extra = {f"{prefix}/base.jpg", f"{prefix}/manifest.json", panorama.original_key}
    assert set(files(services)) == tiles | extra


def test_the_same_picture_twice_is_one_picture_one_job_and_one_original(services: Services, picture: bytes) -> None:
    assert upload(services, picture) == upload(services, picture, "again.jpg")
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Panorama)) == 1
        assert session.scalar(select(func.count()).select_from(Job)) == 1
    assert len(files(services)) == 1


def test_an_upload_whose_transaction_fails_leaves_no_file(services: Services, picture: bytes) -> None:
    def fail() -> None:
        with store.hold(services, io.BytesIO(picture), "a.jpg") as held, services.db.write() as session:
            store.keep(session, services.storage, held, actor=EDITOR)
            raise RuntimeError("something else of the same transaction")

    with pytest.raises(RuntimeError):
        fail()
    assert files(services) == []


def test_a_finished_upload_is_taken_from_where_it_lies(services: Services, picture: bytes, tmp_path: Path) -> None:
    path = services.storage.scratch() / "whole"
    path.write_bytes(picture)
    digest = hashlib.sha256(picture).hexdigest()
    for _time in range(2):
        with store.hold_file(services, path, "a.jpg", digest) as held, services.db.write() as session:
            panorama = store.keep(session, services.storage, held, actor=EDITOR)
        assert path.read_bytes() == picture, "it stays its owner's"
    assert [name for name in files(services) if not name.startswith("scratch/")] == [panorama.original_key]


def test_a_file_that_was_lost_is_stored_again_by_the_next_upload(services: Services, picture: bytes) -> None:
    panorama = load(services, upload(services, picture))
    services.storage.delete(panorama.original_key)
    upload(services, picture)
    assert files(services) == [panorama.original_key]


def test_the_same_picture_at_the_same_moment_is_stored_once(services: Services, picture: bytes) -> None:
    one, other = (store.hold(services, io.BytesIO(picture), "a.jpg") for _time in range(2))
    kept = []
    for held in (one, other):
        with held, services.db.write() as session:
            kept.append(store.keep(session, services.storage, held, actor=EDITOR))
    assert kept[0].id == kept[1].id
    assert files(services) == [kept[0].original_key]


def test_a_picture_that_is_ready_asks_for_no_tiles_again(services: Services, picture: bytes) -> None:
    panorama_id = upload(services, picture)
    Worker(services).run_once()
    upload(services, picture)
    assert not Worker(services).run_once()
    assert load(services, panorama_id).state == "ready"


def test_a_refused_upload_leaves_neither_file_nor_row(services: Services) -> None:
    with pytest.raises(Invalid, match="is not a JPEG, PNG or WebP picture"):
        store.hold(services, io.BytesIO(b"no picture at all" * 1000), "a.jpg")
    assert files(services) == []
    assert list((services.settings.files / "scratch").iterdir()) == []


def test_an_upload_that_is_too_large_is_stopped_while_it_arrives(services: Services) -> None:
    class Endless:
        given = 0

        def read(self, size: int, /) -> bytes:
            self.given += size
            return b"\xff\xd8\xff" + b"\0" * (size - 3)

    stream = Endless()
    with pytest.raises(Invalid) as caught:
        store.hold(services, stream, "a.jpg")
    assert caught.value.text == "The file is larger than 64 MB. Save it as a JPEG of quality 90 and upload that."
    assert stream.given < 65 * 1024 * 1024
    assert files(services) == []


def test_a_damaged_picture_fails_with_its_reason_and_is_not_tried_again(
    services: Services, tmp_path: Path, ready: list[str]
) -> None:
    data = pictures.save_scene(tmp_path / "a.jpg", 2048).read_bytes()
    panorama_id = upload(services, data[: len(data) // 2] + b"\xff\xd9")
    assert Worker(services).run_once()
    panorama = load(services, panorama_id)
    assert panorama.state == "failed"
    assert panorama.error == {
        "message": "The file is damaged and can't be read. Open it in a picture program, save it again and upload "
        "that.",
        "params": {},
        "code": "damaged",
    }
    assert job_of(services, panorama_id).state == "failed"
    assert not Worker(services).run_once()
    assert files(services) == [panorama.original_key]
    assert list((services.settings.files / "scratch").iterdir()) == []
    assert ready == []


def test_bad_files_never_stop_the_queue(services: Services, tmp_path: Path, picture: bytes) -> None:
    sound = pictures.save_scene(tmp_path / "a.jpg", 2048).read_bytes()
    bad = [
        sound[: len(sound) // 2] + b"\xff\xd9",
        pictures.png_header(4096, 2048, b"\0" * 5000),
        sound[: len(sound) // 3] + bytes(3000) + sound[len(sound) // 3 + 3000 :],
    ]
    failing = [upload(services, data) for data in bad]
    lost = upload(services, pictures.save_scene(tmp_path / "b.jpg", 2048, Q=60).read_bytes())
    services.storage.delete(load(services, lost).original_key)
    good = upload(services, picture)
    worker = Worker(services)
    for _job in range(len(bad) + 2):
        assert worker.run_once()
    assert load(services, good).state == "ready"
    assert [load(services, panorama_id).state for panorama_id in failing] == ["failed"] * len(bad)
    assert job_of(services, lost).state == "waiting", "its original may come back"


def test_uploading_a_failed_picture_again_tries_it_again(services: Services, picture: bytes) -> None:
    panorama_id = upload(services, picture)
    with services.db.write() as session:
        session.get_one(Panorama, panorama_id).state = "failed"
        job = session.scalars(select(Job)).one()
        job.state = "failed"
    assert upload(services, picture) == panorama_id
    assert load(services, panorama_id).state == "waiting"
    assert Worker(services).run_once()
    assert load(services, panorama_id).state == "ready"


def test_a_worker_that_is_stopped_gives_the_job_back(services: Services, picture: bytes) -> None:
    panorama_id = upload(services, picture)
    worker = Worker(services)
    worker.stopping.set()
    assert worker.run_once()
    job = job_of(services, panorama_id)
    assert (job.state, load(services, panorama_id).state) == ("waiting", "tiling")
    assert job.run_after <= clock.now() + timedelta(seconds=2)
    assert list((services.settings.files / "scratch").iterdir()) == []


def test_a_process_that_keeps_dying_is_given_up_in_the_end(
    services: Services, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    panorama_id = upload(services, picture)
    attempts: list[int] = []

    start = sandbox._child

    @contextmanager
    def killed(*arguments: Any) -> Iterator[subprocess.Popen[bytes]]:
        with start(*arguments) as child:
            attempts.append(child.pid)
            child.kill()
            yield child

    monkeypatch.setattr(sandbox, "_child", killed)
    for _attempt in range(making.MOST_ATTEMPTS):
        assert job_of(services, panorama_id).state == "waiting"
        with services.db.write() as session:
            session.scalars(select(Job)).one().run_after = clock.now()
        assert Worker(services).run_once()
    assert len(attempts) == making.MOST_ATTEMPTS
    panorama = load(services, panorama_id)
    assert (panorama.state, panorama.error and panorama.error["code"]) == ("failed", "given_up")
    assert job_of(services, panorama_id).state == "failed"


def test_tiles_that_an_earlier_attempt_stored_are_taken_as_they_are(services: Services, picture: bytes) -> None:
    panorama_id = upload(services, picture)
    Worker(services).run_once()
    with services.db.write() as session:
        # As when the worker died between storing the tiles and saying so.
        session.get_one(Panorama, panorama_id).state = "tiling"
    before = {path: (services.settings.files / path).stat().st_mtime_ns for path in files(services)}
    tiling.tile(JobContext(services, job_of(services, panorama_id).id, {"panorama": panorama_id}, 2, threading.Event()))
    assert load(services, panorama_id).state == "ready"
    assert before == {path: (services.settings.files / path).stat().st_mtime_ns for path in files(services)}


def test_a_job_for_a_picture_that_is_gone_does_nothing(services: Services) -> None:
    tiling.tile(JobContext(services, "no job", {"panorama": "gone"}, 1, threading.Event()))
    assert files(services) == []


def test_a_full_disk_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 4096, Q=90)
    done = on_a_small_disk(tmp_path, 16_000, f'"$PYTHON" -m tests.panoramas.full_disk {source} data 2>/dev/null')
    full, later = (json.loads(line) for line in done.stdout.splitlines())
    assert full["job"] == "waiting"
    assert full["error"] == str(refusals.disk_full())
    assert 60 < full["wait"] <= 120
    assert (full["panorama"], full["scratch"], full["tiles"]) == ("tiling", 0, 0)
    assert later["panorama"] == "ready"
    assert later["tiles"] == 8 * 4 + 4 * 2 + 1


def test_a_full_disk_while_a_picture_arrives_keeps_nothing_of_it(tmp_path: Path) -> None:
    source = pictures.save_scene(tmp_path / "a.jpg", 4096, Q=90)
    done = on_a_small_disk(tmp_path, 16_000, f'"$PYTHON" -m tests.panoramas.full_disk {source} data upload 2>/dev/null')
    assert json.loads(done.stdout) == {
        "error": "The disk is full. Nothing was kept. Upload the picture again when there is space.",
        "scratch": 0,
    }


def test_a_manifest_reads_back_as_it_was_written() -> None:
    manifest = Manifest.from_json(
        {
            "version": 1,
            "width": 2048,
            "height": 1024,
            "levels": [{"width": 2048, "height": 1024, "cols": 4, "rows": 2, "tile": 512}],
            "base": "base.jpg",
            "tile": "{level}/{col}_{row}.jpg",
            "files": 9,
            "bytes": 1000,
            "seconds": 0.1,
        }
    )
    assert Manifest.from_json(manifest.json()) == manifest
