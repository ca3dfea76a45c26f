"""The staff's pages of import and export, in a browser without JavaScript and by uploads in pieces."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import pyvips
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.panoramas import pictures
from tests.tours import archives
from tourserver.core import audit
from tourserver.core.jobs import Job, Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas import jobs as panorama_jobs  # noqa: F401 - registers its handler
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import publishing, scenes
from tourserver.tours.archive import importing
from tourserver.tours.archive import publishing as published_zips

TOUR = "/studio/sites/harbour/tour"


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture
def site(app_services: Services) -> Site:
    with app_services.db.write() as session:
        return factories.make_site(session, slug="harbour")


def file_names(services: Services) -> set[Path]:
    return {path for path in services.settings.files.rglob("*") if path.is_file()}


def work(services: Services, *kinds: str) -> None:
    """Do all due jobs of these kinds."""
    while True:
        with services.db.read() as session:
            found = session.scalar(select(Job.id).where(Job.state == "waiting", Job.kind.in_(kinds)).limit(1))
        if found is None:
            return
        assert Worker(services).run_once(only=found)


def test_a_zip_of_a_plain_form_is_imported_and_the_report_says_what_became_of_it(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    tour = archives.pannellum_tour()
    tour["scenes"]["gate"]["hotSpots"].append(
        {"yaw": 0, "pitch": 0, "text": "<b>Bad</b>", "URL": "javascript:alert(1)"}
    )
    content = archives.pannellum_zip(tmp_path / "t.zip", tour).read_bytes()
    answer = admin.post(f"{TOUR}/import", data={"archive": (io.BytesIO(content), "../../my tour.zip")})
    assert answer.status_code == 303
    waiting = BeautifulSoup(admin.get(answer.location).text, "html.parser")
    assert waiting.select_one("[data-archive-progress] progress")
    assert admin.get(f"{answer.location}/progress.json").get_json() == {"state": "working", "percent": 0}
    work(app_services, importing.JOB)
    assert admin.get(f"{answer.location}/progress.json").get_json() == {"state": "done", "percent": 100}
    page = admin.get(answer.location)
    said = " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())
    assert "my tour.zip" in said
    assert "6 scenes are in the draft now." in said
    assert "leads to an address that isn't followed: javascript:alert(1). Its words were taken." in said
    assert "This format has no text alternatives." in said
    assert "Turbine hall" in admin.get(TOUR).text
    assert "my tour.zip" in admin.get(f"{TOUR}/archive").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip", "The file is not a whole ZIP."),
        (archives.in_memory({"../evil.json": "{}"}).getvalue(), "unsafe name"),
        (archives.in_memory({f"{n}": "" for n in range(2001)}).getvalue(), "has 2001 files; at most 2000"),
    ],
)
def test_a_zip_that_is_refused_is_told_at_once_and_leaves_nothing(
    admin: FlaskClient, app_services: Services, site: Site, content: bytes, words: str
) -> None:
    before, files = factories.row_counts(app_services.db), file_names(app_services)
    answer = admin.post(f"{TOUR}/import", data={"archive": (io.BytesIO(content), "t.zip")}, follow_redirects=True)
    assert words in BeautifulSoup(answer.text, "html.parser").get_text()
    assert "Choose a ZIP first." in admin.post(f"{TOUR}/import", follow_redirects=True).text
    assert factories.row_counts(app_services.db) == before
    assert file_names(app_services) == files


def test_a_zip_without_a_tour_fails_with_the_reason_on_its_page(
    admin: FlaskClient, app_services: Services, site: Site
) -> None:
    zip_file = archives.in_memory({"index.html": "<html>"})
    answer = admin.post(f"{TOUR}/import", data={"archive": (zip_file, "t.zip")})
    work(app_services, importing.JOB)
    said = BeautifulSoup(admin.get(answer.location).text, "html.parser").get_text()
    assert "Nothing was added to the tour" in said
    assert "There is no tour in the ZIP." in said
    work(app_services, "tour.archive_drop")
    assert not [path for path in file_names(app_services) if path.suffix == ".zip"]


def send_in_pieces(client: FlaskClient, content: bytes, **values: Any) -> Any:
    wish = {"purpose": "archive", "thing": "harbour", "name": "t.zip", "size": len(content), "meta": {}, **values}
    begun = client.post("/studio/uploads", json=wish)
    if begun.status_code != 201:
        return begun
    upload, size = begun.get_json()["id"], begun.get_json()["chunk_bytes"]
    for number, start in enumerate(range(0, len(content), size)):
        piece = content[start : start + size]
        headers = {"X-Chunk-SHA256": hashlib.sha256(piece).hexdigest()}
        assert client.put(f"/studio/uploads/{upload}/chunks/{number}", data=piece, headers=headers).status_code == 200
    return client.post(f"/studio/uploads/{upload}/finish", json={})


def test_a_zip_that_came_in_pieces_is_imported_once(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    content = archives.pannellum_zip(tmp_path / "t.zip").read_bytes()
    answer = send_in_pieces(admin, content)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    location = told.get("location") or told["result"]["location"]
    work(app_services, importing.JOB)
    assert "6 scenes are in the draft now." in admin.get(location).text
    with app_services.db.read() as session:
        assert len(list(session.scalars(select(Job).where(Job.kind == importing.JOB)))) == 1
    refused = send_in_pieces(admin, b"PK no zip")
    assert refused.status_code == 422
    assert "not a whole ZIP" in refused.get_json()["error"]["message"]


@pytest.mark.parametrize("role", ["nobody", "host", "stranger"])
def test_only_who_may_change_the_site_imports_and_exports(
    app: Flask, app_services: Services, site: Site, role: str
) -> None:
    with app_services.db.write() as session:
        host = factories.make_user(session, hosts=factories.make_session(session))
        stranger = factories.make_user(session)
    client = {
        "nobody": app.test_client(),
        "host": factories.signed_in(app, host),
        "stranger": factories.signed_in(app, stranger),
    }[role]
    before = factories.row_counts(app_services.db)
    zip_file = archives.in_memory({"tour.json": "{}"})
    answers = [
        client.get(f"{TOUR}/archive"),
        client.post(f"{TOUR}/import", data={"archive": (zip_file, "t.zip")}),
        client.post(f"{TOUR}/export", data={"choice": "draft"}),
        client.post(f"{TOUR}/export", data={"choice": "published"}),
        client.get(f"{TOUR}/export/tour.zip"),
    ]
    assert {answer.status_code for answer in answers} <= {302, 403, 404}
    assert not any(answer.mimetype == "application/zip" for answer in answers)
    assert send_in_pieces(client, b"PK").status_code in (302, 401, 403, 404)
    assert factories.row_counts(app_services.db) == before


def test_an_import_of_another_site_is_not_shown(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    with app_services.db.write() as session:
        other = factories.make_site(session)
    job = archives.do_import(app_services, other, archives.pannellum_zip(tmp_path / "t.zip"))
    assert admin.get(f"{TOUR}/imports/{job.payload['import']}").status_code == 404
    assert admin.get(f"{TOUR}/imports/{'0' * 32}/progress.json").status_code == 404


def test_the_draft_goes_out_with_its_originals_after_the_page_has_said_so(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    archives.import_now(app_services, site, archives.pannellum_zip(tmp_path / "t.zip"))
    assert "faces and plates are not blurred in them" in admin.get(f"{TOUR}/archive").text
    answer = admin.post(f"{TOUR}/export", data={"choice": "draft"})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == "attachment; filename=harbour-draft.zip"
    assert answer.headers["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        assert file.testzip() is None
        told = json.loads(file.read("manifest.json"))
        first = told["scenes"][0]
        assert (told["pictures"], first["title"]) == ("original", {"en": "Turbine hall"})
        assert file.read(first["picture"]["file"]) == archives.panorama(1)
    assert admin.post(f"{TOUR}/export", data={"choice": "draft"}).data == answer.data
    with app_services.db.read() as session:
        assert list(session.scalars(select(audit.Audit.verb))).count("tour.export") == 2


def test_an_empty_draft_is_not_exported(admin: FlaskClient, site: Site) -> None:
    answer = admin.post(f"{TOUR}/export", data={"choice": "draft"}, follow_redirects=True)
    assert "The tour has no scene yet." in answer.text


def test_the_published_tour_goes_out_as_visitors_see_it(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    content = pictures.save_scene(tmp_path / "p.jpg", 2048).read_bytes()
    with store.hold(app_services, io.BytesIO(content), "face.jpg") as held, app_services.db.write() as session:
        source = store.keep(session, app_services.storage, held, actor=SYSTEM)
        blurred = store.bake(session, source, [{"yaw": 0, "pitch": 0, "width": 40, "height": 40}], actor=SYSTEM)
        factories.make_scene(session, site, blurred, title={"sv": "Hallen"}, key="hall")
    work(app_services, store.TILE_JOB)
    with app_services.db.write() as session:
        publishing.publish(session, session.get_one(Site, site.id), actor=SYSTEM)
    assert admin.get(f"{TOUR}/export/tour.zip").status_code == 404
    assert admin.post(f"{TOUR}/export", data={"choice": "published"}).status_code == 303
    assert "The ZIP is being made" in admin.get(f"{TOUR}/archive").text
    assert admin.get(f"{TOUR}/export/progress.json").get_json()["state"] == "working"
    work(app_services, published_zips.JOB)
    assert "Save the ZIP" in admin.get(f"{TOUR}/archive").text
    with admin.get(f"{TOUR}/export/tour.zip") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        content = answer.data
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        told = json.loads(file.read("manifest.json"))
        scene = told["scenes"][0]
        assert (told["pictures"], scene["regions"], scene["title"]) == ("published", [], {"sv": "Hallen"})
        shown = pyvips.Image.new_from_buffer(file.read(scene["picture"]["file"]), "")
        assert len(file.namelist()) == 2
    original = pictures.scene(2048)
    assert (shown.width, shown.height) == (2048, 1024)
    corner, middle = (100, 100, 200, 200), (974, 462, 100, 100)
    assert pictures.psnr(shown.crop(*corner), original.crop(*corner)) > 33
    assert pictures.psnr(shown.crop(*middle), original.crop(*middle)) < 33, "what is blurred stays blurred"
    with app_services.db.read() as session:
        drop = session.scalars(select(Job).where(Job.kind == "tour.archive_drop")).one()
        assert (drop.run_after - drop.created_at).total_seconds() == pytest.approx(86_400, abs=60)
        assert session.scalars(select(Panorama.id)).all()


def test_scenes_of_an_import_can_be_edited_and_published(
    admin: FlaskClient, app_services: Services, site: Site, tmp_path: Path
) -> None:
    archives.import_now(app_services, site, archives.pannellum_zip(tmp_path / "t.zip"))
    with app_services.db.read() as session:
        for scene in scenes.of_site(session, site.id):
            assert admin.get(f"{TOUR}/scenes/{scene.id}").status_code == 200
