"""Engine, transactions and column types.

On SQLite a block that reads sees one state of the database, and a block that writes takes the write lock first
by ``BEGIN IMMEDIATE``: a transaction that reads and then writes fails at once with "database is locked" when
somebody else wrote in between. On PostgreSQL both are READ COMMITTED: rules lock the rows they decide on, and
what must be read at one moment asks for it (live/snapshots). Errors never show the values of a statement.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from tourserver.core import clock

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; a naive one is refused on the way in."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without zone, the same on every database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone; use clock.now() or clock.to_utc()")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back."""
        return None if value is None else value.replace(tzinfo=UTC)


Texts = dict[str, str]
"""One text in several languages: ``{"en": …, "sv": …, "zh_Hans": …}``."""


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        dict[str, str]: JSON,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


_newest_id = 0
_newest_id_guard = threading.Lock()


def new_id() -> str:
    """A random id of 32 hex digits that sorts by time of making (RFC 9562, version 7).

    Within a process it is above every id made before, also in the same millisecond and when the clock steps back
    (section 6.2): rows written together are found in the order of their making.
    """
    global _newest_id
    stamp = time.time_ns() // 1_000_000
    value = (stamp & (1 << 48) - 1) << 74 | int.from_bytes(os.urandom(10), "big") >> 6
    with _newest_id_guard:
        if value <= _newest_id:  # a random step, so that the next id can't be told from this one
            value = _newest_id + 1 + int.from_bytes(os.urandom(4), "big")
        _newest_id = value
    # 48 bits of time and 12 random ones, the version, then 62 random ones behind the variant
    return uuid.UUID(
        int=(value >> 62 + 12) << 80 | 0x7 << 76 | (value >> 62 & 0xFFF) << 64 | 0b10 << 62 | value & (1 << 62) - 1
    ).hex


class IdMixin:
    """A primary key that is made by the program, known before the row is written."""

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)


class TimestampMixin:
    """When the row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` once this transaction has been committed, and never when it is rolled back.

    Wake-ups only: what must not be lost belongs into the transaction itself.
    """
    session.info.setdefault("after_commit", []).append(callback)


class Database:
    """One engine and the two ways to use it."""

    def __init__(self, url: str, *, echo: bool = False) -> None:
        self.url = url
        self.engine = _make_engine(url, echo=echo)
        self._writing = self.engine.execution_options(tourserver_write=True)

    @property
    def is_sqlite(self) -> bool:
        """True on the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; changes made through it are dropped."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back when it raises."""
        with Session(self._writing, expire_on_commit=False) as session:
            with session.begin():
                yield session
            for callback in session.info.pop("after_commit", []):
                callback()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _make_engine(url: str, *, echo: bool) -> Engine:
    if not url.startswith("sqlite"):
        # REPEATABLE READ would make plain updates fail under load; the rules lock rows where they count.
        return create_engine(url, echo=echo, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_engine(
        url, echo=echo, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": 10}
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # sqlite3 shall not begin by itself: _on_begin does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA busy_timeout = 10000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("tourserver_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
