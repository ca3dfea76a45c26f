"""From the form to the room: the mail, the file and the link say the same, and looking uses nothing up."""

from __future__ import annotations

import re
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import make_session, row_counts
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage

TYPED = {"name": "Amina Diallo", "email": "amina@example.org", "country": "MA", "language": "en"}
SAME = ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "LOCATION", "SUMMARY")


@pytest.fixture
def page(client: FlaskClient, app_services: Services) -> str:
    """The address after a sign-up."""
    with app_services.db.write() as session:
        make_session(session, slug="harbour")
    return str(client.post("/en/sessions/harbour/register", data=TYPED).location)


def mail(services: Services) -> EmailMessage:
    with services.db.read() as session:
        content = session.scalars(select(OutboxMessage.content)).one()
    return message_from_bytes(content, policy=SMTP)


def lines(calendar: str) -> dict[str, str]:
    unfolded = re.sub(r"\r\n[ \t]", "", calendar).split("\r\n")
    return {line.partition(":")[0].partition(";")[0]: line.partition(":")[2] for line in unfolded if ":" in line}


def test_the_mail_and_the_download_are_one_entry_with_one_link(
    client: FlaskClient, app_services: Services, page: str
) -> None:
    message = mail(app_services)
    (attached,) = [part for part in message.iter_attachments() if part.get_content_type() == "application/ics"]
    assert attached.get_filename() == "invite.ics"
    mailed = lines(attached.get_content().decode())
    downloaded = lines(client.get(f"{page}/invite.ics").text)
    assert {name: mailed[name] for name in SAME} == {name: downloaded[name] for name in SAME}
    assert (mailed["METHOD"], downloaded["METHOD"]) == ("REQUEST", "PUBLISH")
    link = mailed["LOCATION"]
    assert "/j/" in link
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert link in body.get_content()


def test_a_link_that_was_opened_three_times_still_joins_and_changed_nothing(
    client: FlaskClient, app_services: Services, page: str
) -> None:
    link = "/j/" + lines(client.get(f"{page}/invite.ics").text)["LOCATION"].rsplit("/", 1)[1]
    before = row_counts(app_services.db)
    for _ in range(3):
        assert client.application.test_client().get(link).location == "/live/harbour", "a scanner of mail"
        assert client.application.test_client().head(link).status_code == 303
    answer = client.get(link)
    assert (answer.status_code, answer.location) == (303, "/live/harbour")
    assert client.get("/live/harbour").status_code == 200
    assert row_counts(app_services.db) == before


def test_the_success_page_is_gone_after_a_day(client: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() + 24 * 3600 + 5)
    assert client.get(page).location == "/en/sessions/harbour"
    file = client.get(f"{page}/invite.ics")
    assert file.status_code == 404
    assert "no longer here" in file.text


def test_a_browser_is_asked_for_the_forms_token_and_gets_its_page_again(client: FlaskClient, page: str) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/en/sessions/harbour/register", data=TYPED)
    assert answer.status_code == 400
    assert "This form was open for too long" in answer.text
    form = client.get("/en/sessions/harbour").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    assert token
    typed = {**TYPED, "email": "li@example.org", "csrf_token": token[1]}
    assert client.post("/en/sessions/harbour/register", data=typed).status_code == 303
