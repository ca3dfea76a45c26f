from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tourserver.core.errors import Invalid
from tourserver.panoramas.regions import MOST, Region, as_json, baked_hash, canonical

FACE = {"id": "a", "yaw": 12.3456, "pitch": -5.0004, "width": 4, "height": 5.5}


def test_regions_have_one_form_whatever_their_order_ids_and_last_digits() -> None:
    other = {"id": "b", "yaw": -170.0, "pitch": 0.0, "width": 2.0, "height": 1.0}
    one = canonical([FACE, other, FACE])
    assert one == (Region(-170.0, 0.0, 2.0, 1.0), Region(12.346, -5.0, 4.0, 5.5))
    assert one == canonical([{**other, "id": "z"}, {**FACE, "yaw": 12.3459, "note": "x"}])
    assert baked_hash("ab", one) == baked_hash("ab", canonical(as_json(one)))
    assert baked_hash("ab", one) != baked_hash("ac", one)
    assert baked_hash("ab", one) != baked_hash("ab", one[:1])


def test_both_names_of_the_seam_and_both_zeros_are_the_same() -> None:
    seam = canonical([{**FACE, "yaw": 180}, {**FACE, "yaw": -180}, {**FACE, "yaw": 179.9999}, {**FACE, "yaw": 540}])
    assert [region.yaw for region in seam] == [-180.0]
    assert baked_hash("a", canonical([{**FACE, "yaw": -0.0}])) == baked_hash("a", canonical([{**FACE, "yaw": 0.0}]))


@pytest.mark.parametrize(
    "change",
    [
        {"yaw": math.nan}, {"yaw": math.inf}, {"pitch": 90.1}, {"pitch": math.nan}, {"width": 0}, {"width": -1},
        {"width": 180.5}, {"height": math.nan}, {"height": "tall"}, {"yaw": None},
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        canonical([{**FACE, **change}])
    assert caught.value.field == "regions"


def test_a_region_without_a_height_is_refused() -> None:
    with pytest.raises(Invalid, match="needs a direction, and a width and a height"):
        canonical([{"yaw": 1, "pitch": 2, "width": 3}])


def test_more_regions_than_a_picture_has_faces_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 200 blurred regions"):
        canonical({**FACE, "yaw": number / 10} for number in range(MOST + 1))


def within(region: Region, longitude: float, latitude: float) -> bool:
    """Whether a direction (degrees) lies in the ellipse, worked out on the sphere by hand."""
    l, b, p = (math.radians(angle) for angle in (longitude - region.yaw, latitude, region.pitch))  # noqa: E741
    ahead = math.cos(b) * math.cos(l) * math.cos(p) + math.sin(b) * math.sin(p)
    up = math.sin(b) * math.cos(p) - math.cos(b) * math.cos(l) * math.sin(p)
    x = math.degrees(math.atan2(math.cos(b) * math.sin(l), ahead)) / (region.width / 2)
    y = math.degrees(math.asin(max(-1.0, min(1.0, up)))) / (region.height / 2)
    return x * x + y * y <= 1


@settings(deadline=None, max_examples=60)
@given(
    st.builds(Region, st.floats(-180, 179), st.floats(-90, 90), st.floats(0.5, 180), st.floats(0.5, 180)),
)
@example(Region(-180.0, 0.0, 20.0, 10.0))
@example(Region(0.0, 90.0, 30.0, 10.0))
def test_the_boxes_hold_every_pixel_of_the_ellipse_and_stay_in_the_picture(region: Region) -> None:
    width, height = 360, 180
    boxes = region.boxes(width, height)
    for left, top, across, down in boxes:
        assert 0 <= left < left + across <= width
        assert 0 <= top < top + down <= height
    for column in range(0, width, 3):
        for row in range(0, height, 3):
            if within(region, column + 0.5 - 180, 90 - row - 0.5):
                assert any(x <= column < x + w and y <= row < y + h for x, y, w, h in boxes)
