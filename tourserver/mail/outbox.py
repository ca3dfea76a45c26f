"""The outbox: mail is a row written with the change that causes it, and leaves later, byte for byte the same.

States: queued → sending → sent; from sending back to queued after trouble that may pass; failed when the mail
server refused it, dead when it was tried for the last time, superseded when a newer one said it better before it was
tried, held when it may not leave from here: then no mail
server has seen it, and whoever queued it may write it anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

from sqlalchemy import Select, and_, delete, exists, func, or_, select, text, update
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
    "address_changed": N_("The public address or the sender changed, so this mail is written anew."),
}


def queue(
    session: Session,
    stream: str,
    kind: str,
    revision: int,
    message: EmailMessage,
    *,
    send_after: datetime | None = None,
    hold: str = "",
    replaces: tuple[str, ...] = (),
) -> OutboxMessage:
    """Put a message into the outbox, in the caller's transaction; its bytes and Message-ID are final.

    Idempotent: a row with the same stream, kind and revision is given back as it is. One that is held has
    never left and takes the new bytes (they have other links by now). Held ones of earlier revisions are dropped:
    this one says it better. Messages of a stream leave in the order of queueing, the next only when the one before
    is finished. ``hold``, a key of :data:`HELD`, is why this one must wait until it is queued again.
    What waits of the kinds ``replaces`` and was never tried is superseded by this message.
    """
    _lock(session, stream)
    drop_held(session, stream, kind, before=revision)
    same = (OutboxMessage.stream == stream, OutboxMessage.kind == kind, OutboxMessage.revision == revision)
    # as it is now and locked: a purge at this very moment must not be written over
    found = select(OutboxMessage).where(*same).with_for_update().execution_options(populate_existing=True)
    row = session.scalar(found)
    if row is not None and row.state != "held":
        return row
    _supersede(session, stream, replaces)
    newest = session.scalar(select(func.max(OutboxMessage.position)).where(OutboxMessage.stream == stream))
    if row is None:
        row = OutboxMessage(stream=stream, kind=kind, revision=revision)
        session.add(row)
    row.position = (newest or 0) + 1
    row.recipient = message["To"].addresses[0].addr_spec
    row.subject = str(message["Subject"])
    row.message_id = str(message["Message-ID"])
    row.content = message.as_bytes()
    row.state, row.answer = ("held", hold) if hold else ("queued", None)
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
    """Message-IDs of a stream, oldest first: the References of an update. Nobody has seen those of held ones."""
    seen = (OutboxMessage.stream == stream, OutboxMessage.message_id != "", OutboxMessage.state != "held")
    query = select(OutboxMessage.message_id).where(*seen)
    return tuple(session.scalars(query.order_by(OutboxMessage.position)))


def take_back(session: Session, kind: str, reason: str) -> int:
    """Hold all messages of a kind that wait and were never tried; ``reason`` is a key of :data:`HELD`.

    One that was tried stays as it is: the mail server may have taken it, and each attempt sends the same bytes.
    """
    untried = (OutboxMessage.kind == kind, OutboxMessage.state == "queued", OutboxMessage.attempts == 0)
    held = update(OutboxMessage).where(*untried).values(state="held", answer=reason).returning(OutboxMessage.id)
    return len(session.scalars(held).all())


def drop_held(session: Session, stream: str, kind: str, *, before: int) -> None:
    """Delete held messages of revisions that a later one replaced: they never left."""
    earlier = (OutboxMessage.stream == stream, OutboxMessage.kind == kind, OutboxMessage.revision < before)
    session.execute(delete(OutboxMessage).where(*earlier, OutboxMessage.state == "held"))


def _supersede(session: Session, stream: str, kinds: tuple[str, ...]) -> None:
    untried = (OutboxMessage.state.in_(("queued", "held")), OutboxMessage.attempts == 0)
    of_stream = (OutboxMessage.stream == stream, OutboxMessage.kind.in_(kinds))
    session.execute(update(OutboxMessage).where(*of_stream, *untried).values(state="superseded", answer=None))


def abandon(session: Session, row: OutboxMessage, answer: str) -> None:
    """Give a held message up: it can't be written anew."""
    held = (OutboxMessage.id == row.id, OutboxMessage.state == "held")
    session.execute(update(OutboxMessage).where(*held).values(state="dead", answer=answer))


def counts(session: Session) -> dict[str, int]:
    """How many messages are in each state."""
    query = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    return {state: number for state, number in session.execute(query)}  # noqa: C416 - rows are no pairs to dict()


def held_reason(row: OutboxMessage) -> str:
    """Why a held message waits: a message to translate; empty for one that is not held."""
    return HELD.get(row.answer or "", "") if row.state == "held" else ""


def purge(session: Session, streams: Iterable[str]) -> int:
    """Empty the messages of streams: 30 days after their session, and when a person is erased.

    What had not left yet never will. The mail server's answer goes too, as it often repeats the address. Gives
    the number of messages.
    """
    emptied = 0
    for stream in streams:
        of_stream = OutboxMessage.stream == stream
        unfinished = OutboxMessage.state.in_((*UNFINISHED, "held"))
        session.execute(
            update(OutboxMessage).where(of_stream, unfinished).values(state="dead", leased_by=None, leased_until=None)
        )
        values = {"content": b"", "recipient": "", "subject": "", "answer": "purged"}
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
