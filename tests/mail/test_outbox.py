from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.mail.conftest import Rows
from tests.mail.samples import invitation, small
from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.mail import outbox
from tourserver.mail.models import OutboxMessage


def put(services: Services, stream: str = "registration:1", kind: str = "invitation", revision: int = 0) -> str:
    with services.db.write() as session:
        return outbox.queue(session, stream, kind, revision, small(f"{stream} {kind} {revision}")).id


def claimed(services: Services, worker: str = "w", limit: int = 10) -> list[OutboxMessage]:
    with services.db.write() as session:
        return outbox.claim(session, worker, limit)


def test_a_queued_message_keeps_its_bytes_and_its_id(services: Services, rows: Rows) -> None:
    message = invitation()
    with services.db.write() as session:
        outbox.queue(session, "registration:1", "invitation", 0, message)
    (row,) = rows()
    assert row.content == message.as_bytes()
    assert row.message_id == message["Message-ID"]
    assert row.recipient == "amina@city.example.ke"
    assert row.subject == message["Subject"]
    assert (row.state, row.attempts, row.sent_at) == ("queued", 0, None)


def test_queueing_the_same_again_changes_nothing(services: Services, rows: Rows) -> None:
    first = put(services)
    before = rows()[0].content
    assert put(services) == first
    assert [row.content for row in rows()] == [before]


def test_another_kind_or_revision_or_stream_is_another_message(services: Services, rows: Rows) -> None:
    put(services)
    put(services, revision=1)
    put(services, kind="cancel")
    put(services, stream="registration:2")
    assert [(row.stream, row.position) for row in rows()] == [
        ("registration:1", 1),
        ("registration:1", 2),
        ("registration:1", 3),
        ("registration:2", 1),
    ]


def test_a_change_that_is_undone_mails_nothing(services: Services, rows: Rows) -> None:
    def change() -> None:
        with services.db.write() as session:
            outbox.queue(session, "registration:1", "invitation", 0, small())
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        change()
    assert rows() == []


def test_ten_at_once_queue_one_message(services: Services, rows: Rows) -> None:
    gate = threading.Barrier(10)
    found: list[str] = []

    def run() -> None:
        gate.wait()
        found.append(put(services))

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows()) == 1
    assert found == [rows()[0].id] * 10


def test_positions_of_a_stream_stay_apart_under_parallel_queueing(services: Services, rows: Rows) -> None:
    threads = [threading.Thread(target=put, args=(services, "registration:1", "update", n)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.position for row in rows()) == list(range(1, 11))


def test_only_the_first_unfinished_message_of_a_stream_is_due(services: Services) -> None:
    first, second = put(services), put(services, kind="cancel", revision=1)
    other = put(services, stream="registration:2")
    batch = claimed(services)
    assert {row.id for row in batch} == {first, other}
    assert claimed(services) == []
    with services.db.write() as session:
        outbox.mark_sent(session, next(row for row in batch if row.id == first), "250 OK")
    assert [row.id for row in claimed(services)] == [second]


def test_a_message_that_waits_for_another_try_holds_back_what_comes_after(services: Services) -> None:
    put(services)
    put(services, kind="cancel", revision=1)
    (row,) = claimed(services)
    with services.db.write() as session:
        outbox.mark_again(session, row, "451 later")
    assert claimed(services) == []


@pytest.mark.parametrize("state", ["failed", "dead", "held"])
def test_a_message_that_is_given_up_holds_back_nothing(services: Services, state: str) -> None:
    put(services)
    later = put(services, kind="cancel", revision=1)
    (row,) = claimed(services)
    with services.db.write() as session:
        session.get_one(OutboxMessage, row.id).state = state
    assert [found.id for found in claimed(services)] == [later]


def test_a_message_is_not_due_before_its_time(services: Services) -> None:
    with services.db.write() as session:
        outbox.queue(session, "s", "reminder", 0, small(), send_after=clock.now() + timedelta(hours=1))
        assert not outbox.is_work(session)
    assert claimed(services) == []


def test_a_lease_that_ran_out_is_taken_by_another_and_the_first_can_not_settle_it(
    services: Services, rows: Rows
) -> None:
    put(services)
    (mine,) = claimed(services, "first")
    assert claimed(services, "second") == []
    with services.db.write() as session:
        session.get_one(OutboxMessage, mine.id).leased_until = clock.now() - timedelta(seconds=1)
    (theirs,) = claimed(services, "second")
    assert (theirs.id, theirs.content, theirs.attempts) == (mine.id, mine.content, 2)
    with services.db.write() as session:
        outbox.mark_refused(session, mine, "550 no")
    assert rows()[0].state == "sending"
    with services.db.write() as session:
        outbox.mark_sent(session, theirs, "250 OK")
    assert rows()[0].state == "sent"


def test_what_is_given_back_was_not_tried(services: Services, rows: Rows) -> None:
    put(services)
    (row,) = claimed(services)
    with services.db.write() as session:
        outbox.give_back(session, row)
    assert (rows()[0].state, rows()[0].attempts, rows()[0].leased_by) == ("queued", 0, None)


def test_a_held_message_says_why_and_takes_new_bytes_when_it_is_queued_again(services: Services, rows: Rows) -> None:
    put(services)
    (row,) = claimed(services)
    with services.db.write() as session:
        outbox.mark_held(session, row, "loopback_url")
    assert "this machine only" in outbox.held_reason(rows()[0])
    fresh = small("with a public link")
    with services.db.write() as session:
        outbox.queue(session, "registration:1", "invitation", 0, fresh)
    (row,) = rows()
    assert (row.state, row.content, row.answer, row.attempts) == ("queued", fresh.as_bytes(), None, 0)
    assert outbox.held_reason(row) == ""


def test_a_message_that_is_held_from_the_start_is_not_due_and_nobody_has_seen_its_id(
    services: Services, rows: Rows
) -> None:
    with services.db.write() as session:
        outbox.queue(session, "registration:1", "invitation", 0, small(), hold="no_sender")
    assert claimed(services) == []
    assert (rows()[0].state, outbox.held_reason(rows()[0])) == ("held", "No sender is set.")
    with services.db.read() as session:
        assert outbox.message_ids(session, "registration:1") == ()


def test_a_later_revision_takes_the_place_of_earlier_ones_that_were_held(services: Services, rows: Rows) -> None:
    with services.db.write() as session:
        for stream in ("registration:1", "registration:2"):
            outbox.queue(session, stream, "invitation", 0, small(), hold="no_sender")
    put(services, revision=1)
    assert [(row.stream, row.revision, row.state) for row in rows()] == [
        ("registration:2", 0, "held"),
        ("registration:1", 1, "queued"),
    ]


def test_only_what_was_never_tried_is_taken_back(services: Services, rows: Rows) -> None:
    tried, sending = put(services, stream="tried"), put(services, stream="sending")
    for row in claimed(services):
        if row.id == tried:
            with services.db.write() as session:
                outbox.mark_again(session, row, "connect: no answer")
    fresh, other = put(services, stream="fresh"), put(services, stream="other", kind="cancel")
    with services.db.write() as session:
        assert outbox.take_back(session, "invitation", "address_changed") == 1
    assert {row.id: row.state for row in rows()} == {
        tried: "queued", sending: "sending", fresh: "held", other: "queued"
    }  # fmt: skip


def test_what_is_given_up_is_only_what_is_held(services: Services, rows: Rows) -> None:
    put(services, stream="queued")
    with services.db.write() as session:
        outbox.queue(session, "held", "invitation", 0, small(), hold="no_sender")
    found = rows()
    with services.db.write() as session:
        for row in found:
            outbox.abandon(session, row, "no")
    assert {row.stream: (row.state, row.answer) for row in rows()} == {
        "queued": ("queued", None), "held": ("dead", "no")
    }  # fmt: skip


def test_the_newest_message_and_the_ids_of_a_stream_are_found(services: Services) -> None:
    put(services)
    put(services, revision=1)
    put(services, stream="registration:2", revision=7)
    with services.db.read() as session:
        newest = outbox.last(session, "registration:1", "invitation")
        assert newest is not None
        assert newest.revision == 1
        assert outbox.last(session, "registration:1", "cancel") is None
        ids = outbox.message_ids(session, "registration:1")
        assert len(ids) == 2
        assert ids[-1] == newest.message_id
        assert outbox.counts(session) == {"queued": 3}


def test_purging_empties_what_was_sent_and_stops_what_was_not(services: Services, rows: Rows) -> None:
    put(services)
    (row,) = claimed(services)
    with services.db.write() as session:
        outbox.mark_sent(session, row, "250 OK for amina@city.example.ke")
    put(services, kind="cancel", revision=1)
    put(services, stream="registration:2")
    with services.db.write() as session:
        assert outbox.purge(session, ["registration:1"]) == 2
        assert outbox.purge(session, ["registration:1"]) == 0
    sent, stopped, other = rows()
    assert (sent.state, sent.content, sent.recipient, sent.subject) == ("sent", b"", "", "")
    assert (sent.answer, stopped.answer) == ("purged", "purged")
    assert (stopped.state, stopped.content) == ("dead", b"")
    assert (other.state, other.recipient) == ("queued", "amina@city.example.ke")
    assert [row.id for row in claimed(services)] == [other.id]
