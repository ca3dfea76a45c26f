"""The first view of a tour in Chromium over a slowed line: bytes and times, as JSON.

    python -m tests.load.first_view [--picture PANORAMA.jpg] [--runs 3] [--jpeg]

Serves a site of three scenes made by the real pipeline, opens its page in a browser without any cache, presses “Walk
the tour” as soon as that does something, and waits until the view is sharp. Bytes are what came over the line, with
headers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from tests import factories
from tests.e2e.conftest import FLAGS
from tests.servers import start_server
from tourserver import models
from tourserver import worker as _worker  # noqa: F401 - registers the handlers of jobs
from tourserver.core import jobs, migrate
from tourserver.core.paths import resource
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.tours import hotspots, publishing
from tourserver.tours.hotspots import Point
from tourserver.wiring import connect_signals

assert models.Base.metadata.tables

LINES: Final = {"20 Mbit/s, 40 ms": (20_000_000, 40), "400 kbit/s, 400 ms": (400_000, 400)}
WINDOW: Final = {"width": 1280, "height": 720}
PATIENCE_MS: Final = 90_000

WATCH: Final = """
  const seen = {};
  window.firstView = seen;
  const mark = (name) => { seen[name] ??= performance.now(); };
  const look = () => {
    const poster = document.querySelector("[data-tour-poster]");
    if (poster?.complete && poster.naturalWidth > 0) mark("poster");
    const tour = window.tourserver;
    if (tour && !seen.pressed) {
      mark("pressed");
      document.querySelector("[data-tour-walk]").click();
    }
    if (tour?.scene) {
      if (!seen.base) {
        mark("base");
        seen.before = tour.view.yaw;
        const key = (type) => new KeyboardEvent(type, {key: "ArrowRight", code: "ArrowRight", bubbles: true});
        for (const type of ["keydown", "keyup"]) document.querySelector(".tv-picture").dispatchEvent(key(type));
      }
      if (tour.view.yaw !== seen.before) mark("interactive");
      if (tour.sphere.shown.length > 1 && !tour.sphere.busy) mark("sharp");
    }
    if (!seen.sharp) setTimeout(look, 8);
  };
  look();
"""


def make(folder: Path, pictures: list[Path], *, with_webp: bool) -> Settings:
    """A published site whose scenes are these pictures, with all tiles made."""
    settings = Settings(data=folder, log_format="json")
    migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    connect_signals()
    try:
        held = []
        for path in pictures:
            with path.open("rb") as stream:
                held.append(store.hold(services, stream, path.name))
        with services.db.write() as session:
            site = factories.make_site(session, slug="first", name={"en": "The first view"})
            rows = [store.keep(session, services.storage, each, actor=SYSTEM) for each in held]
            scenes = [
                factories.make_scene(session, site, row, title={"en": f"Scene {number}"})
                for number, row in enumerate(rows)
            ]
            for scene in scenes:
                for place, other in enumerate(each for each in scenes if each is not scene):
                    point = Point("link", 40 * place, 0, {"en": "On"}, target=other)
                    hotspots.add_hotspot(session, scene, point, actor=SYSTEM)
            publishing.publish(session, site, actor=SYSTEM)
        for each in held:
            each.discard()
        tiler = jobs.Worker(services)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while _missing(services, with_webp=with_webp):
            assert time.monotonic() < deadline, "the tiles are never made"
            if not tiler.run_once():
                time.sleep(0.2)
    finally:
        services.close()
    return settings


def _missing(services: Services, *, with_webp: bool) -> int:
    """How many pictures are not as far as they shall be. Without WebP the worker stops before those tiles."""
    with services.db.read() as session:
        rows = list(session.scalars(select(Panorama)))
    return sum(row.state != "ready" or (with_webp and row.webp_at is None) for row in rows)


def visit(browser: Browser, url: str, bits: int, latency: int) -> dict[str, Any]:
    """One first visit over a line of so many bits a second, with so many milliseconds of delay."""
    context = browser.new_context(viewport=WINDOW, locale="en-GB")  # type: ignore[arg-type]  # a TypedDict of the same
    page = context.new_page()
    page.add_init_script(WATCH)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    speed = bits / 8
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency, "downloadThroughput": speed, "uploadThroughput": speed},
    )
    names: dict[str, str] = {}
    arrived: list[tuple[str, int]] = []
    line.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    line.on(
        "Network.loadingFinished",
        lambda event: arrived.append((names.get(event["requestId"], ""), int(event["encodedDataLength"]))),
    )
    page.goto(url, wait_until="commit", timeout=PATIENCE_MS)
    _wait(page, "interactive")
    until_base = list(arrived)
    _wait(page, "sharp")
    times = page.evaluate("window.firstView")
    until_sharp = list(arrived)
    context.close()
    return {"times": times, "interactive": _by_kind(until_base), "sharp": _by_kind(until_sharp)}


def _wait(page: Page, mark: str) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate("mark => Boolean(window.firstView?.[mark])", mark):
        if time.monotonic() > deadline:
            raise AssertionError(f"{mark} never came: {page.evaluate('window.firstView')}, {page.inner_text('body')}")
        page.wait_for_timeout(20)


def _by_kind(arrived: list[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    gzipped = 0
    for url, size in arrived:
        path = urlsplit(url).path
        kind = _kind(path)
        sums[kind] += size
        if kind == "code":
            packed = resource("static") / f"{path.removeprefix('/static/')}.gz"
            gzipped += packed.stat().st_size if packed.exists() else size
    sums["all"] = sum(size for _url, size in arrived)
    sums["pictures"] = sum(sums[kind] for kind in ("poster", "thumbs", "base", "tiles"))
    return {**sums, "code_gzip": gzipped}


def _kind(path: str) -> str:
    if path.startswith("/media/posters/"):
        return "thumbs" if path.endswith("-thumb.jpg") else "poster"
    if path.startswith("/media/panoramas/"):
        return "base" if path.endswith("/base.jpg") else "tiles"
    ending = Path(path).suffix
    return {".js": "code", ".css": "code", ".woff2": "fonts", ".svg": "icons"}.get(ending, "page")


def summary(visits: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians: seconds from the beginning of the visit, and from the press; kilobytes."""

    def median(*path: str) -> float:
        values = []
        for each in visits:
            value: Any = each
            for name in path:
                value = value.get(name, 0)
            values.append(value)
        return float(statistics.median(values))

    times = {name: median("times", name) for name in ("poster", "pressed", "base", "interactive", "sharp")}
    kinds = ("page", "code", "fonts", "icons", "poster", "thumbs", "base", "tiles", "pictures", "all", "code_gzip")
    return {
        "seconds_from_start": {name: round(value / 1000, 2) for name, value in times.items()},
        "seconds_from_press": {
            name: round((times[name] - times["pressed"]) / 1000, 2) for name in ("base", "interactive", "sharp")
        },
        "kb_until_interactive": {name: round(median("interactive", name) / 1000, 1) for name in kinds},
        "kb_until_sharp": {name: round(median("sharp", name) / 1000, 1) for name in kinds},
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    demo = resource("panoramas")
    parser.add_argument("--picture", type=Path, default=demo / "sjostaden-quay.jpg")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jpeg", action="store_true", help="as on the first minutes, before the WebP tiles are made")
    given = parser.parse_args()
    pictures = [given.picture, demo / "sjostaden-courtyard.jpg", demo / "sjostaden-tram.jpg"]
    with tempfile.TemporaryDirectory() as folder:
        settings = make(Path(folder), pictures, with_webp=not given.jpeg)
        with start_server(settings) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            url = f"{server.url}/en/sites/first"
            visit(browser, url, 1_000_000_000, 0)  # the server's own first time counts for nobody
            found = {
                name: summary([visit(browser, url, *line) for _ in range(given.runs)]) for name, line in LINES.items()
            }
            browser.close()
    print(json.dumps({"picture": given.picture.name, "runs": given.runs, "webp": not given.jpeg, **found}, indent=2))


if __name__ == "__main__":
    main()
