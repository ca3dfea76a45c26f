"""Regions to be blurred, as plain values: checked, in one canonical form, and the pixels that they reach.

A region is ``{"yaw", "pitch", "width", "height"}`` in degrees: an ellipse on the sphere around a direction. No picture
library is needed here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from tourserver.panoramas import refusals

MOST: Final = 200
"""Regions of one picture."""

MOST_DEGREES: Final = 180.0


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """An ellipse on the sphere; angles in degrees, yaw from −180 up to 180, pitch up."""

    yaw: float
    pitch: float
    width: float
    height: float

    def boxes(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """Left, top, width and height, in pixels, of one or two boxes that hold the ellipse in a picture.

        Near a pole all columns; over the seam one box at each side.
        """
        reach = max(self.width, self.height) / 2 + 360 / width  # the cap around it, and a pixel
        top = max(0, math.floor((90 - self.pitch - reach) / 180 * height))
        bottom = min(height, math.ceil((90 - self.pitch + reach) / 180 * height))
        across = 180.0
        if abs(self.pitch) + reach < 90:
            across = math.degrees(math.asin(math.sin(math.radians(reach)) / math.cos(math.radians(self.pitch))))
        left = math.floor((self.yaw - across + 180) / 360 * width)
        right = math.ceil((self.yaw + across + 180) / 360 * width)
        if right - left >= width:
            return [(0, top, width, bottom - top)]
        columns = [(left % width, min(width, left % width + right - left))]
        if (rest := left % width + right - left - width) > 0:
            columns.append((0, rest))
        return [(first, top, after - first, bottom - top) for first, after in columns]


def canonical(regions: Iterable[Mapping[str, Any]]) -> tuple[Region, ...]:
    """The regions without ids, rounded to 0.001°, sorted, each once; raises ``Invalid`` for what is none."""
    found = set()
    for region in regions:
        try:
            yaw, pitch, width, height = (float(region[name]) for name in ("yaw", "pitch", "width", "height"))
        except (KeyError, TypeError, ValueError) as error:
            raise refusals.bad_region() from error
        if not (math.isfinite(yaw) and abs(pitch) <= 90 and 0 < width <= MOST_DEGREES and 0 < height <= MOST_DEGREES):
            raise refusals.bad_region()
        turned = round((yaw + 180) % 360 - 180, 3)
        # Adding zero makes −0.0 the same as 0.0.
        found.add(
            Region(
                -180.0 if turned == 180 else turned + 0.0,
                round(pitch, 3) + 0.0,
                max(round(width, 3), 0.001),
                max(round(height, 3), 0.001),
            )
        )
    if len(found) > MOST:
        raise refusals.too_many_regions(MOST)
    return tuple(sorted(found))


def as_json(regions: Iterable[Region]) -> list[dict[str, float]]:
    """As a row, a job and a child process have them."""
    return [asdict(region) for region in regions]


def baked_hash(content_hash: str, regions: Iterable[Region]) -> str:
    """What names the picture that has these canonical regions of another baked in; hex."""
    import hashlib  # late: the tiling child, which is started for each picture, can do without

    text = json.dumps(as_json(regions), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((content_hash + text).encode()).hexdigest()
