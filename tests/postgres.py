"""A private PostgreSQL for the tests: initdb into a folder, a socket and no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


def binaries() -> Path:
    """The folder with ``initdb`` and ``postgres`` of Debian's package; fails when it isn't installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    if path:
        return Path(path).parent
    raise RuntimeError("PostgreSQL is missing: `make test` installs it, or install Debian's package postgresql.")


@contextmanager
def cluster() -> Iterator[Path]:
    """Run a server; gives the folder of its socket. It refuses root, so root runs it as the user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="tspg-", dir="/tmp"))  # a socket's path must be short
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    prefix = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if as_root else []
    if as_root:
        shutil.chown(folder, user, user)
    folder.chmod(0o755)
    bin_dir = binaries()
    data = folder / "data"
    subprocess.run(
        [*prefix, bin_dir / "initdb", "--no-sync", "-D", data, "-U", "tester", "-A", "trust", "--locale=C.UTF-8"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    options += ["-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        command = [*prefix, str(bin_dir / "postgres"), "-D", str(data), *options]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
    try:
        _wait_for(folder / ".s.PGSQL.5432", server, folder / "log")
        yield folder
    finally:
        server.send_signal(2)  # fast shutdown
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(path: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if path.exists() and b"ready to accept connections" in log.read_bytes():
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


class Databases:
    """Migrated, empty databases of a cluster, used again and again: emptying one takes a tenth of making one.

    One whose tables a test changed is dropped instead.
    """

    def __init__(self, folder: Path, template: str, tables: Sequence[str]) -> None:
        self._folder = folder
        self._template = template
        # children first, so that no foreign key is in the way
        self._tables = list(tables)
        self._admin = create_engine(url(folder, "postgres"), isolation_level="AUTOCOMMIT")
        self._free: list[str] = []
        self._shape = self._shape_of(template)

    def take(self) -> str:
        """A database that nobody uses."""
        if self._free:
            return self._free.pop()
        name = f"t_{uuid.uuid4().hex[:12]}"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {self._template}"))
        return name

    def give_back(self, name: str) -> None:
        """End what is still connected, and empty it for the next one."""
        with self._admin.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
            )
            if self._shape_of(name) != self._shape:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
                return
        engine = create_engine(url(self._folder, name), poolclass=NullPool)
        with engine.begin() as connection:
            for table in self._tables:
                connection.execute(text(f'DELETE FROM "{table}"'))
        self._free.append(name)

    def close(self) -> None:
        """The databases go with their cluster."""
        self._admin.dispose()

    def _shape_of(self, name: str) -> list[tuple[object, ...]]:
        engine = create_engine(url(self._folder, name), poolclass=NullPool)
        query = (
            "SELECT c.relname, c.relkind, count(a.attname), "
            "md5(string_agg(a.attname || a.atttypid || a.attnotnull, ',' ORDER BY a.attnum)) "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1, 2 ORDER BY 1, 2"
        )
        with engine.connect() as connection:
            shape = [tuple(row) for row in connection.execute(text(query))]
            if any(row[0] == "alembic_version" for row in shape):
                shape += [tuple(row) for row in connection.execute(text("SELECT version_num FROM alembic_version"))]
        return shape


def url(folder: Path, database: str) -> str:
    """SQLAlchemy's address of a database in the cluster."""
    return f"postgresql+psycopg2://tester@/{database}?host={folder}"
