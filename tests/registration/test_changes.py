"""A session that moves or is called off: everybody's calendar follows, once, in order, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from tests import factories
from tests.mail.conftest import configured
from tests.mail.smtp import Post, serving
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.jobs import Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.mail import sending
from tourserver.mail.models import OutboxMessage
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession
from tourserver.wiring import connect_signals


@pytest.fixture
def ready(services: Services) -> Iterator[tuple[Services, Post]]:
    """An installation whose mail may leave."""
    connect_signals()
    post = Post()
    with serving(post) as port:
        settings = {"public_url": "https://tours.example.org", "smtp_url": f"smtp://127.0.0.1:{port}"}
        yield configured(services, mail_from="Visits <visits@example.org>", **settings), post


def sign_up(services: Services, *emails: str) -> ScheduledSession:
    with services.db.write() as session:
        scheduled = factories.make_session(session)
        for email in emails or ("amina@example.org",):
            factories.make_registration(session, services, scheduled, email=email)
        return scheduled


def move(services: Services, scheduled: ScheduledSession, *, hours: int = 1, **values: object) -> None:
    with services.db.write() as session:
        now = session.get_one(ScheduledSession, scheduled.id)
        form = schedule.as_form(now)
        sites = form.pop("sites")
        del form["slug"]
        start = now.local_start + timedelta(hours=hours)
        plan = replace(schedule.Plan(**form, local_start=start, site_ids=sites), **values)  # type: ignore[arg-type]  # as they are
        schedule.change(session, now, plan, seen_revision=now.revision, actor=SYSTEM)


def call_off(services: Services, scheduled: ScheduledSession, words: str = "", *, seen: int = 0) -> None:
    with services.db.write() as session:
        now = session.get_one(ScheduledSession, scheduled.id)
        schedule.cancel(session, now, words, seen_revision=now.revision + seen, actor=SYSTEM)


def work(services: Services) -> None:
    """One round of the worker: its jobs, then the mail."""
    worker = Worker(services)
    while worker.run_once():
        pass
    sending.deliver_due(services)
    sending.deliver_due(services)


def mails(services: Services) -> list[EmailMessage]:
    with services.db.read() as session:
        query = select(OutboxMessage).where(OutboxMessage.state != "superseded").order_by(OutboxMessage.position)
        return [message_from_bytes(row.content, policy=SMTP) for row in session.scalars(query)]


@dataclass(frozen=True)
class Entry:
    """What calendar programs read."""

    method: str
    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    status: str
    alarms: int


def entry(mail: EmailMessage) -> Entry:
    (part,) = mail.iter_attachments()
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    return Entry(
        str(calendar["method"]),
        str(event["uid"]),
        int(str(event["sequence"])),
        event.decoded("dtstamp"),
        event.decoded("dtstart"),
        str(event.get("status", "")),
        len(calendar.walk("VALARM")),
    )


def test_a_move_mails_an_update_with_the_same_uid_and_the_next_sequence(ready: tuple[Services, Post]) -> None:
    services, post = ready
    scheduled = sign_up(services)
    work(services)
    move(services, scheduled)
    work(services)
    first, second = mails(services)
    old, new = entry(first), entry(second)
    assert (old.method, new.method) == ("REQUEST", "REQUEST")
    assert old.uid == new.uid
    assert (old.sequence, new.sequence) == (0, 1)
    assert new.stamp >= old.stamp
    assert new.start - old.start == timedelta(hours=1)
    assert second["References"] == first["Message-ID"]
    body = second.get_body(("plain",))
    assert body is not None
    assert "Before:" in body.get_content()
    assert len(post.taken) == 2


def test_doing_it_twice_writes_nothing_twice(ready: tuple[Services, Post]) -> None:
    services, _post = ready
    scheduled = sign_up(services)
    work(services)
    move(services, scheduled)
    move(services, scheduled, hours=0)  # saved again without a change
    work(services)
    work(services)
    assert len(mails(services)) == 2


def test_a_change_of_the_words_is_told_without_an_old_time(ready: tuple[Services, Post]) -> None:
    services, _post = ready
    scheduled = sign_up(services)
    work(services)
    move(services, scheduled, hours=0, sound_url="https://meet.example.org/new")
    work(services)
    last = mails(services)[-1]
    assert str(last["Subject"]).startswith("Changed: ")
    body = last.get_body(("plain",))
    assert body is not None
    assert "Before:" not in body.get_content()
    assert "https://meet.example.org/new" in body.get_content()


def test_what_concerns_nobody_is_not_mailed(ready: tuple[Services, Post]) -> None:
    services, _post = ready
    scheduled = sign_up(services)
    work(services)
    move(services, scheduled, hours=0, capacity=500)
    work(services)
    assert len(mails(services)) == 1


def test_calling_off_takes_the_entry_out_of_everybodys_calendar(ready: tuple[Services, Post]) -> None:
    services, post = ready
    scheduled = sign_up(services, "amina@example.org", "bo@example.org")
    work(services)
    move(services, scheduled)
    work(services)
    call_off(services, scheduled, "The plant is being repaired.\nWe will write again.")
    work(services)
    work(services)
    assert len(post.taken) == 6
    for mail in [one for one in mails(services) if str(one["Subject"]).startswith("Cancelled: ")]:
        told = entry(mail)
        assert (told.method, told.status, told.sequence, told.alarms) == ("CANCEL", "CANCELLED", 2, 0)
        body = mail.get_body(("plain",))
        assert body is not None
        assert "The plant is being repaired." in body.get_content()


def test_an_update_that_waits_is_replaced_by_a_newer_one_and_by_the_cancellation(services: Services) -> None:
    connect_signals()
    ready = configured(
        services, public_url="https://tours.example.org", mail_from="Visits <visits@example.org>", smtp_url=""
    )
    scheduled = sign_up(ready)
    for _ in range(2):
        move(ready, scheduled)
        work(ready)
    assert [str(one["Subject"]).split(":")[0] for one in mails(ready)] == ["Registered"], "nobody has heard of it yet"
    assert entry(mails(ready)[0]).sequence == 2
    call_off(ready, scheduled)
    work(ready)
    assert [entry(one).method for one in mails(ready)] == ["CANCEL"], "always sent: a file may have been taken by hand"


def test_a_cancellation_never_overtakes_what_is_on_its_way(ready: tuple[Services, Post]) -> None:
    services, post = ready
    scheduled = sign_up(services)
    with services.db.write() as session:  # a worker has it in hand at this moment
        row = session.scalars(select(OutboxMessage)).one()
        row.state, row.attempts = "sending", 1
        row.leased_until = row.created_at + timedelta(hours=1)
    call_off(services, scheduled)
    work(services)
    assert post.taken == []
    with services.db.write() as session:
        session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "invitation")).one().state = "sent"
    work(services)
    assert len(post.taken) == 1


def test_who_withdrew_is_not_bothered(ready: tuple[Services, Post]) -> None:
    services, _post = ready
    scheduled = sign_up(services)
    work(services)
    with services.db.write() as session:
        session.scalars(select(Registration)).one().state = "withdrawn"
    call_off(services, scheduled)
    work(services)
    assert len(mails(services)) == 1


def test_only_an_announced_session_can_be_called_off_and_once(ready: tuple[Services, Post]) -> None:
    services, _post = ready
    scheduled = sign_up(services)
    with pytest.raises(Conflict):
        call_off(services, scheduled, seen=-1)
    with pytest.raises(Invalid):
        call_off(services, scheduled, "x" * 1001)
    call_off(services, scheduled)
    with pytest.raises(Conflict):
        call_off(services, scheduled)
    with pytest.raises(Conflict):
        move(services, scheduled)


def test_the_studio_asks_before_it_calls_off(app: Flask, app_services: Services) -> None:
    with app_services.db.write() as session:
        scheduled = factories.make_session(session)
    client = factories.administrator(app)
    address, form = f"/studio/sessions/{scheduled.slug}/cancel", {"revision": scheduled.revision, "words": "Sorry."}
    refused = client.post(address, data=form, follow_redirects=True)
    assert "nothing was changed" in refused.text
    done = client.post(address, data={**form, "sure": "y"}, follow_redirects=True)
    assert "is called off" in done.text
    with app_services.db.read() as session:
        now = session.get_one(ScheduledSession, scheduled.id)
        assert (now.state, now.cancelled_words) == ("cancelled", "Sorry.")
