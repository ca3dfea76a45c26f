"""Take a picture in: copy it while it is measured and hashed, look at it, keep it once, ask for its tiles.

In two steps, because copying is slow and a transaction must be short: :func:`hold` looks at the file and stores it,
then :func:`keep` makes the row inside the caller's transaction. Every stored file has a name of its own, so that none
is ever taken for another that is about to be removed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, jobs
from tourserver.core.db import after_commit
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.core.storage import Storage
from tourserver.panoramas import refusals, warnings
from tourserver.panoramas.inspect import MEGABYTE, Inspection, inspect
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.regions import Region, as_json, baked_hash, canonical

TILE_JOB: Final = "panorama.tile"
_CHUNK: Final = 256 * 1024


class Readable(Protocol):
    """A stream of bytes, such as an upload."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


@dataclass(slots=True)
class Held:
    """A picture that was looked at and may be kept; it lies in a scratch folder, and in the storage, until then."""

    path: Path
    name: str
    content_hash: str
    inspection: Inspection
    # the folder to be removed, if it is ours
    folder: Path | None
    storage: Storage
    # where the storage has it, or would have it
    key: str
    stored: bool = False
    kept: bool = False

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_error: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Remove what was not kept. To be called in any case, after the transaction; ``with`` does it."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.stored and not self.kept:
            self.storage.delete(self.key)
            self.stored = False

    def keep(self) -> None:
        """The row that names the stored file was committed."""
        self.kept = True


def hold(services: Services, stream: Readable, name: str) -> Held:
    """Copy a stream to the storage's scratch space and inspect it.

    Never more than a chunk of it is in memory. Raises ``Invalid`` for what can't be a panorama and
    ``DiskFull``; nothing is left behind then.
    """
    folder = services.storage.scratch()
    try:
        path = folder / "original"
        content_hash = _copy(stream, path, services.settings.max_upload_mb * MEGABYTE)
        return _hold(services, path, name, content_hash, folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise refusals.disk_full_on_upload() from error
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def hold_file(services: Services, path: Path, name: str, content_hash: str) -> Held:
    """Inspect a file that lies in scratch space already and whose SHA-256 is known, such as a finished upload.

    Raises ``Invalid`` for what can't be a panorama. The folder around it is the caller's to remove.
    """
    return _hold(services, path, name, content_hash, None)


def _hold(services: Services, path: Path, name: str, content_hash: str, folder: Path | None) -> Held:
    """Inspect, and store unless the same picture is there: a bucket may be slow, and a transaction must not wait."""
    inspection = inspect(path, max_bytes=services.settings.max_upload_mb * MEGABYTE)
    key = f"originals/{content_hash}-{secrets.token_hex(4)}.{inspection.extension}"
    held = Held(path, _plain(name), content_hash, inspection, folder, services.storage, key)
    with services.db.read() as session:
        known = session.scalar(select(Panorama.original_key).where(Panorama.content_hash == content_hash))
    if known is None or not services.storage.exists(known):
        other_name = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
        os.link(path, other_name)  # storing takes it away
        services.storage.put(key, other_name)
        held.stored = True
    return held


def keep(session: Session, storage: Storage, held: Held, *, actor: Actor) -> Panorama:
    """The row of a held picture, and a job that makes its tiles unless they are there.

    The same bytes are kept once, whoever uploads them. A picture that failed before is tried again.
    """
    panorama = _existing(session, held.content_hash) or _insert(session, _uploaded(held, actor), actor)
    if held.stored and panorama.original_key == held.key:
        after_commit(session, held.keep)
    elif not storage.exists(panorama.original_key):
        # Rarely: the picture was freed after it was held, or its file was lost.
        storage.put(panorama.original_key, held.path)
    _ask(session, panorama)
    return panorama


def bake(session: Session, source: Panorama, regions: Iterable[Mapping[str, Any]], *, actor: Actor) -> Panorama:
    """The picture that shows ``source`` with these regions blurred, and a job that makes its tiles.

    ``regions`` are ``{"yaw", "pitch", "width", "height"}`` in degrees; ids in them count for nothing. The same regions
    of the same picture are the same row; regions of a picture that is blurred itself come on top of its own; none at
    all give ``source``. Raises ``Invalid`` for what is no region.
    """
    wanted = canonical([*regions, *source.regions])
    if list(wanted) == list(canonical(source.regions)):
        return source
    root = session.get_one(Panorama, source.source_id) if source.source_id else source
    content_hash = baked_hash(root.content_hash, wanted)
    panorama = _existing(session, content_hash) or _insert(session, _baked(root, content_hash, wanted, actor), actor)
    _ask(session, panorama)
    return panorama


def _ask(session: Session, panorama: Panorama) -> None:
    """Ask for the tiles of a picture that has none; one that failed is tried again."""
    if panorama.state == "failed":
        panorama.state, panorama.error = "waiting", None
    if panorama.state != "ready":
        jobs.enqueue(session, TILE_JOB, panorama.id, {"panorama": panorama.id})


def warning_texts(panorama: Panorama, translate: Callable[[str], str] = str) -> list[str]:
    """What the uploader should know about a picture, in words; ``translate`` is gettext for a page."""
    return warnings.texts(panorama.warnings, panorama.width, panorama.height, translate)


def _existing(session: Session, content_hash: str) -> Panorama | None:
    """The picture of this content, held until the transaction ends, and young again: it isn't freed meanwhile."""
    query = select(Panorama).where(Panorama.content_hash == content_hash).with_for_update()
    panorama = session.scalar(query, execution_options={"populate_existing": True})
    if panorama is not None:
        panorama.updated_at = clock.now()
    return panorama


def _uploaded(held: Held, actor: Actor) -> Panorama:
    looked = held.inspection
    return Panorama(
        content_hash=held.content_hash,
        original_name=held.name,
        original_key=held.key,
        original_bytes=looked.bytes,
        width=looked.width,
        height=looked.height,
        warnings=list(looked.warnings),
        gps_latitude=looked.gps[0] if looked.gps else None,
        gps_longitude=looked.gps[1] if looked.gps else None,
        uploaded_by=actor.id or None,
    )


def _baked(root: Panorama, content_hash: str, regions: Iterable[Region], actor: Actor) -> Panorama:
    return Panorama(
        content_hash=content_hash,
        original_name=root.original_name,
        original_key=root.original_key,
        original_bytes=root.original_bytes,
        width=root.width,
        height=root.height,
        warnings=list(root.warnings),
        credit=root.credit,
        licence=root.licence,
        is_render=root.is_render,
        source_id=root.id,
        regions=as_json(regions),
        uploaded_by=actor.id or None,
    )


def _insert(session: Session, panorama: Panorama, actor: Actor) -> Panorama:
    try:
        with session.begin_nested():
            session.add(panorama)
    except IntegrityError:
        # Somebody added the same picture at the same moment.
        other = _existing(session, panorama.content_hash)
        if other is None:
            raise
        return other
    verb = "panorama.bake" if panorama.source_id else "panorama.add"
    audit.record(session, actor, verb, "panorama", panorama.id, after=audit.snapshot(panorama))
    return panorama


def _copy(stream: Readable, path: Path, max_bytes: int) -> str:
    """Copy up to ``max_bytes`` and return the SHA-256, hex."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise refusals.too_large(max_bytes // MEGABYTE)
            digest.update(chunk)
            file.write(chunk)
            time.sleep(0)  # under eventlet others get their turn between two chunks
        file.flush()
        os.fsync(file.fileno())  # it may be the only copy
    return digest.hexdigest()


def _plain(name: str) -> str:
    """A file name as the browser sent it, without folders and odd letters, at most 200 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200]
