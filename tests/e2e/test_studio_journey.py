"""From an empty site to a led tour: what an administrator does between signing in and being followed."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.e2e import mailbox, room
from tests.e2e.browsers import SMALL_WINDOW, Browsers
from tests.e2e.demo import Demo
from tests.e2e.test_registration import register

TILING_MS = 60_000
GPS_IFD = 0x8825


def equirectangular(width: int, height: int) -> bytes:
    """A made panorama: sky, ground, a mark each 30°; with the place where it was “taken” in its EXIF."""
    image = Image.new("RGB", (width, height), (120, 160, 200))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height // 2, width, height), fill=(90, 110, 80))
    for mark in range(12):
        x = mark * width // 12
        draw.rectangle((x, height // 3, x + width // 60, height * 2 // 3), fill=(40 + mark * 16, 60, 200 - mark * 12))
    exif = image.getexif()
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (59.0, 18.0, 15.0), 3: "E", 4: (18.0, 6.0, 30.0)})
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


@pytest.fixture
def panorama(tmp_path: Path) -> Path:
    """An equirectangular JPEG of 4096 × 2048 with a GPS position."""
    path = tmp_path / "panorama.jpg"
    path.write_bytes(equirectangular(4096, 2048))
    return path


def _text(page: Page, group: str | re.Pattern[str], words: str) -> None:
    """Fill the English part of a text in several languages."""
    page.get_by_role("group", name=group).get_by_label("English").fill(words)


def _new_site(page: Page, name: str) -> None:
    page.goto("/studio/sites")
    page.get_by_role("link", name="New site").click()
    _text(page, re.compile("^Name"), name)
    _text(page, "The result in one sentence", "Rain stays where it falls.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=f"Tour of {name}")).to_be_visible()


def _add_scene(page: Page, picture: Path, title: str) -> None:
    """Upload a scene, wait for its picture and describe it; ends on the scene's page. Files name their scenes."""
    named = picture.with_name(f"{title.lower().replace(' ', '_')}.jpg")
    named.write_bytes(picture.read_bytes())
    page.get_by_label("Panoramas (JPEG, PNG or WebP)").set_input_files(named)
    row = page.get_by_role("list", name="Uploads").get_by_role("listitem").filter(has_text=named.name).first
    expect(row).to_contain_text("Picture ready", timeout=TILING_MS)
    row.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=30_000)
    expect(page.locator("[data-editor-stage] .psv-canvas")).to_be_visible(timeout=30_000)
    _text(page, "Text alternative", f"{title}: one stands on grass between coloured posts.")
    page.locator("[data-scene-form]").get_by_role("button", name="Save").click()
    expect(page.locator(".editor__state--saved")).to_be_visible()


def _set_start_view(page: Page) -> None:
    picture = page.locator("[data-editor-stage] .tv-picture")
    expect(page.locator("[data-editor-stage] .psv-canvas")).to_be_visible()
    picture.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Take the view shown").click()
    yaw = float(page.get_by_label("Start view: yaw, degrees").input_value())
    assert yaw > 5, "turned to the right"
    expect(page.locator(".editor__state--saved")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Start view: yaw, degrees")).to_have_value(re.compile(rf"^{yaw:g}"))


def _add_point(page: Page, kind: str, name: str, *, leads_to: str | None = None, words: str | None = None) -> None:
    expect(page.locator("[data-editor-stage] .psv-canvas")).to_be_visible()
    page.get_by_role("button", name="Add a point", exact=True).click()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name=kind).check()
    _text(page, re.compile("^Name"), name)
    if leads_to:
        page.get_by_label("Leads to").select_option(label=leads_to)
    if words:
        _text(page, "Text (Markdown)", words)
    page.get_by_role("button", name="Save point").click()
    expect(page.locator(".points__row").filter(has_text=name)).to_be_visible()


def _plan_session(page: Page, title: str, site: str, host: str) -> None:
    starts = datetime.now(ZoneInfo("Europe/Stockholm")) + timedelta(hours=1)
    page.goto("/studio/sessions")
    page.get_by_role("link", name="New session").click()
    _text(page, re.compile("^Title"), title)
    page.get_by_label("Date").fill(starts.strftime("%Y-%m-%d"))
    page.get_by_label("Start", exact=True).fill(starts.strftime("%H:%M"))
    page.get_by_label("Site 1").select_option(label=site)
    page.get_by_role("checkbox", name=host).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_role("button", name="Announce the session").click()
    expect(page.get_by_text("The session is announced: people can register.")).to_be_visible()


def test_an_administrator_makes_a_site_and_leads_a_registered_visitor_through_it(
    demo: Demo, browsers: Browsers, panorama: Path
) -> None:
    email, password = demo.admin
    staff = browsers.page("/studio", viewport=SMALL_WINDOW)
    staff.get_by_label("E-mail").fill(email)
    staff.get_by_label("Password").fill(password)
    staff.get_by_role("button", name="Sign in").click()
    expect(staff.get_by_role("heading", name="Today")).to_be_visible()

    name, title = room.unique("Rain garden"), room.unique("A walk in the rain garden")
    _new_site(staff, name)
    tour = staff.url
    _add_scene(staff, panorama, "The basin")
    _set_start_view(staff)
    staff.goto(tour)
    _add_scene(staff, panorama, "The bridge")
    _add_point(staff, "Way to another scene", "To the basin", leads_to="The basin")
    _add_point(staff, "Something to read", "The posts", words="Painted by **the school**.")
    staff.goto(tour)
    staff.get_by_role("link", name="Check and publish").click()
    for box in staff.get_by_role("checkbox").all():
        box.check()
    staff.get_by_role("button", name="Publish the tour").click()
    expect(staff.get_by_text("Tour 1 is published.")).to_be_visible()
    staff.get_by_role("link", name="Back to the tour").click()
    expect(staff.get_by_text("Visitors see tour 1")).to_be_visible()
    staff.get_by_role("link", name="Texts of the site").click()
    staff.get_by_role("button", name="Publish the site").click()
    expect(staff.get_by_text("The site is published.")).to_be_visible()
    _plan_session(staff, title, name, "Karin Berglind")

    visitor = browsers.page("/en/sessions", viewport=SMALL_WINDOW)
    visitor.get_by_role("link", name=title).click()
    session_page = visitor.url
    visitor_address = f"{name.split()[-1]}@example.org"
    register(visitor, name="Noor Haddad", email=visitor_address, country="JO")
    mailbox.open_newest(visitor, visitor_address)
    mailbox.join(visitor)
    expect(visitor.get_by_test_id("lobby")).to_be_visible()

    staff.goto("/host/" + session_page.rstrip("/").rsplit("/", 1)[1])
    room.wait_until_drawn(staff)
    staff.get_by_test_id("room-open").click()
    room.until(lambda: bool(room.state(staff)["guiding"]), 10, "being the guide after opening")
    expect(visitor.get_by_test_id("lobby")).to_be_hidden()
    room.until(lambda: bool(room.state(visitor)["following"]), 20, "the visitor following")
    staff.get_by_test_id("scenes").get_by_role("button", name="The bridge").click()
    room.until(lambda: room.view(visitor)["scene"] == room.view(staff)["scene"], 20, "the visitor on the bridge")
    expect(visitor.get_by_test_id("follow-chip")).to_contain_text("The bridge")
    room.picture(staff).focus()
    staff.keyboard.press("ArrowRight")
    here = room.wait_until_still(staff)
    visitor.wait_for_timeout(2_000)
    assert room.looks_alike(here, room.view(visitor))
