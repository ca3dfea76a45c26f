"""Setup, from the first administrator to a test mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.mail.samples import parsed
from tests.mail.smtp import Post, serving
from tourserver import cli
from tourserver.app import create_app
from tourserver.core import clock, jobs, preferences, rights
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people.models import User
from tourserver.sites.models import Node, Theme
from tourserver.studio.setup import check_url


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return factories.administrator(app)


def steps(client: FlaskClient) -> dict[str, str]:
    """Each step's title → whether it is done."""
    page = BeautifulSoup(client.get("/studio/setup").text, "html.parser")
    found = [" ".join(step.get_text(" ").split()) for step in page.select(".step h3")]
    return {
        title.rsplit(" ", 1)[0].removesuffix(" To"): "done" if title.endswith("Done") else "to do" for title in found
    }


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        (" https://tours.example.org/ ", "https://tours.example.org"),
        ("https://Tours.Example.ORG", "https://tours.example.org"),
        ("https://tours.example.org:8443", "https://tours.example.org:8443"),
        ("https://rundtur.ö.se", "https://rundtur.ö.se"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_public_address_is_kept_in_its_plain_form(typed: str, kept: str) -> None:
    assert check_url(typed) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://tours.example.org", "must begin with https://"),
        ("http://192.0.2.1", "must begin with https://"),
        *(
            (typed, "with nothing after the name")
            for typed in (
                "tours.example.org",
                "ftp://tours.example.org",
                "javascript:alert(1)",
                "https://",
                "https://tours.example.org/live",
                "https://tours.example.org?x=1",
                "https://tours.example.org#x",
                "https://anna@tours.example.org",
                "https://anna:secret@tours.example.org",
                "https://tours.example.org:port",
                "https://tours.example.org:99999",
                "https://[::1",
                "https://tours example.org",
                'https://tours".example.org',
                "https://tours.example.org\r\nX-Evil: 1",
            )
        ),
    ],
)
def test_what_cannot_be_a_public_address_is_refused(typed: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        check_url(typed)
    assert caught.value.field == "public_url"


def test_an_empty_installation_says_what_is_to_do(admin: FlaskClient) -> None:
    assert steps(admin) == {
        "Database and first administrator": "done",
        "Public address": "to do",
        "HTTPS": "to do",
        "Sender": "to do",
        "Mail server": "to do",
        "Worker": "to do",
    }
    assert "no real mail leaves" in admin.get("/studio/setup").text


def test_address_and_sender_are_kept_shown_and_noted(admin: FlaskClient, app_services: Services) -> None:
    typed = {
        "public_url": "https://tours.example.org/",
        "sender_name": "Rundturer, Umeå\r\nBcc: x@example.org",
        "sender_email": "tours@example.org",
    }
    assert admin.post("/studio/setup", data=typed).status_code == 302
    with app_services.db.write() as session:
        assert app_services.public_url(session) == "https://tours.example.org"
        assert "\n" not in app_services.mail_from(session)
        assert app_services.mail_from(session).endswith("<tours@example.org>")
        assert "setup.change" in set(session.scalars(select(Audit.verb)))
        preferences.put(session, jobs.HEARTBEAT, clock.now().isoformat())
    found = steps(admin)
    assert [found[name] for name in ("Public address", "HTTPS", "Sender", "Worker")] == ["done"] * 4
    page = BeautifulSoup(admin.get("/studio/setup").text, "html.parser")
    email = page.select_one("#sender_email")
    assert email
    assert email["value"] == "tours@example.org"
    assert "TOURSERVER_TRUSTED_PROXIES" in page.text, "the request itself came without encryption"


def test_what_is_refused_is_said_and_what_was_typed_is_kept(admin: FlaskClient, app_services: Services) -> None:
    for name, value, words in (
        ("public_url", "http://tours.example.org", "must begin with https://"),
        ("sender_email", "nobody", "Invalid email address"),
    ):
        typed = {"public_url": "", "sender_name": "Kept name", "sender_email": "a@example.org", name: value}
        answer = admin.post("/studio/setup", data=typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{value}"' in answer.text
        assert "Kept name" in answer.text
    with app_services.db.read() as session:
        assert preferences.get(session, "public_url") == ""
        assert preferences.get(session, "mail_from") == ""


@pytest.fixture
def fixed(settings: Settings) -> Iterator[Flask]:
    """An application whose address and sender come from the environment."""
    values = {"public_url": "https://fixed.example.org", "mail_from": "Fixed <fixed@example.org>"}
    app = create_app(settings.model_copy(update=values))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["tourserver"].close()


def test_what_the_environment_sets_is_shown_as_fixed_and_not_changed(fixed: Flask) -> None:
    admin = factories.administrator(fixed)
    page = BeautifulSoup(admin.get("/studio/setup", base_url="https://localhost").text, "html.parser")
    assert "https://fixed.example.org" in page.text
    assert "set by TOURSERVER_PUBLIC_URL" in page.text
    assert "set by TOURSERVER_MAIL_FROM" in page.text
    assert page.select("#public_url, #sender_name, #sender_email") == []
    typed = {"public_url": "https://evil.example.org", "sender_email": "evil@example.org"}
    assert admin.post("/studio/setup", data=typed).location == "/studio/setup"
    services: Services = fixed.extensions["tourserver"]
    with services.db.read() as session:
        assert services.public_url(session) == "https://fixed.example.org"
        assert preferences.get(session, "public_url") == ""
        assert preferences.get(session, "mail_from") == ""


# --- the test mail ------------------------------------------------------------------------------------------------


def send_trial(
    settings: Settings, post: Post, recipient: str = "admin@example.org"
) -> tuple[int, list[tuple[str, str]]]:
    """Press the button: the status and the conversation that the page shows."""
    with serving(post) as port:
        values = {"demo": True, "smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "Tours <tours@example.org>"}
        app = create_app(settings.model_copy(update=values))
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        try:
            answer = factories.administrator(app).post("/studio/setup/test-mail", data={"recipient": recipient})
        finally:
            app.extensions["tourserver"].close()
    shown = BeautifulSoup(answer.text, "html.parser").select("#test-mail dl > *")
    words = [element.get_text(strip=True) for element in shown]
    return answer.status_code, list(zip(words[::2], words[1::2], strict=True))


def test_a_test_mail_shows_the_servers_answers(settings: Settings) -> None:
    post = Post()
    status, shown = send_trial(settings, post)
    assert status == 200
    assert [step for step, _answer in shown] == ["connect", "EHLO", "MAIL FROM", "RCPT TO", "DATA"]
    assert re.match(r"220 ", shown[0][1])
    assert shown[-1][1] == "250 OK, kept"
    assert parsed(post.taken[0])["To"] == "admin@example.org"


def test_a_test_mail_that_is_refused_shows_why(settings: Settings) -> None:
    post = Post(on_recipient=lambda _address: "550 5.1.1 <b>no such mailbox</b>")
    status, shown = send_trial(settings, post)
    assert status == 200
    assert shown[-1] == ("RCPT TO", "550 5.1.1 <b>no such mailbox</b>")
    assert post.taken == []


def test_a_test_mail_to_no_address_is_not_sent(settings: Settings) -> None:
    post = Post()
    assert send_trial(settings, post, "nobody") == (422, [])
    assert post.connections == 0


def test_no_test_mail_leaves_while_the_public_address_is_this_machine(settings: Settings) -> None:
    post = Post()
    with serving(post) as port:
        values = {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "Tours <tours@example.org>"}
        app = create_app(settings.model_copy(update=values))
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        try:
            browser = factories.administrator(app)
            answer = browser.post("/studio/setup/test-mail", data={"recipient": "a@example.org"})
        finally:
            app.extensions["tourserver"].close()
    assert "can be opened on this machine only" in answer.text
    assert post.connections == 0


def test_no_test_mail_without_server_or_sender(admin: FlaskClient) -> None:
    answer = admin.post("/studio/setup/test-mail", data={"recipient": "a@example.org"})
    assert answer.status_code == 200
    assert "The mail server&#39;s address must look like" in answer.text


# --- the first administrator --------------------------------------------------------------------------------------


def init(data: Path, *arguments: str, password: str | None = "a good long password") -> tuple[int, str, object]:
    environment = {"TOURSERVER_DATA": str(data), "TOURSERVER_ADMIN_PASSWORD": password}
    result = CliRunner().invoke(cli.cli, ["init", *arguments], env=environment)
    return result.exit_code, result.output, result.exception


WHO = ("--email", "Anna@Example.org", "--name", "Anna")


def test_init_makes_database_nodes_themes_and_the_first_administrator_once(tmp_path: Path) -> None:
    code, output, _error = init(tmp_path / "data", *WHO)
    assert code == 0
    assert "Anna is the administrator." in output
    assert "/studio/setup" in output
    services = Services.start(Settings(data=tmp_path / "data"))
    try:
        with services.db.read() as session:
            user = session.scalars(select(User)).one()
            assert (user.email, (user.password or "")[:10]) == ("anna@example.org", "$argon2id$")
            assert rights.users_with(session, "admin", "global") == [user.id]
            assert len(list(session.scalars(select(Node)))) == 6
            assert len(list(session.scalars(select(Theme)))) >= 6
        code, _output, error = init(tmp_path / "data", "--email", "bo@example.org", "--name", "Bo")
        assert code == 1
        assert isinstance(error, Conflict)
        assert "There is an administrator already" in error.text
        with services.db.read() as session:
            assert len(list(session.scalars(select(User)))) == 1
    finally:
        services.close()


def test_init_refuses_what_is_no_account_and_can_be_repeated(tmp_path: Path) -> None:
    for arguments, password, field in (
        (WHO, "short", "password"),
        (("--email", "anna", "--name", "Anna"), "a good long password", "email"),
        (("--email", "anna@example.org", "--name", " "), "a good long password", "name"),
    ):
        code, _output, error = init(tmp_path, *arguments, password=password)
        assert code == 1
        assert isinstance(error, Invalid)
        assert error.field == field
    assert init(tmp_path, *WHO)[0] == 0


def test_init_asks_for_what_is_not_given_and_does_not_show_the_password(tmp_path: Path) -> None:
    typed = "anna@example.org\nAnna\na good long password\na good long password\n"
    environment = {"TOURSERVER_DATA": str(tmp_path), "TOURSERVER_ADMIN_PASSWORD": None}
    result = CliRunner().invoke(cli.cli, ["init"], input=typed, env=environment)
    assert result.exit_code == 0
    assert "a good long password" not in result.output
