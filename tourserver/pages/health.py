"""``GET /healthz``: whether database and storage answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import structlog
from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from tourserver.core import jobs, web
from tourserver.core.db import Database
from tourserver.core.ratelimit import limiter

bp = Blueprint("health", __name__)
log = structlog.get_logger()


@bp.get("/healthz")
@limiter.exempt
def healthz() -> tuple[Response, int]:
    """200 ``{"status": "ok", …}``, or 503 with the reasons. A silent worker is reported but doesn't fail the check."""
    reasons: dict[str, str] = {}
    worker = "unknown"
    services = web.services()
    try:
        with services.db.read() as session:
            session.execute(text("SELECT 1"))
            alive = jobs.worker_alive(session)
        _look_at_the_file(services.db)
        worker = "alive" if alive else "silent"
    except Exception as error:
        log.exception("health.database")
        reasons["database"] = type(error).__name__
    try:
        services.storage.check()
    except Exception as error:
        log.exception("health.storage")
        reasons["storage"] = getattr(error, "strerror", None) or type(error).__name__
    body = {"status": "ok" if not reasons else "failing", "worker": worker}
    if reasons:
        body |= {"reasons": reasons}  # type: ignore[dict-item]
    answer = jsonify(body)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if not reasons else 503


def _look_at_the_file(db: Database) -> None:
    """Read a SQLite database by its path: open connections go on with a file that was removed or replaced."""
    if not db.is_sqlite:
        return
    with closing(sqlite3.connect(f"file:{db.engine.url.database}?mode=ro", uri=True, timeout=1)) as fresh:
        fresh.execute("SELECT count(*) FROM sqlite_master").fetchone()
