"""Mail that was written before setup: held, and leaves by itself with the right links; on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from tests import factories
from tests.mail.conftest import configured
from tests.mail.smtp import Post, serving
from tourserver.core import clock, preferences
from tourserver.core.services import Services
from tourserver.mail import sending
from tourserver.mail.models import OutboxMessage
from tourserver.registration import invitations, requeue
from tourserver.registration.models import Registration
from tourserver.sessions.models import ScheduledSession

SENDER = "Visits <visits@example.org>"


@pytest.fixture
def local(services: Services) -> Iterator[tuple[Services, Post]]:
    """An installation before setup: nothing is known but a mail server."""
    post = Post()
    with serving(post) as port:
        yield configured(services, public_url="", smtp_url=f"smtp://127.0.0.1:{port}"), post


def sign_up(services: Services, **values: object) -> Registration:
    with services.db.write() as session:
        scheduled = factories.make_session(session, **values)  # type: ignore[arg-type] # passed on as they are
        return factories.make_registration(session, services, scheduled, email="amina@example.org")


def set_up(services: Services, url: str = "https://tours.example.org", sender: str = SENDER) -> None:
    """What the setup page does."""
    with services.db.write() as session:
        preferences.put(session, "public_url", url)
        preferences.put(session, "mail_from", sender)
        requeue.take_back(session)


def work(services: Services) -> None:
    """One round of the worker."""
    requeue.renew_held(services)
    sending.deliver_due(services)


def rows(services: Services) -> list[OutboxMessage]:
    with services.db.read() as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.stream, OutboxMessage.position)))


def states(services: Services) -> list[tuple[str, str | None]]:
    return [(row.state, row.answer) for row in rows(services)]


def said(content: bytes) -> tuple[str, str, dict[str, str]]:
    """Sender, plain text and calendar entry of a mail."""
    mail = message_from_bytes(content, policy=SMTP)
    (part,) = mail.iter_attachments()
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    body = mail.get_body(("plain",))
    assert body is not None
    return str(mail["From"]), body.get_content(), {name: str(event[name]) for name in event}


def test_who_registered_before_setup_gets_a_mail_with_public_links_after_it(local: tuple[Services, Post]) -> None:
    services, post = local
    registration = sign_up(services)
    assert states(services) == [("held", "no_sender")]
    assert b"127.0.0.1" in rows(services)[0].content
    work(services)
    assert post.taken == []
    set_up(services)
    work(services)
    (content,) = post.taken
    assert states(services) == [("sent", "OK, kept")]
    assert rows(services)[0].content == content
    sender, text, entry = said(content)
    with services.db.write() as session:
        path = invitations.join_path(session, services, registration)
    assert sender == SENDER
    assert f"https://tours.example.org{path}" in text
    assert "127.0.0.1" not in text
    assert (entry["LOCATION"], entry["UID"]) == (f"https://tours.example.org{path}", registration.uid)
    assert entry["ORGANIZER"] == "mailto:visits@example.org"
    # the success page may have given the entry as a file: this one is newer
    assert entry["SEQUENCE"] == "1"
    assert message_from_bytes(content, policy=SMTP)["References"] is None, "nobody has seen the held one"
    work(services)
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("url", "sender", "reason"), [("https://tours.example.org", "", "no_sender"), ("", SENDER, "loopback_url")]
)
def test_mail_waits_until_both_address_and_sender_are_set(
    local: tuple[Services, Post], url: str, sender: str, reason: str
) -> None:
    services, post = local
    set_up(services, url, sender)
    sign_up(services)
    work(services)
    assert states(services) == [("held", reason)]
    set_up(services)
    work(services)
    assert len(post.taken) == 1


def test_what_waited_for_a_mail_server_leaves_with_the_address_of_the_day_it_leaves(
    local: tuple[Services, Post],
) -> None:
    services, post = local
    offline = configured(services, public_url="", smtp_url="")
    set_up(offline, "https://old.example.org")
    sign_up(offline)
    work(offline)
    assert states(services) == [("queued", None)]
    set_up(offline)
    assert states(services) == [("held", "address_changed")]
    work(services)
    _, text, entry = said(post.taken[0])
    assert "https://tours.example.org/j/" in text + entry["LOCATION"]
    assert "old.example.org" not in text + entry["LOCATION"]


def test_a_worker_that_starts_with_other_settings_writes_waiting_mail_anew(services: Services) -> None:
    offline = configured(services, public_url="https://old.example.org", mail_from=SENDER)
    sign_up(offline)
    post = Post()
    with serving(post) as port:
        fresh = configured(offline, smtp_url=f"smtp://127.0.0.1:{port}")
        requeue.start(fresh)
        sending.deliver_due(fresh)
        assert post.taken == []
        work(fresh)
    assert "https://tours.example.org/j/" in said(post.taken[0])[1]


def test_nothing_changes_when_a_worker_starts_with_the_same_settings(local: tuple[Services, Post]) -> None:
    services, post = local
    set_up(services)
    sign_up(services)
    requeue.start(services)
    work(services)
    assert said(post.taken[0])[2]["SEQUENCE"] == "0"


def test_what_a_mail_server_may_have_taken_keeps_its_bytes(local: tuple[Services, Post]) -> None:
    services, post = local
    set_up(services)
    post.on_kept = lambda _address: "drop"
    sign_up(services)
    work(services)
    set_up(services, "https://new.example.org")
    with services.db.write() as session:
        row = session.scalars(select(OutboxMessage)).one()
        assert row.state == "queued"
        row.send_after = clock.now()
    post.on_kept = lambda _address: None
    work(services)
    first, second = post.taken
    assert first == second


def test_the_demos_mailbox_gets_mail_at_once(services: Services) -> None:
    post = Post()
    demo = configured(services, public_url="", demo=True, mail_from=SENDER)
    sign_up(demo)  # by its loader, which does not know the mailbox's port
    assert states(services) == [("queued", None)]
    with serving(post) as port:
        sending.deliver_due(configured(demo, public_url="", smtp_url=f"smtp://127.0.0.1:{port}"))
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    "over",
    [
        lambda scheduled: setattr(scheduled, "starts_at", clock.now() - timedelta(hours=2)),
        lambda scheduled: setattr(scheduled, "starts_at", clock.now() - timedelta(days=2)),
        lambda scheduled: setattr(scheduled, "state", "ended"),
        lambda scheduled: setattr(scheduled, "state", "cancelled"),
    ],
)
def test_mail_of_a_session_that_is_over_stays_held(
    local: tuple[Services, Post], over: Callable[[ScheduledSession], None]
) -> None:
    services, post = local
    registration = sign_up(services)
    with services.db.write() as session:
        over(session.get_one(ScheduledSession, registration.session_id))
    set_up(services)
    work(services)
    assert states(services) == [("held", "no_sender")]
    assert post.taken == []


def test_a_session_that_runs_over_time_is_not_over(local: tuple[Services, Post]) -> None:
    services, post = local
    registration = sign_up(services)
    with services.db.write() as session:
        scheduled = session.get_one(ScheduledSession, registration.session_id)
        scheduled.state, scheduled.starts_at = "live", clock.now() - timedelta(hours=13)
    set_up(services)
    work(services)
    assert len(post.taken) == 1


def test_who_withdrew_gets_no_mail(local: tuple[Services, Post]) -> None:
    services, post = local
    registration = sign_up(services)
    with services.db.write() as session:
        session.get_one(Registration, registration.id).state = "withdrawn"
    set_up(services)
    work(services)
    assert post.taken == []


def test_two_that_waited_for_one_person_become_one(local: tuple[Services, Post]) -> None:
    services, post = local
    set_up(services)
    registration = sign_up(services)
    with services.db.write() as session:
        scheduled = session.get_one(ScheduledSession, registration.session_id)
        invitations.queue(session, services, scheduled, session.get_one(Registration, registration.id))
    requeue.start(services)
    assert [state for state, _ in states(services)] == ["held", "held"]
    work(services)
    assert [(row.state, row.revision) for row in rows(services)] == [("sent", 1)]
    assert len(post.taken) == 1


def test_a_held_mail_that_a_later_one_replaced_is_dropped(local: tuple[Services, Post]) -> None:
    services, post = local
    set_up(services)
    registration = sign_up(services)
    with services.db.write() as session:
        scheduled = session.get_one(ScheduledSession, registration.session_id)
        invitations.queue(session, services, scheduled, session.get_one(Registration, registration.id))
        first = session.scalars(select(OutboxMessage).where(OutboxMessage.revision == 0)).one()
        first.state, first.answer = "held", "loopback_url"  # it was tried while the address was this machine
    work(services)
    work(services)
    assert [(row.state, row.revision) for row in rows(services)] == [("sent", 1)]
    assert len(post.taken) == 1


def test_an_invitation_to_the_new_sender_is_given_up_and_the_others_leave(local: tuple[Services, Post]) -> None:
    services, post = local
    registration = sign_up(services)
    with services.db.write() as session:
        scheduled = session.get_one(ScheduledSession, registration.session_id)
        factories.make_registration(session, services, scheduled, email="bo@example.org")
    set_up(services, sender="Amina <amina@example.org>")
    work(services)
    assert sorted(state for state, _ in states(services)) == ["dead", "sent"]
    assert "can't be invited" in next(answer or "" for state, answer in states(services) if state == "dead")
    assert len(post.taken) == 1


def test_saving_the_setup_page_takes_waiting_mail_back(app: Flask) -> None:
    services: Services = app.extensions["tourserver"]
    admin = factories.administrator(app)
    typed = {"public_url": "https://old.example.org", "sender_name": "Visits", "sender_email": "visits@example.org"}
    with services.db.write() as session:
        preferences.put(session, "public_url", typed["public_url"])
        preferences.put(session, "mail_from", SENDER)
    sign_up(services)
    base_url = "https://localhost"
    assert admin.post("/studio/setup", data=typed, base_url=base_url).status_code == 302
    assert states(services) == [("queued", None)], "nothing changed"
    typed["public_url"] = "https://tours.example.org"
    assert admin.post("/studio/setup", data=typed, base_url=base_url).status_code == 302
    assert states(services) == [("held", "address_changed")]
    requeue.renew_held(services)
    assert states(services) == [("queued", None)]
    assert "https://tours.example.org/j/" in said(rows(services)[0].content)[1]
