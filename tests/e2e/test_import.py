"""A tour that somebody made elsewhere comes in through the studio's page, and goes out again."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, StorageState, expect

from tests.e2e import access, room
from tests.e2e.browsers import Browsers
from tests.tours import archives

IMPORT_MS = 60_000


def _new_site(page: Page, name: str) -> str:
    page.goto("/studio/sites/new")
    page.get_by_role("group", name=re.compile("^Name")).get_by_label("English").fill(name)
    page.get_by_role("group", name="The result in one sentence").get_by_label("English").fill("Less is lost.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=f"Tour of {name}")).to_be_visible()
    return page.url


def test_a_pannellum_tour_comes_in_with_a_report_and_goes_out_again(
    browsers: Browsers, admin_state: StorageState, tmp_path: Path
) -> None:
    tour = archives.pannellum_tour()
    tour["scenes"]["roof"]["panorama"] = "lost.jpg"
    path = archives.pannellum_zip(tmp_path / "power station.zip", tour)
    page = browsers.page("/studio", storage_state=admin_state)
    site = _new_site(page, room.unique("Power station"))
    page.get_by_role("link", name="Import or export").click()
    access.check(page, main=True)

    page.get_by_label("ZIP of a tour").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Import: power station.zip")).to_be_visible(timeout=IMPORT_MS)
    expect(page.get_by_text("5 scenes are in the draft now.")).to_be_visible(timeout=IMPORT_MS)
    left = page.get_by_role("region", name="What was not taken")
    expect(left).to_contain_text("Roof · Its picture “lost.jpg” is not in the ZIP.")
    expect(page.get_by_role("region", name="What was taken")).to_contain_text("Turbine hall")
    access.check(page, main=True)

    page.get_by_role("link", name="Look at the tour").click()
    expect(page.get_by_role("link", name="Turbine hall").first).to_be_visible()
    page.goto(f"{site}/archive")
    expect(page.get_by_text("faces and plates are not blurred in them")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Export the draft").click()
    saved = tmp_path / "out.zip"
    saving.value.save_as(saved)
    with zipfile.ZipFile(saved) as file:
        assert file.testzip() is None
        assert len([name for name in file.namelist() if name.startswith("pictures/")]) == 5


def test_a_file_that_is_no_tour_is_refused_in_words_where_it_was_chosen(
    browsers: Browsers, admin_state: StorageState, tmp_path: Path
) -> None:
    page = browsers.page("/studio/sites/byhalsan/tour/archive", storage_state=admin_state)
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"this is no zip")
    page.get_by_label("ZIP of a tour").set_input_files(bad)
    page.get_by_role("button", name="Import").click()
    said = page.locator("[data-archive-state]")
    expect(said).to_contain_text("The file is not a whole ZIP.")
    expect(page.get_by_role("button", name="Import")).to_be_enabled()
