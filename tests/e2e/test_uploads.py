"""Pictures dropped on a tour's page: several at once, bad ones among them, cut lines, reloads, keyboards, no script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, Route, StorageState, expect

from tests import factories
from tests.e2e import access, room
from tests.e2e.browsers import SMALL_WINDOW, Browsers
from tests.e2e.demo import Demo
from tests.panoramas import pictures
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.sites.models import Site

TILING_MS = 90_000
DROP = """
  input => {
    const data = new DataTransfer();
    for (const file of input.files) data.items.add(file);
    input.remove();
    for (const type of ["dragenter", "dragover", "drop"])
      document.querySelector("h1").dispatchEvent(
        new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
"""


@pytest.fixture
def site(demo: Demo) -> Iterator[Site]:
    """A site without a tour, of this test alone."""
    services = Services.start(Settings(data=demo.data, port=demo.port, demo=True))
    with services.db.write() as session:
        made = factories.make_site(session, state="draft", name={"en": room.unique("Pier")})
    yield made
    services.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures: two good ones of several pieces, a small one, and some that nobody can use."""
    made = tmp_path_factory.mktemp("pictures")
    pictures.save_scene(made / "north_pier.jpg", 4096, Q=93)
    pictures.save_scene(made / "south_pier.jpg", 4096, Q=92)
    pictures.cut(pictures.save_scene(made / "cut.jpg", 4096, Q=90))
    pictures.save_scene(made / "flat.jpg", 3000, 2000)
    pictures.save_with_metadata(made / "small_with_place.jpg", 2048, gps=True)
    (made / "notes.txt").write_text("Bring the tripod.")
    return made


def studio(browsers: Browsers, state: StorageState, site: Site, **options: object) -> Page:
    options.setdefault("viewport", SMALL_WINDOW)
    page = browsers.page(f"/studio/sites/{site.slug}/tour", storage_state=state, **options)
    expect(page.locator("[data-upload-url][data-ready]")).to_be_attached()
    return page


def choose(page: Page, *files: Path) -> None:
    page.get_by_label("Panoramas (JPEG, PNG or WebP)").set_input_files(files)


def drop(page: Page, *files: Path) -> None:
    """Drop files on the page's title, as from a file manager."""
    page.evaluate("""() => {
      const input = document.createElement("input");
      input.type = "file";
      input.multiple = true;
      input.id = "dropped";
      document.querySelector("main").append(input);
    }""")
    page.locator("#dropped").set_input_files(files)
    page.locator("#dropped").evaluate(DROP)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Uploads").get_by_role("listitem").filter(has_text=name).first


def scenes(page: Page) -> Locator:
    return page.locator(".scenes > li")


def wait(page: Page, done: Callable[[], bool]) -> None:
    """Let the browser work until something was noted about it."""
    for _ in range(200):
        if done():
            return
        page.wait_for_timeout(100)
    raise AssertionError("waited 20 s in vain")


def test_of_three_dropped_files_two_become_scenes_and_the_bad_one_says_why(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    page = studio(browsers, admin_state, site)
    expect(page.get_by_text("No scenes yet.")).to_be_visible()
    page.get_by_label("Photographer or source").fill("A. Berg")
    drop(page, folder / "north_pier.jpg", folder / "cut.jpg", folder / "south_pier.jpg")
    bad = row(page, "cut.jpg")
    expect(bad).to_contain_text("cut off on the way", timeout=30_000)
    expect(bad).to_contain_text("Not taken")
    expect(page.locator("#announcer")).to_contain_text("cut.jpg was not taken")
    for name, title in (("north_pier.jpg", "North pier"), ("south_pier.jpg", "South pier")):
        expect(row(page, name)).to_contain_text("Picture ready", timeout=TILING_MS)
        expect(row(page, name).get_by_role("link", name=title)).to_be_visible()
    expect(scenes(page)).to_have_count(2)
    expect(scenes(page).filter(has_text="Picture ready")).to_have_count(2)
    expect(scenes(page).filter(has_text="A. Berg")).to_have_count(2)
    access.check(page, main=True)
    row(page, "north_pier.jpg").get_by_role("link", name="North pier").click()
    expect(page.get_by_role("heading", level=1, name="North pier")).to_be_visible()


def test_a_picture_of_the_wrong_shape_is_held_back_and_the_server_decides(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    page = studio(browsers, admin_state, site)
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.url) if request.method == "POST" else None)
    choose(page, folder / "flat.jpg", folder / "notes.txt")
    expect(row(page, "flat.jpg")).to_contain_text("The picture is 3000 × 2000; a 360° picture is exactly twice")
    expect(row(page, "flat.jpg")).to_contain_text("Look at this first")
    expect(row(page, "notes.txt")).to_contain_text("not a JPEG, PNG or WebP picture")
    assert begun == [], "not a byte was sent"
    row(page, "flat.jpg").get_by_role("button", name="Upload anyway").click()
    expect(row(page, "flat.jpg")).to_contain_text("Not taken")
    access.check(page)
    row(page, "notes.txt").get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(row(page, "notes.txt")).to_have_count(0)
    expect(row(page, "flat.jpg").get_by_role("button", name="Remove from this list")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Panoramas (JPEG, PNG or WebP)")).to_be_focused()
    expect(page.get_by_role("list", name="Uploads")).to_be_hidden()


def test_after_a_reload_in_the_middle_the_same_file_goes_on_with_what_is_missing(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    page = studio(browsers, admin_state, site)
    page.on("dialog", lambda dialog: dialog.accept())
    held: list[Route] = []
    # the first piece arrives; the others hang as on a line that is slow beyond measure
    page.route(re.compile("/chunks/[1-9]"), lambda route: held.append(route))
    choose(page, folder / "north_pier.jpg")
    wait(page, lambda: len(held) > 0)
    page.reload()
    page.unroute_all(behavior="ignoreErrors")
    unfinished = row(page, "north_pier.jpg")
    expect(unfinished).to_contain_text(re.compile("Unfinished: [1-9]\\d? %"))
    access.check(page)
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            sent.append(request.url.rsplit("/", 1)[1])

    page.on("request", note)
    with page.expect_file_chooser() as chooser:
        unfinished.get_by_role("button", name="Choose the file").click()
    chooser.value.set_files(folder / "north_pier.jpg")
    expect(row(page, "north_pier.jpg")).to_contain_text("Picture ready", timeout=TILING_MS)
    assert "0" not in sent
    assert sent == [str(number) for number in range(1, len(sent) + 1)]
    expect(page.locator("[data-upload-rows] > li")).to_have_count(1)
    expect(scenes(page)).to_have_count(1)


def test_a_lost_line_is_said_and_the_upload_goes_on_by_itself_or_at_once_when_asked(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    page = studio(browsers, admin_state, site)
    tried: list[str] = []

    def cut(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) <= 3:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile("/chunks/1$"), cut)
    choose(page, folder / "north_pier.jpg")
    here = row(page, "north_pier.jpg")
    expect(here).to_contain_text("Connection lost. The upload goes on by itself.")
    wait(page, lambda: len(tried) == 3)
    here.get_by_role("button", name="Try now").click()
    expect(here).to_contain_text("Picture ready", timeout=TILING_MS)
    assert len(tried) == 4
    expect(scenes(page)).to_have_count(1)


def test_warnings_are_shown_and_the_place_that_the_file_tells_is_taken_over_when_asked(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    page = studio(browsers, admin_state, site)
    choose(page, folder / "small_with_place.jpg")
    here = row(page, "small_with_place.jpg")
    # the page's own words first, and the server's, which begin alike, as soon as it has looked
    expect(here).to_contain_text("The picture is 2048 × 1024; 4096 × 2048 is needed")
    expect(here).to_contain_text("Picture ready", timeout=TILING_MS)
    expect(here).to_contain_text("The file tells where the picture was taken: 48.57706, 13.47158.")
    expect(here).to_contain_text("to look sharp on a large screen")
    expect(here.get_by_text("4096 × 2048 is needed")).to_have_count(1)
    here.get_by_role("button", name="Use it as the site's place on the map").click()
    expect(here).to_contain_text("The site's place on the map is now 48.57706, 13.47158.")
    page.goto(f"/studio/sites/{site.slug}")
    expect(page.get_by_label("Latitude")).to_have_value(re.compile("^48.577"))


def test_without_javascript_the_form_takes_several_pictures(
    browsers: Browsers, admin_state: StorageState, site: Site, folder: Path
) -> None:
    options = {"java_script_enabled": False, "storage_state": admin_state}
    page = browsers.page(f"/studio/sites/{site.slug}/tour", **options)
    choose(page, folder / "north_pier.jpg", folder / "cut.jpg", folder / "small_with_place.jpg")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#error-summary")).to_contain_text("cut.jpg: The file ends before the picture does")
    expect(page.get_by_text("2 pictures are kept and their tiles are being made.")).to_be_visible()
    expect(scenes(page)).to_have_count(2)
    expect(page.get_by_role("link", name="Small with place")).to_be_visible()
    choose(page, folder / "south_pier.jpg")
    page.get_by_role("group", name=re.compile("^Title")).get_by_label("English").fill("The south")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1, name="The south")).to_be_visible()
