"""The jobs that remove the files of freed pictures, as seen by those who may need such a picture again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock, jobs
from tourserver.core.jobs import Job

JOB: Final = "panorama.free"


def begin(session: Session, panorama_id: str, content_hash: str, original: str | None) -> None:
    """Have the files of a picture removed whose row goes in this transaction; ``original`` is None if it stays."""
    payload = {"hash": content_hash, "original": original}
    jobs.enqueue(session, JOB, f"{content_hash}-{panorama_id}", payload)


def of(session: Session, content_hash: str) -> bool:
    """Whether files of a picture of this content are still to be removed, or are being removed now."""
    query = select(Job.id).where(Job.kind == JOB, Job.state != "done", Job.key.startswith(f"{content_hash}-"))
    return session.scalar(query.limit(1)) is not None


def again(session: Session) -> None:
    """Go on with those that were given up, for instance while the storage didn't answer for long."""
    for job in session.scalars(select(Job).where(Job.kind == JOB, Job.state == "failed")):
        job.state, job.run_after, job.attempts, job.worker_losses = "waiting", clock.now(), 0, 0
