"""Files of ZIPs that are no longer needed are removed by a job of their own, which survives whatever made them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from tourserver.core import clock, jobs
from tourserver.core.jobs import JobContext

JOB: Final = "tour.archive_drop"


def drop_later(session: Session, key: str, after: timedelta = timedelta(0)) -> None:
    """Have a stored file removed, in the caller's transaction."""
    jobs.enqueue(session, JOB, key, {"key": key}, run_after=clock.now() + after)


@jobs.handler(JOB)
def drop(context: JobContext) -> None:
    """Remove ``payload["key"]``; nothing happens when it is gone."""
    context.services.storage.delete(context.payload["key"])
