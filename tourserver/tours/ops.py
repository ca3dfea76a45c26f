"""What an editor may send, written down: no unknown keys, no guessed types. Angles in degrees."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.strict import Id, Strict, parse
from tourserver.tours.shapes import Limits, Number, Spot, View, Words

MOST_BYTES: Final = 256 * 1024
"""Of one operation: three languages of the longest text fit several times."""

Revision = Annotated[int, Field(ge=1, le=1_000_000_000)]
Texts = dict[str, Words]
Key = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,40}$")]


class Region(Strict):
    """What is to be blurred: an ellipse by its middle and its extent, degrees."""

    id: Key | None = None
    yaw: Number
    pitch: Number
    width: Number
    height: Number


class SceneValues(Strict):
    """What may change of a scene; what is absent stays."""

    title: Texts | None = None
    alternative: Texts | None = None
    view: View | None = None
    north: Number | None = None
    limits: Limits | None = None
    plan: Spot | None = None
    regions: list[Region] | None = None
    credit: Words | None = None
    licence: Words | None = None
    render: bool | None = None


class PointValues(Strict):
    """What may be said of a point; what is absent stays."""

    kind: Literal["link", "info", "picture", "video", "document", "outside"] | None = None
    yaw: Number | None = None
    pitch: Number | None = None
    label: Texts | None = None
    body: Texts | None = None
    to: Id | None = None
    arrival: Literal["start", "heading", "view"] | None = None
    view: View | None = None
    asset: Id | None = None
    captions: Id | None = None
    url: Words | None = None


class TourValues(Strict):
    """What may change of the tour as a whole."""

    plan: Id | None = None
    north: Number | None = None


class SceneChange(Strict):
    """``scene.change``"""

    op: Literal["scene.change"]
    id: Id
    revision: Revision
    values: SceneValues


class SceneOrder(Strict):
    """``scene.order``: all scenes; the revision is the tour's."""

    op: Literal["scene.order"]
    ids: Annotated[list[Id], Field(max_length=1000)]
    revision: Revision


class SceneRemove(Strict):
    """``scene.remove``"""

    op: Literal["scene.remove"]
    id: Id
    revision: Revision


class HotspotAdd(Strict):
    """``hotspot.add``: ``scene`` is where the point stands."""

    op: Literal["hotspot.add"]
    scene: Id
    values: PointValues


class HotspotChange(Strict):
    """``hotspot.change``"""

    op: Literal["hotspot.change"]
    id: Id
    revision: Revision
    values: PointValues


class HotspotRemove(Strict):
    """``hotspot.remove``"""

    op: Literal["hotspot.remove"]
    id: Id
    revision: Revision


class LinkBack(Strict):
    """``link_back``: the way back to a link."""

    op: Literal["link_back"]
    hotspot: Id


class PutBack(Strict):
    """``put_back``: a removed part."""

    op: Literal["put_back"]
    removed: Id


class TourChange(Strict):
    """``tour.change``"""

    op: Literal["tour.change"]
    revision: Revision
    values: TourValues


Command = (
    SceneChange
    | SceneOrder
    | SceneRemove
    | HotspotAdd
    | HotspotChange
    | HotspotRemove
    | LinkBack
    | PutBack
    | TourChange
)

OPS: Final[dict[str, type[Command]]] = {
    "scene.change": SceneChange,
    "scene.order": SceneOrder,
    "scene.remove": SceneRemove,
    "hotspot.add": HotspotAdd,
    "hotspot.change": HotspotChange,
    "hotspot.remove": HotspotRemove,
    "link_back": LinkBack,
    "put_back": PutBack,
    "tour.change": TourChange,
}


def read(value: Any) -> Command:
    """The operation that a client sent; raises Invalid naming what is wrong with it."""
    name = value.get("op") if isinstance(value, dict) else None
    model = OPS.get(name) if isinstance(name, str) else None
    if model is None:
        raise Invalid(N_("There is no operation “%(name)s”."), field="op", name=str(name)[:40])
    return parse(model, value)


def given(values: Strict) -> dict[str, Any]:
    """The values that a client named, also those that it named as nothing."""
    return {name: getattr(values, name) for name in values.model_fields_set}
