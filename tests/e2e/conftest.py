"""Real browsers against ``tourserver demo``: one demo for each worker, on a copy of one prepared data folder."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, expect

from tests.e2e import demo as demos
from tests.e2e.browsers import COMMON, Browsers, Watch
from tests.e2e.demo import Demo

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

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data folder after a first start with all pictures ready, and what that start printed.

    Made by the worker that comes first; the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if base.name.startswith("popen-gw") else base) / "demo"
    shared.mkdir(exist_ok=True)
    printed = shared / "printed.txt"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            shutil.rmtree(shared / "data", ignore_errors=True)
            printed.write_text(demos.prepare(shared / "data"))
    return shared / "data", printed.read_text()


@pytest.fixture(scope="session")
def demo(prepared: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The running demo of this worker."""
    data = tmp_path_factory.mktemp("worker") / "data"
    shutil.copytree(prepared[0], data)
    running = demos.start(data, first_output=prepared[1])
    yield running
    demos.stop(running)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": FLAGS}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None] | pytest.TestReport:
    report: pytest.TestReport = yield  # type: ignore[assignment, misc]  # mypy takes this for the generator's answer
    browsers = getattr(item, "funcargs", {}).get("browsers")
    if call.when == "call" and report.failed and isinstance(browsers, Browsers):
        folder = Path(item.config.getoption("--output")) / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        taken = browsers.picture_all(folder, item.name)
        report.sections.append(("Screenshots", "\n".join(map(str, taken))))
    return report


@pytest.fixture
def browsers(demo: Demo, browser: Browser) -> Iterator[Browsers]:
    """Browsers, each another person's; what none of their pages may do fails the test at its end."""
    found = Browsers(browser, Watch(demo.url), demo.url)
    yield found
    found.close()
    found.watch.check()


@pytest.fixture(scope="session")
def admin_state(demo: Demo, browser: Browser) -> StorageState:
    """Cookies of the administrator, signed in once with the printed password."""
    email, password = demo.admin
    context = browser.new_context(base_url=demo.url, **COMMON)
    page = context.new_page()
    page.goto("/studio")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state
