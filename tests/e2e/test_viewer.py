"""The tour on a site's page: points of every kind, arriving, limits, compass, map, sharing, turning, the page below."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e import access, colours, room
from tests.e2e.browsers import COMMON, Watch
from tests.e2e.colours import World

WINDOW = {"width": 1280, "height": 720}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    with colours.world(tmp_path_factory.mktemp("colours"), sqlite_template) as made:
        yield made


@pytest.fixture
def contexts(world: World, browser: Browser) -> Iterator[list[BrowserContext]]:
    """Contexts to be closed; what their pages may not do fails the test."""
    watch = Watch(world.server.url)
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()
    watch.check()


def _open(contexts: list[BrowserContext], browser: Browser, world: World, **options: Any) -> Page:
    still = {"reduced_motion": "reduce", "viewport": WINDOW}
    context = browser.new_context(**{**COMMON, **still, **options})
    contexts.append(context)
    return context.new_page()


def _view(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = colours.facts(page)["view"]
    return found


def _point(page: Page, name: str) -> None:
    """Open a point by its button in the list beside the picture."""
    page.locator(".tour-list__hotspots").get_by_role("button", name=name).click()


def _heading(world: World, view: dict[str, Any]) -> float:
    number = world.scenes.index(view["scene"])
    return float(view["yaw"]) - (colours.NORTHS[number] if number < len(colours.NORTHS) else 0.0)


def test_every_kind_of_point_says_what_it_is_and_shows_it(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world)
    listed = page.locator(".tour-list__hotspots")
    for words in ("A drawing", "Picture", "A film", "Video", "PDF, 2.4 MB", "example.org", "us@example.org"):
        expect(listed).to_contain_text(words)
    panel = page.get_by_role("dialog")

    _point(page, "A drawing")
    image = panel.get_by_role("img", name="A drawing")
    expect(image).to_be_visible()
    room.until(lambda: bool(image.evaluate("e => e.complete && e.naturalWidth === 800")), 10, "the picture")
    expect(panel).to_contain_text("What is there.")
    access.check(page, phone=False)

    _point(page, "A film")
    film = panel.locator("video")
    assert film.evaluate("e => [e.controls, e.preload, e.tracks, e.textTracks.length].map(String)") == [
        "true",
        "none",
        "undefined",
        "1",
    ]
    assert film.locator("track").get_attribute("kind") == "captions"
    expect(panel).to_contain_text("What is said and shown")

    _point(page, "A report")
    link = panel.get_by_role("link")
    expect(link).to_contain_text("Report.pdf")
    expect(link).to_contain_text("PDF, 2.4 MB")
    expect(link).to_contain_text("opens in a new tab")

    _point(page, "More elsewhere")
    link = panel.get_by_role("link")
    expect(link).to_contain_text("example.org")
    expect(link).to_contain_text("opens in a new tab")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")

    _point(page, "Write to us")
    expect(panel.get_by_role("link")).to_contain_text("us@example.org")
    assert panel.get_by_role("link").get_attribute("href") == "mailto:us@example.org"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.locator("video").count() == 0, "a film does not go on unseen"

    page.goto(world.path + "/text")
    for name in ("A drawing", "A film", "A report", "More elsewhere", "Write to us"):
        expect(page.locator(".infos")).to_contain_text(name)
    expect(page.locator(".infos")).to_contain_text("PDF, 2.4 MB")
    assert page.locator("video track[kind=captions]").count() == 1
    access.check(page)


def test_walking_on_keeps_the_compass_direction_and_scenes_have_their_own_limits(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world, f"#scene={world.scenes[0]}&yaw=33&pitch=50&fov=40")
    before = _view(page)
    _point(page, "To Colour 1")
    room.until(lambda: colours.facts(page)["scene"] == world.scenes[1], 20, "the next scene")
    after = _view(page)
    assert room.turn(_heading(world, before), _heading(world, after)) < 0.5, (before, after)
    assert after["pitch"] == pytest.approx(30, abs=0.5), "nobody arrives looking at the sky"
    assert after["fov"] == pytest.approx(60, abs=0.5)
    page.locator(".tv-picture").focus()
    for key, limit in (("+", 45), ("-", 75)):
        for _ in range(16):
            page.keyboard.press(key)
        assert _view(page)["fov"] == pytest.approx(limit, abs=0.5)
    box = page.locator(".tv-picture").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    for _ in range(12):
        page.mouse.wheel(0, -300)
    page.wait_for_timeout(600)
    assert _view(page)["fov"] >= 44.5, "the wheel knows the limit as well"


def test_compass_and_map_tell_where_one_looks_and_lead_on(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world, f"#scene={world.scenes[1]}&yaw=20&pitch=4")
    north = page.get_by_role("button", name="Look north")
    assert page.locator(".tour-compass__needle").evaluate("e => e.style.rotate") == "70deg"
    north.click()
    assert _view(page)["yaw"] == pytest.approx(90, abs=0.5)
    plan = page.get_by_role("group", name="Map of the places")
    expect(plan).to_be_visible()
    expect(plan.get_by_role("button")).to_have_count(colours.SCENES)
    expect(plan.get_by_role("button", name="Colour 1")).to_have_attribute("aria-current", "location")
    assert page.locator(".tour-plan__cone").evaluate("e => e.style.rotate") == "0deg"
    plan.get_by_role("button", name="Colour 4").click()
    colours.until_sharp(page, world.scenes[4])
    expect(plan.get_by_role("button", name="Colour 4")).to_have_attribute("aria-current", "location")
    toggle = page.get_by_role("button", name="Map of the places")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(plan).to_be_hidden()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(plan).to_be_visible()
    access.check(page, main=True)


def test_on_a_phone_the_map_is_closed_at_first_and_everything_has_room(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world, **PHONE)
    colours.walk(page, world)
    expect(page.get_by_role("group", name="Map of the places")).to_be_hidden()
    page.get_by_role("button", name="Map of the places").click()
    expect(page.get_by_role("group", name="Map of the places")).to_be_visible()
    assert access.overflow(page) == []
    assert access.problems(page) == []


def test_the_page_scrolls_over_the_picture_until_the_tour_is_walked_and_again_after(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world, viewport={"width": 1000, "height": 600})
    page.goto(world.path)
    expect(page.get_by_role("button", name="Walk the tour")).to_be_visible()

    def wheel_over_the_picture() -> float:
        page.evaluate("scrollTo(0, 0)")
        box = page.locator("[data-tour-stage]").bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(500)
        return float(page.evaluate("scrollY"))

    assert wheel_over_the_picture() > 100
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Walk the tour").click()
    colours.until_sharp(page)
    before = _view(page)["fov"]
    assert wheel_over_the_picture() == 0
    assert _view(page)["fov"] != before
    page.keyboard.press("Escape")
    expect(page.locator(".tv")).to_have_count(0)
    assert wheel_over_the_picture() > 100
    expect(page.get_by_role("button", name="Walk the tour")).to_be_visible()


def test_a_link_to_a_view_is_followed_also_while_the_tour_is_open(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world, f"#scene={world.scenes[2]}&yaw=-12&pitch=5")
    found = _view(page)
    assert (found["scene"], round(found["yaw"]), round(found["pitch"])) == (world.scenes[2], -12, 5)
    page.evaluate("hash => { location.hash = hash }", f"#scene={world.scenes[5]}&yaw=100&pitch=-8")
    colours.until_sharp(page, world.scenes[5])
    found = _view(page)
    assert (round(found["yaw"]), round(found["pitch"])) == (100, -8)


def test_sharing_copies_the_public_address_of_the_view_and_says_so(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world, permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script("delete Navigator.prototype.share; delete Navigator.prototype.canShare")
    colours.walk(page, world, f"?invited=personal#scene={world.scenes[3]}&yaw=7&pitch=2")
    page.get_by_role("button", name="Share this view").click()
    expect(page.locator(".tour-note")).to_have_text("The address of this view was copied.")
    assert page.locator(".tour-note").get_attribute("role") == "status"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{world.path}#scene={world.scenes[3]}&yaw=7&pitch=2"


def test_full_screen_is_the_screen_itself_and_escape_or_the_button_leaves_it(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world)
    page.get_by_role("button", name="Full screen", exact=True).click()
    room.until(lambda: page.evaluate("document.fullscreenElement?.id") == "tour", 10, "the full screen")
    assert page.evaluate("document.querySelector('header').inert")
    page.get_by_role("button", name="Leave full screen").click()
    room.until(lambda: page.evaluate("document.fullscreenElement") is None, 10, "the page again")
    assert not page.evaluate("document.querySelector('header').inert")
    page.get_by_role("button", name="Full screen", exact=True).click()
    room.until(lambda: page.evaluate("document.fullscreenElement?.id") == "tour", 10, "the full screen")
    page.evaluate("document.exitFullscreen()")  # as the browser's own Escape does
    expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
    expect(page.locator(".tv")).to_have_count(1)


def test_a_phone_without_full_screen_gets_the_window(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world, **PHONE)
    page.add_init_script("Object.defineProperty(document, 'fullscreenEnabled', {value: false})")
    colours.walk(page, world)
    page.get_by_role("button", name="Full screen", exact=True).click()
    expect(page.locator("#tour.is-full")).to_be_visible()
    assert page.evaluate("document.fullscreenElement") is None
    page.keyboard.press("Escape")
    expect(page.locator("#tour.is-full")).to_have_count(0)


def test_turning_a_phone_turns_the_picture_when_asked_and_a_finger_comes_first(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world, **PHONE)
    colours.walk(page, world, f"#scene={world.scenes[0]}&yaw=10&pitch=0")
    line = page.context.new_cdp_session(page)

    def hold(alpha: float, beta: float) -> None:
        given = {"alpha": alpha, "beta": beta, "gamma": 0}
        line.send("DeviceOrientation.setDeviceOrientationOverride", given)

    hold(0, 90)
    button = page.get_by_role("button", name="Turn the device to look around")
    before = _view(page)
    hold(40, 70)
    page.wait_for_timeout(400)
    assert _view(page) == before, "nothing turns before it is asked to, least of all under reduced motion"
    hold(0, 90)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tour-note")).to_contain_text("Turn the device")
    # where the phone is held at the beginning counts: on a busy machine that event may still be under way
    page.evaluate("() => { window.held = 0; addEventListener('deviceorientation', () => { window.held += 1; }); }")
    hold(0, 89.5)
    room.until(lambda: bool(page.evaluate("() => window.held > 0")), 10, "an event of the sensor")
    page.wait_for_timeout(200)
    hold(330, 100)
    room.until(lambda: room.turn(_view(page)["yaw"], 40) < 2 and abs(_view(page)["pitch"] - 10) < 2, 10, "turned")
    colours.go(page, world.scenes[4])
    colours.until_sharp(page, world.scenes[4])
    start = _view(page)["yaw"]
    page.wait_for_timeout(700)
    hold(310, 100)
    room.until(lambda: room.turn(_view(page)["yaw"], start + 20) < 3, 10, "turned on in the next scene")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    here = _view(page)
    hold(0, 90)
    page.wait_for_timeout(500)
    assert _view(page) == here


def test_a_desktop_has_no_button_for_turning_the_device(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    colours.walk(page, world)
    expect(page.get_by_role("button", name="Turn the device to look around")).to_be_hidden()


def test_likely_next_scenes_are_fetched_ahead_and_not_for_who_saves_data(
    contexts: list[BrowserContext], browser: Browser, world: World
) -> None:
    page = _open(contexts, browser, world)
    # at 30° lies the way to colour 5, the next ones 45° beside it
    colours.walk(page, world, f"#scene={world.scenes[0]}&yaw=30&pitch=0")
    room.until(lambda: len(colours.facts(page)["sphere"]["ahead"]) >= 4, 20, "pictures fetched ahead")
    ahead = colours.facts(page)["sphere"]["ahead"]
    nearest = [number for number, digest in enumerate(world.digests) if digest in "".join(ahead)]
    assert {5, 6} <= set(nearest), (nearest, "what lies nearest to the view's centre")
    saving = _open(contexts, browser, world)
    saving.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    colours.walk(saving, world)
    saving.wait_for_timeout(2_500)
    own = [url for url in colours.facts(saving)["sphere"]["ahead"] if world.digests[0] not in url]
    assert own == []
