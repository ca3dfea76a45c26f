"""Durable work: a row per job, leased by a worker, tried again after a failure, with progress for the page.

A worker that dies leaves its lease to run out; the job is then taken by the next one. Handlers therefore must
stand being run twice. A job that took its worker with it several times is given up, so that the others get done.
"""

from __future__ import annotations

import os
import socket
import threading
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Index, case, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from tourserver.core import clock, preferences
from tourserver.core.db import Base, IdMixin, TimestampMixin
from tourserver.core.errors import TourserverError, Unavailable
from tourserver.core.messages import N_
from tourserver.core.services import Services

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
MOST_LOSSES = 3
"""Leases that may run out before a job is given up."""
HEARTBEAT = "worker_heartbeat"
SILENT_AFTER = timedelta(seconds=60)


class Job(IdMixin, TimestampMixin, Base):
    """One piece of work."""

    __tablename__ = "job"
    __table_args__ = (
        # one unfinished job per kind and key; the same work can be asked for again afterwards
        Index(
            "uq_job_unfinished",
            "kind",
            "key",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'running')"),
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_job_due", "state", "run_after"),
    )

    kind: Mapped[str]
    # what the work is about, such as a panorama's id
    key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    # waiting, running, done, failed
    state: Mapped[str] = mapped_column(default="waiting")
    run_after: Mapped[datetime] = mapped_column(default=clock.now)
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # leases that ran out: a worker died while it had the job
    worker_losses: Mapped[int] = mapped_column(default=0)
    percent: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    error: Mapped[str | None]


class Retry(Exception):
    """Raised by a handler whose trouble may pass, such as a full disk: the job is tried again later."""

    def __init__(self, message: str, *, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass
class JobContext:
    """What a handler is given."""

    services: Services
    job_id: str
    payload: dict[str, Any]
    attempts: int
    stopping: threading.Event
    # the worker that leased the job; empty where there is none, as in tests of handlers
    worker: str = ""

    def progress(self, percent: int, note: str = "") -> None:
        """Tell how far the work is, in percent; also renews the lease. Does nothing once another worker has it."""
        with self.services.db.write() as session:
            job = session.get_one(Job, self.job_id)
            if self.worker and job.leased_by != self.worker:
                return
            job.percent, job.note = percent, note
            job.leased_until = clock.now() + LEASE


Handler = Callable[[JobContext], None]
GivenUp = Callable[[Session, dict[str, Any], TourserverError], None]
_handlers: dict[str, Handler] = {}
_given_up: dict[str, GivenUp] = {}
_idle: set[str] = set()


def handler(kind: str, *, given_up: GivenUp | None = None, idle: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; ``idle`` ones are done when no other is due.

    ``given_up(session, payload, error)`` is called in the transaction that marks such a job as failed, whatever
    the reason: the place to mark what the job was about. It must not rely on the handler having run to any point.
    """

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if given_up is not None:
            _given_up[kind] = given_up
        if idle:
            _idle.add(kind)
        return function

    return register


def enqueue(
    session: Session, kind: str, key: str, payload: dict[str, Any] | None = None, run_after: datetime | None = None
) -> Job:
    """Ask for work, in the caller's transaction. The same unfinished kind and key is the same job."""
    unfinished = Job.state.in_(("waiting", "running"))
    job = session.scalar(select(Job).where(Job.kind == kind, Job.key == key, unfinished))
    if job is None:
        job = Job(kind=kind, key=key, payload=payload or {}, run_after=run_after or clock.now())
        session.add(job)
        session.flush()
    return job


def latest(session: Session, kind: str, key: str) -> Job | None:
    """The newest job of a kind about ``key``, finished or not; for progress on pages."""
    query = select(Job).where(Job.kind == kind, Job.key == key)
    return session.scalar(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(1))


class Worker:
    """Takes due jobs one after the other until it is told to stop."""

    def __init__(self, services: Services, *, poll_seconds: float = 1.0) -> None:
        self.services = services
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self.stopping = threading.Event()
        self._poll = poll_seconds
        self._periodic: list[tuple[float, Callable[[Services], None]]] = []

    def every(self, seconds: float, function: Callable[[Services], None]) -> None:
        """Also call ``function(services)`` about every so many seconds, in a thread of its own."""
        self._periodic.append((seconds, function))

    def run(self) -> None:
        """Work until :attr:`stopping` is set."""
        threads = [threading.Thread(target=self._repeat, args=entry, daemon=True) for entry in self._periodic]
        threads.append(threading.Thread(target=self._repeat, args=(5.0, beat), daemon=True))
        for thread in threads:
            thread.start()
        while not self.stopping.is_set():
            try:
                busy = self.run_once()
            except Exception:
                log.exception("worker.poll_failed")
                busy = False
            if not busy:
                self.stopping.wait(self._poll)
        for thread in threads:
            thread.join(timeout=10)

    def _repeat(self, seconds: float, function: Callable[[Services], None]) -> None:
        while not self.stopping.is_set():
            try:
                function(self.services)
            except Exception:
                log.exception("worker.periodic_failed", function=function.__name__)
            self.stopping.wait(seconds)

    def run_once(self, only: str = "") -> bool:
        """Do one due job, or that of the id ``only`` if it is due; False when there was none."""
        job = self._take(only)
        if job is None:
            return False
        context = JobContext(self.services, job.id, job.payload, job.attempts, self.stopping, self.name)
        done = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(job.id, done), daemon=True)
        renewer.start()
        try:
            _handlers[job.kind](context)
        except Retry as error:
            self._again(job, str(error), error.after)
        except TourserverError as error:
            self._fail(job, error, error.text)
        except Exception as error:
            log.exception("job.failed", kind=job.kind, job=job.id)
            if job.attempts > len(BACKOFF):
                self._fail(job, _crashed(), f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}")
            else:
                self._again(job, f"{type(error).__name__}: {error}", None)
        else:
            self._finish(job)
        finally:
            done.set()
            renewer.join()
        return True

    def _take(self, only: str = "") -> Job | None:
        present = clock.now()
        due = or_(
            (Job.state == "waiting") & (Job.run_after <= present),
            (Job.state == "running") & (Job.leased_until < present),
        )
        if only:
            due &= Job.id == only
        with self.services.db.read() as session:
            if session.scalar(select(Job.id).where(due, Job.kind.in_(_handlers)).limit(1)) is None:
                return None
        last = case((Job.kind.in_(_idle), 1), else_=0)
        query = select(Job).where(due, Job.kind.in_(_handlers)).order_by(last, Job.run_after, Job.id).limit(1)
        with self.services.db.write() as session:
            while job := session.scalar(query.with_for_update(skip_locked=True)):
                if job.state == "running":
                    job.worker_losses += 1
                    log.warning("job.worker_lost", kind=job.kind, job=job.id, worker=job.leased_by)
                if job.worker_losses >= MOST_LOSSES:
                    error = _lost(job.worker_losses)
                    _mark_failed(session, job, error, error.text)
                    session.flush()
                    continue
                job.state, job.leased_by, job.leased_until = "running", self.name, present + LEASE
                job.attempts += 1
                return job
        return None

    def _renew(self, job_id: str, done: threading.Event) -> None:
        """Keep the lease until ``done``. A database that is busy or away for a moment doesn't end this."""
        pause = LEASE / 3
        while not done.wait(pause.total_seconds()):
            try:
                with self.services.db.write() as session:
                    job = session.get(Job, job_id)
                    if job is None or job.leased_by != self.name or job.state != "running":
                        return
                    job.leased_until = clock.now() + LEASE
                pause = LEASE / 3
            except Exception:
                log.exception("job.renewal_failed", job=job_id)
                pause = LEASE / 12  # several more tries before it runs out

    def _finish(self, job: Job) -> None:
        with self.services.db.write() as session:
            if row := self._own(session, job):
                row.state, row.error, row.percent = "done", None, 100
                row.leased_by = row.leased_until = None

    def _fail(self, job: Job, error: TourserverError, text: str) -> None:
        with self.services.db.write() as session:
            if row := self._own(session, job):
                _mark_failed(session, row, error, text)

    def _again(self, job: Job, error: str, after: timedelta | None) -> None:
        wait = after or BACKOFF[min(job.attempts, len(BACKOFF)) - 1]
        with self.services.db.write() as session:
            if row := self._own(session, job):
                row.state, row.error, row.run_after = "waiting", error, clock.now() + wait
                row.leased_by = row.leased_until = None

    def _own(self, session: Session, job: Job) -> Job | None:
        """The job's row, locked, while this worker has it; None when the lease ran out and another took it."""
        row = session.get_one(Job, job.id, with_for_update=True)
        return row if row.leased_by == self.name and row.state == "running" else None


def _mark_failed(session: Session, job: Job, error: TourserverError, text: str) -> None:
    """A job fails, and what it was about is told; a teller that fails itself doesn't keep the job alive."""
    job.state, job.error = "failed", text
    job.leased_by = job.leased_until = None
    if tell := _given_up.get(job.kind):
        try:
            with session.begin_nested():
                tell(session, job.payload, error)
        except Exception:
            log.exception("job.not_told", kind=job.kind, job=job.id)


def _lost(count: int) -> Unavailable:
    return Unavailable(
        N_("The worker ended %(count)s times while it did this, so it was given up. An administrator looks into it."),
        code="worker_lost",
        count=count,
    )


def _crashed() -> Unavailable:
    return Unavailable(
        N_("This failed several times and was given up. The worker's log has the reason."), code="given_up"
    )


def beat(services: Services) -> None:
    """Leave a sign of life that the setup page and ``/healthz`` read."""
    with services.db.write() as session:
        preferences.put(session, HEARTBEAT, clock.now().isoformat())


def worker_alive(session: Session) -> bool:
    """Whether a worker gave a sign of life within the last minute."""
    seen = worker_seen(session)
    return seen is not None and clock.now() - seen < SILENT_AFTER


def worker_seen(session: Session) -> datetime | None:
    """When a worker last gave a sign of life."""
    value = preferences.get(session, HEARTBEAT)
    return datetime.fromisoformat(value) if value else None
