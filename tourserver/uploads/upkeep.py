"""What the worker does for uploads: those that were left are removed with their pieces."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import select

from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.uploads import rules
from tourserver.uploads.models import Upload

log = structlog.get_logger()

EVERY_SECONDS: Final = 600.0


def remove_expired(services: Services) -> None:
    """Free what nobody went on with for a day, and forget what finished uploads answered a day ago.

    First the row says so, then the pieces go, then the row: whatever dies in between is done the next time, and a
    piece that arrives at that moment finds the upload gone.
    """
    with services.db.read() as session:
        expired = list(session.scalars(select(Upload.id).where(Upload.expires_at <= clock.now())))
    for upload_id in expired:
        with services.db.write() as session:
            upload = rules.hold(session, upload_id)
            if upload.expires_at > clock.now():
                continue  # a piece arrived since
            if upload.state in ("open", "complete"):
                upload.state = "gone"
        services.storage.delete_tree(rules.folder(upload_id))
        with services.db.write() as session:
            session.delete(rules.hold(session, upload_id))
    if expired:
        log.info("uploads.expired", count=len(expired))
