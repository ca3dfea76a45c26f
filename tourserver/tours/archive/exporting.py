"""Write a tour as a ZIP: the draft with its private originals, or the published tour with the pictures visitors see.

The same tour gives the same bytes: entries are sorted, stored and dated alike, and written as a stream whether the
target could be turned back or not.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol

from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import freezing, plan, scenes
from tourserver.tours.archive import manifest
from tourserver.tours.archive.manifest import Manifest
from tourserver.tours.models import Hotspot, Scene, TourRevision

_BLOCK: Final = 256 * 1024
_DATE: Final = (1980, 1, 1, 0, 0, 0)


class Sink(Protocol):
    """Where bytes go, one after the other."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the ZIP: from the storage, or from this machine."""

    name: str
    source: str | Path


@dataclass
class Package:
    """What goes into the ZIP."""

    manifest: Manifest
    items: list[Item]


@dataclass
class _Files:
    """Names in the ZIP for the files of a tour, numbered by their first use."""

    known: dict[str, Item] = field(default_factory=dict)

    def of(self, asset: Asset | None) -> dict[str, str] | None:
        """As the manifest has a file."""
        if asset is None:
            return None
        if asset.id not in self.known:
            ending = PurePosixPath(asset.storage_key).suffix
            self.known[asset.id] = Item(f"files/{len(self.known) + 1:03}{ending}", asset.storage_key)
        return {"file": self.known[asset.id].name, "name": asset.original_name, "type": asset.media_type}


def of_draft(session: Session, site: Site) -> Package:
    """The draft of a site, withdrawn scenes too, with the pictures as they were uploaded: no face is blurred in them.

    Raises Invalid when there is no scene.
    """
    found = scenes.of_site(session, site.id)
    if not found:
        raise Invalid(N_("The tour has no scene yet. Upload a panorama first."))
    files, keys = _Files(), {scene.id: scene.key for scene in found}
    tour = plan.of(session, site.id)
    drawing = {"drawing": files.of(tour.plan if tour.plan_asset_id else None), "north": tour.plan_north}
    pictures = {scene.panorama_id: _original(scene.panorama) for scene in found}
    told = Manifest.model_validate(
        {
            "format": manifest.FORMAT,
            "version": manifest.VERSION,
            "pictures": "original",
            "plan": drawing,
            "scenes": [_scene(scene, pictures[scene.panorama_id], keys, files) for scene in found],
        }
    )
    return Package(told, [*pictures.values(), *files.known.values()])


def of_published(session: Session, revision: TourRevision, pictures: dict[str, Item]) -> Package:
    """A published tour; ``pictures`` are those that visitors see, by panorama id. Nothing private is in it."""
    content, files = revision.content, _Files()
    shown = freezing.assets(session, content)
    keys = {scene["id"]: scene["key"] for scene in content["scenes"]}
    frozen_plan = content.get("plan") or {}
    drawing = shown.get(frozen_plan.get("asset") or "")
    told = Manifest.model_validate(
        {
            "format": manifest.FORMAT,
            "version": manifest.VERSION,
            "pictures": "published",
            "plan": {"drawing": files.of(drawing), "north": frozen_plan.get("north", 0.0)},
            "scenes": [
                _frozen_scene(scene, session.get_one(Panorama, scene["panorama"]), pictures, keys, shown, files)
                for scene in content["scenes"]
            ],
        }
    )
    return Package(told, [*{item.name: item for item in pictures.values()}.values(), *files.known.values()])


def write(services: Services, package: Package, target: Sink) -> None:
    """Write the ZIP to anything that takes bytes."""
    for block in stream(services, package):
        target.write(block)


def stream(services: Services, package: Package) -> Iterator[bytes]:
    """The ZIP in blocks, while it is made; never more than a block of a file is in memory."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as file:  # type: ignore[call-overload]  # it only writes
        content = manifest.write(package.manifest)
        for _ in _entry(file, manifest.NAME, len(content), [content]):
            yield from pipe.take()
        for item in sorted(package.items, key=lambda each: each.name):
            if (found := _open(services, item)) is None:
                continue
            size, source = found
            with source:
                for _ in _entry(file, item.name, size, iter(partial(source.read, _BLOCK), b"")):
                    yield from pipe.take()
    yield from pipe.take()


class _Pipe:
    """A file that can only be written: what was written is taken out again."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep until it is taken."""
        self._blocks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> Iterator[bytes]:
        """What was written since."""
        blocks, self._blocks = self._blocks, []
        yield from blocks


def _entry(file: zipfile.ZipFile, name: str, size: int, blocks: Iterable[bytes]) -> Iterator[int]:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_STORED, 3, 0o100644 << 16
    info.file_size = size  # decides whether sizes have 32 or 64 bits
    with file.open(info, "w") as entry:
        for block in blocks:
            entry.write(block)
            yield len(block)
    yield 0


def _open(services: Services, item: Item) -> tuple[int, IO[bytes]] | None:
    """Size and bytes of a file; None when it isn't there, which an import says of it."""
    if isinstance(item.source, Path):
        return item.source.stat().st_size, item.source.open("rb")
    if not services.storage.exists(item.source):
        return None
    return services.storage.facts(item.source).size, services.storage.open(item.source)


def _original(panorama: Panorama) -> Item:
    """By its content: the storage's own name of it has chance in it."""
    key = PurePosixPath(panorama.original_key)
    return Item(f"pictures/{key.stem.partition('-')[0]}{key.suffix}", panorama.original_key)


def _scene(scene: Scene, picture: Item, keys: dict[str, str], files: _Files) -> dict[str, Any]:
    return {
        "key": scene.key,
        "title": dict(scene.title),
        "alternative": dict(scene.alternative),
        "picture": {"file": picture.name, "name": scene.panorama.original_name},
        "view": {"yaw": scene.start_yaw, "pitch": scene.start_pitch, "fov": scene.start_fov},
        "north": scene.north,
        "limits": {"min": scene.min_fov, "max": scene.max_fov},
        "plan": None if scene.plan_x is None else {"x": scene.plan_x, "y": scene.plan_y},
        # the picture may be a blurred one itself, and its original is what goes out
        "regions": [
            {name: region[name] for name in ("yaw", "pitch", "width", "height")}
            for region in [*scene.regions, *scene.panorama.regions]
        ],
        "credit": scene.credit,
        "licence": scene.licence,
        "render": scene.is_render,
        "withdrawn": scene.withdrawn_at is not None,
        "hotspots": [_point(point, keys, files) for point in scene.hotspots],
    }


def _point(point: Hotspot, keys: dict[str, str], files: _Files) -> dict[str, Any]:
    own_view = {"yaw": point.target_yaw, "pitch": point.target_pitch, "fov": point.target_fov}
    return {
        "kind": point.kind,
        "yaw": point.yaw,
        "pitch": point.pitch,
        "label": dict(point.label),
        "body": dict(point.body),
        "to": keys.get(point.target_scene_id or ""),
        "arrival": point.arrival,
        "view": own_view if point.arrival == "view" else None,
        "asset": files.of(point.asset),
        "captions": files.of(point.captions),
        "url": point.url,
    }


def _frozen_scene(
    scene: dict[str, Any],
    panorama: Panorama,
    pictures: dict[str, Item],
    keys: dict[str, str],
    shown: dict[str, Asset],
    files: _Files,
) -> dict[str, Any]:
    facts = {name: scene[name] for name in ("key", "title", "view", "north")}
    return {
        **facts,
        "alternative": scene["alternative"],
        "picture": {"file": pictures[panorama.id].name, "name": ""},
        "limits": scene.get("limits", {"min": 30, "max": 90}),
        "plan": scene.get("plan"),
        # revisions of the first release have these with their pictures
        "credit": scene.get("credit", panorama.credit),
        "licence": scene.get("licence", panorama.licence),
        "render": scene.get("render", panorama.is_render),
        "hotspots": [_frozen_point(point, keys, shown, files) for point in scene["hotspots"]],
    }


def _frozen_point(
    point: dict[str, Any], keys: dict[str, str], shown: dict[str, Asset], files: _Files
) -> dict[str, Any]:
    facts = {name: point[name] for name in ("kind", "yaw", "pitch", "label", "body")}
    return {
        **facts,
        "to": keys.get(point["to"] or ""),
        "arrival": point.get("arrival", "start"),
        "view": point.get("view"),
        "asset": files.of(shown.get(point.get("asset") or "")),
        "captions": files.of(shown.get(point.get("captions") or "")),
        "url": point.get("url"),
    }
