"""Places of sites on the packaged outline of Sweden; no map server is asked.

``static/build/sweden.mjs`` draws the outline (Natural Earth, public domain) in a transverse Mercator projection
and writes its constants beside it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tourserver.core.paths import resource
from tourserver.sites.models import Site


@dataclass(frozen=True)
class Point:
    """A site on the map with its number in the list beside it, in units of the outline's view box."""

    number: int
    site: Site
    x: float
    y: float


def outline() -> dict[str, Any]:
    """View box, width, height and paths of the outline."""
    folder = resource("static") / "dist"
    manifest = json.loads((folder / "manifest.json").read_text())
    return _read(folder / manifest["sweden.json"])


@lru_cache(maxsize=2)
def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def project(latitude: float, longitude: float, constants: dict[str, Any]) -> tuple[float, float]:
    """WGS 84 degrees to the view box, on the sphere: exact to less than a pixel at this size."""
    phi, delta = math.radians(latitude), math.radians(longitude - constants["meridian"])
    b = math.cos(phi) * math.sin(delta)
    x = constants["translate"][0] + constants["scale"] * 0.5 * math.log((1 + b) / (1 - b))
    y = constants["translate"][1] - constants["scale"] * math.atan2(math.tan(phi), math.cos(delta))
    return round(x, 1), round(y, 1)


def points(sites: list[Site]) -> list[Point]:
    """The sites that have a position, numbered from 1."""
    constants = outline()["projection"]
    placed = [site for site in sites if site.latitude is not None]
    return [
        Point(number, site, *project(site.latitude or 0.0, site.longitude or 0.0, constants))
        for number, site in enumerate(placed, start=1)
    ]
