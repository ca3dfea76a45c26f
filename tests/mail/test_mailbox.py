from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.mail.samples import invitation, small
from tourserver.app import create_app
from tourserver.core.errors import NotFound
from tourserver.core.settings import Settings
from tourserver.mail import mailbox
from tourserver.mail.mailbox import Mailbox


def send(url: str, *contents: bytes) -> None:
    parts = urlsplit(url)
    with smtplib.SMTP(parts.hostname or "", parts.port or 0, local_hostname="localhost", timeout=10) as server:
        for content in contents:
            server.sendmail("tours@example.org", ["amina@city.example.ke"], content)


def test_messages_are_kept_byte_for_byte_and_numbered_by_arrival(tmp_path: Path) -> None:
    first, second = invitation(), small("Second")
    with Mailbox(tmp_path / "box") as box:
        send(box.url, first.as_bytes(), second.as_bytes())
        assert [entry.name for entry in mailbox.messages(tmp_path / "box")] == ["000002.eml", "000001.eml"]
    assert (tmp_path / "box" / "000001.eml").read_bytes() == first.as_bytes()
    assert mailbox.messages(tmp_path / "box")[0].subject == "Second"
    assert [name for name in os.listdir(tmp_path / "box") if not name.endswith(".eml")] == []


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with Mailbox(tmp_path) as box:
            send(box.url, small().as_bytes())
    assert [entry.name for entry in mailbox.messages(tmp_path)] == ["000002.eml", "000001.eml"]


def test_a_message_is_taken_apart(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as box:
        send(box.url, invitation().as_bytes())
    letter = mailbox.read(tmp_path, "000001.eml")
    assert "https://tours.example.org/j/" in letter.text
    assert [(file.filename, file.mime_type) for file in letter.attachments] == [
        ("part.ics", "text/calendar"),
        ("invite.ics", "application/ics"),
    ]
    assert letter.attachments[0].content == letter.attachments[1].content
    assert dict(letter.headers)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("name", ["../keys.json", "000009.eml", "000001.eml/../000001.eml", ".incoming-1", ""])
def test_only_messages_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "keys.json").write_text("secret")
    with pytest.raises(NotFound):
        mailbox.read(tmp_path / "box", name)


def test_a_mailbox_that_was_never_opened_is_empty(tmp_path: Path) -> None:
    assert mailbox.messages(tmp_path / "none") == []


@pytest.fixture
def demo(settings: Settings) -> Iterator[Flask]:
    """The application as the demo runs it."""
    app = create_app(settings.model_copy(update={"demo": True}))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["tourserver"].close()


@pytest.fixture
def browser(demo: Flask, settings: Settings) -> FlaskClient:
    """A browser, with one invitation in the mailbox."""
    with Mailbox(settings.mailbox) as box:
        evil = invitation(title="<script>alert(1)</script>").as_bytes()
        send(box.url, invitation().as_bytes(), evil)
    return demo.test_client()


def test_the_list_shows_what_arrived_newest_first(browser: FlaskClient) -> None:
    page = browser.get("/dev/mail")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.text.index("000002.eml") < page.text.index("000001.eml")
    assert "<script>alert" not in page.text


def test_a_message_shows_its_text_with_links_and_its_files(browser: FlaskClient) -> None:
    page = browser.get("/dev/mail/000001.eml")
    assert page.status_code == 200
    link = "https://tours.example.org/j/Zk3vT0aQyV8sXw5uB1nR4mP7cD2eF6gH"
    assert f'<a href="{link}">{link}</a>' in page.text
    assert "/dev/mail/000001.eml/files/1" in page.text
    assert "Auto-Submitted" in page.text


def test_no_html_of_a_message_gets_into_the_page(browser: FlaskClient) -> None:
    page = browser.get("/dev/mail/000002.eml")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "style=" not in page.text.split("<main")[1]


def test_files_and_the_whole_message_are_downloads_that_no_browser_shows(
    browser: FlaskClient, settings: Settings
) -> None:
    raw = browser.get("/dev/mail/000001.eml/raw")
    assert raw.data == (settings.mailbox / "000001.eml").read_bytes()
    file = browser.get("/dev/mail/000001.eml/files/1")
    assert file.data.startswith(b"BEGIN:VCALENDAR\r\n")
    for answer in (raw, file):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "invite.ics" in file.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["/dev/mail/000009.eml", "/dev/mail/keys.json", "/dev/mail/000001.eml/files/9"])
def test_what_is_not_there_is_not_found(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_an_empty_mailbox_says_what_to_do(demo: Flask) -> None:
    page = demo.test_client().get("/dev/mail")
    assert "No mail yet" in page.text


def test_outside_the_demo_there_is_no_mailbox(client: FlaskClient) -> None:
    assert client.get("/dev/mail").status_code == 404
