"""Real servers for tests: child processes on free ports of this machine."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from tourserver.core.settings import Settings


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Run in a child before its program: when the test run is killed, the kernel tells the child to stop (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Server:
    """A running web process."""

    settings: Settings
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


def environment(settings: Settings, **extra: str) -> dict[str, str]:
    """The environment that gives a child process the same settings."""
    given = {f"TOURSERVER_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    return {**os.environ, **given, **extra}


@contextmanager
def start_process(module: list[str], settings: Settings, log: Path, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m …`` with these settings; ended by SIGTERM, and after 10 s by SIGKILL."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env=environment(settings, **extra),
            stdout=file,
            stderr=file,
            preexec_fn=end_with_parent,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def start_server(settings: Settings, *, async_mode: str = "eventlet", port: int | None = None) -> Iterator[Server]:
    """Start ``tourserver.serve`` on a free port and wait until it answers."""
    settings = settings.model_copy(update={"port": port or free_port(), "async_mode": async_mode})
    log = settings.data / f"web-{settings.port}.log"
    with start_process(["tourserver.serve"], settings, log) as process:
        url = f"http://127.0.0.1:{settings.port}"
        wait_until_up(url, process, log)
        yield Server(settings, url, process, log)


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    """Wait for ``/healthz``; raises with the log when the process ends or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-4000:]}")
