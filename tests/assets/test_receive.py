"""Files taken in, written anew and shown to whom may see them."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.assets import samples
from tourserver.assets import receive, shrink
from tourserver.assets.models import Asset
from tourserver.core import jobs, rights
from tourserver.core.errors import Invalid
from tourserver.core.jobs import Worker
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.panoramas.sandbox import Limits
from tourserver.sites.models import Site
from tourserver.tours import hotspots, publishing
from tourserver.tours.hotspots import Point
from tourserver.tours.models import RemovedPart, Scene

FILES = "/studio/sites/harbour/tour/files"


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def tour(app_services: Services) -> list[Scene]:
    with app_services.db.write() as session:
        made = factories.make_tour(session, app_services, slug="harbour")[1]
    return made


def add(client: FlaskClient, kind: str, content: bytes, name: str = "file.bin") -> Any:
    return client.post(FILES, data={"kind": kind, "file": (io.BytesIO(content), name)})


def only(services: Services) -> Asset:
    with services.db.read() as session:
        return session.scalars(select(Asset)).one()


def work(services: Services) -> None:
    """Do all jobs there are."""
    worker = Worker(services)
    while worker.run_once():
        pass


def test_a_picture_is_written_anew_upright_small_and_without_its_place(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    assert add(admin, "picture", samples.picture(), "../boat.jpg").status_code == 302
    came = only(app_services)
    assert (came.state, came.original_name, came.width, came.height) == ("waiting", "boat.jpg", 1500, 3000)
    assert admin.get(f"/media/assets/{came.id}").status_code == 404, "nothing unchecked is shown"
    work(app_services)
    made = only(app_services)
    assert (made.state, made.width, made.height) == ("ready", 1000, 2000)
    assert not app_services.storage.exists(came.storage_key), "the file with the place in it is gone"
    shown = admin.get(f"/media/assets/{made.id}")
    assert (shown.mimetype, shown.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.size == (1000, 2000)
        assert dict(picture.getexif()) == {}


def test_a_plan_with_clear_parts_lies_on_white_and_stays_a_png(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    add(admin, "plan", samples.picture("PNG", (400, 300), "RGBA"), "plan.png")
    work(app_services)
    made = only(app_services)
    assert (made.state, made.media_type) == ("ready", "image/png")
    with Image.open(io.BytesIO(admin.get(f"/media/assets/{made.id}").data)) as picture:
        assert (picture.format, picture.mode, picture.getpixel((1, 1))) == ("PNG", "RGB", (255, 255, 255))


def test_a_picture_that_breaks_while_it_is_decoded_fails_with_words(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    good = samples.picture("PNG")
    add(admin, "picture", good[:200] + b"\0" * 40 + good[240:])
    work(app_services)
    failed = only(app_services)
    assert failed.state == "failed"
    page = admin.get(FILES).text
    assert "Could not be used" in page
    assert "damaged or was cut off" in page


def test_the_child_ends_at_its_limits_and_when_it_is_stopped(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jpg", tmp_path / "out.jpg"
    source.write_bytes(samples.picture())
    for limits in (Limits(memory_mb=64, seconds=20, cpu_seconds=20), Limits(seconds=0)):
        with pytest.raises(Invalid, match="more time or memory"):
            shrink.rewrite(source, target, limits=limits)
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(RuntimeError, match="stopped"):
        shrink.rewrite(source, target, stopping=stopping)


def test_the_same_bytes_are_kept_once(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    for _ in range(2):
        assert add(admin, "document", samples.PDF, "report.pdf").status_code == 302
    kept = only(app_services)
    assert kept.content_hash == hashlib.sha256(samples.PDF).hexdigest()
    stored = list(app_services.settings.files.rglob("*.pdf"))
    assert len(stored) == 1
    assert app_services.storage.exists(kept.storage_key)


def test_what_is_no_such_file_is_refused_and_nothing_is_stored(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    before = factories.row_counts(app_services.db)
    files = {path for path in app_services.settings.files.rglob("*") if path.is_file()}
    for kind, content in (("document", b"MZ"), ("video", samples.PDF), ("picture", b""), ("odd", samples.PDF)):
        answer = add(admin, kind, content)
        assert answer.status_code == 422, kind
    assert admin.post(FILES, data={"kind": "document"}).status_code == 422
    assert factories.row_counts(app_services.db) == before
    assert {path for path in app_services.settings.files.rglob("*") if path.is_file()} == files


def publish_with(services: Services, scene: Scene, asset: Asset) -> None:
    with services.db.write() as session:
        found = session.get_one(Scene, scene.id)
        point = Point(asset.kind, 1, 1, {"en": "Report"}, asset=session.get_one(Asset, asset.id))
        hotspots.add_hotspot(session, found, point, actor=SYSTEM)


def test_a_file_is_the_staffs_alone_until_a_published_tour_shows_it(
    app: Flask, admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    add(admin, "document", samples.PDF, "Rapport å.pdf")
    asset = only(app_services)
    address = f"/media/assets/{asset.id}"
    with app_services.db.write() as session:
        elsewhere = factories.make_site(session)
        stranger = factories.make_user(session)
        rights.grant(session, Actor("user", stranger.id), "site_owner", "site", elsewhere.id, by=SYSTEM)
    visitor, other = app.test_client(), factories.signed_in(app, stranger)
    publish_with(app_services, tour[0], asset)
    assert visitor.get(address).status_code == other.get(address).status_code == 404
    private = admin.get(address)
    assert (private.status_code, private.headers["Cache-Control"]) == (200, "private, no-store")
    with app_services.db.write() as session:
        publishing.publish(session, session.get_one(Site, asset.site_id), actor=SYSTEM)
    shown = visitor.get(address)
    assert (shown.status_code, shown.data, shown.mimetype) == (200, samples.PDF, "application/pdf")
    assert "immutable" in shown.headers["Cache-Control"]
    assert shown.headers["Content-Disposition"].startswith("attachment;")
    assert visitor.get("/media/assets/" + "0" * 32).status_code == 404


def test_a_film_is_read_from_its_middle(
    app: Flask, admin: FlaskClient, app_services: Services, tour: list[Scene], tmp_path: Path
) -> None:
    film = samples.film(tmp_path, "mp4")
    add(admin, "video", film, "pump.mp4")
    asset = only(app_services)
    part = admin.get(f"/media/assets/{asset.id}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, film[100:200])
    assert "Content-Disposition" not in part.headers


def test_a_film_without_captions_or_words_keeps_the_tour_from_being_published(
    admin: FlaskClient, app_services: Services, tour: list[Scene], tmp_path: Path
) -> None:
    add(admin, "video", samples.film(tmp_path, "webm"), "pump.webm")
    publish_with(app_services, tour[0], only(app_services))
    with app_services.db.read() as session:
        film = session.get_one(Scene, tour[0].id).hotspots[-1]
        assert [problem.text for problem in hotspots.problems(film)] == [
            "“Report” is a film without captions. Add a caption file, or write down what is said and shown."
        ]
    assert "is a film without captions" in admin.get(f"/studio/sites/harbour/tour/scenes/{tour[0].id}").text


def test_a_file_is_deleted_once_nothing_shows_it(admin: FlaskClient, app_services: Services, tour: list[Scene]) -> None:
    add(admin, "document", samples.PDF, "a.pdf")
    asset = only(app_services)
    publish_with(app_services, tour[0], asset)
    assert "This file is shown" in admin.post(f"{FILES}/{asset.id}/remove", follow_redirects=True).text
    with app_services.db.read() as session:
        point = session.get_one(Scene, tour[0].id).hotspots[-1].id
    admin.post(f"/studio/sites/harbour/tour/scenes/{tour[0].id}/points/{point}/remove")
    assert "taken out today" in admin.post(f"{FILES}/{asset.id}/remove", follow_redirects=True).text
    with app_services.db.write() as session:
        for part in session.scalars(select(RemovedPart)):
            session.delete(part)
    assert "The file is deleted." in admin.post(f"{FILES}/{asset.id}/remove", follow_redirects=True).text
    assert not app_services.storage.exists(asset.storage_key)
    assert admin.post(f"{FILES}/{asset.id}/remove").status_code == 404


def test_a_file_of_another_site_or_kind_is_not_shown_by_a_point(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    add(admin, "document", samples.PDF, "a.pdf")
    asset = only(app_services)
    with app_services.db.write() as session:
        foreign = factories.make_scene(session, factories.make_site(session))
        here = session.get_one(Asset, asset.id)
        for scene, kind in ((foreign, "document"), (session.get_one(Scene, tour[0].id), "picture")):
            with pytest.raises(Invalid, match="of this site and of the right kind"):
                hotspots.add_hotspot(session, scene, Point(kind, 0, 0, {"en": "A"}, asset=here), actor=SYSTEM)


def test_a_site_has_an_upper_limit_of_files(
    admin: FlaskClient, tour: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "MOST_FILES", 1)
    assert add(admin, "document", samples.PDF).status_code == 302
    assert "at most 1 files" in add(admin, "captions", samples.CAPTIONS.encode()).text


def test_a_file_sent_in_pieces_becomes_a_file_of_its_site_once(
    admin: FlaskClient, app_services: Services, tour: list[Scene]
) -> None:
    begin = {"purpose": "asset", "thing": "harbour", "name": "a.pdf", "size": len(samples.PDF)}
    wrong = admin.post("/studio/uploads", json={**begin, "meta": {"kind": "program"}})
    assert wrong.status_code == 422
    begun = admin.post("/studio/uploads", json={**begin, "meta": {"kind": "document"}}).get_json()
    assert admin.put(f"/studio/uploads/{begun['id']}/chunks/0", data=samples.PDF).status_code == 200
    answers = [admin.post(f"/studio/uploads/{begun['id']}/finish", json={}).get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert only(app_services).original_name == "a.pdf"
    with app_services.db.read() as session:
        assert session.scalar(select(jobs.Job).where(jobs.Job.kind == shrink.JOB)) is None
