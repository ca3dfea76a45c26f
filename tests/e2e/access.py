"""Whether a page can be used by everybody: axe's rules of WCAG 2.2 AA, and no scrolling sideways on a phone."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]

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
      return element.checkVisibility() && box.width > 0 && (box.right > width + 1 || box.left < -1);
    });
    return [`${wide} px in ${width} px`, ...out.slice(0, 8).map((e) => `${e.tagName}.${e.className}#${e.id}`)];
  }
"""

# Transitions of colours would be measured half-way.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def problems(page: Page, what: Literal["all", "colours", "layout"] = "all") -> list[str]:
    """What axe finds, each as one line. Colours alone are looked at where only they changed; layout is the rest."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    if what == "colours":
        options["runOnly"] = {"type": "rule", "values": COLOURS}
    elif what == "layout":
        options["rules"] = {rule: {"enabled": False} for rule in COLOURS}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(all => all.violations)", options)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']} | {node['html'][:200]}"
        for rule in found
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


def check(page: Page, *, main: bool = False, phone: bool = True) -> None:
    """Axe in the window as it is, then sideways scrolling at 390 px in both directions of writing.

    A main page is looked at by axe in the dark, on a phone and right to left too.
    """
    calm(page)
    found = [f"light: {line}" for line in problems(page)]
    if main:
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {line}" for line in problems(page, "colours")]
        page.emulate_media(color_scheme="light")
    if phone:
        page.set_viewport_size({"width": 390, "height": 844})
        for direction in ("ltr", "rtl"):
            page.evaluate("direction => { document.documentElement.dir = direction }", direction)
            found += [f"390 px {direction}: {line}" for line in overflow(page)]
            if main:
                found += [f"390 px {direction}: {line}" for line in problems(page, "layout")]
        page.evaluate("document.documentElement.dir = 'ltr'")
        page.set_viewport_size({"width": 1280, "height": 720})
    assert found == [], "\n".join([page.url, *found])
