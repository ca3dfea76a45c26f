"""Pieces into the storage, pieces into one file, the file to its receiver. Knows when a transaction must be short."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError

from tourserver.core.actors import Actor
from tourserver.core.errors import Invalid, NotFound
from tourserver.core.services import Services
from tourserver.uploads import receivers, refusals, rules
from tourserver.uploads.models import Upload, UploadChunk

log = structlog.get_logger()

BLOCK: Final = 256 * 1024


@contextmanager
def minding_the_disk() -> Iterator[None]:
    """Turn a full disk, whoever met it, into :class:`refusals.NoRoom`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise refusals.disk_full() from error
        raise
    except DBAPIError as error:
        # SQLite: “database or disk is full”; PostgreSQL: class 53100
        if getattr(error.orig, "pgcode", None) == "53100" or "disk is full" in str(error.orig):
            raise refusals.disk_full() from error
        raise


def take_chunk(services: Services, actor: Actor, upload_id: str, chunk: UploadChunk, content: bytes) -> bool:
    """Store a piece whose bytes were verified and note it; False when it had arrived before.

    First the file, then the row: a piece that is noted is there. Raises Conflict for other bytes than before.
    """
    with services.db.read() as session:
        upload = rules.own(session, actor, upload_id)
        rules.must_take(upload)
        known = rules.known_chunk(session, upload, chunk.number)
    if known is not None:
        rules.must_equal(known, chunk.digest)
        return False
    key = rules.chunk_key(upload_id, chunk)
    with minding_the_disk():
        services.storage.put(key, content)
        try:
            with services.db.write() as session:
                return rules.keep_chunk(session, rules.own(session, actor, upload_id, lock=True), chunk)
        except BaseException:
            if not _noted(services, upload_id, chunk):
                services.storage.delete(key)
            raise


def _noted(services: Services, upload_id: str, chunk: UploadChunk) -> bool:
    """Whether the very piece is noted, by another request that was quicker."""
    with services.db.read() as session:
        upload = session.get(Upload, upload_id)
        known = rules.known_chunk(session, upload, chunk.number) if upload else None
        return known is not None and known.digest == chunk.digest


def finish(services: Services, actor: Actor, upload_id: str) -> dict[str, Any]:
    """Put the file together and give it to its receiver; the same answer however often it is asked.

    Raises Conflict with the missing numbers, and Invalid when the file is refused: then it is refused for good.
    Any other error leaves the upload as it is.
    """
    with services.db.write() as session:
        upload = rules.own(session, actor, upload_id, lock=True)
        if upload.state == "used":
            return upload.result or {}
        if upload.state == "gone":
            raise rules.refusal(upload) or refusals.gone()
        receiver = receivers.of(upload.purpose)
        receiver.allow(session, actor, upload.thing_id)
        pieces = rules.complete(session, upload)
    try:
        with _assembled(services, upload, pieces) as path:
            answer = receiver.receive(services, upload, path, actor)
        with services.db.write() as session:
            rules.settle(session, upload_id, answer)
    except refusals.Used as used:
        answer = used.answer
    except Invalid as error:
        with services.db.write() as session:
            rules.refuse(session, upload_id, error)
        services.storage.delete_tree(rules.folder(upload_id))
        raise
    services.storage.delete_tree(rules.folder(upload_id))
    return answer


def drop(services: Services, actor: Actor, upload_id: str) -> None:
    """Cancel an upload and free its space; nothing happens to one that was made use of."""
    with services.db.write() as session:
        upload = rules.own(session, actor, upload_id, lock=True)
        rules.drop(session, upload)
    services.storage.delete_tree(rules.folder(upload_id))


@contextmanager
def _assembled(services: Services, upload: Upload, pieces: list[UploadChunk]) -> Iterator[Path]:
    """All pieces as one file in scratch space; sets ``upload.digest`` to what the whole really has."""
    folder = None
    try:
        with minding_the_disk():
            folder = services.storage.scratch()
            path = folder / "file"
            digest = _join(services, upload, pieces, path)
        if upload.digest is not None and upload.digest != digest:
            raise refusals.changed_file()
        upload.digest = digest
        yield path
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _join(services: Services, upload: Upload, pieces: list[UploadChunk], path: Path) -> str:
    """Copy the pieces one after the other; the SHA-256 of the whole, hex."""
    whole, lost = hashlib.sha256(), []
    with path.open("wb") as target:
        for piece in pieces:
            try:
                source = services.storage.open(rules.chunk_key(upload.id, piece))
            except NotFound:
                lost.append(piece.number)
                continue
            with source:
                while block := source.read(BLOCK):
                    whole.update(block)
                    target.write(block)
                    time.sleep(0)  # under eventlet others get their turn between two blocks
        target.flush()
        os.fsync(target.fileno())  # the pieces are deleted once it is made use of
    if lost:
        with services.db.write() as session:
            rules.lose_chunks(session, rules.hold(session, upload.id), lost)
        log.error("upload.pieces_lost", upload=upload.id, pieces=len(lost))
        raise refusals.incomplete(lost)
    return whole.hexdigest()
