from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.calendars.reader import Component, read, read_all, unescaped, unfolded
from tests.calendars.samples import BY_LANGUAGE, ENGLISH, invitation
from tests.mail import golden
from tourserver.calendars import objects
from tourserver.calendars.objects import Invitation
from tourserver.core import clock
from tourserver.core.errors import Invalid

KINDS = {"request": objects.request, "cancel": objects.cancel, "download": objects.download}


def names(content: bytes) -> list[str]:
    return [line.split(":")[0].split(";")[0] for line in unfolded(content)]


@pytest.mark.parametrize("lang", BY_LANGUAGE)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_in_each_language_is_as_it_was_checked(kind: str, lang: str) -> None:
    sample = BY_LANGUAGE[lang]
    golden.check(f"calendars/{kind}.{lang}.ics", KINDS[kind](sample))


@pytest.mark.parametrize("lang", BY_LANGUAGE)
def test_another_reader_finds_in_the_invitation_what_was_put_in(lang: str) -> None:
    sample = BY_LANGUAGE[lang]
    calendar = read(objects.request(sample))
    event = calendar.event
    assert calendar.one("method").value == "REQUEST"
    assert calendar.one("prodid").value == objects.PRODID
    assert calendar.one("version").value == "2.0"
    assert event.one("uid").value == sample.uid
    assert event.one("sequence").value == "0"
    assert event.one("summary").value == sample.title
    assert event.one("status").value == "CONFIRMED"
    assert event.one("dtstart").value == "2026-12-10T14:00:00Z"
    assert event.one("dtend").value == "2026-12-10T15:00:00Z"
    assert event.one("dtstamp").value == "2026-11-20T09:30:15Z"
    assert event.one("url").value == sample.url
    assert event.one("organizer").value == f"mailto:{sample.organiser_email}"
    assert event.one("organizer").parameters["cn"] == sample.organiser_name
    attendee = event.one("attendee")
    assert attendee.value == f"mailto:{sample.attendee_email}"
    assert attendee.parameters == {
        "cn": sample.attendee_name,
        "cutype": "INDIVIDUAL",
        "partstat": "NEEDS-ACTION",
        "role": "REQ-PARTICIPANT",
        "rsvp": "TRUE",
    }


def test_the_link_to_join_is_the_place_the_first_line_of_the_text_and_a_video_conference() -> None:
    for content in (objects.request(ENGLISH), objects.download(ENGLISH)):
        event = read(content).event
        assert event.one("location").value == ENGLISH.join_url
        assert event.one("description").value.split("\n")[0] == ENGLISH.join_url
        conference = next(line for line in unfolded(content) if line.startswith("CONFERENCE"))
        assert conference == f"CONFERENCE;FEATURE=VIDEO;VALUE=URI:{ENGLISH.join_url}"


def test_the_text_is_plain_and_the_html_stands_apart() -> None:
    sample = invitation(description="1 < 2; a, b\n<b>bold</b> & more")
    event = read(objects.request(sample)).event
    assert "1 < 2; a, b\n<b>bold</b> & more" in event.one("description").value
    html = next(line for line in unfolded(objects.request(sample)) if line.startswith("X-ALT-DESC"))
    assert html.startswith("X-ALT-DESC;FMTTYPE=text/html:")
    assert "1 &lt; 2; a, b<br>&lt;b&gt;bold&lt;/b&gt; &amp; more" in unescaped(html)
    assert f'<a href="{sample.join_url}">{sample.join_url}</a>' in unescaped(html)


def test_only_a_personal_link_is_called_so() -> None:
    assert "yours alone" in read(objects.download(ENGLISH)).event.one("description").value
    event = read(objects.download(invitation(personal=False, description=""))).event
    assert "yours alone" not in event.one("description").value
    assert event.one("description").value.startswith(f"{ENGLISH.join_url}\n\nSound:")


def test_times_are_in_utc_and_no_zone_is_described() -> None:
    sample = invitation(
        starts_at=clock.to_utc(datetime(2027, 3, 30, 15, 0), "Europe/Stockholm").astimezone(
            timezone(timedelta(hours=2))
        ),
        ends_at=datetime(2027, 3, 30, 14, 0, tzinfo=UTC),
    )
    for make in KINDS.values():
        content = make(sample)
        assert b"DTSTART:20270330T130000Z\r\n" in content
        assert b"DTEND:20270330T140000Z\r\n" in content
        assert b"TZID" not in content
        assert b"VTIMEZONE" not in content


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        objects.request(invitation(starts_at=datetime(2026, 12, 10, 14, 0)))


def test_an_invitation_reminds_and_a_cancellation_does_not() -> None:
    (alarm,) = read(objects.request(ENGLISH)).event.components
    assert alarm.name == "valarm"
    assert alarm.one("trigger").value == "-PT15M"
    assert alarm.one("action").value == "DISPLAY"
    assert read(objects.cancel(ENGLISH)).event.components == []


def test_a_cancelled_session_says_so_and_a_withdrawn_person_leaves_without_status() -> None:
    update = replace(ENGLISH, sequence=3, stamped_at=ENGLISH.stamped_at + timedelta(days=1))
    cancelled, withdrawn = read_all([objects.cancel(update), objects.cancel(update, withdrawn=True)])
    request = read(objects.request(ENGLISH)).event
    for found in (cancelled, withdrawn):
        assert found.one("method").value == "CANCEL"
        assert found.event.one("sequence").value == "3"
        assert found.event.one("uid").value == ENGLISH.uid
        assert found.event.one("attendee") == request.one("attendee")
        assert found.event.one("organizer") == request.one("organizer")
        assert "location" not in found.event.properties
        assert "conference" not in found.event.properties
    assert cancelled.event.one("status").value == "CANCELLED"
    assert "status" not in withdrawn.event.properties


def test_the_download_is_the_same_entry_without_an_attendee() -> None:
    request, download = read_all([objects.request(ENGLISH), objects.download(ENGLISH)])
    assert download.one("method").value == "PUBLISH"
    assert "attendee" not in download.event.properties
    for name in ("uid", "sequence", "dtstamp", "dtstart", "dtend", "summary", "location", "organizer"):
        assert download.event.one(name) == request.event.one(name)


def test_the_download_of_a_cancelled_session_is_a_cancelled_entry() -> None:
    event = read(objects.download(invitation(cancelled=True))).event
    assert event.one("status").value == "CANCELLED"
    assert event.components == []


def test_the_same_values_give_the_same_bytes_and_another_sequence_another_tag() -> None:
    assert objects.request(ENGLISH) == objects.request(replace(ENGLISH))
    assert objects.etag(objects.download(ENGLISH)) == objects.etag(objects.download(replace(ENGLISH)))
    assert objects.etag(objects.download(ENGLISH)) != objects.etag(objects.download(invitation(sequence=1)))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_said_twice_and_nothing_is_empty(kind: str) -> None:
    bare = invitation(
        description="", url="", sound_url="", contact_name="", contact_email="", attendee_name="", organiser_name=""
    )
    for sample in (ENGLISH, bare):
        content = KINDS[kind](sample)
        event = content.split(b"BEGIN:VEVENT\r\n")[1].split(b"BEGIN:VALARM\r\n")[0].split(b"END:VEVENT\r\n")[0]
        assert len(names(event)) == len(set(names(event)))
        assert all(line.split(":", 1)[1] for line in unfolded(content))
        assert b"CN=:" not in content
        assert b'CN=""' not in content


def test_the_organiser_is_never_invited() -> None:
    for make in (objects.request, objects.cancel):
        with pytest.raises(Invalid) as caught:
            make(invitation(attendee_email="Tours@Example.org"))
        assert caught.value.field == "email"


def test_uids_are_random_and_in_our_domain() -> None:
    first, second = objects.new_uid("tours.example.org"), objects.new_uid("tours.example.org")
    assert first != second
    assert first.endswith("@tours.example.org")
    assert uuid.UUID(first.split("@")[0]).version == 4


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("o'brien+tour@example.org", "mailto:o'brien+tour@example.org"),
        ('"a b"@example.org', "mailto:%22a%20b%22@example.org"),
        ("a&bcc=c@example.org", "mailto:a%26bcc=c@example.org"),
        ("åsa@exämple.se", "mailto:%C3%A5sa@xn--exmple-cua.se"),
        ("x@example.org\r\nATTENDEE:mailto:y@example.org", "mailto:x@example.org%20ATTENDEE%3Amailto%3Ay@example.org"),
    ],
)
def test_strange_addresses_stay_one_address(address: str, uri: str) -> None:
    content = objects.request(invitation(attendee_email=address))
    assert read(content).event.one("attendee").value == uri
    assert names(content).count("ATTENDEE") == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/x", "//example.org", "https://", ""])
def test_a_link_to_join_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        objects.request(invitation(join_url=url))


def test_a_sound_link_may_be_a_telephone_number() -> None:
    event: Component = read(objects.request(invitation(sound_url="+46 8 123 456, code 99"))).event
    assert "+46 8 123 456, code 99" in event.one("description").value


INJECTIONS = [
    "Tour\r\nATTENDEE:mailto:evil@example.org",
    "Tour\nEND:VEVENT\nBEGIN:VEVENT",
    "Tour\u2028ORGANIZER:mailto:evil@example.org",
    "Tour\x85X-A:b",
    "Tour\x00\x07\x1b[31m",
    "Tour\\nX-A:b;c,d",
    'Tour";X=1:"',
    "Tour^nX-A:b^'",
    "\u202eevil",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_people_type_never_becomes_a_property_of_its_own(text: str) -> None:
    def typed(sample: Invitation) -> Invitation:
        return replace(sample, title=text, description=text, attendee_name=text, organiser_name=text, contact_name=text)

    for make in KINDS.values():
        assert names(make(typed(ENGLISH))) == names(make(ENGLISH))
        content = make(typed(ENGLISH)).decode()
        assert not any(char in content.replace("\r\n", "") for char in "\x00\x07\x1b\x85\u2028\u202e\r\n")
        read(content.encode())
