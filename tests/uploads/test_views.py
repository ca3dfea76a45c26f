"""Uploads of panoramas over the JSON face, in this process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.panoramas import pictures
from tests.uploads.sending import CHUNK, files, pieces, put, sha256, wish
from tourserver.core import clock, jobs, rights
from tourserver.core.audit import Audit
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.people.models import User
from tourserver.sites.models import Site
from tourserver.tours.models import Scene
from tourserver.uploads import rules
from tourserver.uploads.models import Upload, UploadChunk

URL = "/studio/uploads"


@pytest.fixture
def site(app_services: Services) -> Site:
    with app_services.db.write() as session:
        return factories.make_site(session, slug="harbour", state="draft")


@pytest.fixture
def admin(app: Flask, site: Site) -> FlaskClient:
    return factories.administrator(app)


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A panorama of three pieces."""
    content = pictures.save_scene(tmp_path_factory.mktemp("picture") / "quay.jpg", 4096, Q=93).read_bytes()
    assert 2 * CHUNK < len(content) < 3 * CHUNK
    return content


def begin(client: FlaskClient, content: bytes, **values: Any) -> str:
    answer = client.post(URL, json=wish(content, **values))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def send(client: FlaskClient, content: bytes, **values: Any) -> str:
    upload = begin(client, content, **values)
    for number, piece in enumerate(pieces(content)):
        assert put(client, upload, number, piece).status_code == 200
    return upload


def scenes(services: Services) -> list[Scene]:
    with services.db.read() as session:
        return list(session.scalars(select(Scene).order_by(Scene.position)))


def test_a_picture_in_pieces_becomes_a_scene_with_a_title_from_its_name(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    meta = {"credit": "A. Berg", "licence": "CC BY 4.0", "is_render": True}
    began = admin.post(URL, json=wish(jpeg, name=r"C:\pictures\turbine_hall-2.JPG", meta=meta, digest=sha256(jpeg)))
    assert began.status_code == 201
    told = began.get_json()
    assert told["chunk_bytes"] == CHUNK
    assert told["received"] == []
    assert told["location"] == f"{URL}/{told['id']}"
    for number, piece in enumerate(pieces(jpeg)):
        assert put(admin, told["id"], number, piece).get_json()["new"]
    finished = admin.post(f"{URL}/{told['id']}/finish")
    assert finished.status_code == 200
    answer = finished.get_json()
    (scene,) = scenes(app_services)
    assert answer["scene"] == scene.id
    assert admin.get(answer["location"]).status_code == 200
    assert (scene.title, scene.alternative) == ({"en": "Turbine hall-2"}, {})
    assert (scene.credit, scene.licence, scene.is_render) == ("A. Berg", "CC BY 4.0", True)
    assert scene.panorama.original_name == "turbine_hall-2.JPG"
    assert scene.panorama.content_hash == sha256(jpeg)
    with app_services.db.read() as session:
        assert [job.key for job in session.scalars(select(jobs.Job))] == [scene.panorama_id]
        verbs = set(session.scalars(select(Audit.verb)))
    assert {"panorama.add", "scene.add"} <= verbs
    assert files(app_services) == []
    assert list((app_services.settings.files / "scratch").iterdir()) == []


def test_a_finish_that_is_asked_again_gives_the_same_answer_and_one_scene(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload = send(admin, jpeg)
    first = admin.post(f"{URL}/{upload}/finish")
    again = admin.post(f"{URL}/{upload}/finish")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert len(scenes(app_services)) == 1
    late = put(admin, upload, 0, pieces(jpeg)[0])
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "finished")


def test_the_title_is_in_the_language_of_the_page(app: Flask, app_services: Services, site: Site, jpeg: bytes) -> None:
    with app_services.db.write() as session:
        user = factories.make_user(session, admin=True, language="sv")
    client = factories.signed_in(app, user)
    upload = send(client, jpeg, name="kajen.jpg")
    client.post(f"{URL}/{upload}/finish")
    typed = send(client, jpeg, name="kajen.jpg", meta={"title": " Kranen "})
    client.post(f"{URL}/{typed}/finish")
    nameless = send(client, jpeg, name="_.jpg")
    client.post(f"{URL}/{nameless}/finish")
    titles = [scene.title for scene in scenes(app_services)]
    assert titles[:2] == [{"sv": "Kajen"}, {"sv": "Kranen"}]
    assert list(titles[2]) == ["sv"]
    assert titles[2]["sv"]


def test_pieces_may_come_in_any_order_and_twice(admin: FlaskClient, app_services: Services, jpeg: bytes) -> None:
    upload, parts = begin(admin, jpeg), pieces(jpeg)
    assert put(admin, upload, 2, parts[2]).get_json()["new"]
    assert put(admin, upload, 0, parts[0]).get_json()["new"]
    again = put(admin, upload, 0, parts[0])
    assert (again.status_code, again.get_json()["new"]) == (200, False)
    early = admin.post(f"{URL}/{upload}/finish")
    assert early.status_code == 409
    assert early.get_json()["error"]["missing"] == [1]
    state = admin.get(f"{URL}/{upload}").get_json()
    assert state["received"] == [0, 2]
    assert state["first_digest"] == sha256(parts[0])
    put(admin, upload, 1, parts[1])
    assert admin.post(f"{URL}/{upload}/finish").status_code == 200
    assert scenes(app_services)[0].panorama.content_hash == sha256(jpeg)


def test_a_piece_with_other_bytes_than_before_is_a_conflict(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload, parts = begin(admin, jpeg), pieces(jpeg)
    put(admin, upload, 0, parts[0])
    before = files(app_services)
    other = put(admin, upload, 0, parts[1])
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    assert files(app_services) == before


def test_a_piece_of_the_wrong_size_number_or_digest_is_refused_and_not_kept(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload, parts = begin(admin, jpeg), pieces(jpeg)
    last = len(parts) - 1
    wrong = [
        (0, parts[0][:-1], None, "wrong_size"),
        (0, parts[0] + b"x", None, "wrong_size"),
        (0, b"", None, "wrong_size"),
        (last, parts[0], None, "wrong_size"),
        (last + 1, parts[last], None, "no_such_piece"),
        (0, parts[0], sha256(parts[1]), "wrong_digest"),
        (0, parts[0], "no digest", "wrong_digest"),
    ]
    for number, data, digest, code in wrong:
        answer = put(admin, upload, number, data, digest)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, code), (number, code)
        assert answer.get_json()["error"]["message"]
    assert files(app_services) == []
    assert admin.get(f"{URL}/{upload}").get_json()["received"] == []


def test_a_browser_that_cannot_make_digests_is_believed_by_size(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload = begin(admin, jpeg)
    for number, piece in enumerate(pieces(jpeg)):
        assert put(admin, upload, number, piece, digest="").status_code == 200
    assert put(admin, upload, 0, pieces(jpeg)[1], digest="").status_code == 409
    assert admin.post(f"{URL}/{upload}/finish").status_code == 200
    assert scenes(app_services)[0].panorama.content_hash == sha256(jpeg)


def test_a_file_that_is_not_what_was_declared_is_refused(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload = send(admin, jpeg, digest=sha256(b"another"))
    for _again in range(2):
        answer = admin.post(f"{URL}/{upload}/finish")
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "changed_file")
    assert scenes(app_services) == []
    assert files(app_services) == []


def test_a_bad_picture_says_why_again_and_again_and_frees_its_space(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    before = factories.row_counts(app_services.db)
    upload = send(admin, jpeg[: len(jpeg) // 2])
    said = [admin.post(f"{URL}/{upload}/finish") for _again in range(2)]
    assert [answer.status_code for answer in said] == [422, 422]
    assert said[0].get_json() == said[1].get_json()
    assert "cut off on the way" in said[0].get_json()["error"]["message"]
    assert files(app_services) == []
    assert admin.get(URL).get_json()["uploads"] == []
    late = put(admin, upload, 0, pieces(jpeg)[0])
    assert (late.status_code, late.get_json()["error"]["code"]) == (410, "gone")
    after = factories.row_counts(app_services.db)
    assert {name: count for name, count in after.items() if count != before[name]}.keys() == {"upload", "upload_chunk"}


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"size": 65 * CHUNK}, 413, "too_large"),
        ({"size": 0}, 422, "empty"),
        ({"size": -1}, 422, "invalid"),
        ({"size": "9"}, 422, "invalid"),
        ({"size": True}, 422, "invalid"),
        ({"size": 2**60}, 422, "invalid"),
        ({"purpose": "nothing"}, 422, "unknown_purpose"),
        ({"thing": "nowhere"}, 404, "not_found"),
        ({"digest": "x"}, 422, "invalid"),
        ({"digest": "A" * 64}, 422, "invalid"),
        ({"name": "x" * 1001}, 422, "invalid"),
        ({"actor": "user:1"}, 422, "invalid"),
        ({"state": "used"}, 422, "invalid"),
        ({"meta": {"title": "x" * 201}}, 422, "invalid"),
        ({"meta": {"titles": "x"}}, 422, "invalid"),
        ({"meta": []}, 422, "invalid"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_a_byte_is_sent(
    admin: FlaskClient, app_services: Services, values: dict[str, Any], status: int, code: str
) -> None:
    before = factories.row_counts(app_services.db)
    answer = admin.post(URL, json={**wish(b"x"), **values})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)
    assert answer.get_json()["error"]["message"]
    assert factories.row_counts(app_services.db) == before


def test_what_is_no_json_is_refused(admin: FlaskClient) -> None:
    for body in (b"", b"{", b"[]", b"null", b'"x"'):
        answer = admin.post(URL, data=body, content_type="application/json")
        assert answer.status_code == 422, body
        assert answer.get_json()["error"]["code"] == "invalid"


def test_a_finish_takes_no_arguments(admin: FlaskClient, jpeg: bytes) -> None:
    upload = send(admin, jpeg)
    assert admin.post(f"{URL}/{upload}/finish", json={"scene": "x"}).status_code == 422
    assert admin.post(f"{URL}/{upload}/finish", json={}).status_code == 200


def test_names_with_zero_bytes_and_marks_of_direction_are_cleaned(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload = send(admin, jpeg, name="../a\0b\u202egpj.exe\n.jpg", meta={"title": "T\0", "credit": "C\0"})
    assert admin.post(f"{URL}/{upload}/finish").status_code == 200
    (scene,) = scenes(app_services)
    assert scene.panorama.original_name == "abgpj.exe .jpg"
    assert (scene.title, scene.credit) == ({"en": "T"}, "C")


def test_an_upload_is_its_owners_alone(app: Flask, app_services: Services, admin: FlaskClient, jpeg: bytes) -> None:
    upload, other = begin(admin, jpeg), factories.administrator(app)
    put(admin, upload, 0, pieces(jpeg)[0])
    before = files(app_services)
    answers = [
        other.get(f"{URL}/{upload}"),
        put(other, upload, 1, pieces(jpeg)[1]),
        other.post(f"{URL}/{upload}/finish"),
        other.delete(f"{URL}/{upload}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert other.get(URL).get_json()["uploads"] == []
    assert files(app_services) == before
    assert admin.get(f"{URL}/{upload}").get_json()["received"] == [0]


def test_a_right_that_is_taken_away_ends_an_upload_at_its_next_piece(
    app: Flask, app_services: Services, site: Site, jpeg: bytes
) -> None:
    with app_services.db.write() as session:
        user: User = factories.make_user(session)
        owner = Actor("user", user.id)
        rights.grant(session, owner, "site_owner", "site", site.id, by=SYSTEM)
    client = factories.signed_in(app, user)
    upload, parts = begin(client, jpeg), pieces(jpeg)
    put(client, upload, 0, parts[0])
    with app_services.db.write() as session:
        other = factories.make_site(session, slug="elsewhere")
        rights.grant(session, owner, "site_owner", "site", other.id, by=SYSTEM)
        rights.withdraw(session, owner, "site_owner", "site", site.id, by=SYSTEM)
    assert put(client, upload, 1, parts[1]).status_code == 403
    assert client.get(f"{URL}/{upload}").status_code == 403
    assert client.post(f"{URL}/{upload}/finish").status_code in (403, 409)
    assert client.post(URL, json=wish(jpeg)).status_code == 403
    assert client.delete(f"{URL}/{upload}").status_code == 204
    assert files(app_services) == []


def test_a_right_that_is_taken_away_keeps_a_whole_file_from_being_finished(
    app: Flask, app_services: Services, site: Site, jpeg: bytes
) -> None:
    with app_services.db.write() as session:
        user = factories.make_user(session)
        rights.grant(session, Actor("user", user.id), "site_owner", "site", site.id, by=SYSTEM)
        rights.grant(session, Actor("user", user.id), "host", "session", "another", by=SYSTEM)
    client = factories.signed_in(app, user)
    upload = send(client, jpeg)
    with app_services.db.write() as session:
        rights.withdraw(session, Actor("user", user.id), "site_owner", "site", site.id, by=SYSTEM)
    assert client.post(f"{URL}/{upload}/finish").status_code == 403
    assert scenes(app_services) == []


def test_a_program_that_is_not_signed_in_is_told_so_and_a_browser_is_sent_to_the_form(client: FlaskClient) -> None:
    told = client.get(URL, headers={"Accept": "application/json"})
    assert (told.status_code, told.get_json()["error"]["code"]) == (401, "signed_out")
    assert client.get(URL).location.startswith("/studio/sign-in")


def test_every_change_needs_the_pages_token(app: Flask, admin: FlaskClient, jpeg: bytes) -> None:
    upload = begin(admin, jpeg)
    app.config["WTF_CSRF_ENABLED"] = True
    json = {"Accept": "application/json"}
    refused = [
        admin.post(URL, json=wish(jpeg), headers=json),
        admin.put(f"{URL}/{upload}/chunks/0", data=pieces(jpeg)[0], headers=json),
        admin.post(f"{URL}/{upload}/finish", headers=json),
        admin.delete(f"{URL}/{upload}", headers=json),
    ]
    assert [(answer.status_code, answer.get_json()["error"]["code"]) for answer in refused] == [(400, "csrf")] * 4
    token = admin.get(URL).get_json()["csrf"]
    headers = {"X-CSRFToken": token, "Content-Type": "application/octet-stream"}
    assert admin.put(f"{URL}/{upload}/chunks/0", data=pieces(jpeg)[0], headers=headers).status_code == 200
    assert admin.delete(f"{URL}/{upload}", headers=headers).status_code == 204


def test_a_dropped_upload_is_gone_with_its_pieces(admin: FlaskClient, app_services: Services, jpeg: bytes) -> None:
    upload = begin(admin, jpeg)
    put(admin, upload, 0, pieces(jpeg)[0])
    assert admin.delete(f"{URL}/{upload}").status_code == 204
    assert admin.delete(f"{URL}/{upload}").status_code == 204
    assert files(app_services) == []
    assert put(admin, upload, 1, pieces(jpeg)[1]).status_code == 410
    assert admin.get(f"{URL}/{upload}").status_code == 410
    assert admin.post(f"{URL}/{upload}/finish").status_code == 410
    assert files(app_services) == []


def test_dropping_what_was_finished_leaves_the_scene(admin: FlaskClient, app_services: Services, jpeg: bytes) -> None:
    upload = send(admin, jpeg)
    answer = admin.post(f"{URL}/{upload}/finish").get_json()
    assert admin.delete(f"{URL}/{upload}").status_code == 204
    assert admin.post(f"{URL}/{upload}/finish").get_json() == answer
    assert [scene.id for scene in scenes(app_services)] == [answer["scene"]]


def test_the_page_finds_what_was_begun_for_its_site(admin: FlaskClient, app_services: Services, jpeg: bytes) -> None:
    with app_services.db.write() as session:
        factories.make_site(session, slug="other")
    first, elsewhere, second = begin(admin, jpeg), begin(admin, jpeg, thing="other"), begin(admin, jpeg, name="b.jpg")
    put(admin, second, 1, pieces(jpeg)[1])
    admin.post(f"{URL}/{send(admin, jpeg)}/finish")
    found = admin.get(f"{URL}?thing=harbour&purpose=panorama").get_json()["uploads"]
    assert [(each["id"], each["name"], each["received"]) for each in found] == [
        (first, "quay.jpg", []),
        (second, "b.jpg", [1]),
    ]
    assert elsewhere in [each["id"] for each in admin.get(URL).get_json()["uploads"]]


def test_nobody_has_more_unfinished_uploads_than_can_be_kept(
    admin: FlaskClient, app_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OPEN", 2)
    first = begin(admin, b"x")
    begin(admin, b"y")
    refused = admin.post(URL, json=wish(b"z"))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "too_many_uploads")
    admin.delete(f"{URL}/{first}")
    begin(admin, b"z")
    monkeypatch.setattr(rules, "MOST_OPEN", 9)
    monkeypatch.setattr(rules, "MOST_OPEN_BYTES", 3)
    begin(admin, b"1")
    refused = admin.post(URL, json=wish(b"2"))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "too_many_bytes")


def test_an_upload_that_lay_still_for_a_day_is_gone(admin: FlaskClient, app_services: Services, jpeg: bytes) -> None:
    upload = begin(admin, jpeg)
    with app_services.db.write() as session:
        session.get_one(Upload, upload).expires_at = clock.now() - timedelta(seconds=1)
    assert put(admin, upload, 0, pieces(jpeg)[0]).status_code == 410
    assert admin.get(URL).get_json()["uploads"] == []
    assert files(app_services) == []


def test_pieces_that_the_storage_lost_are_asked_for_again(
    admin: FlaskClient, app_services: Services, jpeg: bytes
) -> None:
    upload = send(admin, jpeg)
    with app_services.db.read() as session:
        chunk = session.scalars(select(UploadChunk).where(UploadChunk.number == 1)).one()
    Path(app_services.settings.files / rules.chunk_key(upload, chunk)).unlink()
    answer = admin.post(f"{URL}/{upload}/finish")
    assert (answer.status_code, answer.get_json()["error"]["missing"]) == (409, [1])
    assert put(admin, upload, 1, pieces(jpeg)[1]).get_json()["new"]
    assert admin.post(f"{URL}/{upload}/finish").status_code == 200
