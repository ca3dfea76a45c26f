"""Real browsers against ``tourserver demo``, started once for all tests of this folder and each worker."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.servers import free_port
from tourserver import models
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.demo import loader

assert models.Base.metadata.tables

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
START_SECONDS = 90


@dataclass
class Demo:
    """A running demo and the links that it printed."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    output: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, name: str) -> str:
        """The path of a printed link: ``Public site``, ``Host's room`` or ``Delegate's room``."""
        found = re.search(rf"{name}\s+(http://\S+)", self.output)
        assert found, f"no “{name}” in:\n{self.output}"
        return urlsplit(found[1]).path

    def host_link(self) -> str:
        """A fresh one-time sign-in link of the host."""
        return self._more(0).host

    def delegate_link(self, number: int) -> str:
        """The personal link of the demo's delegate of that number; 0 is the printed one."""
        return self._more(number).delegate

    def _more(self, number: int) -> loader.Links:
        services = Services.start(Settings(data=self.data, port=self.port, demo=True))
        try:
            return loader.more_links(services, number)
        finally:
            services.close()

    @property
    def admin(self) -> tuple[str, str]:
        """E-mail and password of the demo's administrator, as printed at the first start."""
        email = re.search(r"sign in as (\S+?)\)", self.output)
        password = re.search(r"Its password\s+(\S+)", self.output)
        assert email, self.output
        assert password, self.output
        return email[1], password[1]


def start_demo(data: Path, port: int) -> Demo:
    """Run ``tourserver demo`` and read what it prints until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tourserver", "demo"],
        env={**os.environ, "PORT": str(port), "DATA": str(data), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=data.parent,
    )
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C stops everything" in line:
            break
    demo = Demo(process, data, port, "".join(lines))
    assert "Tourserver is running" in demo.output, demo.output
    # keep reading, or the pipe fills up
    import threading

    threading.Thread(target=lambda: [lines.append(line) for line in process.stdout or []], daemon=True).start()
    return demo


def stop_demo(demo: Demo) -> int:
    """Ctrl-C; the exit code."""
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGINT)
    return demo.process.wait(timeout=30)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, with all pictures ready."""
    data = tmp_path_factory.mktemp("demo") / "data"
    running = start_demo(data, free_port())
    try:
        wait_for_pictures(running)
        yield running
    finally:
        stop_demo(running)


def wait_for_pictures(demo: Demo, count: int = 8) -> None:
    """Until the worker has cut the tiles and made the posters of the demo's scenes."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        posters = list((demo.data / "files" / "posters").glob("*-thumb.jpg"))
        if len(posters) >= count:
            return
        time.sleep(0.3)
    raise AssertionError("the worker did not finish the demo's pictures")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Africa/Casablanca"}


class Watch:
    """Fails a test on any request to another origin, any CSP report and any uncaught error of a page."""

    def __init__(self, *origins: str) -> None:
        self.origins = set(origins)
        self.foreign: list[str] = []
        self.errors: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self._request(request.url))
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(page, message.type, message.text))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("blob", "data"):
            return
        if f"{parts.scheme}://{parts.netloc}" not in self.origins and not (
            parts.scheme in ("ws", "wss") and f"http://{parts.netloc}" in self.origins
        ):
            self.foreign.append(url)

    def _console(self, page: Page, kind: str, text: str) -> None:
        if kind == "error" and ("Content Security Policy" in text or "Refused to" in text):
            self.errors.append(f"{page.url}: {text}")

    def check(self) -> None:
        assert self.foreign == []
        assert self.errors == []


@pytest.fixture
def watch(demo: Demo) -> Iterator[Watch]:
    """Watches every page of the test's contexts; checked at the end."""
    found = Watch(demo.url)
    yield found
    found.check()


@pytest.fixture
def context(context: BrowserContext, watch: Watch) -> BrowserContext:
    """A browser whose pages are watched."""
    context.on("page", watch.follow)
    context.set_default_timeout(20_000)
    return context


def open_context(browser: Browser, watch: Watch, **options: Any) -> BrowserContext:
    """Another browser beside the test's own."""
    settings: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Africa/Casablanca", **options}
    context = browser.new_context(**settings)
    context.on("page", watch.follow)
    context.set_default_timeout(20_000)
    return context
