"""A line that is cut in the middle of a piece, a server that is killed in the middle of a file."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.panoramas import pictures
from tests.proxy import proxied
from tests.servers import Server, start_server
from tests.uploads.sending import CHUNK, Sender, files, pieces, sha256
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people.models import User
from tourserver.tours.models import Scene


@pytest.fixture
def admin(app_services: Services) -> User:
    with app_services.db.write() as session:
        factories.make_site(session, slug="harbour", state="draft")
        return factories.make_user(session, admin=True)


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return pictures.save_scene(tmp_path_factory.mktemp("picture") / "quay.jpg", 4096, Q=93).read_bytes()


def scenes(services: Services) -> list[Scene]:
    with services.db.read() as session:
        return list(session.scalars(select(Scene)))


def half_a_piece(sender: Sender, url: str, upload: str, number: int, piece: bytes) -> socket.socket:
    """Send the head and half the body of a piece; the connection stays open."""
    parts = urlsplit(url)
    cookie = "; ".join(f"{each.name}={each.value}" for each in sender.session.cookies)
    head = [
        f"PUT /studio/uploads/{upload}/chunks/{number} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Cookie: {cookie}",
        f"X-CSRFToken: {sender.session.headers['X-CSRFToken']!s}",
        f"X-Chunk-SHA256: {sha256(piece)}",
        "Content-Type: application/octet-stream",
        f"Content-Length: {len(piece)}",
    ]
    line = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10)
    line.sendall("\r\n".join([*head, "", ""]).encode() + piece[: len(piece) // 2])
    return line


def test_a_piece_that_was_cut_in_the_middle_is_sent_again_and_nothing_is_lost(
    app: Flask, app_services: Services, admin: User, live_server: Server, jpeg: bytes
) -> None:
    sender, parts = Sender(app, live_server.url, admin), pieces(jpeg)
    upload = sender.begin(jpeg).json()["id"]
    with proxied(live_server.settings.port) as proxy:
        assert sender.put(upload, 0, parts[0], url=proxy.url).status_code == 200
        line = half_a_piece(sender, proxy.url, upload, 1, parts[1])
        time.sleep(0.3)
        proxy.hang_up()
        line.close()
        assert sender.state(upload)["received"] == [0]
        # an answer that is lost on the way: the piece arrived all the same
        line = half_a_piece(sender, proxy.url, upload, 1, parts[1])
        line.sendall(parts[1][len(parts[1]) // 2 :])
        deadline = time.monotonic() + 20
        while sender.state(upload)["received"] != [0, 1]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        proxy.silence()
        line.close()
        proxy.restore()
        assert sender.put(upload, 1, parts[1], url=proxy.url).json()["new"] is False
        for number in range(2, len(parts)):
            assert sender.put(upload, number, parts[number], url=proxy.url).status_code == 200
    assert sender.finish(upload).status_code == 200
    assert [scene.panorama.content_hash for scene in scenes(app_services)] == [sha256(jpeg)]
    assert files(app_services) == []


def test_a_server_that_is_killed_in_the_middle_loses_only_the_piece_on_its_way(
    app: Flask, app_services: Services, admin: User, settings: Settings, jpeg: bytes
) -> None:
    parts = pieces(jpeg)
    with start_server(settings) as server:
        sender = Sender(app, server.url, admin)
        upload = sender.begin(jpeg).json()["id"]
        sender.put(upload, 0, parts[0])
        line = half_a_piece(sender, server.url, upload, 1, parts[1])
        time.sleep(0.3)
        server.kill()
        line.close()
        with pytest.raises(requests.ConnectionError):
            sender.state(upload)
    with start_server(settings) as server:
        sender = Sender(app, server.url, admin)
        assert sender.state(upload)["received"] == [0]
        for number in range(1, len(parts)):
            sender.put(upload, number, parts[number])
        assert sender.finish(upload).status_code == 200
    assert len(scenes(app_services)) == 1


def test_a_server_that_is_killed_while_it_finishes_makes_one_scene_in_the_end(
    app: Flask, app_services: Services, admin: User, settings: Settings, jpeg: bytes
) -> None:
    """Killed at another moment of finishing each time, as far as this machine lets choose them."""
    answers: list[str] = []
    waits = [0.0, 0.02, 0.08]
    upload = ""
    for turn in range(len(waits) + 1):
        with start_server(settings) as server:
            sender = Sender(app, server.url, admin)
            if upload:
                first, again = sender.finish(upload), sender.finish(upload)
                assert (first.status_code, again.status_code) == (200, 200), first.text
                assert first.json() == again.json()
                answers.append(first.json()["scene"])
            if turn < len(waits):
                content = jpeg + bytes(turn)  # another file each time; what follows a JPEG's end is not read
                upload = sender.begin(content).json()["id"]
                for number, piece in enumerate(pieces(content)):
                    assert sender.put(upload, number, piece).status_code == 200
                asked = threading.Thread(target=_finish_quietly, args=(sender, upload))
                asked.start()
                time.sleep(waits[turn])
                server.kill()
                asked.join(30)
    assert sorted(answers) == sorted(scene.id for scene in scenes(app_services))
    assert len(set(answers)) == len(waits)


def _finish_quietly(sender: Sender, upload: str) -> None:
    try:
        sender.finish(upload)
    except (requests.RequestException, http.client.HTTPException):
        return


def test_two_windows_share_an_upload_on_a_real_server(
    app: Flask, app_services: Services, admin: User, live_server: Server, jpeg: bytes
) -> None:
    parts = pieces(jpeg)
    windows = [Sender(app, live_server.url, admin) for _ in range(2)]
    upload = windows[0].begin(jpeg).json()["id"]
    answers: list[requests.Response] = []

    def work(sender: Sender, order: list[int]) -> None:
        for number in order:
            answer = sender.put(upload, number, parts[number])
            # the other window may have had all pieces and finished while this one came: then it is told so
            done = answer.status_code == 409 and answer.json()["error"]["code"] == "finished"
            assert answer.status_code == 200 or done, answer.text
        answers.append(sender.finish(upload))

    every = list(range(len(parts)))
    threads = [
        threading.Thread(target=work, args=(sender, order))
        for sender, order in zip(windows, (every, every[::-1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(scenes(app_services)) == 1


def test_a_file_over_the_limit_is_refused_before_its_bytes_and_a_body_over_its_piece_is_not_read(
    app: Flask, app_services: Services, admin: User, live_server: Server, jpeg: bytes
) -> None:
    sender = Sender(app, live_server.url, admin)
    assert sender.begin(b"", size=65 * CHUNK).status_code == 413
    upload = sender.begin(jpeg).json()["id"]
    answer = sender.put(upload, 0, jpeg[: CHUNK + 1])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "wrong_size")
    assert sender.put(upload, 0, jpeg[:CHUNK]).status_code == 200
    assert len(files(app_services)) == 1
    assert Path(app_services.settings.files / "scratch").exists()
