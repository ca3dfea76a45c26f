from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.mail.conftest import Rows, Watch, configured
from tests.mail.samples import SENDER, invitation, parsed, small
from tests.mail.smtp import Post, serving
from tests.servers import free_port
from tourserver.core import clock, logs, preferences
from tourserver.core.services import Services
from tourserver.mail import holding, outbox, sending, server
from tourserver.mail.messages import STAND_IN, Sender, sender_of
from tourserver.mail.models import OutboxMessage


def queue(services: Services, *subjects: str, stream: str = "s", to: str = "amina@city.example.ke") -> None:
    with services.db.write() as session:
        for number, subject in enumerate(subjects):
            outbox.queue(session, stream, subject, number, small(subject, to))


def test_the_server_gets_the_bytes_that_were_queued_and_its_answer_is_kept(
    mailing: Services, post: Post, rows: Rows
) -> None:
    message = invitation()
    with mailing.db.write() as session:
        outbox.queue(session, "registration:1", "invitation", 0, message)
    sending.deliver_due(mailing)
    assert post.taken == [message.as_bytes()]
    (row,) = rows()
    assert (row.state, row.answer, row.attempts, row.leased_by) == ("sent", "OK, kept", 1, None)
    assert row.sent_at is not None
    sending.deliver_due(mailing)
    assert len(post.taken) == 1


def test_a_batch_goes_over_one_connection(mailing: Services, post: Post) -> None:
    for number in range(20):
        queue(mailing, "x", stream=f"s{number}")
    sending.deliver_due(mailing)
    # one line is for aiosmtpd's own probe, which greets nobody
    assert (len(post.taken), post.connections) == (20, 1)


def test_messages_of_a_stream_arrive_in_the_order_of_queueing(mailing: Services, post: Post) -> None:
    queue(mailing, "invitation", "update", "cancel")
    sending.deliver_due(mailing)
    assert post.subjects() == ["invitation", "update", "cancel"]


@pytest.mark.parametrize("when", ["on_sender", "on_recipient", "on_content"])
def test_a_refusal_for_good_fails_at_once_and_the_next_message_goes(
    mailing: Services, post: Post, rows: Rows, when: str
) -> None:
    answers = iter(["550 5.1.1 no such mailbox"])
    setattr(post, when, lambda _address: next(answers, None))
    queue(mailing, "first", stream="a")
    queue(mailing, "second", stream="b")
    sending.deliver_due(mailing)
    assert sorted(row.state for row in rows()) == ["failed", "sent"]
    failed = next(row for row in rows() if row.state == "failed")
    assert "550 5.1.1 no such mailbox" in (failed.answer or "")
    assert len(post.taken) == 1


@pytest.mark.parametrize("when", ["on_sender", "on_recipient", "on_content"])
def test_a_refusal_for_now_is_tried_again_later_with_the_same_bytes(
    mailing: Services, post: Post, rows: Rows, watch: Watch, when: str
) -> None:
    answers = iter(["451 4.7.1 greylisted"])
    setattr(post, when, lambda _address: next(answers, None))
    queue(mailing, "first")
    content = rows()[0].content
    sending.deliver_due(mailing)
    assert post.taken == []
    assert (rows()[0].state, rows()[0].attempts) == ("queued", 1)
    assert "greylisted" in (rows()[0].answer or "")
    watch.ahead = timedelta(seconds=55)
    sending.deliver_due(mailing)
    assert post.taken == []
    watch.ahead = timedelta(seconds=75)
    sending.deliver_due(mailing)
    assert post.taken == [content]
    assert rows()[0].state == "sent"


def test_tries_come_after_1_5_15_60_minutes_4_and_12_hours_and_then_no_more(
    mailing: Services, post: Post, rows: Rows, watch: Watch
) -> None:
    post.on_recipient = lambda _address: "452 4.2.2 mailbox full"
    queue(mailing, "first")
    waits = []
    while True:
        sending.deliver_due(mailing)
        (row,) = rows()
        if row.state == "dead":
            break
        waits.append((row.send_after - clock.now()).total_seconds() / 60)
        watch.ahead += row.send_after - clock.now() + timedelta(seconds=1)
    assert row.attempts == 7
    for found, asked in zip(waits, (1, 5, 15, 60, 240, 720), strict=True):
        assert asked * 0.99 <= found <= asked * 1.2


def test_a_server_that_says_nothing_is_left_after_the_time_limit(
    mailing: Services, post: Post, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TIMEOUT", 0.3)
    post.on_content = lambda _address: "hang"
    queue(mailing, "first")
    sending.deliver_due(mailing)
    (row,) = rows()
    assert row.state == "queued"
    assert (row.answer or "").startswith("DATA: ")
    assert post.taken == []


@pytest.mark.parametrize("when", ["on_sender", "on_recipient", "on_content"])
def test_a_cut_line_is_tried_again_and_the_rest_of_the_batch_still_goes(
    mailing: Services, post: Post, rows: Rows, when: str
) -> None:
    answers = iter(["drop"])
    setattr(post, when, lambda _address: next(answers, None))
    queue(mailing, "first", stream="a")
    queue(mailing, "second", stream="b")
    sending.deliver_due(mailing)
    assert sorted(row.state for row in rows()) == ["queued", "sent"]


def test_an_answer_that_is_lost_sends_the_same_bytes_again(
    mailing: Services, post: Post, rows: Rows, watch: Watch
) -> None:
    answers = iter(["drop"])
    post.on_kept = lambda _address: next(answers, None)
    queue(mailing, "first")
    sending.deliver_due(mailing)
    watch.ahead = timedelta(minutes=2)
    sending.deliver_due(mailing)
    first, second = post.taken
    assert first == second
    assert rows()[0].state == "sent"


@pytest.mark.parametrize("answer", ["421 4.7.0 too many messages in this connection", "drop"])
def test_a_server_that_takes_few_messages_a_connection_gets_another_connection(
    mailing: Services, post: Post, rows: Rows, answer: str
) -> None:
    answers = iter([None, None, answer, None, None])
    post.on_sender = lambda _address: next(answers, None)
    for number in range(4):
        queue(mailing, "x", stream=f"s{number}")
    sending.deliver_due(mailing)
    assert [row.state for row in rows()] == ["sent"] * 4
    assert post.connections == 2


def test_without_a_server_there_everything_waits_and_one_attempt_serves_the_batch(
    services: Services, rows: Rows, watch: Watch
) -> None:
    port = free_port()
    mailing = configured(services, smtp_url=f"smtp://127.0.0.1:{port}")
    for number in range(5):
        queue(mailing, "x", stream=f"s{number}")
    sending.deliver_due(mailing)
    assert {row.state for row in rows()} == {"queued"}
    assert all("connect: " in (row.answer or "") for row in rows())
    watch.ahead = timedelta(minutes=2)
    post = Post()
    with serving(post) as port:
        sending.deliver_due(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"))
    assert len(post.taken) == 5


def test_a_server_that_refuses_us_loses_no_mail(services: Services, rows: Rows) -> None:
    # it wants a sign-in that isn't set: 530 at MAIL FROM is about us, not about the message
    post = Post(on_sender=lambda _address: "530 5.7.0 authentication required")
    with serving(post) as port:
        queue(services, "first")
        sending.deliver_due(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"))
    assert rows()[0].state == "queued"


def test_without_a_mail_server_in_the_settings_mail_waits(services: Services, rows: Rows) -> None:
    queue(services, "first")
    sending.deliver_due(services)
    assert (rows()[0].state, rows()[0].attempts) == ("queued", 0)


def test_a_broken_setting_loses_no_mail(services: Services, rows: Rows) -> None:
    queue(services, "first")
    sending.deliver_due(configured(services, smtp_url="mail.example.org"))
    assert (rows()[0].state, rows()[0].attempts) == ("queued", 0)


def test_no_real_mail_leaves_while_the_public_address_is_loopback(services: Services, rows: Rows) -> None:
    # port 9 of a documentation address: nothing is ever sent there, as the message is held before
    real = configured(services, smtp_url="smtp://192.0.2.1:9", public_url="http://localhost:8000")
    queue(real, "first")
    sending.deliver_due(real)
    (row,) = rows()
    assert (row.state, row.answer, row.attempts) == ("held", "loopback_url", 1)
    assert outbox.held_reason(row)


@pytest.mark.parametrize(
    ("url", "in_the_demo"),
    [
        ("", True),  # the demo's own, whose port is known to its worker only
        ("smtp://127.0.0.1:1025", True),
        ("smtp://localhost:40123", True),
        ("smtp://[::1]:1025", True),
        ("smtp://localhost", False),
        ("smtp://127.0.0.1:25", False),
        ("smtp+starttls://localhost", False),
        ("smtps://[::1]", False),
        ("smtp://mail.example.org:1025", False),
        ("no address", False),
    ],
)
def test_only_the_demos_mailbox_takes_mail_whose_links_open_here_only(
    services: Services, url: str, in_the_demo: bool
) -> None:
    with services.db.read() as session:
        local = configured(services, smtp_url=url, public_url="", demo=True)
        assert holding.leads_nowhere(local, session) is not in_the_demo
        # outside the demo it may be a tunnel or a relay that sends mail into the world
        assert holding.leads_nowhere(configured(local, public_url="", demo=False), session)
        assert not holding.leads_nowhere(configured(local, demo=False), session)


def test_a_relay_on_this_machine_gets_no_mail_while_the_public_address_is_loopback(
    mailing: Services, post: Post, rows: Rows
) -> None:
    queue(mailing, "first")
    sending.deliver_due(configured(mailing, public_url=""))
    assert (rows()[0].state, rows()[0].answer) == ("held", "loopback_url")
    assert post.taken == []


@pytest.mark.parametrize("when", ["on_sender", "on_recipient", "on_content"])
@pytest.mark.parametrize("answer", ["550 <{}> is not here", "451 <{}> later", "drop"])
def test_the_log_has_the_servers_codes_and_never_an_address(
    mailing: Services, post: Post, rows: Rows, capsys: pytest.CaptureFixture[str], when: str, answer: str
) -> None:
    logs.configure(mailing.settings)
    setattr(post, when, answer.format)
    queue(mailing, "first")
    sending.deliver_due(mailing)
    logged = capsys.readouterr().err
    assert rows()[0].id in logged
    assert "@" not in logged
    if answer != "drop":
        assert f'"code": {answer[:3]}' in logged
        assert "@" in (rows()[0].answer or ""), "the row keeps what the server said"


def test_a_message_without_a_set_sender_is_held(mailing: Services, post: Post, rows: Rows) -> None:
    with mailing.db.write() as session:
        outbox.queue(session, "s", "x", 0, small(sender=Sender("", STAND_IN)))
    sending.deliver_due(mailing)
    assert (rows()[0].state, rows()[0].answer) == ("held", "no_sender")
    assert post.taken == []


def test_a_long_sender_is_read_back_from_its_folded_header(mailing: Services, post: Post, rows: Rows) -> None:
    long = Sender("王小明 " * 12, f"tours@{'long-' * 11}name.example.org")
    envelopes: list[str] = []
    post.on_sender = envelopes.append
    with mailing.db.write() as session:
        outbox.queue(session, "s", "x", 0, small(sender=long))
    sending.deliver_due(mailing)
    assert rows()[0].state == "sent"
    assert envelopes == [long.address]


def test_the_sender_is_the_one_in_the_settings_else_the_saved_one_else_a_stand_in(services: Services) -> None:
    with services.db.write() as session:
        assert sender_of(services, session).address == STAND_IN
        preferences.put(session, "mail_from", "Tours <saved@example.org>")
        assert sender_of(services, session) == Sender("Tours", "saved@example.org")
        assert sender_of(configured(services, mail_from="set@example.org"), session) == Sender("", "set@example.org")


def test_two_deliverers_at_once_send_each_message_once_and_in_order(mailing: Services, post: Post, rows: Rows) -> None:
    post.delay = 0.002
    with mailing.db.write() as session:
        for stream in range(20):
            for number in range(3):
                outbox.queue(session, f"s{stream}", "x", number, small(f"{stream}.{number}"))
    threads = [threading.Thread(target=sending.deliver_due, args=(mailing,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a deliverer ends when all that is left is in the other's hands; the rest of a stream is due a second later
    sending.deliver_due(mailing)
    assert {row.state for row in rows()} == {"sent"}
    assert len(post.ids()) == len(set(post.ids())) == 60
    for stream in range(20):
        assert [s for s in post.subjects() if s.startswith(f"{stream}.")] == [f"{stream}.{n}" for n in range(3)]


def test_a_message_whose_lease_is_nearly_over_is_given_back(
    mailing: Services, rows: Rows, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        queue(mailing, "x", stream=f"s{number}")
    taken: list[str] = []

    def slowly(self: sending._Delivery, row: OutboxMessage) -> None:
        taken.append(row.id)
        watch.ahead += timedelta(seconds=90)  # what is left of the lease would not do for a slow second one
        self._write(outbox.mark_sent, row, "250 OK")

    monkeypatch.setattr(sending._Delivery, "_deliver", slowly)
    sending.deliver_due(mailing)
    assert len(taken) == len(set(taken)) == 3
    assert [(row.state, row.attempts) for row in rows()] == [("sent", 1)] * 3


def test_mail_to_an_address_beyond_ascii_needs_a_server_that_takes_it(services: Services, rows: Rows) -> None:
    post = Post()
    with serving(post, enable_SMTPUTF8=True) as port:
        queue(services, "yes", stream="a", to="åsa@exämple.se")
        sending.deliver_due(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"))
    assert len(post.taken) == 1
    assert parsed(post.taken[0])["From"].addresses[0].addr_spec == SENDER.address
    with serving(post, enable_SMTPUTF8=False) as port:
        queue(services, "no", stream="b", to="åsa@exämple.se")
        sending.deliver_due(configured(services, smtp_url=f"smtp://127.0.0.1:{port}"))
    assert [row.state for row in rows()] == ["sent", "failed"]
    assert "SMTPUTF8" in (rows()[1].answer or "")
