"""Uploads begun, filled piece by piece, finished once or dropped. Sizes in bytes, pieces counted from 0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.actors import Actor
from tourserver.core.errors import Invalid
from tourserver.people.models import User
from tourserver.people.names import one_line
from tourserver.uploads import refusals
from tourserver.uploads.models import Upload, UploadChunk

CHUNK_BYTES: Final = 1024 * 1024
"""Small enough that a lost line costs little, large enough that a film is not a million requests."""

LIFETIME: Final = timedelta(hours=24)
"""Counted from the last piece that arrived; for a finished one, how long it answers a repeated finish."""

MOST_OPEN: Final = 50
MOST_OPEN_BYTES: Final = 4 * 1024**3

_UNFINISHED = Upload.state.in_(("open", "complete"))


def begin(
    session: Session,
    actor: Actor,
    *,
    purpose: str,
    thing: str,
    name: str,
    size: int,
    most_bytes: int,
    digest: str | None = None,
    meta: dict[str, Any] | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Upload:
    """A place for a file of ``size`` bytes; raises when it is too large or one too many. The right was checked."""
    if size == 0:
        raise refusals.empty()
    if size > most_bytes:
        raise refusals.too_large(most_bytes)
    # so that two at once are counted one after the other
    session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    mine = select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(
        Upload.actor == actor.reference, _UNFINISHED, Upload.expires_at > clock.now()
    )
    count, total = session.execute(mine).one()
    if count >= MOST_OPEN:
        raise refusals.too_many(count)
    if total + size > MOST_OPEN_BYTES:
        raise refusals.too_much(MOST_OPEN_BYTES)
    upload = Upload(
        actor=actor.reference,
        purpose=purpose,
        thing_id=thing,
        name=plain_name(name),
        size=size,
        chunk_bytes=chunk_bytes,
        digest=digest,
        meta=meta or {},
        expires_at=clock.now() + LIFETIME,
    )
    session.add(upload)
    session.flush()
    return upload


def own(session: Session, actor: Actor, upload_id: str, *, lock: bool = False) -> Upload:
    """The actor's upload; others' are as unknown as none. With ``lock`` nobody else changes it meanwhile."""
    query = select(Upload).where(Upload.id == upload_id, Upload.actor == actor.reference)
    if lock:
        query = query.with_for_update(key_share=True)
    upload = session.scalar(query)
    if upload is None:
        raise refusals.unknown()
    if upload.state in ("open", "complete") and upload.expires_at <= clock.now():
        raise refusals.gone()
    return upload


def hold(session: Session, upload_id: str) -> Upload:
    """An upload, locked, whoever owns it: for finishing what its owner asked to finish."""
    upload = session.scalar(select(Upload).where(Upload.id == upload_id).with_for_update(key_share=True))
    if upload is None:
        raise refusals.gone()
    return upload


def unfinished(session: Session, actor: Actor, *, purpose: str = "", thing: str = "") -> list[Upload]:
    """What the actor began and did not end, oldest first; of one purpose and thing if they are named."""
    query = select(Upload).where(Upload.actor == actor.reference, _UNFINISHED, Upload.expires_at > clock.now())
    if purpose:
        query = query.where(Upload.purpose == purpose)
    if thing:
        query = query.where(Upload.thing_id == thing)
    return list(session.scalars(query.order_by(Upload.created_at, Upload.id)))


def chunk_count(upload: Upload) -> int:
    """Into how many pieces the file is cut."""
    return -(-upload.size // upload.chunk_bytes)


def chunk_size(upload: Upload, number: int) -> int:
    """Bytes of piece ``number``; only the last may be shorter. Raises Invalid outside of the file."""
    count = chunk_count(upload)
    if not 0 <= number < count:
        raise refusals.no_such_piece(count)
    return min(upload.chunk_bytes, upload.size - number * upload.chunk_bytes)


def chunk_key(upload_id: str, chunk: UploadChunk) -> str:
    """Where the storage keeps a piece. Its digest is part: of two contents sent at once neither harms the other."""
    return f"{folder(upload_id)}/{chunk.number}-{chunk.digest}"


def folder(upload_id: str) -> str:
    """Where the storage keeps all pieces of an upload."""
    return f"uploads/{upload_id}"


def chunks(session: Session, upload: Upload) -> list[UploadChunk]:
    """The pieces that arrived, in order."""
    query = select(UploadChunk).where(UploadChunk.upload_id == upload.id).order_by(UploadChunk.number)
    return list(session.scalars(query))


def known_chunk(session: Session, upload: Upload, number: int) -> UploadChunk | None:
    """The piece of a number, when it arrived."""
    query = select(UploadChunk).where(UploadChunk.upload_id == upload.id, UploadChunk.number == number)
    return session.scalar(query)


def must_take(upload: Upload) -> None:
    """Raise unless pieces may still arrive."""
    if upload.state == "gone":
        raise refusals.gone()
    if upload.state == "used":
        raise refusals.finished()


def keep_chunk(session: Session, upload: Upload, chunk: UploadChunk) -> bool:
    """Note a piece that lies in the storage; False when an equal one was noted before, Conflict when another one was.

    The upload is locked (:func:`own`) and lives on for a day from now.
    """
    must_take(upload)
    upload.expires_at = clock.now() + LIFETIME
    try:
        with session.begin_nested():
            session.add(chunk)
    except IntegrityError:
        must_equal(known_chunk(session, upload, chunk.number), chunk.digest)
        return False
    return True


def must_equal(known: UploadChunk | None, digest: str) -> None:
    """Raise Conflict when a piece of this number has another digest."""
    if known is not None and known.digest != digest:
        raise refusals.other_content(known.number)


def complete(session: Session, upload: Upload) -> list[UploadChunk]:
    """All pieces of a locked upload that is about to be put together; raises Conflict with the missing numbers."""
    found = chunks(session, upload)
    missing = sorted(set(range(chunk_count(upload))) - {chunk.number for chunk in found})
    if missing:
        raise refusals.incomplete(missing)
    upload.state = "complete"
    upload.expires_at = clock.now() + LIFETIME
    return found


def lose_chunks(session: Session, upload: Upload, numbers: list[int]) -> None:
    """Forget pieces that the storage doesn't have, so that they are sent again; the upload is locked.

    Raises what there is to say when they went because another request ended the upload.
    """
    if upload.state == "used":
        raise refusals.Used(upload.result or {})
    if upload.state == "gone":
        raise refusal(upload) or refusals.gone()
    for chunk in chunks(session, upload):
        if chunk.number in numbers:
            session.delete(chunk)
    upload.state = "open"
    session.flush()


def settle(session: Session, upload_id: str, answer: dict[str, Any]) -> None:
    """Keep what a receiver answered, unless it did so itself in the transaction of its rows."""
    upload = hold(session, upload_id)
    if upload.state == "complete":
        upload.state, upload.result = "used", answer


def refuse(session: Session, upload_id: str, error: Invalid) -> None:
    """Keep why a file was refused; a repeated finish says it again."""
    upload = hold(session, upload_id)
    if upload.state in ("open", "complete"):
        told = {"message": error.message, "params": error.params, "code": error.code, "field": error.field}
        upload.state, upload.result = "gone", {"error": told}


def refusal(upload: Upload) -> Invalid | None:
    """Why the file was refused, if it was."""
    told = (upload.result or {}).get("error") if upload.state == "gone" else None
    if told is None:
        return None
    return Invalid(told["message"], field=told["field"], code=told["code"], **told["params"])


def drop(session: Session, upload: Upload) -> None:
    """Cancel a locked upload; what became of a finished one stays. Its pieces are the caller's to delete."""
    if upload.state in ("open", "complete"):
        upload.state = "gone"


def plain_name(name: str) -> str:
    """A file's name as the browser sent it, without folders and marks that can't be seen, at most 200 long."""
    return one_line(name.replace("\\", "/").rsplit("/", 1)[-1], 200)
