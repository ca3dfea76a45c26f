"""Tell an unstitched picture of a two-lens camera from a panorama: two round pictures side by side.

Such a file is 2:1 and sound in every other way. It is told by its shape on 512 × 256 pixels:

1. The eight corners of the two halves are dark, calm and of one colour (which needn't be black). A panorama has
   that only where both the ceiling and the floor are dark; all others end here, after 2 ms.
2. On 96 rays from the frame to the middle of a half, the light begins somewhere. A circle is fitted to these
   points by least squares, and again without those far from it. Its *share* is how many rays find their edge on
   it, within 1.6 % of the half's side; where the frame cuts the circle off, light up to the frame counts.
3. It is a dual fisheye when both halves have a share of at least 0.70, radii of 0.41 to 0.58 that differ by less
   than 0.04, and middles within 0.07 of the halves' own.

Measured on 15 real panoramas and renders, each projected into two lenses: with black corners, radii of 0.42 to
0.53, 190° to 200°, lenses out of the middle, the least share was 0.99; with corners of another dark colour and
noise of 8 levels 0.95; with light falling to a seventh at the rim 0.78; with corners at 40, noise of 14 levels and
half the light at the rim 0.67 to 0.98 (one of the 15 passes as a panorama then). None of the 15 as panoramas gets past
step 1. Of 900 made scenes with black ceilings and floors (flat bands, rooms and corridors at all proportions, lamps
in the night) the largest share with a fitting radius was 0.63. Only two round lamps of 136° across, exactly
opposite each other in a night without anything else, come near: 0.77, at a radius of 0.39.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import pyvips

SIDE: Final = 256
"""Each half is looked at in this many pixels square."""

DARK: Final = 80  # of 255: the brightest channel of a dark corner, on average
MOST_SPREAD: Final = 26  # standard deviation within a corner, noise and all
SAME: Final = 30  # levels between the corners, in any channel
LIT: Final = 22  # levels away from the corners' colour that count as light
RAYS: Final = 96
NEAR: Final = 0.016
LEAST_SHARE: Final = 0.70
RADII: Final = (0.41, 0.58)
MOST_DIFFERENCE: Final = 0.04
MOST_OFFSET: Final = 0.07

_CORNER: Final = 10  # pixels a side
_RUN: Final = 4  # pixels of light in a row that are no speck


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle in a half; lengths as shares of its side, the middle counted from the half's middle.

    ``share`` tells on how many of the rays the light really begins there.
    """

    x: float
    y: float
    radius: float
    share: float


def is_dual_fisheye(image: pyvips.Image) -> bool:
    """Whether a picture twice as wide as high shows two round pictures with dark corners."""
    pair = circles(image)
    if pair is None or not all(_fits(circle) for circle in pair):
        return False
    return abs(pair[0].radius - pair[1].radius) < MOST_DIFFERENCE


def circles(image: pyvips.Image) -> tuple[Circle, Circle] | None:
    """The circles that fit the halves best; None when the eight corners of the halves aren't dark and alike."""
    small = image.resize(2 * SIDE / image.width, vscale=SIDE / image.height, kernel="linear")
    corner = _corner_colour(small)
    if corner is None:
        return None
    # How far each pixel is from the colour of the corners, in its strongest channel; noise is smoothed away.
    smooth = small.gaussblur(1.2)
    pixels = bytes(_most((smooth - corner).abs()).cast("uchar").write_to_memory())
    return _circle(pixels, 0), _circle(pixels, SIDE)


def _most(image: pyvips.Image) -> pyvips.Image:
    most = image[0]
    for band in (image[1], image[2]):
        most = (most > band).ifthenelse(most, band)
    return most


def _corner_colour(small: pyvips.Image) -> list[float] | None:
    """The mean colour of the eight corners when they are dark, calm and alike."""
    means = []
    for half in (0, SIDE):
        for x in (half, half + SIDE - _CORNER):
            for y in (0, SIDE - _CORNER):
                patch = small.crop(x, y, _CORNER, _CORNER)
                mean = [band.avg() for band in patch.bandsplit()]
                if max(mean) > DARK or patch.deviate() > MOST_SPREAD:
                    return None
                means.append(mean)
    if any(max(band) - min(band) > SAME for band in zip(*means, strict=True)):
        return None
    return [sum(band) / len(band) for band in zip(*means, strict=True)]


def _circle(pixels: bytes, left: int) -> Circle:
    """Fit a circle to where the light begins on rays from outside to the middle of a half."""
    points = [_edge(pixels, left, 2 * math.pi * ray / RAYS) for ray in range(RAYS)]
    # Rays that meet no light before the inner part of the half say nothing about an edge.
    found = [point for point in points if point and math.hypot(*point) > RADII[0] / 2]
    circle = Circle(0.0, 0.0, 0.0, 0.0)
    tolerance = 0.08
    for _round in range(6):
        if len(found) < RAYS // 6:
            return circle
        x, y, radius = _least_squares(found)
        circle = Circle(x, y, radius, _share(points, x, y, radius))
        found = [p for p in points if p and abs(math.hypot(p[0] - x, p[1] - y) - radius) < tolerance]
        tolerance = max(NEAR, tolerance * 0.6)
    return circle


def _edge(pixels: bytes, left: int, angle: float) -> tuple[float, float] | None:
    """Where a ray from the frame to the half's middle first meets light, as shares of the side.

    None when it begins in light, the middle when there is none.
    """
    cosine, sine = math.cos(angle), math.sin(angle)
    middle = SIDE / 2
    farthest = int((middle - 1) / max(abs(cosine), abs(sine)))
    lit = 0
    for radius in range(farthest, SIDE // 8, -1):
        column, row = int(middle + radius * cosine), int(middle + radius * sine)
        if pixels[row * 2 * SIDE + left + column] > LIT:
            lit += 1
            if lit == _RUN:
                at = radius + _RUN - 0.5
                return None if at >= farthest - 1 else (at * cosine / SIDE, at * sine / SIDE)
        else:
            lit = 0
    return (0.0, 0.0)


def _least_squares(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    """The circle with the least algebraic error: x² + y² = a·x + b·y + c, by the normal equations."""
    sums = [[0.0] * 4 for _ in range(3)]
    for x, y in points:
        row = (x, y, 1.0, x * x + y * y)
        for i in range(3):
            for j in range(4):
                sums[i][j] += row[i] * row[j]
    for i in range(3):
        pivot = sums[i][i] or 1e-12
        for j in range(3):
            if j != i:
                factor = sums[j][i] / pivot
                sums[j] = [value - factor * other for value, other in zip(sums[j], sums[i], strict=True)]
    a, b, c = (sums[i][3] / (sums[i][i] or 1e-12) for i in range(3))
    return a / 2, b / 2, math.sqrt(max(0.0, c + (a * a + b * b) / 4))


def _share(points: list[tuple[float, float] | None], x: float, y: float, radius: float) -> float:
    """The share of rays that find light where the circle begins."""
    hits = 0
    for ray, point in enumerate(points):
        angle = 2 * math.pi * ray / RAYS
        meets = _distance(x, y, radius, angle)
        if point is None:
            # Light up to the frame is as it should be where the frame cuts the circle off.
            hits += meets * max(abs(math.cos(angle)), abs(math.sin(angle))) > 0.5 - NEAR
        else:
            hits += abs(math.hypot(point[0] - x, point[1] - y) - radius) < NEAR
    return hits / RAYS


def _distance(x: float, y: float, radius: float, angle: float) -> float:
    """How far from the half's middle a ray meets the circle."""
    along = x * math.cos(angle) + y * math.sin(angle)
    across = x * math.sin(angle) - y * math.cos(angle)
    return along + math.sqrt(max(0.0, radius * radius - across * across))


def _fits(circle: Circle) -> bool:
    return (
        circle.share >= LEAST_SHARE
        and RADII[0] <= circle.radius <= RADII[1]
        and math.hypot(circle.x, circle.y) <= MOST_OFFSET
    )
