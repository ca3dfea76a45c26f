"""A site whose scenes are of one colour each, so that a pixel tells which scene it belongs to; on a server alone."""

from __future__ import annotations

import colorsys
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from tests import factories
from tests.conftest import sqlite_settings
from tests.e2e import room
from tests.servers import Server, start_server
from tourserver.assets.models import Asset
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours import hotspots, publishing
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene

Colour = tuple[int, int, int]

SCENES = 8
LEVELS = ((2048, 4, 2), (4096, 8, 4))
SLUG = "colours"
CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHum\n"
PAPER = b"%PDF-1.4\n" + b" " * 2_400_000
FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
NORTHS = (0.0, 90.0, -120.0)


@dataclass
class World:
    """The server, and what is true of its scenes in the order of the walk."""

    server: Server
    scenes: list[str]
    digests: list[str]
    colours: list[Colour]

    @property
    def path(self) -> str:
        return f"{self.server.url}/en/sites/{SLUG}"

    def colour_of(self, pixel: list[int]) -> int | None:
        """Which scene has a colour like this one; None when none has."""
        for number, colour in enumerate(self.colours):
            if all(abs(mine - theirs) <= 24 for mine, theirs in zip(pixel, colour, strict=True)):
                return number
        return None


def jpeg(colour: Colour, width: int, height: int) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG", quality=85)
    return out.getvalue()


@contextmanager
def world(folder: Path, template: Path) -> Iterator[World]:
    """Make the site and serve it."""
    settings = sqlite_settings(folder, template)
    services = Services.start(settings)
    try:
        with services.db.write() as session:
            site = factories.make_site(session, slug=SLUG, name={"en": "Eight colours"})
            colours = [_hue(number) for number in range(SCENES)]
            scenes = [_scene(session, services, site, number, colour) for number, colour in enumerate(colours)]
            for scene in scenes:
                _link(session, scene, scenes)
            _points(session, services, site, scenes[0])
            publishing.publish(session, site, actor=SYSTEM)
            found = [scene.id for scene in scenes], [scene.panorama.content_hash for scene in scenes]
    finally:
        services.close()
    with start_server(settings, async_mode="threading") as server:
        yield World(server, *found, colours)


def _hue(number: int) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(number / SCENES, 0.45, 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)


def _scene(session: Session, services: Services, site: Site, number: int, colour: Colour) -> Scene:
    panorama = factories.make_panorama(session)
    folder = f"panoramas/{panorama.content_hash}"
    services.storage.put(panorama.original_key, factories.JPEG)
    services.storage.put(f"{folder}/base.jpg", jpeg(colour, 1024, 512))
    tile = jpeg(colour, 512, 512)
    for level, (_width, cols, rows) in enumerate(LEVELS):
        for col in range(cols):
            for row in range(rows):
                services.storage.put(f"{folder}/{level}/{col}_{row}.jpg", tile)
    scene = factories.make_scene(
        session,
        site,
        panorama,
        title={"en": f"Colour {number}"},
        alternative={"en": f"A sphere of the colour {number}."},
        credit=f"Painter {number}",
        licence="CC0",
    )
    scene.north = NORTHS[number] if number < len(NORTHS) else 0.0
    scene.plan_x, scene.plan_y = 0.15 + 0.1 * number, 0.2 + 0.25 * (number % 3)
    if number == 1:
        scene.min_fov, scene.max_fov, scene.start_fov = 45.0, 75.0, 60.0
    name = factories.put_poster(services, scene)
    for end in ("", "-large", "-thumb"):
        services.storage.put(f"posters/{name}{end}.jpg", jpeg(colour, 960, 540))
    return scene


def _link(session: Session, scene: Scene, scenes: list[Scene]) -> None:
    others = [other for other in scenes if other is not scene]
    for place, other in enumerate(others):
        point = Point("link", -150 + 45 * place, 0, {"en": f"To {other.title['en']}"}, target=other)
        hotspots.add_hotspot(session, scene, point, actor=SYSTEM)


def _points(session: Session, services: Services, site: Site, scene: Scene) -> None:
    picture = _asset(session, services, site, "picture", "plan.jpg", "image/jpeg", jpeg((90, 90, 90), 800, 400))
    film = _asset(session, services, site, "video", "pump.mp4", "video/mp4", FILM)
    captions = _asset(
        session, services, site, "captions", "pump.vtt", "text/vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nHum\n"
    )
    paper = _asset(
        session, services, site, "document", "Report.pdf", "application/pdf", b"%PDF-1.4\n" + b" " * 2_400_000
    )
    body = {"en": "What is *there*."}
    for point in (
        Point("info", 10, 12, {"en": "A word"}, body),
        Point("picture", -20, 10, {"en": "A drawing"}, body, asset=picture),
        Point("video", 20, -10, {"en": "A film"}, body, asset=film, captions=captions),
        Point("document", -10, -14, {"en": "A report"}, body, asset=paper),
        Point("outside", 30, 14, {"en": "More elsewhere"}, body, url="https://example.org/more?x=1"),
        Point("outside", -35, -10, {"en": "Write to us"}, {}, url="mailto:us@example.org"),
    ):
        hotspots.add_hotspot(session, scene, point, actor=SYSTEM)


def _asset(
    session: Session, services: Services, site: Site, kind: str, name: str, media_type: str, content: bytes
) -> Asset:
    key = f"assets/{site.id}-{kind}"
    services.storage.put(key, content)
    size: dict[str, Any] = {"width": 800, "height": 400} if kind in ("picture", "video") else {}
    asset = Asset(
        site_id=site.id,
        kind=kind,
        state="ready",
        content_hash=f"{len(kind):064x}",
        original_name=name,
        media_type=media_type,
        bytes=len(content),
        storage_key=key,
        **size,
    )
    session.add(asset)
    session.flush()
    return asset


# --- what a page shows ------------------------------------------------------------------------------------------


def facts(page: Page) -> dict[str, Any]:
    """``window.tourserver``: the scene and what the graphics card and the caches hold."""
    found: dict[str, Any] = page.evaluate(
        "() => { const t = window.tourserver;"
        " return {scene: t?.scene ?? null, view: t?.view ?? null, sphere: t?.sphere ?? null} }"
    )
    return found


def walk(page: Page, world: World, fragment: str = "") -> None:
    """Open the site's page and the tour; wait until its first scene is sharp."""
    page.goto(world.path + fragment)
    page.get_by_role("button", name="Walk the tour").click()
    room.until(lambda: facts(page)["sphere"] is not None, 60, "the sphere")
    until_sharp(page)


def go(page: Page, scene: str) -> None:
    """Press a scene's button in the list of places."""
    page.locator(f"[data-tour-places] [data-scene='{scene}']").click()


def until_sharp(page: Page, scene: str | None = None) -> dict[str, Any]:
    """Wait until a scene is on screen and none of its tiles is waited for; what is held then."""

    def sharp() -> bool:
        now = facts(page)
        there = now["scene"] is not None and (scene is None or now["scene"] == scene)
        return bool(there and now["sphere"] and not now["sphere"]["busy"] and len(now["sphere"]["shown"]) > 1)

    room.until(sharp, 30, f"scene {scene} with its tiles")
    found: dict[str, Any] = facts(page)["sphere"]
    return found
