"""Whether a page can be used by everybody: axe's rules of WCAG 2.2 AA, and no scrolling sideways on a phone."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

OVERFLOW = """
  () => {
    const root = document.documentElement;
    const width = root.clientWidth;
    const wide = Math.max(root.scrollWidth, document.body.scrollWidth);
    scrollTo(10000, 0);
    const right = scrollX;
    scrollTo(-10000, 0);
    const left = scrollX;
    scrollTo(0, 0);
    if (wide <= width && right === 0 && left === 0) return [];
    const out = [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.right > width + 1 || box.left < -1);
    });
    return [`${wide} px in ${width} px`, ...out.slice(0, 8).map((e) => `${e.tagName}.${e.className}#${e.id}`)];
  }
"""

# Transitions of colours would be measured half-way.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def problems(page: Page) -> list[str]:
    """What axe finds, each as one line."""
    found: dict[str, Any] = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']} | {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """How far the page is wider than the window, and by which elements; empty when it is not."""
    found: list[str] = page.evaluate(OVERFLOW)
    return found


def calm(page: Page) -> None:
    """Let nothing fade or move while the page is looked at. By a constructed sheet: the policy forbids inline ones."""
    page.evaluate(
        "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
        " document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]; }",
        STILL,
    )


def check(page: Page, *, dark: bool = False, phone: bool = True) -> None:
    """Axe in the window as it is; sideways scrolling at 390 px in both directions of writing; then axe in the dark."""
    calm(page)
    found = [f"light: {line}" for line in problems(page)]
    if dark:
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {line}" for line in problems(page)]
        page.emulate_media(color_scheme="light")
    if phone:
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict in disguise
        found += [f"390 px: {line}" for line in overflow(page)]
        if dark:
            found += [f"390 px: {line}" for line in problems(page)]
        page.evaluate("document.documentElement.dir = 'rtl'")
        found += [f"390 px, right to left: {line}" for line in overflow(page)]
        if dark:
            found += [f"390 px, right to left: {line}" for line in problems(page)]
    assert found == [], "\n".join([page.url, *found])
