"""A tour in the page of another site: shown where an administrator allowed it, blocked everywhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.e2e import access, colours, room
from tests.e2e.browsers import COMMON
from tests.e2e.colours import World
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.pages import embedding


@dataclass
class Elsewhere:
    """A site of somebody else, with one page."""

    url: str
    body: str = ""


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Serve the other site's page on a free port; its ``body`` may be set later."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f"<!doctype html><html lang=en><title>Elsewhere</title><h1>Elsewhere</h1>{site.body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Elsewhere(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    with colours.world(tmp_path_factory.mktemp("colours"), sqlite_template) as made:
        yield made


@pytest.fixture
def other() -> Iterator[Elsewhere]:
    with elsewhere() as site:
        yield site


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**COMMON, viewport={"width": 1000, "height": 760}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def _allow(world: World, *origins: str) -> str:
    """Allow these origins; the lines to paste."""
    services = Services.start(world.server.settings)
    try:
        with services.db.write() as session:
            embedding.allow(session, "\n".join(origins), actor=SYSTEM)
    finally:
        services.close()
    return embedding.snippet(f"{world.server.url}/embed/{colours.SLUG}?lang=en", "Eight colours")


def _frame(page: Page) -> Frame:
    frames = [frame for frame in page.frames if frame is not page.main_frame]
    assert len(frames) == 1
    return frames[0]


def test_an_allowed_site_shows_the_tour_without_any_cookie(page: Page, world: World, other: Elsewhere) -> None:
    other.body = _allow(world, "https://a.example", other.url)
    page.goto(other.url)
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("button", name="Walk the tour")).to_be_visible()
    inside.get_by_role("button", name="Walk the tour").click()
    frame = _frame(page)
    there = "window.tourserver?.sphere && !window.tourserver.sphere.busy && window.tourserver.scene"
    room.until(lambda: bool(frame.evaluate(there)), 60, "the tour")
    assert frame.evaluate("window.tourserver.scene") == world.scenes[0]
    pixels = frame.evaluate("window.tourserver.sample(6)")
    assert {world.colour_of(pixel) for pixel in pixels} == {0}

    inside.get_by_role("button", name="Colour 3").first.click()
    room.until(lambda: frame.evaluate("window.tourserver.scene") == world.scenes[3], 30, "another scene")
    link = inside.get_by_role("link", name="Eight colours on Smart City Sweden")
    assert link.get_attribute("href") == world.path
    assert link.get_attribute("target") == "_blank"
    inside.get_by_role("button", name="Full screen", exact=True).click()
    room.until(lambda: frame.evaluate("document.fullscreenElement?.id") == "tour", 10, "full screen by the snippet")
    inside.get_by_role("button", name="Leave full screen").click()
    inside.get_by_role("button", name="Close the tour").click()
    expect(inside.get_by_role("button", name="Walk the tour")).to_be_visible()
    assert page.context.cookies() == []


def _is_blocked(page: Page, other: Elsewhere) -> bool:
    """Whether the browser refuses to show what the other site's page frames."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(other.url)
    room.until(lambda: len(page.frames) == 2, 10, "the frame")
    page.wait_for_timeout(1_000)
    shown = _frame(page).url
    assert any("frame-ancestors" in text for text in said) == shown.startswith("chrome-error:"), (shown, said)
    return shown.startswith("chrome-error:")


def test_other_sites_are_blocked(page: Page, world: World, other: Elsewhere) -> None:
    other.body = _allow(world)
    assert _is_blocked(page, other), "nobody is allowed"
    other.body = _allow(world, "https://a.example", "http://127.0.0.1:9")
    assert _is_blocked(page, other), "only others are allowed"
    other.body = _allow(world, other.url)
    assert not _is_blocked(page, other)


def test_no_other_page_of_ours_can_be_framed_by_an_allowed_site(page: Page, world: World, other: Elsewhere) -> None:
    _allow(world, other.url)
    for path in (f"/en/sites/{colours.SLUG}", "/studio", "/en"):
        other.body = f'<iframe src="{world.server.url}{path}" title="Not this"></iframe>'
        assert _is_blocked(page, other), path


def test_the_embedded_page_is_usable_by_everybody(page: Page, world: World) -> None:
    page.goto(f"{world.server.url}/embed/{colours.SLUG}?lang=en")
    expect(page.get_by_role("button", name="Walk the tour")).to_be_visible()
    access.check(page, main=True)
    page.get_by_role("button", name="Walk the tour").click()
    colours.until_sharp(page)
    access.check(page, main=True)
    page.goto(f"{world.server.url}/embed/nothing")
    expect(page.get_by_role("heading", name="There is no tour here")).to_be_visible()
    access.check(page)


def test_a_low_frame_shows_the_picture_and_the_way_to_the_whole_page(page: Page, world: World) -> None:
    page.set_viewport_size({"width": 320, "height": 300})
    page.goto(f"{world.server.url}/embed/{colours.SLUG}?lang=en")
    expect(page.get_by_role("button", name="Walk the tour")).to_be_in_viewport()
    assert access.overflow(page) == []
