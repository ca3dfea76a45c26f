"""Brings a database to the newest form, by Alembic migrations and by nothing else."""

from __future__ import annotations

import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from tourserver.core.errors import Unavailable
from tourserver.core.messages import N_

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str) -> Engine:
    # SQLite rebuilds tables in batch migrations: foreign keys stay off here, and each runs in one transaction
    return create_engine(url, poolclass=NullPool)


def upgrade(url: str, revision: str = "head") -> None:
    """Run all migrations up to ``revision``."""
    config = _config()
    engine = _engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7046029254386353131)")  # one at a time
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Run migrations back to ``revision``."""
    config = _config()
    engine = _engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def make(url: str, message: str) -> None:
    """Write a new migration from the difference between the tables and a database at head."""
    config = _config()
    engine = _engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=None)
    engine.dispose()


def heads() -> list[str]:
    """The newest revisions; more than one is a mistake."""
    return list(ScriptDirectory.from_config(_config()).get_heads())


def current(url: str) -> str | None:
    """The revision that a database is at; None for an empty one."""
    engine = _engine(url)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return found


def is_current(url: str) -> bool:
    """Whether the database has the newest form."""
    return current(url) in heads()


def require_current(url: str, *, wait_seconds: float = 0) -> None:
    """Raise :class:`Unavailable` unless the database has the newest form, now or within ``wait_seconds``."""
    deadline = time.monotonic() + wait_seconds
    while not is_current(url):
        if time.monotonic() >= deadline:
            raise Unavailable(N_("The database isn't in this release's form. Run `tourserver migrate` first."))
        time.sleep(0.1)
