"""``tourserver demo``: prepares the demo, then runs web, worker and mailbox until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING
from urllib.error import URLError

from rich.console import Console

from tourserver.core.settings import Settings
from tourserver.mail.mailbox import Mailbox

if TYPE_CHECKING:
    from tourserver.demo.loader import Links, Report

START_SECONDS = 60
STOP_SECONDS = 10


def run_demo(settings: Settings) -> int:
    """Prepare, start, print the links, wait. Returns the exit code."""
    out = Console(highlight=False, soft_wrap=True)
    if not _port_is_free(settings.host, settings.port):
        out.print(f"Port {settings.port} is taken by another program.")
        out.print("Choose another with the setting PORT, for example:  PORT=8080 make demo")
        return 2
    settings.data.mkdir(parents=True, exist_ok=True)
    with Mailbox(settings.mailbox) as mailbox, _Children(_environment(settings, mailbox.url)) as children:
        # The web process imports and waits for the database while it is made here: a start takes the longer of the
        # two. The worker comes after them, as a third would only slow both down.
        from tourserver.demo import preparing

        report, links = preparing.prepare(settings, progress=lambda text: out.print(f"  {text}"))
        children.start("tourserver", "worker")
        if not children.wait_until_up(f"{settings.local_url}/healthz"):
            out.print("[bold]The web process did not start.[/bold] Its last words are above.")
            return 1
        _print_links(out, settings, links, report)
        return children.wait()


def _port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _environment(settings: Settings, smtp_url: str) -> dict[str, str]:
    quiet = {} if "TOURSERVER_LOG_LEVEL" in os.environ else {"log_level": "warning"}
    given = settings.model_copy(update={"smtp_url": settings.smtp_url or smtp_url, **quiet})
    values = {f"TOURSERVER_{name.upper()}": str(value) for name, value in given.model_dump().items()}
    return {**os.environ, **values}


def _print_links(out: Console, settings: Settings, links: Links, report: Report) -> None:
    out.print()
    out.print("[bold]Tourserver is running.[/bold] Open these in a browser on this machine:")
    out.print()
    out.print(f"  Public site      {settings.local_url}/")
    out.print(f"  Host's room      {settings.local_url}{links.host}")
    out.print(f"  Delegate's room  {settings.local_url}{links.delegate}")
    out.print()
    out.print(f"  Mailbox          {settings.local_url}/dev/mail")
    out.print(f"  Studio           {settings.local_url}/studio   (sign in as {report.admin_email})")
    if report.admin_password:
        out.print(f"  Its password     {report.admin_password}   (shown this once; the data folder is {settings.data})")
    out.print()
    out.print("The host's link works once; each start prints a new one. Ctrl-C stops everything and keeps the data.")
    sys.stdout.flush()


class _Children:
    """Web and worker as child processes: when one ends, all end."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stop = threading.Event()

    def __enter__(self) -> _Children:
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        self.start("tourserver.serve")
        return self

    def start(self, *arguments: str) -> None:
        """Start ``python -m …`` as a child."""
        self._processes.append(
            subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", *arguments],
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches this process alone, which then stops them in order
            )
        )

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def wait_until_up(self, url: str) -> bool:
        """Whether the web process answers within a minute."""
        return self._poll_until(lambda: _answers(url), START_SECONDS)

    def _poll_until(self, done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stop.is_set() and self._all_alive():
            if done():
                return True
            self._stop.wait(0.05)
        return False

    def _all_alive(self) -> bool:
        return all(process.poll() is None for process in self._processes)

    def wait(self) -> int:
        """Until Ctrl-C (0) or until a child ends by itself (1)."""
        while not self._stop.wait(0.5):
            for process in self._processes:
                if process.poll() is not None:
                    name = " ".join(str(part) for part in list(process.args)[2:])  # type: ignore[arg-type]
                    print(f"The process “{name}” ended by itself (code {process.returncode}), so everything stops.")
                    return 1
        return 0

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
