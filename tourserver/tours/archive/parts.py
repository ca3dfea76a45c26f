"""A tour between a ZIP and the database: what every format is read into. Angles in degrees, as in tours.models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tourserver.core.db import Texts

USUAL_FOV: Final = 70.0
LEAST_FOV, MOST_FOV = 30.0, 90.0


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that a point shows, or the plan: its path in the ZIP, and what it is."""

    path: str
    kind: str
    name: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class CubePart:
    """Six faces cut into tiles: ``tiles[face, column, row]`` is a path in the ZIP, sizes in pixels.

    ``size`` is that of a face as it is cut, ``sharp`` the one that it was made from: there is no more to be seen in it.
    """

    size: int
    sharp: int
    tile: int
    tiles: dict[tuple[str, int, int], str]


@dataclass(frozen=True, slots=True)
class PicturePart:
    """A scene's picture: its path in the ZIP and the name that it had when it was uploaded; or a cube."""

    path: str
    name: str = ""
    cube: CubePart | None = None


@dataclass(slots=True)
class PointPart:
    """A point. ``to`` is the key of a scene in the same ZIP."""

    kind: str
    yaw: float
    pitch: float
    label: Texts
    body: Texts = field(default_factory=dict)
    to: str | None = None
    arrival: str = "start"
    view: tuple[float, float, float] | None = None
    asset: FilePart | None = None
    captions: FilePart | None = None
    url: str | None = None


@dataclass(slots=True)
class ScenePart:
    """A scene; ``key`` is its name in the ZIP."""

    key: str
    title: Texts
    picture: PicturePart | None
    alternative: Texts = field(default_factory=dict)
    view: tuple[float, float, float] = (0.0, 0.0, USUAL_FOV)
    north: float = 0.0
    limits: tuple[float, float] = (LEAST_FOV, MOST_FOV)
    plan: tuple[float, float] | None = None
    regions: list[dict[str, float]] = field(default_factory=list)
    credit: str = ""
    licence: str = ""
    is_render: bool = False
    withdrawn: bool = False
    points: list[PointPart] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the report calls it."""
        return next((text for text in self.title.values() if text), self.key)


@dataclass(slots=True)
class TourPart:
    """All scenes in order, and the plan."""

    scenes: list[ScenePart] = field(default_factory=list)
    plan: FilePart | None = None
    plan_north: float = 0.0
