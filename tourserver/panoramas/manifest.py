"""What a folder of tiles says about itself. Apart from the cutting: readers need no picture library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tourserver.panoramas.ladder import Level

TILE_QUALITY: Final = 82
"""Of JPEG tiles."""

MANIFEST: Final = "manifest.json"

Progress = Callable[[int], None]
"""Called with whole percents, rising, 100 at the end."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was made. ``files`` counts tiles and the base, ``bytes`` their sizes; ``seconds`` is wall time."""

    width: int
    height: int
    levels: tuple[Level, ...]
    files: int
    bytes: int
    seconds: float
    ending: str = "jpg"

    def json(self) -> dict[str, Any]:
        """As manifest.json has it; paths are relative to it."""
        return {
            "version": 1,
            "width": self.width,
            "height": self.height,
            "levels": [level.json() for level in self.levels],
            "base": f"base.{self.ending}",
            "tile": f"{{level}}/{{col}}_{{row}}.{self.ending}",
            "files": self.files,
            "bytes": self.bytes,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """The opposite of :meth:`json`."""
        levels = tuple(Level(**level) for level in data["levels"])
        ending = data["base"].rpartition(".")[2]
        return cls(data["width"], data["height"], levels, data["files"], data["bytes"], data["seconds"], ending)
