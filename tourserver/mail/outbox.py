"""The outbox: mail is a row written with the change that causes it, and leaves later, byte for byte the same.

States: queued → sending → sent; from sending back to queued after trouble that may pass; failed when the mail
server refused it, dead when it was tried for the last time, held when it may not leave from here.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

from sqlalchemy import Select, and_, exists, func, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from tourserver.core import clock
from tourserver.core.i18n import N_
from tourserver.mail.models import OutboxMessage

UNFINISHED: Final = ("queued", "sending")
LEASE: Final = timedelta(minutes=5)
WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
HELD: Final = {
    "loopback_url": N_(
        "The public address can be opened on this machine only, so the links in this mail would not work for others."
    ),
    "no_sender": N_("No sender is set."),
}


def queue(
    session: Session,
    stream: str,
    kind: str,
    revision: int,
    message: EmailMessage,
    *,
    send_after: datetime | None = None,
) -> OutboxMessage:
    """Put a message into the outbox, in the caller's transaction; its bytes and Message-ID are final.

    Idempotent: a row with the same stream, kind and revision is given back as it is. One that is held has
    never left and takes the new bytes (they have other links by now). Messages of a stream leave in the order
    of queueing, the next only when the one before is finished.
    """
    _lock(session, stream)
    same = (OutboxMessage.stream == stream, OutboxMessage.kind == kind, OutboxMessage.revision == revision)
    row = session.scalar(select(OutboxMessage).where(*same))
    if row is not None and row.state != "held":
        return row
    newest = session.scalar(select(func.max(OutboxMessage.position)).where(OutboxMessage.stream == stream))
    if row is None:
        row = OutboxMessage(stream=stream, kind=kind, revision=revision)
        session.add(row)
    row.position = (newest or 0) + 1
    row.recipient = message["To"].addresses[0].addr_spec
    row.subject = str(message["Subject"])
    row.message_id = str(message["Message-ID"])
    row.content = message.as_bytes()
    row.state, row.answer = "queued", None
    row.attempts = 0
    row.created_at = clock.now()
    row.send_after = send_after or row.created_at
    session.flush()
    return row


def _lock(session: Session, stream: str) -> None:
    """On PostgreSQL, one at a time per stream until commit; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:stream, 0))"), {"stream": f"mail:{stream}"}
        )


def last(session: Session, stream: str, kind: str) -> OutboxMessage | None:
    """The newest message of a kind in a stream."""
    query = select(OutboxMessage).where(OutboxMessage.stream == stream, OutboxMessage.kind == kind)
    return session.scalar(query.order_by(OutboxMessage.revision.desc()).limit(1))


def message_ids(session: Session, stream: str) -> tuple[str, ...]:
    """Message-IDs of a stream, oldest first: the References of an update."""
    query = select(OutboxMessage.message_id).where(OutboxMessage.stream == stream, OutboxMessage.message_id != "")
    return tuple(session.scalars(query.order_by(OutboxMessage.position)))


def counts(session: Session) -> dict[str, int]:
    """How many messages are in each state."""
    query = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    return {state: number for state, number in session.execute(query)}  # noqa: C416 - rows are no pairs to dict()


def held_reason(row: OutboxMessage) -> str:
    """Why a held message waits: a message to translate; empty for one that is not held."""
    return HELD.get(row.answer or "", "") if row.state == "held" else ""


def purge(session: Session, streams: Iterable[str]) -> int:
    """Empty the messages of streams: 30 days after their session, and when a person is erased.

    What had not left yet never will. Gives the number of messages.
    """
    emptied = 0
    for stream in streams:
        of_stream = OutboxMessage.stream == stream
        unfinished = OutboxMessage.state.in_((*UNFINISHED, "held"))
        session.execute(
            update(OutboxMessage)
            .where(of_stream, unfinished)
            .values(state="dead", answer="purged", leased_by=None, leased_until=None)
        )
        values = {"content": b"", "recipient": "", "subject": ""}
        found = session.scalars(
            update(OutboxMessage)
            .where(of_stream, OutboxMessage.recipient != "")
            .values(values)
            .returning(OutboxMessage.id)
        )
        emptied += len(found.all())
    return emptied


def is_work(session: Session) -> bool:
    """Whether a message is due."""
    return session.scalar(_due(clock.now()).with_only_columns(OutboxMessage.id).limit(1)) is not None


def claim(session: Session, worker: str, limit: int) -> list[OutboxMessage]:
    """Lease due messages, at most one of each stream; the caller commits before it talks to the mail server.

    A message whose lease ran out is due again: whoever had it died, perhaps after the server took it, so it
    is sent again with the same Message-ID, by which mail programs see that it is the same.
    """
    present = clock.now()
    query = _due(present).order_by(OutboxMessage.send_after, OutboxMessage.id).limit(limit)
    rows = list(session.scalars(query.with_for_update(skip_locked=True)))
    for row in rows:
        row.state, row.leased_by, row.leased_until = "sending", worker, present + LEASE
        row.attempts += 1
    return rows


def _due(present: datetime) -> Select[OutboxMessage]:
    earlier = aliased(OutboxMessage)
    waits = exists().where(
        earlier.stream == OutboxMessage.stream,
        earlier.position < OutboxMessage.position,
        earlier.state.in_(UNFINISHED),
    )
    ready = or_(
        and_(OutboxMessage.state == "queued", OutboxMessage.send_after <= present),
        and_(OutboxMessage.state == "sending", OutboxMessage.leased_until < present),
    )
    return select(OutboxMessage).where(ready, ~waits)


def mark_sent(session: Session, row: OutboxMessage, answer: str) -> None:
    """The mail server took it."""
    _settle(session, row, state="sent", answer=answer, sent_at=clock.now())


def mark_refused(session: Session, row: OutboxMessage, answer: str) -> None:
    """The mail server refused it for good (5xx)."""
    _settle(session, row, state="failed", answer=answer)


def mark_again(session: Session, row: OutboxMessage, answer: str) -> None:
    """It did not get through (4xx, time-out, no connection): later again, or dead after the last time."""
    if row.attempts > len(WAITS):
        _settle(session, row, state="dead", answer=answer)
        return
    wait = WAITS[row.attempts - 1]
    wait += wait * random.uniform(0, 0.2)  # noqa: S311 - spreads the load, keeps no secret
    _settle(session, row, state="queued", answer=answer, send_after=clock.now() + wait)


def mark_held(session: Session, row: OutboxMessage, reason: str) -> None:
    """It may not leave from here; ``reason`` is a key of :data:`HELD`."""
    _settle(session, row, state="held", answer=reason)


def give_back(session: Session, row: OutboxMessage) -> None:
    """It was leased and not tried."""
    _settle(session, row, state="queued", attempts=row.attempts - 1)


def _settle(session: Session, row: OutboxMessage, **values: object) -> None:
    """Write the outcome, unless the lease ran out and another worker has the message by now."""
    mine = (
        OutboxMessage.id == row.id,
        OutboxMessage.state == "sending",
        OutboxMessage.leased_by == row.leased_by,
    )
    session.execute(
        update(OutboxMessage)
        .where(*mine)
        .values(leased_by=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
