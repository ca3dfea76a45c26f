"""The worker process: jobs and mail. Plain threads, never patched by eventlet."""

from __future__ import annotations

import signal
from types import FrameType

import structlog

from tourserver import models  # noqa: F401 - the tables that string foreign keys name
from tourserver.assets import shrink  # noqa: F401 - registers its handler
from tourserver.core import migrate
from tourserver.core.jobs import Worker
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.live import upkeep
from tourserver.mail.sending import deliver_due
from tourserver.panoramas import freeing
from tourserver.panoramas import jobs as panorama_jobs  # noqa: F401 - registers its handlers
from tourserver.registration import requeue, retention
from tourserver.studio import letters
from tourserver.tours import removal, review
from tourserver.tours.archive import handlers  # noqa: F401 - registers importing and exporting
from tourserver.uploads import upkeep as uploads_upkeep
from tourserver.wiring import connect_signals

log = structlog.get_logger()

DEMO_WAIT = 60  # seconds; the demo starts its processes while it makes their database


def _sweep(services: Services) -> None:
    """Take away what a killed worker or upload left behind."""
    if count := services.storage.sweep():
        log.info("storage.swept", folders=count)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; the job in hand is finished or left to its lease."""
    migrate.require_current(settings.sqlalchemy_url, wait_seconds=DEMO_WAIT if settings.demo else 0)
    connect_signals()
    services = Services.start(settings)
    requeue.start(services)
    worker = Worker(services)
    worker.every(1.0, deliver_due)
    worker.every(5.0, requeue.renew_held)
    worker.every(10.0, letters.renew_held)
    worker.every(10.0, review.settle)
    worker.every(3600.0, _sweep)
    worker.every(3600.0, retention.purge_mail)
    worker.every(3600.0, letters.purge_old)
    worker.every(3600.0, removal.forget_old)
    worker.every(freeing.EVERY_SECONDS, freeing.sweep)
    worker.every(upkeep.EVERY_SECONDS, upkeep.end_left_rooms)
    worker.every(uploads_upkeep.EVERY_SECONDS, uploads_upkeep.remove_expired)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        worker.stopping.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    log.info("worker.started", name=worker.name)
    worker.run()
    services.close()
    log.info("worker.stopped")
