"""Facts of a tour as clients and archives write them: no unknown keys, no guessed types. Angles in degrees."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tourserver.core.strict import Strict

# how far and how long it may be is the rules' to say, in words
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Words = Annotated[str, Field(max_length=100_000)]


class View(Strict):
    """Where one looks."""

    yaw: Number
    pitch: Number
    fov: Number


class Limits(Strict):
    """How near and how wide one may look, degrees of vertical field of view."""

    min: Number
    max: Number


class Spot(Strict):
    """A place on the plan, as fractions from its upper left corner."""

    x: Number
    y: Number
