"""The rules of signing up, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from tests.factories import make_registration, make_session, wish
from tourserver.core import clock, preferences
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Gone, Invalid, TourserverError
from tourserver.core.services import Services
from tourserver.live.models import Attendance
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import Consent, Person
from tourserver.registration import invitations, seats, signup
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession

assert Attendance.__tablename__  # the tables that string foreign keys name


@pytest.fixture
def walk(services: Services) -> ScheduledSession:
    """A session two days ahead without a limit of seats."""
    with services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Visits <visits@example.org>")
        return make_session(session, sound_url="https://meet.example.org/x")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass."""

    def go(step: timedelta) -> None:
        moment = clock.now() + step
        monkeypatch.setattr(clock, "now", lambda: moment)

    return go


def sign_up(services: Services, walk: ScheduledSession, **values: Any) -> signup.Outcome:
    with services.db.write() as session:
        return signup.register(session, services, walk, wish(**values))


def mails(services: Services) -> list[EmailMessage]:
    with services.db.read() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id))
        return [message_from_bytes(row.content, policy=SMTP) for row in rows]


def entry(mail: EmailMessage) -> dict[str, str]:
    """The values of a mail's calendar entry."""
    (part,) = mail.iter_attachments()
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    return {"METHOD": str(calendar["METHOD"]), **{name: str(event[name]) for name in event}}


def count(services: Services, table: type[Any]) -> int:
    with services.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# --- the first time ---------------------------------------------------------------------------------------------


def test_a_sign_up_makes_person_registration_consent_link_mail_and_audit_together(
    services: Services, walk: ScheduledSession
) -> None:
    outcome = sign_up(services, walk, organisation=" Ville de\nRabat ", language="sv", email="Amina@Example.org")
    assert outcome.is_new
    with services.db.read() as session:
        found = session.get_one(Registration, outcome.registration.id)
        assert (found.state, found.role, found.headcount, found.sequence) == ("confirmed", "participant", 1, 0)
        assert (found.country, found.organisation, found.language) == ("MA", "Ville de Rabat", "sv")
        assert found.zone == "Africa/Casablanca"
        assert found.uid.endswith("@tours.example.org")
        assert (found.person.email, found.person.name) == ("amina@example.org", "Amina Diallo")
        consent = session.scalars(select(Consent)).one()
        assert (consent.person_id, consent.kind) == (found.person_id, "privacy_notice")
        assert consent.version == signup.PRIVACY_VERSION
        row = session.scalars(select(OutboxMessage)).one()
        assert (row.stream, row.kind, row.revision) == (f"registration:{found.id}", "invitation", 0)
        assert row.recipient == "amina@example.org"
        assert "registration.confirm" in set(session.scalars(select(Audit.verb)))


def test_the_mailed_entry_carries_the_link_that_joins(services: Services, walk: ScheduledSession) -> None:
    registration = sign_up(services, walk).registration
    with services.db.write() as session:
        path = invitations.join_path(session, services, registration)
        assert services.tokens.lookup(session, "join", path.removeprefix("/j/")) == registration.id
    (mail,) = mails(services)
    said = entry(mail)
    assert said["METHOD"] == "REQUEST"
    assert said["UID"] == registration.uid
    assert said["SEQUENCE"] == "0"
    assert said["LOCATION"] == f"https://tours.example.org{path}"
    assert said["DESCRIPTION"].splitlines()[0].endswith(path)
    body = mail.get_body(("plain",))
    assert body is not None
    assert path in body.get_content()


def test_a_failure_leaves_nothing_behind(services: Services, walk: ScheduledSession) -> None:
    def fail() -> None:
        with services.db.write() as session:
            signup.register(session, services, walk, wish())
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        fail()
    assert [count(services, table) for table in (Person, Registration, Consent, OutboxMessage)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " \x00"}, "name"),
        ({"email": "amina"}, "email"),
        ({"country": "XX"}, "country"),
        ({"country": ""}, "country"),
        ({"language": "tlh"}, "language"),
        ({"zone": "Mars/Olympus"}, "zone"),
        # calendar programs take an entry to oneself for a meeting that one called
        ({"email": "visits@example.org"}, "email"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_field(
    services: Services, walk: ScheduledSession, values: dict[str, str], field: str
) -> None:
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        signup.register(session, services, walk, wish(**values))
    assert caught.value.field == field


def test_prefer_not_to_say_is_kept_as_such(services: Services, walk: ScheduledSession) -> None:
    assert sign_up(services, walk, country="zz").registration.country == "ZZ"


@pytest.mark.parametrize(
    ("state", "hours", "message"),
    [
        ("ended", 1, "This session is over. Choose one that is to come."),
        ("scheduled", -2, "This session is over. Choose one that is to come."),
        ("cancelled", 24, "This session is cancelled."),
        ("draft", 24, "This session isn't announced yet."),
    ],
)
def test_nobody_registers_when_it_is_too_late_or_too_early(
    services: Services, state: str, hours: float, message: str
) -> None:
    with services.db.write() as session:
        walk = make_session(session, state=state, starts_at=clock.now() + timedelta(hours=hours))
    with pytest.raises(Gone) as caught:
        sign_up(services, walk)
    assert caught.value.text == message
    assert count(services, Registration) == 0


def test_a_live_session_takes_people_even_when_it_runs_over_time(services: Services) -> None:
    with services.db.write() as session:
        walk = make_session(session, state="live", starts_at=clock.now() - timedelta(hours=3))
    assert sign_up(services, walk).is_new


# --- the same e-mail again --------------------------------------------------------------------------------------


def test_the_same_e_mail_again_keeps_seat_link_and_what_is_stored(services: Services, walk: ScheduledSession) -> None:
    first = sign_up(services, walk)
    again = sign_up(services, walk, email="AMINA@example.org", name="Mallory", country="US", language="zh_Hans")
    assert not again.is_new
    assert again.registration.id == first.registration.id
    with services.db.read() as session:
        kept = session.scalars(select(Registration)).one()
        assert (kept.person.name, kept.person.country, kept.country, kept.language) == (
            "Amina Diallo",
            "MA",
            "MA",
            "en",
        )
        assert (kept.uid, kept.sequence) == (first.registration.uid, 0)
    assert count(services, Consent) == 1


def test_the_mail_is_sent_again_at_most_every_ten_minutes_with_the_same_entry(
    services: Services, walk: ScheduledSession, later: Callable[[timedelta], None]
) -> None:
    sign_up(services, walk)
    sign_up(services, walk)
    later(timedelta(minutes=9))
    sign_up(services, walk)
    assert len(mails(services)) == 1
    later(timedelta(minutes=2))
    sign_up(services, walk)
    sign_up(services, walk)
    first, second = mails(services)
    assert entry(first) == entry(second)
    assert first["Message-ID"] != second["Message-ID"]
    assert str(first["Message-ID"]) in str(second["References"])


def test_a_mail_sent_again_after_a_move_is_an_update(
    services: Services, walk: ScheduledSession, later: Callable[[timedelta], None]
) -> None:
    sign_up(services, walk)
    later(timedelta(minutes=11))
    with services.db.write() as session:
        moved = session.get_one(ScheduledSession, walk.id)
        schedule.move(session, moved, moved.starts_at + timedelta(hours=1))
    sign_up(services, walk)
    later(timedelta(minutes=11))
    sign_up(services, walk)
    said = [entry(mail) for mail in mails(services)]
    assert [one["SEQUENCE"] for one in said] == ["0", "1", "1"]
    assert len({one["UID"] for one in said}) == 1
    with services.db.read() as session:
        assert session.scalars(select(Registration)).one().sequence == 1


def test_a_mail_that_is_held_is_written_anew_and_not_doubled(
    services: Services, walk: ScheduledSession, later: Callable[[timedelta], None]
) -> None:
    sign_up(services, walk)
    with services.db.write() as session:
        session.scalars(select(OutboxMessage)).one().state = "held"
    later(timedelta(minutes=11))
    sign_up(services, walk)
    with services.db.read() as session:
        row = session.scalars(select(OutboxMessage)).one()
        assert (row.state, row.revision) == ("queued", 0)


def test_somebody_who_withdrew_gets_a_seat_again_with_the_same_entry(
    services: Services, walk: ScheduledSession, later: Callable[[timedelta], None]
) -> None:
    first = sign_up(services, walk).registration
    with services.db.write() as session:
        session.get_one(Registration, first.id).state = "withdrawn"
    again = sign_up(services, walk)
    assert again.is_new
    assert (again.registration.id, again.registration.uid) == (first.id, first.uid)
    assert [entry(mail)["SEQUENCE"] for mail in mails(services)] == ["0", "1"]


def test_a_known_person_registers_for_another_session_and_keeps_the_stored_name(
    services: Services, walk: ScheduledSession
) -> None:
    first = sign_up(services, walk).registration
    with services.db.write() as session:
        other = make_session(session)
    second = sign_up(services, other, name="A. Diallo", country="SN", language="sv", organisation="Port").registration
    assert second.person_id == first.person_id
    with services.db.read() as session:
        person = session.scalars(select(Person)).one()
        assert (person.name, person.country, person.organisation) == ("Amina Diallo", "MA", "")
        kept = session.get_one(Registration, second.id)
        assert (kept.country, kept.language, kept.organisation) == ("SN", "sv", "Port")


def test_a_lost_link_is_mailed_again_to_registered_addresses_only(
    services: Services, walk: ScheduledSession, later: Callable[[timedelta], None]
) -> None:
    sign_up(services, walk)
    later(timedelta(minutes=11))
    with services.db.write() as session:
        signup.resend(session, services, walk, "nobody@example.org")
    assert len(mails(services)) == 1
    with services.db.write() as session:
        signup.resend(session, services, walk, " AMINA@example.org")
    assert len(mails(services)) == 2
    assert count(services, Registration) == 1


# --- seats ------------------------------------------------------------------------------------------------------


def test_a_full_session_answers_everybody_alike(services: Services, later: Callable[[timedelta], None]) -> None:
    with services.db.write() as session:
        walk = make_session(session, capacity=1)
        make_registration(session, services, walk, email="amina@example.org")
        assert seats.left(session, walk) == 0
    later(timedelta(minutes=11))
    answers = []
    for email in ("amina@example.org", "bo@example.org"):
        with pytest.raises(Conflict) as caught:
            sign_up(services, walk, email=email)
        answers.append((caught.value.code, caught.value.text, caught.value.status))
    assert (
        answers
        == [
            ("full", "All seats are taken. If one of them is yours, have your link mailed again.", 409),
        ]
        * 2
    )
    assert len(mails(services)) == 1


def test_seats_are_those_of_confirmed_participants_by_heads(services: Services) -> None:
    with services.db.write() as session:
        walk = make_session(session, capacity=10)
        made = [make_registration(session, services, walk) for _ in range(4)]
        made[0].state, made[1].role, made[2].headcount = "withdrawn", "speaker", 5
        session.flush()
        assert seats.left(session, walk) == 4
        assert seats.left(session, make_session(session)) is None


def at_once(number: int, work: Callable[[int], None]) -> Counter[str]:
    """Runs ``work`` that many times side by side; what came of it: ``done`` or the name or code of the error."""
    outcomes: list[str] = []
    gate = threading.Barrier(number)

    def run(place: int) -> None:
        gate.wait()
        try:
            work(place)
            outcomes.append("done")
        except TourserverError as error:
            outcomes.append(error.code)
        except Exception as error:
            outcomes.append(repr(error))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return Counter(outcomes)


def test_fifty_sign_ups_at_once_for_the_last_seat_give_one(services: Services) -> None:
    with services.db.write() as session:
        walk = make_session(session, capacity=3)
        for _ in range(2):
            make_registration(session, services, walk)

    def one(place: int) -> None:
        sign_up(services, walk, email=f"delegate{place}@example.org")

    assert at_once(50, one) == {"done": 1, "full": 49}
    assert (count(services, Registration), count(services, OutboxMessage)) == (3, 3)
    with services.db.read() as session:
        assert seats.left(session, walk) == 0


def test_twenty_sign_ups_at_once_with_one_e_mail_give_one_registration(
    services: Services, walk: ScheduledSession
) -> None:
    assert at_once(20, lambda _: void(sign_up(services, walk))) == {"done": 20}
    assert (count(services, Person), count(services, Registration), count(services, OutboxMessage)) == (1, 1, 1)


def test_one_e_mail_for_ten_sessions_at_once_is_one_person(services: Services) -> None:
    with services.db.write() as session:
        walks = [make_session(session) for _ in range(10)]
    assert at_once(10, lambda place: void(sign_up(services, walks[place]))) == {"done": 10}
    assert (count(services, Person), count(services, Registration)) == (1, 10)


def void(_: object) -> None:
    """Drops a value."""


def test_the_stamp_of_an_entry_is_frozen(services: Services, walk: ScheduledSession) -> None:
    before = clock.now()
    registration = sign_up(services, walk).registration
    (mail,) = mails(services)
    part = next(iter(mail.iter_attachments()))
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    stamp = event.decoded("DTSTAMP")
    assert isinstance(stamp, datetime)
    assert before - timedelta(seconds=1) <= stamp <= clock.now()
    with services.db.read() as session:
        kept = session.get_one(Registration, registration.id).stamped_at
    assert kept.replace(microsecond=0) == stamp
