"""Take the pictures and files of a ZIP into the storage: slow work, before the one transaction that makes a tour."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tourserver.assets.inspect import MOST_BYTES
from tourserver.assets.receive import Stored
from tourserver.assets.receive import store as store_asset
from tourserver.core.actors import Actor
from tourserver.core.errors import Invalid
from tourserver.core.services import Services
from tourserver.panoramas import store
from tourserver.panoramas.inspect import MEGABYTE
from tourserver.panoramas.sandbox import Limits
from tourserver.panoramas.store import Held
from tourserver.tours.archive import cubes, making
from tourserver.tours.archive.parts import FilePart, PicturePart, ScenePart, TourPart
from tourserver.tours.archive.report import Report
from tourserver.tours.archive.zips import Archive
from tourserver.uploads.rules import plain_name

_BLOCK = 256 * 1024


@dataclass
class Unpacked:
    """Where the tour's pictures and files are now: panorama ids by scene key, stored files by kind and path."""

    panoramas: dict[str, str] = field(default_factory=dict)
    files: dict[tuple[str, str], Stored] = field(default_factory=dict)


@dataclass
class Unpacker:
    """Goes through a tour. ``progress`` is told how much of the pictures' bytes is done, 0 to 1."""

    services: Services
    archive: Archive
    report: Report
    actor: Actor
    folder: Path
    progress: Callable[[float], None]
    stopping: threading.Event | None = None

    def pictures(self, tour: TourPart, into: Unpacked) -> None:
        """Keep each picture once, by its content, and ask for its tiles; scenes of refused pictures are left out."""
        kept: dict[str, str | Invalid] = {}
        wanted = [scene for scene in tour.scenes if scene.picture is not None]
        whole, done = sum(self._weight(scene) for scene in wanted) or 1, 0
        for scene in wanted:
            assert scene.picture is not None
            name = scene.picture.path or f"cube:{scene.key}"
            if name not in kept:
                kept[name] = self._picture(scene.picture)
            found = kept[name]
            if isinstance(found, Invalid):
                self.report.left(found.message, scene.name, **found.params)
            else:
                into.panoramas[scene.key] = found
            done += self._weight(scene)
            self.progress(done / whole)
        tour.scenes = [scene for scene in tour.scenes if scene.key in into.panoramas]

    def files(self, tour: TourPart, into: Unpacked) -> None:
        """Store all files that points of the remaining scenes show; a file that is refused is told and left out."""
        wanted = [(tour.plan, "")] if tour.plan else []
        for scene in tour.scenes:
            for point in scene.points:
                wanted += [(part, scene.name) for part in (point.asset, point.captions) if part is not None]
        refused: set[tuple[str, str]] = set()
        for part, where in wanted:
            identity = (part.kind, part.path)
            if identity in into.files or identity in refused:
                continue
            try:
                into.files[identity] = self._file(part)
            except Invalid as error:
                refused.add(identity)
                self.report.left(error.message, where, **error.params)

    def _weight(self, scene: ScenePart) -> int:
        assert scene.picture is not None
        if scene.picture.cube is not None:
            return 20 * MEGABYTE
        return self.archive.size(scene.picture.path) + 1

    def _picture(self, part: PicturePart) -> str | Invalid:
        held = None
        try:
            held = self._held(part)
            with self.services.db.write() as session:
                return store.keep(session, self.services.storage, held, actor=self.actor).id
        except Invalid as error:
            return error
        finally:
            if held is not None:
                held.discard()

    def _held(self, part: PicturePart) -> Held:
        if part.cube is None:
            with self.archive.open(part.path, self.services.settings.max_upload_mb * MEGABYTE) as stream:
                return store.hold(self.services, stream, part.name)
        settings = self.services.settings
        folder = self.services.storage.scratch()
        try:
            target = folder / "original"
            cubes.unpack(self.archive, part.cube, folder)
            work = {"size": part.cube.size, "tile": part.cube.tile, "width": cubes.width(part.cube)}
            limits = Limits(settings.tile_memory_mb, settings.tile_seconds, settings.tile_seconds)
            making.make("cube", folder, target, work, limits=limits, stopping=self.stopping)
            with target.open("rb") as stream:
                return store.hold(self.services, stream, part.name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _file(self, part: FilePart) -> Stored:
        digest, path = hashlib.sha256(), self.folder / "file"
        with self.archive.open(part.path, MOST_BYTES[part.kind]) as stream, path.open("wb") as target:
            while block := stream.read(_BLOCK):
                digest.update(block)
                target.write(block)
        name = plain_name(part.name or part.path)
        return store_asset(self.services, path, part.kind, name, digest.hexdigest())
