"""Walking far: no tile of another scene stays on the sphere, and what is held has an end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e import colours, room
from tests.e2e.browsers import COMMON, Watch
from tests.e2e.colours import World

WINDOW: ViewportSize = {"width": 900, "height": 640}

MOST_AHEAD = 8
MOST_AHEAD_BYTES = 16 * 1024 * 1024
MOST_TEXTURES = 30
"""The base and twice the tiles that a view of this window shows."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    with colours.world(tmp_path_factory.mktemp("colours"), sqlite_template) as made:
        yield made


@pytest.fixture
def page(world: World, browser: Browser) -> Iterator[Page]:
    watch = Watch(world.server.url)
    context = browser.new_context(**COMMON, viewport=WINDOW, reduced_motion="reduce")
    context.on("page", watch.follow)
    yield context.new_page()
    context.close()
    watch.check()


def _check_that_nothing_is_left_over(page: Page, world: World, number: int) -> None:
    held = colours.until_sharp(page, world.scenes[number])
    strangers = [url for url in held["shown"] if world.digests[number] not in url]
    assert strangers == [], "tiles of other scenes on the sphere"
    pixels = page.evaluate("window.tourserver.sample(12)")
    assert len(pixels) == 144
    seen = {world.colour_of(pixel) for pixel in pixels}
    assert seen == {number}, (number, seen, pixels[:3])
    held = colours.facts(page)["sphere"]  # after the frame that was looked at
    assert len(held["ahead"]) <= MOST_AHEAD
    assert held["aheadBytes"] <= MOST_AHEAD_BYTES
    assert held["textures"] <= MOST_TEXTURES, held["textures"]


@pytest.mark.timeout(600)
def test_fifty_changes_of_scene_leave_no_tile_of_another_scene_behind(page: Page, world: World) -> None:
    colours.walk(page, world)
    number = 0
    for change in range(50):
        step = (1, 3, 5, 2)[change % 4]
        if change % 5 == 4:
            # thought better of it, twice, while pictures were on their way
            for detour in (2, 4):
                colours.go(page, world.scenes[(number + detour) % colours.SCENES])
        number = (number + step) % colours.SCENES
        colours.go(page, world.scenes[number])
        if change % 3 == 1:
            room.until(lambda: colours.facts(page)["scene"] == world.scenes[number], 30, "the scene")  # noqa: B023
            page.locator(".tv-picture").focus()
            page.keyboard.press("+")
            page.keyboard.press("ArrowRight")
        _check_that_nothing_is_left_over(page, world, number)


@pytest.mark.timeout(900)
def test_a_hundred_changes_of_scene_hold_no_more_than_twenty(page: Page, world: World) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Performance.enable")

    def heap() -> float:
        line.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in line.send("Performance.getMetrics")["metrics"]}
        return float(metrics["JSHeapUsedSize"]) / 1e6

    colours.walk(page, world)
    figures = []
    for change in range(1, 101):
        number = change * 3 % colours.SCENES
        colours.go(page, world.scenes[number])
        colours.until_sharp(page, world.scenes[number])
        if change % 20 == 0:
            page.evaluate("window.tourserver.sample(2)")  # the graphics card has what it needs for a frame
            held = colours.facts(page)["sphere"]
            figures.append(
                {
                    "changes": change,
                    "heap_mb": round(heap(), 1),
                    "textures": held["textures"],
                    "geometries": held["geometries"],
                    "scenes_ahead": len(held["ahead"]),
                    "ahead_kb": round(held["aheadBytes"] / 1000),
                }
            )
    print(json.dumps(figures))
    first, last = figures[0], figures[-1]
    assert last["heap_mb"] < first["heap_mb"] * 1.15 + 3, figures
    for name in ("textures", "geometries"):
        assert last[name] <= first[name] + 4, figures
    assert max(each["textures"] for each in figures) <= MOST_TEXTURES, figures
    assert max(each["scenes_ahead"] for each in figures) <= MOST_AHEAD, figures
