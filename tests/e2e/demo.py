"""``tourserver demo`` as a child process: what it prints, where it listens, how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers import end_with_parent, free_port
from tourserver import models
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.demo import loader

assert models.Base.metadata.tables

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 90
STOP_SECONDS = 30
READY = "Ctrl-C stops everything"
PICTURES = 8
MAILS = 3


@dataclass
class Demo:
    """A running demo and what it printed."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    lines: list[str] = field(default_factory=list)
    first_output: str = ""
    """What the first start of this data folder printed: it alone has the password."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def printed(self, name: str) -> str:
        """The path of a printed link: ``Public site``, ``Host's room`` or ``Delegate's room``."""
        found = re.search(rf"{name}\s+(http://\S+)", self.output)
        assert found, f"no “{name}” in:\n{self.output}"
        parts = urlsplit(found[1])
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def host_link(self, number: int = 0) -> str:
        """A fresh one-time sign-in link of one of the live session's hosts."""
        return self._more(0, number).host

    def delegate_link(self, number: int = 0) -> str:
        """The personal link of the demo's delegate of that number; 0 is the printed one."""
        return self._more(number).delegate

    def _more(self, number: int, host: int = 0) -> loader.Links:
        services = Services.start(Settings(data=self.data, port=self.port, demo=True))
        try:
            return loader.more_links(services, number, host)
        finally:
            services.close()

    @property
    def admin(self) -> tuple[str, str]:
        """E-mail and password of the administrator, as printed at the first start."""
        email = re.search(r"sign in as (\S+?)\)", self.first_output)
        password = re.search(r"Its password\s+(\S+)", self.first_output)
        assert email, self.first_output
        assert password, self.first_output
        return email[1], password[1]


def command(data: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of a demo."""
    given = {"PORT": str(port), "DATA": str(data), "COLUMNS": "200", "TOURSERVER_REGISTRATION_RATE": "1000 per hour"}
    return [sys.executable, "-m", "tourserver", "demo"], {**os.environ, **given}


def start(data: Path, port: int | None = None, first_output: str = "") -> Demo:
    """Run ``tourserver demo`` and return when it has printed its links."""
    port = port or free_port()
    arguments, environment = command(data, port)
    process = subprocess.Popen(
        arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=REPOSITORY,
        preexec_fn=end_with_parent,
    )
    demo = Demo(process, data, port, first_output=first_output)
    ready = threading.Event()
    # reads on until the end, or the pipe fills up
    threading.Thread(target=_read, args=(demo, ready), daemon=True).start()
    if not ready.wait(START_SECONDS) or "Tourserver is running" not in demo.output:
        stop(demo)
        raise AssertionError(f"the demo did not start:\n{demo.output}")
    demo.first_output = demo.first_output or demo.output
    return demo


def _read(demo: Demo, ready: threading.Event) -> None:
    assert demo.process.stdout is not None
    with demo.process.stdout as stream:
        for line in stream:
            demo.lines.append(line)
            if READY in line:
                ready.set()
    ready.set()


def stop(demo: Demo) -> int:
    """Ctrl-C; the exit code."""
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGINT)
    try:
        return demo.process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        demo.process.kill()
        return demo.process.wait()


def prepare(data: Path) -> str:
    """A data folder as the first start leaves it, all pictures ready and mails sent; what that start printed."""
    demo = start(data)
    try:
        _wait(lambda: len(list((data / "files" / "posters").glob("*-thumb.jpg"))) >= PICTURES, "the pictures")
        _wait(lambda: len(list((data / "mailbox").glob("*.eml"))) >= MAILS, "the mails")
    finally:
        stop(demo)
    return demo.first_output


def _wait(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited {START_SECONDS} s in vain for {what} of the demo"
        time.sleep(0.2)
