"""Loads the demo's nodes, themes, sites and tours. Running it again changes nothing that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core.paths import resource
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas import store
from tourserver.sites import rules, seed
from tourserver.sites.models import Node, Site, Theme
from tourserver.tours import hotspots, publishing, scenes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene

SITE_COLUMNS = (
    "summary", "body", "place", "latitude", "longitude", "figures", "illustrative", "contact_name", "contact_email",
    "source_language",
)  # fmt: skip


@lru_cache(maxsize=8)
def read(name: str) -> Any:
    """One file of panoramas/demo."""
    return json.loads((folder() / name).read_text(encoding="utf-8"))


def folder() -> Path:
    """Where the demo's descriptions lie; its pictures are one level up."""
    return resource("panoramas") / "demo"


def load_sites(services: Services, progress: Callable[[str], None]) -> None:
    """All sites that are not there yet, each in a transaction of its own."""
    with services.db.write() as session:
        seed.nodes_and_themes(session)
        known = set(session.scalars(select(Site.slug)))
    files = sorted((folder() / "sites").glob("*.json"))
    entries = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    for entry in entries:
        if entry["slug"] in known:
            continue
        pictures = {scene["file"]: _hold(services, scene["file"]) for scene in entry.get("scenes", [])}
        try:
            with services.db.write() as session:
                _load_site(session, services, entry, pictures)
        finally:
            for held in pictures.values():
                held.discard()
        count = len(pictures)
        progress(f"{entry['name']['en']}" + (f": {count} scene{'s' if count > 1 else ''}" if count else ""))


def _hold(services: Services, name: str) -> store.Held:
    with (resource("panoramas") / name).open("rb") as file:
        return store.hold(services, file, name)


def _load_site(session: Session, services: Services, entry: dict[str, Any], pictures: dict[str, store.Held]) -> None:
    node = session.scalars(select(Node).where(Node.slug == entry["node"])).one()
    themes = list(session.scalars(select(Theme).where(Theme.slug.in_(entry["themes"]))))
    columns = {name: entry[name] for name in SITE_COLUMNS if name in entry}
    site = rules.create(
        session, actor=SYSTEM, slug=entry["slug"], name=entry["name"], node=node, themes=themes, **columns
    )
    made: dict[str, Scene] = {}
    for described in entry.get("scenes", []):
        panorama = store.keep(session, services.storage, pictures[described["file"]], actor=SYSTEM)
        view = described["view"]
        made[described["key"]] = scenes.add_scene(
            session,
            site,
            panorama,
            key=described["key"],
            title=described["title"],
            alternative=described["alternative"],
            view=(view["yaw"], view["pitch"], view["fov"]),
            north=described["north"],
            credit=described["credit"],
            licence=described["licence"],
            is_render=described["render"],
            actor=SYSTEM,
        )
    for described in entry.get("scenes", []):
        for hotspot in described["hotspots"]:
            point = Point(
                kind=hotspot["kind"],
                yaw=hotspot["yaw"],
                pitch=hotspot["pitch"],
                label=hotspot["label"],
                body=hotspot.get("body") or {},
                target=made[hotspot["to"]] if hotspot.get("to") else None,
            )
            hotspots.add_hotspot(session, made[described["key"]], point, actor=SYSTEM)
    rules.set_state(session, site, "published", actor=SYSTEM)
    if made:
        publishing.publish(session, site, actor=SYSTEM)
