from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mail.conftest import configured
from tests.mail.samples import parsed
from tests.mail.smtp import Post, certificate, serving, sign_in
from tests.servers import free_port
from tourserver.core.errors import Invalid
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.mail.sending import send_test
from tourserver.mail.server import MailServer, Step

PASSWORD = "p@ss:w/rd %å"


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """One database will do: nothing is written."""
    found = Services.start(settings.model_copy(update={"mail_from": "Tours <tours@example.org>"}))
    yield found
    found.close()


def steps(found: list[Step]) -> list[tuple[str, bool]]:
    return [(step.step, step.ok) for step in found]


def test_the_conversation_is_shown_step_by_step(services: Services) -> None:
    post = Post()
    with serving(post) as port:
        found = send_test(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"), "admin@example.org", "en")
    assert steps(found) == [("connect", True), ("EHLO", True), ("MAIL FROM", True), ("RCPT TO", True), ("DATA", True)]
    assert found[0].answer.startswith("220 ")
    assert found[-1].answer == "250 OK, kept"
    message = parsed(post.taken[0])
    assert (message["From"], message["To"]) == ("Tours <tours@example.org>", "admin@example.org")


def test_a_refusal_is_shown_in_the_servers_words(services: Services) -> None:
    post = Post(on_recipient=lambda _address: "550 5.7.1 relaying denied")
    with serving(post) as port:
        found = send_test(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"), "admin@example.org")
    assert found[-1] == Step("RCPT TO", "550 5.7.1 relaying denied", False)


def test_a_cut_line_is_shown_where_it_happened(services: Services) -> None:
    post = Post(on_content=lambda _address: "drop")
    with serving(post) as port:
        found = send_test(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"), "admin@example.org")
    assert (found[-1].step, found[-1].ok) == ("DATA", False)
    assert "closed" in found[-1].answer


def test_a_server_that_is_not_there_is_said_so(services: Services) -> None:
    found = send_test(configured(services, smtp_url=f"smtp://127.0.0.1:{free_port()}"), "admin@example.org")
    assert steps(found) == [("connect", False)]
    assert "refused" in found[0].answer


def test_missing_settings_are_named_before_anything_is_sent(services: Services) -> None:
    for changes, words in (
        ({"smtp_url": ""}, "smtp://"),
        ({"smtp_url": "https://mail.example.org"}, "smtp://"),
        ({"smtp_url": "smtp://mail.example.org", "public_url": ""}, "this machine only"),
        ({"smtp_url": "smtp://127.0.0.1:2525", "public_url": ""}, "this machine only"),
        ({"smtp_url": "smtp://mail.example.org", "mail_from": ""}, "No sender"),
    ):
        (step,) = send_test(configured(services, **changes), "admin@example.org")
        assert (step.step, step.ok) == ("settings", False)
        assert words in step.answer


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of TLS; this process trusts its certificate."""
    cert, key = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_starttls_and_a_password_with_signs_in_it(services: Services, trusted: ssl.SSLContext) -> None:
    post = Post()
    options = {
        "tls_context": trusted,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": sign_in("tours@example.org", PASSWORD),
    }
    with serving(post, **options) as port:
        address = f"{quote('tours@example.org', safe='')}:{quote(PASSWORD, safe='')}@localhost:{port}"
        found = send_test(configured(services, smtp_url=f"smtp+starttls://{address}"), "admin@example.org")
        assert [step.step for step in found] == [
            "connect", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL FROM", "RCPT TO", "DATA"
        ]  # fmt: skip
        assert all(step.ok for step in found)
        wrong = f"smtp+starttls://tours:wrong@localhost:{port}"
        found = send_test(configured(services, smtp_url=wrong), "admin@example.org")
    assert (found[-1].step, found[-1].ok) == ("AUTH", False)
    assert found[-1].answer.startswith("535")
    assert not any(PASSWORD in step.answer for step in found)


def test_a_certificate_that_is_not_trusted_or_of_another_host_ends_it(
    services: Services, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    with serving(post, tls_context=trusted) as port:
        for host, trust in (("127.0.0.1", True), ("localhost", False)):
            if not trust:
                monkeypatch.delenv("SSL_CERT_FILE")
            found = send_test(configured(services, smtp_url=f"smtp+starttls://{host}:{port}"), "admin@example.org")
            assert (found[-1].step, found[-1].ok) == ("STARTTLS", False)
            assert "certificate" in found[-1].answer.lower()
    assert post.taken == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(services: Services) -> None:
    post = Post()
    with serving(post) as port:
        url = f"smtp+starttls://tours:secret@localhost:{port}"
        found = send_test(configured(services, smtp_url=url), "admin@example.org")
    assert steps(found)[-1] == ("STARTTLS", False)
    assert post.taken == []


def test_tls_from_the_first_byte(services: Services, trusted: ssl.SSLContext) -> None:
    post = Post()
    with serving(post, ssl_context=trusted) as port:
        found = send_test(configured(services, smtp_url=f"smtps://localhost:{port}"), "admin@example.org")
    assert all(step.ok for step in found)
    assert len(post.taken) == 1


def test_addresses_of_servers_are_read_with_their_usual_ports() -> None:
    assert MailServer.parse("smtp://mail.example.org") == MailServer("smtp", "mail.example.org", 25)
    assert MailServer.parse("smtps://mail.example.org").port == 465
    found = MailServer.parse("smtp+starttls://a%40b:c%2Fd@mail.example.org")
    assert (found.port, found.user, found.password) == (587, "a@b", "c/d")
    assert "c/d" not in repr(found)


@pytest.mark.parametrize("url", ["", "mail.example.org", "http://x", "smtp://", "smtp://x:port", "smtp://x:99999"])
def test_other_addresses_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(Invalid, match="smtp://host:25"):
        MailServer.parse(url)
