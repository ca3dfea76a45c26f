"""Browsers whose pages are watched: no other origin, no breach of the content security policy, no uncaught error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page

TIMEOUT_MS = 20_000
SMALL_WINDOW = {"width": 1024, "height": 560}
"""The smallest desktop: a processor that draws in a graphics card's stead has fewer pixels to draw."""
COMMON: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Africa/Casablanca"}

WITHOUT_WEBGL = """
  for (const kind of [HTMLCanvasElement, globalThis.OffscreenCanvas]) {
    if (!kind) continue;
    const ask = kind.prototype.getContext;
    kind.prototype.getContext = function (name, ...rest) {
      return String(name).startsWith("webgl") ? null : ask.call(this, name, ...rest);
    };
  }
"""


class Watch:
    """Collects what no page may do."""

    def __init__(self, *origins: str) -> None:
        self.origins = set(origins)
        self.foreign: list[str] = []
        self.errors: list[str] = []

    def follow(self, page: Page) -> None:
        """Listen to a page from its beginning on."""
        page.on("request", lambda request: self._request(request.url))
        page.on("websocket", lambda line: self._request(line.url))
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(page, message.type, message.text))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "blob":
            return
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if f"{scheme}://{parts.netloc}" not in self.origins:
            self.foreign.append(url)

    def _console(self, page: Page, kind: str, text: str) -> None:
        if kind == "error" and ("Content Security Policy" in text or "Refused to" in text):
            self.errors.append(f"{page.url}: {text}")

    def check(self) -> None:
        """Fail on anything collected."""
        assert self.foreign == [], "requests to other origins"
        assert self.errors == [], "uncaught errors and breaches of the policy"


class Browsers:
    """The browsers of one test: each with cookies and storage of its own, all closed at its end."""

    def __init__(self, browser: Browser, watch: Watch, home: str) -> None:
        self._browser = browser
        self.watch = watch
        self.home = home
        self._open: list[BrowserContext] = []

    def open(self, **options: Any) -> BrowserContext:
        """Another person's browser."""
        context = self._browser.new_context(**{**COMMON, "base_url": self.home, **options})
        context.on("page", self.watch.follow)
        context.set_default_timeout(TIMEOUT_MS)
        context.set_default_navigation_timeout(TIMEOUT_MS * 2)
        self._open.append(context)
        return context

    def open_without_webgl(self, **options: Any) -> BrowserContext:
        """A browser that cannot draw panoramas, as some are; also the quick one where pictures don't matter."""
        context = self.open(**options)
        context.add_init_script(WITHOUT_WEBGL)
        return context

    def page(self, path: str | None = None, **options: Any) -> Page:
        """A page in a browser of its own, at a path."""
        page = self.open(**options).new_page()
        if path is not None:
            page.goto(path)
        return page

    def picture_all(self, folder: Path, name: str) -> list[Path]:
        """Screenshots of every page that is open."""
        taken = []
        pages = [page for context in self._open for page in context.pages if not page.is_closed()]
        for number, page in enumerate(pages):
            path = folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)[:80]}-{number}.png"
            try:
                page.screenshot(path=path, timeout=10_000)
            except Error:
                continue  # a page that is too busy to be drawn must not hide why the test failed
            taken.append(path)
        return taken

    def close(self) -> None:
        """Close them all."""
        for context in self._open:
            context.close()
        self._open.clear()
