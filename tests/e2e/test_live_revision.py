"""A tour that is published, or a scene that is withdrawn, while hosts and delegates walk it together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import access, room
from tests.e2e.browsers import SMALL_WINDOW, Browsers
from tests.e2e.demo import Demo
from tests.factories import JPEG
from tourserver.assets.models import Asset
from tourserver.core.db import new_id
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.demo import schedule
from tourserver.live import revisions, rooms
from tourserver.sessions.models import ScheduledSession
from tourserver.tours import publishing, scenes
from tourserver.tours.models import TourRevision
from tourserver.wiring import connect_signals

PDF = b"%PDF-1.4\n%%EOF\n"
QUIET_MS = 1_500
"""Longer than it takes a fact of the log to reach every page."""


@dataclass
class Publisher:
    """An administrator at work beside the room: publishes through the rules, as the studio does."""

    services: Services
    room_id: str
    first: TourRevision

    @property
    def site_id(self) -> str:
        return self.first.site_id

    @property
    def others(self) -> list[str]:
        """Scenes that the tour does not begin with."""
        return [scene["id"] for scene in self.first.content["scenes"] if scene["id"] != self.first.content["start"]]

    def put(self, content: dict[str, Any], kind: str = "publish") -> str:
        with self.services.db.write() as session:
            scenes.lock(session, self.site_id)
            return publishing.add_revision(session, self.site_id, content, actor=SYSTEM, kind=kind).id

    def rename(self, scene_id: str, title: str) -> str:
        named = [
            {**scene, "title": {"en": title}} if scene["id"] == scene_id else scene
            for scene in self.first.content["scenes"]
        ]
        return self.put({**self.first.content, "scenes": named})

    def withdraw(self, scene_id: str) -> str:
        with self.services.db.read() as session:
            newest = publishing.published(session, self.site_id)
            assert newest is not None
            content = publishing.without(newest.content, {scene_id})
        return self.put(content, "withdrawal")

    def restore(self) -> None:
        """Everything as it was before the test: other tests walk the same room."""
        revision = self.put(self.first.content, "rollback")
        with self.services.db.write() as session:
            revisions.accept(session, self.room_id, self.site_id, revision, actor=SYSTEM)


@pytest.fixture
def publisher(demo: Demo) -> Iterator[Publisher]:
    connect_signals()
    services = Services.start(Settings(data=demo.data, port=demo.port, demo=True))
    with services.db.read() as session:
        slug = schedule.live_slug(session)
        planned = session.query(ScheduledSession).filter_by(slug=slug).one()
        here = rooms.find(session, planned.id)
        assert here is not None
        first = rooms.tours(session, here)[0]
        found = Publisher(services, here.id, first)
    yield found
    found.restore()
    services.close()


def _place(page: Page, scene: str) -> None:
    page.get_by_test_id("scenes").locator(f"[data-scene='{scene}']").click()


def _title(page: Page, title: str) -> None:
    expect(page.locator(".stage > .caption .caption__title")).to_have_text(title)


def test_a_tour_published_in_a_session_changes_nothing_until_a_host_shows_it_and_then_everyone_keeps_their_place(
    demo: Demo, browsers: Browsers, publisher: Publisher
) -> None:
    host = browsers.page(demo.host_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(host)
    room.lead(host)
    scene = publisher.others[0]
    _place(host, scene)
    delegate = browsers.page(demo.delegate_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(delegate)
    room.until(lambda: room.view(delegate)["scene"] == room.view(host)["scene"] == scene, 30, "the same scene")
    room.picture(delegate).focus()
    delegate.keyboard.press("ArrowRight")
    room.until(lambda: not room.state(delegate)["following"], 10, "looking around freely")
    guided, alone = room.wait_until_still(host), room.wait_until_still(delegate)

    # published: the host alone is told, and nothing changes
    publisher.rename(scene, "The yard, newly named")
    offer = host.get_by_test_id("tour-offer")
    expect(offer).to_contain_text("A new version of the tour of")
    delegate.wait_for_timeout(QUIET_MS)
    assert "newly named" not in delegate.content()
    assert "new version" not in delegate.content()

    offer.get_by_role("button", name="Show it to everyone").click()
    for page in (host, delegate):
        _title(page, "The yard, newly named")
    expect(offer).to_have_count(0)
    assert room.looks_alike(room.wait_until_still(host), guided)
    assert room.wait_until_still(delegate) == alone, "the same place, the same view"
    assert not room.state(delegate)["following"]

    # withdrawn where both of them stand
    publisher.withdraw(scene)
    expect(offer).to_contain_text("A scene was withdrawn: The yard, newly named")
    delegate.wait_for_timeout(QUIET_MS)
    assert room.wait_until_still(delegate) == alone
    offer.get_by_role("button", name="Show it to everyone").click()
    start = publisher.first.content["start"]
    for page in (host, delegate):
        room.until(lambda page=page: room.view(page)["scene"] == start, 30, "the start")  # type: ignore[misc] # mypy can't type a default
        note = page.get_by_test_id("stage-note")
        expect(note).to_contain_text("“The yard, newly named” was taken out of the tour.")
        expect(page.locator(f"[data-scene='{scene}']")).to_have_count(0)
    assert not room.state(delegate)["following"], "who looked around freely still does"
    assert room.state(host)["guiding"]

    late = browsers.open_without_webgl().new_page()
    late.goto(demo.delegate_link(1))
    room.wait_until_online(late)
    room.until(lambda: (room.view(late) or {}).get("scene") == start, 20, "the guide's scene")
    expect(late.locator(f"[data-scene='{scene}']")).to_have_count(0)


def test_later_is_for_this_window_and_that_version_and_escape_closes_the_menu(
    demo: Demo, browsers: Browsers, publisher: Publisher
) -> None:
    def crew() -> Page:
        page = browsers.open_without_webgl().new_page()
        page.goto(demo.host_link())
        room.wait_until_online(page)
        return page

    host, colleague = crew(), crew()
    menu, again = host.locator(".room-bar details.menu"), host.get_by_test_id("tour-offers-again")
    menu.locator("summary").click()
    expect(again).to_be_hidden()
    host.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()

    scene = publisher.others[0]
    publisher.rename(scene, "One")
    for page in (host, colleague):
        expect(page.get_by_test_id("tour-offer")).to_be_visible()
    access.check(colleague)
    host.get_by_test_id("tour-later").click()
    expect(host.get_by_test_id("tour-offer")).to_have_count(0)
    expect(colleague.get_by_test_id("tour-offer")).to_be_visible()
    host.reload()
    room.wait_until_online(host)
    host.wait_for_timeout(QUIET_MS)
    expect(host.get_by_test_id("tour-offer")).to_have_count(0)
    menu.locator("summary").click()
    again.click()
    expect(host.get_by_test_id("tour-accept")).to_be_focused()

    # a newer one takes its place, and a host who comes late sees it
    host.get_by_test_id("tour-later").click()
    publisher.rename(scene, "Two")
    late = crew()
    for page in (host, colleague, late):
        expect(page.get_by_test_id("tour-offer")).to_have_count(1)
    late.get_by_test_id("tour-accept").click()
    for page in (host, colleague, late):
        expect(page.get_by_test_id("tour-offer")).to_have_count(0)


def _asset(services: Services, site_id: str, kind: str, name: str, media_type: str, content: bytes) -> str:
    key = f"assets/{new_id()}"
    services.storage.put(key, content)
    with services.db.write() as session:
        asset = Asset(
            site_id=site_id,
            kind=kind,
            state="ready",
            content_hash=new_id() * 2,
            original_name=name,
            media_type=media_type,
            bytes=len(content),
            storage_key=key,
            width=1 if kind == "picture" else None,
            height=1 if kind == "picture" else None,
        )
        session.add(asset)
        session.flush()
        return asset.id


def test_a_room_shows_every_kind_of_point_to_host_and_delegate(
    demo: Demo, browsers: Browsers, publisher: Publisher
) -> None:
    picture = _asset(publisher.services, publisher.site_id, "picture", "a.jpg", "image/jpeg", JPEG)
    film = _asset(publisher.services, publisher.site_id, "video", "a.mp4", "video/mp4", b"\0" * 64)
    paper = _asset(publisher.services, publisher.site_id, "document", "a.pdf", "application/pdf", PDF)
    captions = _asset(publisher.services, publisher.site_id, "captions", "a.vtt", "text/vtt", b"WEBVTT\n")
    target = publisher.others[0]
    kinds: dict[str, dict[str, Any]] = {
        "link": {"to": target, "arrival": "view", "view": {"yaw": 30, "pitch": 0, "fov": 50}},
        "info": {"body": {"en": "Read *this*."}},
        "picture": {"asset": picture},
        "video": {"asset": film, "captions": captions},
        "document": {"asset": paper},
        "outside": {"url": "https://example.org/more"},
        "of-tomorrow": {"body": {"en": "A kind that this program doesn't know."}},
    }
    points = [
        {
            **{"id": new_id(), "kind": kind, "yaw": -60 + 20 * number, "pitch": 0.0, "label": {"en": f"A {kind}"}},
            **{"body": {}, "to": None, "arrival": "start", "view": None, "asset": None, "captions": None, "url": None},
            **more,
        }
        for number, (kind, more) in enumerate(kinds.items())
    ]
    content = publisher.first.content
    start = content["start"]
    changed = [
        {**scene, "hotspots": points, "limits": {"min": 40, "max": 80}, "plan": {"x": 0.5, "y": 0.5}}
        if scene["id"] == start
        else scene
        for scene in content["scenes"]
    ]
    revision = publisher.put({**content, "scenes": changed})
    with publisher.services.db.write() as session:
        revisions.accept(session, publisher.room_id, publisher.site_id, revision, actor=SYSTEM)

    host = browsers.page(demo.host_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(host)
    room.lead(host)
    _place(host, start)
    delegate = browsers.page(demo.delegate_link(), viewport=SMALL_WINDOW)
    room.wait_until_drawn(delegate)
    delegate.get_by_role("tab", name="Places").click()
    for page in (host, delegate):
        room.until(lambda page=page: room.view(page)["scene"] == start, 30, "the start")  # type: ignore[misc] # mypy can't type a default
        for kind in kinds:
            expect(page.locator(".tour-list__hotspots button").filter(has_text=f"A {kind}")).to_be_visible()
    for kind in ("info", "picture", "video", "document", "outside", "of-tomorrow"):
        host.locator(".tour-list__hotspots button").filter(has_text=f"A {kind}").click()
        panel = host.locator("dialog.tv-panel")
        expect(panel).to_contain_text(f"A {kind}")
        host.keyboard.press("Escape")
        expect(panel).to_be_hidden()
    host.locator(".tour-list__hotspots button").filter(has_text="A link").click()
    for page in (host, delegate):
        room.until(lambda page=page: room.view(page)["scene"] == target, 30, "the linked scene")  # type: ignore[misc] # mypy can't type a default
    room.until(lambda: room.turn(room.view(delegate)["yaw"], 30) < room.ANGLE, 20, "the link's own view")
