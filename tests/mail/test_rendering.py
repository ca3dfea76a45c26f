from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calendars import samples as calendar_samples
from tests.mail import golden
from tests.mail.samples import DATE, SENDER, invitation, invitation_mail, parsed, small
from tourserver.calendars import objects
from tourserver.core.errors import Invalid
from tourserver.mail import rendering
from tourserver.mail.messages import Envelope, Sender, compose, new_message_id

LANGUAGES = ("en", "sv", "zh_Hans")


def parts(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.walk() if isinstance(part, EmailMessage)]


def text_of(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_invitation_in_each_language_is_as_it_was_checked(lang: str) -> None:
    message = rendering.invitation(
        invitation_mail(lang),
        objects.request(calendar_samples.BY_LANGUAGE[lang]),
        message_id="<5b8f3f0e-0000-4000-8000-000000000001@example.org>",
        date=DATE,
    )
    golden.check(f"mail/invitation.{lang}.eml", message.as_bytes())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_invitation_has_text_html_calendar_and_a_file_in_that_order(lang: str) -> None:
    message = parsed(invitation(lang).as_bytes())
    assert [part.get_content_type() for part in parts(message)] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar, file = parts(message)[-2:]
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar.get_content_disposition() is None
    assert calendar["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert file.get_filename() == "invite.ics"
    expected = objects.request(calendar_samples.BY_LANGUAGE[lang])
    assert calendar.get_payload(decode=True) == file.get_payload(decode=True) == expected


def test_the_method_in_the_header_is_that_of_the_calendar_object() -> None:
    cancelled = objects.cancel(calendar_samples.ENGLISH)
    message = parsed(rendering.invitation(invitation_mail(), cancelled).as_bytes())
    assert parts(message)[-2]["Content-Type"].params["method"] == "CANCEL"


def test_headers_say_who_writes_to_whom_and_that_a_machine_did() -> None:
    message = parsed(invitation().as_bytes())
    assert message["From"].addresses[0].addr_spec == SENDER.address
    assert [address.addr_spec for address in message["To"].addresses] == ["amina@city.example.ke"]
    assert message["Subject"] == "Registered: District heating from waste: a tour of the turbine hall"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", message["Message-ID"])
    assert message["Date"].datetime.tzinfo is not None
    assert message["List-Unsubscribe"] is None
    assert not {"Cc", "Bcc", "References"} & set(message)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_bodies_carry_the_link_the_zone_its_offset_and_swedish_time(lang: str) -> None:
    message = parsed(invitation(lang).as_bytes())
    sample = calendar_samples.BY_LANGUAGE[lang]
    own = {"en": ("Africa/Nairobi (UTC+3)", "17:00–18:00"), "zh_Hans": ("Asia/Shanghai (UTC+8)", "22:00–23:00")}
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        assert sample.join_url in text
        assert "Europe/Stockholm (UTC+1)" in text
        assert "15:00–16:00" in text
        for expected in own.get(lang, ()):
            assert expected in text
    assert text_of(message, "plain").count("UTC+") == (1 if lang == "sv" else 2)


def test_the_html_is_small_and_loads_nothing() -> None:
    summary = "城市导览 " * 1000
    html = text_of(parsed(invitation("zh_Hans", summary=summary).as_bytes()), "html")
    assert len(html.encode()) < 102_000
    page = BeautifulSoup(html, "html.parser")
    assert page.find_all(["img", "link", "script", "iframe", "table", "form"]) == []
    assert "url(" not in html
    assert "@import" not in html
    assert [str(element["lang"]) for element in page.select("html")] == ["zh-Hans"]
    button = page.select_one("a.button")
    assert button is not None
    assert "background-color: #0e5a4c" in str(button["style"])
    assert "prefers-color-scheme: dark" in html


def test_html_is_escaped_and_plain_text_is_not() -> None:
    message = parsed(invitation(title="<b>1 & 2</b>", recipient_name="<i>A</i>", summary="x < y\n<script>").as_bytes())
    html, plain = text_of(message, "html"), text_of(message, "plain")
    assert "<b>" not in html
    assert "<i>" not in html
    assert "<script" not in html
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in html
    assert "<b>1 & 2</b>" in plain
    assert "x < y\n<script>" in plain


def test_what_is_not_given_leaves_no_empty_headings() -> None:
    changes: dict[str, Any] = dict.fromkeys(("summary", "sound_url", "contact_name", "contact_email"), "")
    message = parsed(invitation(recipient_name="", **changes).as_bytes())
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        for words in ("Dear", "Sound", "Contact", "What it is about"):
            assert words not in text
    assert "\n\n\n" not in text_of(message, "plain")


def test_a_sound_link_that_is_no_web_address_is_text() -> None:
    page = BeautifulSoup(text_of(parsed(invitation(sound_url="javascript:alert(1)").as_bytes()), "html"), "html.parser")
    assert [str(a["href"]) for a in page.find_all("a") if not str(a["href"]).startswith(("https://", "mailto:"))] == []


def test_a_join_link_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(Invalid):
        invitation(join_url="javascript:alert(1)")


def test_the_bytes_are_the_same_each_time_they_are_written() -> None:
    message = invitation()
    assert message.as_bytes() == message.as_bytes()
    again = parsed(message.as_bytes())
    assert again["Message-ID"] == message["Message-ID"]


def test_the_bytes_are_plain_ascii_with_short_lines() -> None:
    for lang in LANGUAGES:
        content = invitation(lang).as_bytes()
        assert content.isascii()
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert max(map(len, content.split(b"\r\n"))) <= 998


ADDRESSES = ["o'brien+tour@example.org", '"a b"@example.org', "x@xn--exmple-cua.se", "a=b/c&d@example.org"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_strange_addresses_reach_the_header_as_they_are(address: str) -> None:
    message = parsed(small(to=address).as_bytes())
    (found,) = message["To"].addresses
    assert found.addr_spec == address


def test_a_domain_with_letters_beyond_ascii_is_written_as_servers_know_it() -> None:
    assert parsed(small(to="asa@exämple.se").as_bytes())["To"] == "asa@xn--exmple-cua.se"


def test_a_local_part_with_letters_beyond_ascii_is_kept() -> None:
    content = small(to="åsa@exämple.se").as_bytes()
    assert "åsa@xn--exmple-cua.se".encode() in content


@given(typed=st.text(max_size=80), break_=st.sampled_from(["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"]))
@settings(deadline=None, max_examples=60)
def test_nothing_that_people_type_starts_a_header_of_its_own(typed: str, break_: str) -> None:
    evil = f"{typed}{break_}Bcc: evil@example.org{break_}{break_}body"
    envelope = Envelope(
        sender=Sender(evil, "tours@example.org"),
        recipient_name=evil,
        recipient_address="amina@city.example.ke",
        subject=evil,
        language="en",
    )
    content = compose(envelope, plain="x", html="<p>x</p>").as_bytes()
    message = parsed(content)
    assert message["Bcc"] is None
    headers = "From To Subject Date Message-ID Auto-Submitted MIME-Version Content-Type Content-Language"
    assert list(message) == headers.split()
    assert [address.addr_spec for address in message["To"].addresses] == ["amina@city.example.ke"]
    assert "evil@example.org" not in [address.addr_spec for address in message["From"].addresses]


def test_an_update_refers_to_the_mails_before_it_however_long_their_ids_are() -> None:
    sender = Sender("", f"tours@{'long-' * 11}name.example.org")
    earlier = tuple(new_message_id(sender.address) for _ in range(14))
    message = rendering.invitation(
        invitation_mail(sender=sender), objects.request(calendar_samples.ENGLISH), references=earlier
    )
    content = message.as_bytes()
    assert f"In-Reply-To: {earlier[-1]}\r\n".encode() in content
    references = str(parsed(content)["References"]).split()
    assert references == [earlier[0], *earlier[-9:]]
    assert b"References: =?" not in content


def test_an_unknown_language_or_zone_falls_back_to_english_and_swedish_time() -> None:
    mail = replace(invitation_mail(), language="fr", zone="Mars/Olympus")
    message = parsed(rendering.invitation(mail, objects.request(calendar_samples.ENGLISH)).as_bytes())
    assert message["Content-Language"] == "en"
    assert "Sweden · Europe/Stockholm (UTC+1)" in text_of(message, "plain")


def test_the_mail_that_tries_the_server_says_where_it_went() -> None:
    message = parsed(rendering.trial_mail(SENDER, "admin@example.org", "en").as_bytes())
    assert message["Subject"] == "Test mail"
    assert "admin@example.org" in text_of(message, "plain")
    assert "admin@example.org" in text_of(message, "html")
