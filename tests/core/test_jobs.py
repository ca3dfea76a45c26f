import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.servers import end_with_parent, environment
from tourserver.core import clock, jobs
from tourserver.core.errors import Invalid, TourserverError
from tourserver.core.jobs import Job, JobContext, Retry, Worker
from tourserver.core.services import Services

CALLS: list[str] = []
TOLD: list[tuple[str, str]] = []

LETHAL_WORKER = """
import time
from tourserver import models
from tourserver.core import jobs, logs
from tourserver.core.services import Services
from tourserver.core.settings import Settings

logs.configure(Settings())

@jobs.handler("test.lethal")
def _lethal(context):
    print("taken", flush=True)
    time.sleep(60)

@jobs.handler("test.write")
def _write(context):
    pass

worker = jobs.Worker(Services.start(Settings()), poll_seconds=0.05)
worker.run()
"""


@jobs.handler("test.write")
def _write(context: JobContext) -> None:
    context.progress(50, "half")
    CALLS.append(context.payload["text"])


@jobs.handler("test.idle", idle=True)
def _idle(context: JobContext) -> None:
    CALLS.append(context.payload["text"])


@jobs.handler("test.bad_input")
def _bad(context: JobContext) -> None:
    raise Invalid("The picture is no picture.")


@jobs.handler("test.later")
def _later(context: JobContext) -> None:
    raise Retry("The disk is full.", after=timedelta(minutes=3))


def _tell(session: Session, payload: dict[str, Any], error: TourserverError) -> None:
    TOLD.append((payload["text"], error.code))
    if payload["text"] == "teller fails":
        session.add(Job(kind=None, key="", payload={}))
        session.flush()


@jobs.handler("test.lethal", given_up=_tell)
def _lethal(context: JobContext) -> None:
    raise AssertionError("the worker of this process never gets it")


@jobs.handler("test.told", given_up=_tell)
def _told(context: JobContext) -> None:
    raise Invalid("The picture is no picture.")


@jobs.handler("test.crash", given_up=_tell)
def _crash(context: JobContext) -> None:
    raise RuntimeError("boom")


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()
    TOLD.clear()


def _enqueue(services: Services, kind: str, key: str = "k", **payload: str) -> str:
    with services.db.write() as session:
        return jobs.enqueue(session, kind, key, payload).id


def _job(services: Services, job_id: str) -> Job:
    with services.db.read() as session:
        return session.get_one(Job, job_id)


def _leased_until(services: Services, job_id: str) -> datetime | None:
    return _job(services, job_id).leased_until


def test_a_job_is_done_once_and_shows_its_progress(services: Services) -> None:
    job_id = _enqueue(services, "test.write", text="hello")
    worker = Worker(services)
    assert worker.run_once()
    assert not worker.run_once()
    assert CALLS == ["hello"]
    job = _job(services, job_id)
    assert (job.state, job.percent, job.note, job.leased_by) == ("done", 100, "half", None)


def test_the_same_unfinished_work_is_one_job_and_finished_work_can_be_asked_for_again(services: Services) -> None:
    first = _enqueue(services, "test.write", text="a")
    assert _enqueue(services, "test.write", text="b") == first
    Worker(services).run_once()
    assert _enqueue(services, "test.write", text="c") != first


def test_bad_input_fails_at_once_with_its_message(services: Services) -> None:
    job_id = _enqueue(services, "test.bad_input")
    Worker(services).run_once()
    job = _job(services, job_id)
    assert (job.state, job.error, job.attempts) == ("failed", "The picture is no picture.", 1)


def test_trouble_that_may_pass_is_tried_again_later(services: Services) -> None:
    job_id = _enqueue(services, "test.later")
    worker = Worker(services)
    worker.run_once()
    job = _job(services, job_id)
    assert (job.state, job.error) == ("waiting", "The disk is full.")
    assert timedelta(minutes=2) < job.run_after - clock.now() <= timedelta(minutes=3)
    assert not worker.run_once()


def test_a_crash_is_tried_again_with_growing_pauses_and_then_given_up(services: Services) -> None:
    job_id = _enqueue(services, "test.crash", text="crash")
    worker = Worker(services)
    pauses = []
    for _ in range(len(jobs.BACKOFF)):
        worker.run_once()
        pauses.append(round((_job(services, job_id).run_after - clock.now()).total_seconds()))
        with services.db.write() as session:
            session.get_one(Job, job_id).run_after = clock.now()
    assert pauses == [round(pause.total_seconds()) for pause in jobs.BACKOFF]
    assert TOLD == []
    worker.run_once()
    assert _job(services, job_id).state == "failed"
    assert TOLD == [("crash", "given_up")]


def test_a_job_of_a_dead_worker_is_taken_by_the_next(services: Services) -> None:
    job_id = _enqueue(services, "test.write", text="again")
    dead = Worker(services)
    assert dead._take() is not None
    assert not Worker(services).run_once(), "its lease still holds"
    with services.db.write() as session:
        session.get_one(Job, job_id).leased_until = clock.now() - timedelta(seconds=1)
    assert Worker(services).run_once()
    assert CALLS == ["again"]


def test_a_worker_that_lost_its_lease_does_not_end_the_others_job(services: Services) -> None:
    job_id = _enqueue(services, "test.write", text="x")
    slow = Worker(services)
    taken = slow._take()
    assert taken is not None
    with services.db.write() as session:
        session.get_one(Job, job_id).leased_by = "another"
    slow._finish(taken)
    assert _job(services, job_id).state == "running"


def test_a_lease_is_renewed_also_after_the_database_was_busy(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=0.6))
    job_id = _enqueue(services, "test.write", text="x")
    worker = Worker(services)
    taken = worker._take()
    assert taken is not None
    done, failures = threading.Event(), 0
    write = services.db.write

    def busy() -> AbstractContextManager[Session]:
        nonlocal failures
        if failures < 2:
            failures += 1
            raise OperationalError("UPDATE job", {}, Exception("database is locked"))
        return write()

    monkeypatch.setattr(services.db, "write", busy)
    renewer = threading.Thread(target=worker._renew, args=(job_id, done))
    renewer.start()
    deadline = time.monotonic() + 10
    while _leased_until(services, job_id) == taken.leased_until and time.monotonic() < deadline:
        time.sleep(0.05)
    done.set()
    renewer.join()
    assert failures == 2
    assert _leased_until(services, job_id) != taken.leased_until


def test_a_worker_that_lost_its_lease_says_nothing_more_of_the_others_progress(services: Services) -> None:
    job_id = _enqueue(services, "test.write", text="x")
    slow = Worker(services)
    assert slow._take() is not None
    with services.db.write() as session:
        session.get_one(Job, job_id).leased_by = "another"
    JobContext(services, job_id, {}, 1, slow.stopping, slow.name).progress(70, "late")
    job = _job(services, job_id)
    assert (job.percent, job.note) == (0, "")


def test_the_worker_leaves_a_sign_of_life(services: Services) -> None:
    jobs.beat(services)
    with services.db.read() as session:
        seen = jobs.worker_seen(session)
        assert session.scalars(select(Job)).all() == []
    assert seen is not None
    assert clock.now() - seen < timedelta(seconds=5)


def _run_out(services: Services, job_id: str) -> None:
    """As if the time of the lease had passed."""
    with services.db.write() as session:
        session.get_one(Job, job_id).leased_until = clock.now() - timedelta(seconds=1)


def _killed_while_it_has(services: Services) -> None:
    """A real worker takes the lethal job and is killed by kill -9."""
    worker = subprocess.Popen(
        [sys.executable, "-c", LETHAL_WORKER],
        env=environment(services.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    with worker:
        assert worker.stdout is not None
        taken = worker.stdout.readline()
        worker.kill()
    assert taken == b"taken\n"


def test_a_job_that_kills_its_worker_three_times_is_given_up_and_the_queue_goes_on(services: Services) -> None:
    lethal = _enqueue(services, "test.lethal", text="lethal")
    for losses in range(jobs.MOST_LOSSES):
        job = _job(services, lethal)
        assert (job.state, job.worker_losses) == (("running", losses - 1) if losses else ("waiting", 0))
        _killed_while_it_has(services)
        _run_out(services, lethal)
    other = _enqueue(services, "test.write", text="after")
    assert Worker(services).run_once()
    job = _job(services, lethal)
    assert (job.state, job.worker_losses, job.attempts, job.leased_by) == ("failed", 3, 3, None)
    assert job.error is not None
    assert job.error.startswith("The worker ended 3 times while it did this, so it was given up.")
    assert TOLD == [("lethal", "worker_lost")]
    assert (CALLS, _job(services, other).state) == (["after"], "done")
    assert not Worker(services).run_once()


def test_what_a_failed_job_was_about_is_told_with_the_reason(services: Services) -> None:
    _enqueue(services, "test.told", text="picture")
    Worker(services).run_once()
    assert TOLD == [("picture", "invalid")]


def test_a_teller_that_fails_does_not_keep_the_job_alive(services: Services) -> None:
    job_id = _enqueue(services, "test.told", text="teller fails")
    Worker(services).run_once()
    assert _job(services, job_id).state == "failed"
    assert not Worker(services).run_once()


def test_what_can_wait_is_done_when_nothing_else_is_due(services: Services) -> None:
    _enqueue(services, "test.idle", text="can wait")
    _enqueue(services, "test.write", key="1", text="first")
    _enqueue(services, "test.write", key="2", text="second")
    worker = Worker(services)
    while worker.run_once():
        pass
    assert CALLS == ["first", "second", "can wait"]


def test_a_worker_that_lost_its_lease_does_not_fail_the_others_job(services: Services) -> None:
    job_id = _enqueue(services, "test.told", text="x")
    slow = Worker(services)
    taken = slow._take()
    assert taken is not None
    with services.db.write() as session:
        session.get_one(Job, job_id).leased_by = "another"
    slow._fail(taken, Invalid("late"), "late")
    assert (_job(services, job_id).state, TOLD) == ("running", [])
