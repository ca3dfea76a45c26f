"""A private PostgreSQL for the tests: initdb into a folder, a socket and no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def url(folder: Path, database: str) -> str:
    """SQLAlchemy's address of a database in the cluster."""
    return f"postgresql+psycopg2://tester@/{database}?host={folder}"
