"""The scene editor by pointer, by keyboard and by two people at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, StorageState, expect

from tests.assets import samples
from tests.e2e import access, room
from tests.e2e.browsers import SMALL_WINDOW, Browsers

TOUR = "/studio/sites/sjostaden/tour"
SAVED = "Saved. Visitors see it once the tour is published."

Open = Callable[[], Page]


def draft(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.request.get(f"{TOUR}/draft.json").json()
    return found


def published_tour(page: Page) -> dict[str, Any]:
    """What visitors are given, but for the smaller files that the worker adds by and by."""
    found: dict[str, Any] = page.request.get("/en/sites/sjostaden/tour.json").json()
    for scene in found["scenes"]:
        scene["panorama"].pop("webp", None)
    return found


def points(page: Page, scene: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = draft(page)["scenes"][scene]["hotspots"]
    return found


def open_scene(context: BrowserContext, scene: int = 0) -> Page:
    """The editor of a scene, its picture drawn."""
    page = context.new_page()
    page.goto(TOUR)
    page.locator("ol.scenes h3 a").nth(scene).click()
    expect(page.locator("[data-editor-stage] .psv-canvas")).to_be_visible(timeout=30_000)
    expect(page.locator(".editor__state")).to_contain_text(SAVED)
    # the words of the view are written once the picture is there
    expect(page.locator("[data-editor-view]")).to_contain_text("Yaw")
    room.until(lambda: page.locator(".ed-point:visible").count() > 0, 20, "the points on the picture")
    return page


@pytest.fixture
def editor(browsers: Browsers, admin_state: StorageState) -> Page:
    return open_scene(browsers.open(storage_state=admin_state, viewport={"width": 1280, "height": 800}))


def marker(page: Page, name: str) -> Locator:
    return page.locator(".ed-point", has_text=name)


def saved(page: Page) -> None:
    expect(page.locator(".editor__state--saved")).to_be_visible()


def name_point(page: Page, name: str) -> None:
    form = page.locator("[data-point-form]")
    form.get_by_role("group", name=re.compile("^Name")).get_by_label("English").fill(name)


def test_a_point_is_placed_by_a_click_dragged_changed_and_undone(editor: Page) -> None:
    page = editor
    before = points(page)
    box = page.locator("[data-editor-stage]").bounding_box()
    assert box is not None
    page.get_by_role("button", name="Add a point", exact=True).click()
    expect(page.locator(".ed-crosshair")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.25)
    expect(page.get_by_role("heading", name="New point")).to_be_focused()
    page.get_by_role("radio", name="Something to read").check()
    expect(page.get_by_label("Leads to")).to_be_hidden()
    name_point(page, "The gable")
    form = page.locator("[data-point-form]")
    form.get_by_role("button", name="Save point").click()
    expect(form.get_by_role("alert")).to_contain_text("Write what there is to read")
    form.get_by_role("group", name=re.compile(r"^Text \(Markdown\)")).get_by_label("English").fill("Of **brick**.")
    form.get_by_role("button", name="Save point").click()
    expect(form).to_be_hidden()
    saved(page)
    made = points(page)[-1]
    assert (made["label"], made["body"], made["kind"]) == ({"en": "The gable"}, {"en": "Of **brick**."}, "info")
    assert made["pitch"] > draft(page)["scenes"][0]["view"]["pitch"], "it was placed above the middle"

    spot = marker(page, "The gable").locator(".tv-hotspot__mark").bounding_box()
    assert spot is not None
    middle = (spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30, steps=4)
    page.mouse.up()
    room.until(lambda: points(page)[-1]["yaw"] != made["yaw"], 10, "the dragged point being saved")
    moved = points(page)[-1]
    assert moved["yaw"] > made["yaw"]
    assert moved["pitch"] < made["pitch"]

    page.locator("[data-editor-stage] .tv-picture").focus()
    page.keyboard.press("Control+z")
    room.until(lambda: points(page)[-1]["yaw"] == made["yaw"], 10, "the drag being undone")
    page.keyboard.press("Control+z")
    room.until(lambda: len(points(page)) == len(before), 10, "the new point being undone")
    page.keyboard.press("Control+Shift+z")
    room.until(lambda: len(points(page)) == len(before) + 1, 10, "the point being there again")
    assert points(page)[-1]["id"] == made["id"], "it is the same point"
    page.get_by_role("button", name=re.compile("^Undo")).click()
    room.until(lambda: len(points(page)) == len(before), 10, "the draft being as it was")


def test_by_keyboard_alone_a_way_and_its_way_back_are_made_and_nothing_is_published(
    browsers: Browsers, admin_state: StorageState
) -> None:
    page = open_scene(browsers.open(storage_state=admin_state, viewport=SMALL_WINDOW), scene=2)
    published = published_tour(page)
    there = next(scene for scene in draft(page)["scenes"][:2] if not leads(page, scene["id"]))

    def tab_to(target: Locator) -> None:
        for _ in range(80):
            if target.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError("Tab does not get there")

    page.locator("h1").click()
    tab_to(page.get_by_role("button", name="Add a point", exact=True))
    page.keyboard.press("Enter")
    picture = page.locator("[data-editor-stage] .tv-picture")
    expect(picture).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New point")).to_be_focused()
    form = page.locator("[data-point-form]")
    tab_to(form.get_by_role("group", name=re.compile("^Name")).get_by_label("English"))
    page.keyboard.type("Over there")
    tab_to(form.get_by_label("Leads to"))
    page.keyboard.type(there["title"]["en"])
    page.keyboard.press("Enter")
    if form.is_visible():
        tab_to(form.get_by_role("button", name="Save point"))
        page.keyboard.press("Enter")
    expect(form).to_be_hidden()
    saved(page)
    expect(page.locator("[data-way-back]")).to_contain_text("has no way back here yet")
    page.locator("h1").click()
    tab_to(page.locator("[data-way-back]").get_by_role("button", name="Add the way back"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-way-back]")).to_contain_text("The way back is in")
    here = draft(page)["scenes"][2]
    back = next(point for point in scene_of(page, there["id"])["hotspots"] if point["to"] == here["id"])
    way = next(point for point in here["hotspots"] if point["label"].get("en") == "Over there")
    turned = (way["yaw"] - here["north"] + 180 + there["north"] - back["yaw"]) % 360
    assert min(turned, 360 - turned) < 0.01

    marked = marker(page, "Over there")
    marked.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#announcer")).to_contain_text("Over there: yaw")
    room.until(lambda: point_named(page, 2, "Over there")["pitch"] == round(way["pitch"] + 5, 3), 10, "the move saved")
    assert point_named(page, 2, "Over there")["yaw"] == pytest.approx(way["yaw"] + 1, abs=0.11)

    expect(marker(page, "Over there")).to_be_focused()
    page.keyboard.press("Delete")
    expect(marker(page, "Over there")).to_have_count(0)
    page.get_by_role("button", name="Put back – Over there").press("Enter")
    expect(marker(page, "Over there")).to_have_count(1)
    assert published_tour(page) == published


def leads(page: Page, scene_id: str) -> bool:
    return any(point["to"] == scene_id for point in draft(page)["scenes"][2]["hotspots"])


def scene_of(page: Page, scene_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(scene for scene in draft(page)["scenes"] if scene["id"] == scene_id)
    return found


def point_named(page: Page, scene: int, name: str) -> dict[str, Any]:
    return next(point for point in points(page, scene) if point["label"].get("en") == name)


def test_two_people_at_once_see_both_versions_and_overwrite_nothing(
    browsers: Browsers, admin_state: StorageState
) -> None:
    first = open_scene(browsers.open(storage_state=admin_state, viewport=SMALL_WINDOW), scene=1)
    second = open_scene(browsers.open(storage_state=admin_state, viewport=SMALL_WINDOW), scene=1)
    title = draft(first)["scenes"][1]["title"]["en"]
    for page, name in ((first, "Theirs"), (second, "Mine")):
        form = page.locator("[data-scene-form]")
        form.get_by_label("Photographer or source").fill(name)
        form.get_by_role("button", name="Save").click()
        if page is first:
            saved(page)
    shown = second.locator(".ed-conflict")
    expect(shown.get_by_role("heading", name="A colleague changed this scene.")).to_be_focused()
    expect(shown.get_by_role("row", name="Photographer or source")).to_contain_text("Theirs")
    expect(shown.get_by_role("row", name="Photographer or source")).to_contain_text("Mine")
    access.check(second, phone=False)
    assert draft(second)["scenes"][1]["credit"] == "Theirs", "nothing is overwritten"
    shown.get_by_role("button", name="Apply mine again").click()
    room.until(lambda: draft(second)["scenes"][1]["credit"] == "Mine", 10, "mine being applied by decision")

    form = first.locator("[data-scene-form]")
    form.get_by_label("Licence").fill("CC0")
    form.get_by_role("button", name="Save").click()
    first.locator(".ed-conflict").get_by_role("button", name="Use theirs").click()
    expect(form.get_by_label("Photographer or source")).to_have_value("Mine")
    found = draft(first)["scenes"][1]
    assert (found["credit"], found["licence"] != "CC0", found["title"]["en"]) == ("Mine", True, title)


def test_view_north_and_regions_are_taken_from_the_picture(editor: Page) -> None:
    page = editor
    picture = page.locator("[data-editor-stage] .tv-picture")
    before = draft(page)["scenes"][0]
    picture.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Take the view shown").click()
    room.until(lambda: draft(page)["scenes"][0]["view"]["yaw"] > before["view"]["yaw"] + 3, 10, "the view being saved")
    page.get_by_role("button", name="North is in the middle of the view").click()
    room.until(
        lambda: abs(draft(page)["scenes"][0]["north"] - draft(page)["scenes"][0]["view"]["yaw"]) < 0.2,
        10,
        "north being saved",
    )
    page.get_by_role("slider", name="North lies at yaw").press("Shift+ArrowRight")
    room.until(
        lambda: 4.5 < draft(page)["scenes"][0]["north"] - draft(page)["scenes"][0]["view"]["yaw"] < 5.5,
        10,
        "the turned compass being saved",
    )
    page.get_by_role("button", name="Mark a region").click()
    page.keyboard.press("Enter")
    region = page.locator(".ed-region")
    expect(region).to_have_count(1)
    region.focus()
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("ArrowUp")
    size = draft(page)["scenes"][0]["regions"][0]
    room.until(lambda: draft(page)["scenes"][0]["regions"][0]["width"] == size["width"] + 1, 10, "its size being saved")
    # it is drawn anew when it was saved
    room.until(lambda: page.locator(".ed-region__corner").bounding_box() is not None, 5, "the corner")
    corner = page.locator(".ed-region__corner").bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + 10, corner["y"] + 10)
    page.mouse.down()
    page.mouse.move(corner["x"] + 60, corner["y"] + 50, steps=4)
    page.mouse.up()
    room.until(
        lambda: draft(page)["scenes"][0]["regions"][0]["width"] > size["width"] + 3, 10, "the drawn size being saved"
    )
    expect(page.get_by_text("The original stays private")).to_be_visible()
    access.check(page, phone=False)
    page.get_by_role("button", name="Remove region 1").click()
    expect(region).to_have_count(0)
    for _ in range(7):
        page.get_by_role("button", name=re.compile("^Undo")).click()
    room.until(lambda: draft(page)["scenes"][0]["view"] == before["view"], 20, "the old view being back")
    assert draft(page)["scenes"][0]["north"] == before["north"]
    assert draft(page)["scenes"][0]["regions"] == []


def test_scenes_are_ordered_by_handle_and_by_keys(browsers: Browsers, admin_state: StorageState) -> None:
    page = browsers.page(TOUR, storage_state=admin_state)
    ids = [scene["id"] for scene in draft(page)["scenes"]]
    handles = page.locator("[data-handle]")
    handles.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#announcer")).to_contain_text("is number 2 of 3.")
    room.until(lambda: [scene["id"] for scene in draft(page)["scenes"]] == [ids[1], ids[0], ids[2]], 10, "the order")
    expect(handles.nth(1)).to_be_focused()
    page.locator("ol.scenes").evaluate("list => list.scrollIntoView()")
    start, end = handles.nth(1).bounding_box(), page.locator("ol.scenes > li").nth(0).bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, end["y"] + end["height"] / 2, steps=6)
    page.mouse.move(start["x"] + 10, end["y"] + 10, steps=4)
    page.mouse.up()
    room.until(lambda: [scene["id"] for scene in draft(page)["scenes"]] == ids, 10, "the order as it was")
    expect(page.locator(".order-state")).to_contain_text("Saved.")


def test_scenes_are_put_on_the_plan_and_moved_there(browsers: Browsers, admin_state: StorageState) -> None:
    page = browsers.page(TOUR, storage_state=admin_state)
    title = draft(page)["scenes"][2]["title"]["en"]
    page.get_by_role("button", name=f"Put “{title}” on the plan").click()
    point = page.locator(".plan__point", has_text=title)
    expect(point).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    room.until(lambda: draft(page)["scenes"][2]["plan"] == {"x": 0.55, "y": 0.49}, 10, "the place being saved")
    page.locator(".plan__sheet").evaluate("sheet => sheet.scrollIntoView()")
    box = page.locator(".plan__sheet").bounding_box()
    spot = point.bounding_box()
    assert box is not None
    assert spot is not None
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75, steps=5)
    page.mouse.up()
    room.until(lambda: abs(draft(page)["scenes"][2]["plan"]["x"] - 0.25) < 0.02, 10, "the dragged place being saved")
    page.keyboard.press("Delete")
    room.until(lambda: draft(page)["scenes"][2]["plan"] is None, 10, "the scene being off the plan")


def test_a_document_is_added_at_the_point_that_offers_it(editor: Page) -> None:
    page = editor
    page.get_by_role("button", name="Add a point", exact=True).click()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="A document").check()
    name_point(page, "The report")
    page.get_by_label("Add a file").set_input_files({"name": "report.pdf", "mimeType": "", "buffer": samples.PDF})
    expect(page.get_by_text("“report.pdf” is kept.")).to_be_visible()
    page.get_by_role("button", name="Save point").click()
    saved(page)
    expect(page.locator("[data-point-form]")).to_be_hidden()
    made = point_named(page, 0, "The report")
    answer = page.request.get(f"/media/assets/{made['asset']}")
    assert answer.body() == samples.PDF
    page.locator(".points__row", has_text="The report").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-points-list]")).not_to_contain_text("The report")


@pytest.mark.parametrize("width", [390, 768])
@pytest.mark.parametrize("path", ["", "/texts", "/files", "/preview?as=phone"])
def test_the_pages_of_the_tour_fit_small_screens_in_both_directions(
    browsers: Browsers, admin_state: StorageState, path: str, width: int
) -> None:
    page = browsers.page(f"{TOUR}{path}", storage_state=admin_state, viewport={"width": width, "height": 844})
    access.check(page, phone=width == 390)
    for direction in ("ltr", "rtl"):
        page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        page.set_viewport_size({"width": width, "height": 844})
        assert access.overflow(page) == []


def test_the_editor_with_an_open_point_fits_small_screens_and_is_usable_by_everybody(
    browsers: Browsers, admin_state: StorageState
) -> None:
    page = open_scene(browsers.open(storage_state=admin_state, viewport={"width": 768, "height": 1024}))
    page.locator("[data-points-list] .points__name").first.click()
    expect(page.locator("[data-point-form]")).to_be_visible()
    page.get_by_role("radio", name="At a view that you choose").check()
    expect(page.locator(".ed-arrival__stage .psv-canvas")).to_be_visible(timeout=30_000)
    assert access.overflow(page) == []
    access.check(page)


@pytest.mark.parametrize("way", ["desktop", "keyboard", "text", "slow"])
def test_the_draft_is_walked_in_the_preview(browsers: Browsers, admin_state: StorageState, way: str) -> None:
    page = browsers.page(f"{TOUR}/preview?as={way}&lang=sv", storage_state=admin_state, viewport=SMALL_WINDOW)
    frame = page.frame_locator("[data-preview-frame]")
    expect(frame.get_by_role("heading", name="Sjöstaden").first).to_be_visible()
    if way == "text":
        expect(frame.get_by_role("heading", name="1. Kajen och träbryggan")).to_be_visible()
        return
    walk = frame.get_by_role("button", name="Gå på rundturen").or_(frame.locator("[data-tour-walk]")).first
    if way == "keyboard":
        expect(frame.locator(".focus-number").first).to_have_text("1")
        walk.click(force=True)
        page.wait_for_timeout(500)
        expect(frame.locator(".psv-canvas")).to_have_count(0)
        walk.press("Enter")
    else:
        walk.click()
    expect(frame.locator(".psv-canvas")).to_be_visible(timeout=40_000)


def test_without_javascript_the_editor_is_forms_and_links(browsers: Browsers, admin_state: StorageState) -> None:
    page = browsers.page(TOUR, storage_state=admin_state, java_script_enabled=False)
    page.locator("ol.scenes h3 a").first.click()
    expect(page.get_by_text("Without JavaScript the picture can't be turned here.")).to_be_visible()
    page.get_by_role("link", name="Add a point").click()
    page.get_by_role("radio", name="A link to another website").check()
    page.get_by_role("group", name=re.compile("^Name")).get_by_label("English").fill("The city")
    page.get_by_label("Address, such as").fill("javascript:alert(1)")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_contain_text("https://")
    page.get_by_label("Address, such as").fill("https://example.org/city")
    page.get_by_role("button", name="Save").click()
    row = page.locator(".points__row", has_text="The city")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Taken out within the last day")).to_be_visible()


def test_a_line_that_is_cut_keeps_what_was_typed_and_says_so(editor: Page) -> None:
    page = editor
    form = page.locator("[data-scene-form]")
    old = draft(page)["scenes"][0]["licence"]
    page.route("**/tour/edit", lambda route: route.abort())
    form.get_by_label("Licence").fill("CC BY 4.0")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".editor__state")).to_contain_text("The connection was lost")
    expect(form.get_by_role("alert")).to_contain_text("Connection lost. Your text is kept.")
    expect(form.get_by_label("Licence")).to_have_value("CC BY 4.0")
    page.unroute("**/tour/edit")
    form.get_by_role("button", name="Save").click()
    saved(page)
    assert draft(page)["scenes"][0]["licence"] == "CC BY 4.0"
    page.get_by_role("button", name=re.compile("^Undo")).click()
    room.until(lambda: draft(page)["scenes"][0]["licence"] == old, 10, "the licence being as it was")
    assert json.dumps(old)


def test_a_point_that_a_colleague_took_out_goes_from_the_page_with_words(
    browsers: Browsers, admin_state: StorageState
) -> None:
    page = open_scene(browsers.open(storage_state=admin_state, viewport=SMALL_WINDOW), scene=1)
    point = points(page, 1)[-1]
    colleague = browsers.page(TOUR, storage_state=admin_state)
    csrf = colleague.locator("[data-order]").get_attribute("data-csrf")
    gone = {"op": "hotspot.remove", "id": point["id"], "revision": point["revision"]}
    answer = colleague.request.post(f"{TOUR}/edit", data=gone, headers={"X-CSRFToken": csrf or ""})
    assert answer.ok
    row = page.locator(f'[data-point="{point["id"]}"]')
    row.get_by_role("button", name="Remove").click()
    expect(page.locator(".editor__state")).to_contain_text("This point is not in the tour any more.")
    expect(row).to_have_count(0)
    page.get_by_role("button", name=f"Put back – {point['label']['en']}").click()
    expect(row).to_have_count(1)
