"""Pictures that nothing needs any more are freed: first their rows, then their files.

:func:`free` takes the row away in one transaction that holds it and looks once more; with it goes a durable job that
removes the files afterwards, however often the worker dies meanwhile. The same picture may be uploaded again at any
moment: before, the upload makes the row young, so that it stays; during, it waits for the row and finds it gone;
after, it makes a new row, whose original has a name of its own (``store.hold``) and whose tiles wait until the job is
done (``leaving.of``). So no file of a picture that is there is ever removed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from tourserver.core import audit, clock, jobs
from tourserver.core.actors import SYSTEM
from tourserver.core.errors import Unavailable
from tourserver.core.jobs import Job, JobContext, Retry
from tourserver.core.services import Services
from tourserver.panoramas import leaving, making, uses, webp
from tourserver.panoramas.models import Panorama
from tourserver.panoramas.store import TILE_JOB

log = structlog.get_logger()

EVERY_SECONDS: Final = 3600.0
GRACE: Final = timedelta(hours=1)
"""How long a picture stays after its last change or upload, so that it can be put into a tour."""

MOST_AT_ONCE: Final = 500


def sweep(services: Services) -> None:
    """Free all that nothing needs, go on with what was half done, and ask for WebP tiles that were never tried."""
    with services.db.write() as session:
        leaving.again(session)
    freed = 0
    # A blurred picture keeps its source, so the source is free only after it.
    while found := _free_all(services):
        freed += found
    if freed:
        log.info("panorama.freed", count=freed)
    with services.db.write() as session:
        webp.ask_for_missing(session)


def _free_all(services: Services) -> int:
    with services.db.read() as session:
        query = select(Panorama.id).where(*_unneeded(session)).order_by(Panorama.id).limit(MOST_AT_ONCE)
        found = list(session.scalars(query))
    count = 0
    for panorama_id in found:
        try:
            with services.db.write() as session:
                count += free(session, panorama_id)
        except IntegrityError:
            # A row names it that no use told of. It stays, and so do the others' chances.
            log.exception("panorama.not_freed", panorama=panorama_id)
    return count


def free(session: Session, panorama_id: str) -> bool:
    """Take a picture's row away, and have its files removed, unless somebody needs it; tells whether it was taken.

    It is looked at again while it is held, so that a use that was just made, or a new upload, keeps it.
    """
    held = select(Panorama).where(Panorama.id == panorama_id).with_for_update()
    panorama = session.scalar(held, execution_options={"populate_existing": True})
    # On PostgreSQL a second statement sees what others committed while the first one waited.
    still = select(Panorama.id).where(Panorama.id == panorama_id, *_unneeded(session))
    if panorama is None or session.scalar(still) is None:
        return False
    if not _call_off(session, panorama_id):
        return False
    uses.release(session, panorama_id)
    before = audit.snapshot(panorama)
    session.delete(panorama)
    session.flush()
    original = None if panorama.source_id else panorama.original_key
    leaving.begin(session, panorama_id, panorama.content_hash, original)
    audit.record(session, SYSTEM, "panorama.free", "panorama", panorama_id, before=before)
    return True


def _unneeded(session: Session) -> tuple[ColumnElement[bool], ...]:
    blurred = aliased(Panorama)
    return (
        Panorama.updated_at < clock.now() - GRACE,
        ~exists().where(blurred.source_id == Panorama.id),
        ~uses.needed(session),
    )


def _call_off(session: Session, panorama_id: str) -> bool:
    """Take back the jobs that wait to work on a picture; False when one is at it, or about to be."""
    of_it = (Job.kind.in_((TILE_JOB, webp.JOB)), Job.key == panorama_id, Job.state.in_(("waiting", "running")))
    unfinished = set(session.scalars(select(Job.id).where(*of_it)))
    waiting = select(Job).where(Job.id.in_(unfinished), Job.state == "waiting").with_for_update(skip_locked=True)
    found = list(session.scalars(waiting, execution_options={"populate_existing": True}))
    if len(found) < len(unfinished):
        return False
    for job in found:
        session.delete(job)
    return True


@jobs.handler(leaving.JOB)
def remove_files(context: JobContext) -> None:
    """Remove the files of a freed picture; what is gone already is no matter.

    The original comes last: as long as it is there, everything else could be made again.
    """
    storage, digest, original = context.services.storage, context.payload["hash"], context.payload["original"]
    try:
        storage.delete_tree(making.prefix(digest, "webp"))
        storage.delete_tree(making.prefix(digest, "jpg"))
        storage.delete_beginning(f"posters/{digest}-")
        if original is not None and not _shared(context.services, original):
            storage.delete(original)
    except Unavailable as error:
        raise Retry(error.text) from error


def _shared(services: Services, original: str) -> bool:
    with services.db.read() as session:
        query = select(Panorama.id).where(Panorama.original_key == original)
        return session.scalar(query.limit(1)) is not None
