"""Points in a picture: a way to another scene, or something to read, see, watch, download or follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import audit, i18n
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.tours import wording
from tourserver.tours.models import Hotspot, Scene
from tourserver.tours.scenes import bounded, turn

KINDS: Final = ("link", "info", "picture", "video", "document", "outside")
ASSET_KINDS: Final = frozenset({"picture", "video", "document"})
ARRIVALS: Final = ("start", "heading", "view")
MAX_HOTSPOTS: Final = 100
_SCHEMES: Final = frozenset({"http", "https", "mailto"})


@dataclass(frozen=True, slots=True)
class Point:
    """All that a person says of a point. Angles in degrees; ``view`` is yaw, pitch and field of view on arriving."""

    kind: str
    yaw: float
    pitch: float
    label: Texts
    body: Texts = field(default_factory=dict)
    target: Scene | None = None
    arrival: str = "heading"
    view: tuple[float, float, float] | None = None
    asset: Asset | None = None
    captions: Asset | None = None
    url: str | None = None


def add_hotspot(session: Session, scene: Scene, point: Point, *, actor: Actor, hotspot_id: str = "") -> Hotspot:
    """Add a point at the end of a scene's list; ``hotspot_id`` is given when a removed one is put back."""
    must_have_room(scene)
    values = _columns(scene, point)
    if hotspot_id:
        values["id"] = hotspot_id
    last = max((each.position for each in scene.hotspots), default=-1)
    hotspot = Hotspot(scene_id=scene.id, position=last + 1, **values)
    scene.hotspots.append(hotspot)
    session.flush()
    audit.record(session, actor, "hotspot.add", "hotspot", hotspot.id, after=audit.snapshot(hotspot))
    return hotspot


def add_hotspots(session: Session, points: Iterable[tuple[Scene, Point]], *, actor: Actor) -> list[Invalid | None]:
    """Add many points at once, in their order, as an import does; for each why it was refused, or None."""
    added: list[Hotspot] = []
    told: list[Invalid | None] = []
    for scene, point in points:
        try:
            must_have_room(scene)
            values = _columns(scene, point)
        except Invalid as error:
            told.append(error)
            continue
        last = scene.hotspots[-1].position if scene.hotspots else -1
        scene.hotspots.append(Hotspot(scene_id=scene.id, position=last + 1, **values))
        added.append(scene.hotspots[-1])
        told.append(None)
    session.flush()
    for hotspot in added:
        audit.record(session, actor, "hotspot.add", "hotspot", hotspot.id, after=audit.snapshot(hotspot))
    return told


def change_hotspot(session: Session, hotspot: Hotspot, point: Point, *, seen_revision: int, actor: Actor) -> None:
    """Save a point, of the same or another kind; raises :class:`Conflict` when somebody saved it meanwhile."""
    session.refresh(hotspot, with_for_update={"key_share": True, "of": Hotspot})
    if hotspot.revision != seen_revision:
        raise stale()
    before = audit.snapshot(hotspot)
    for name, value in _columns(hotspot.scene, point).items():
        setattr(hotspot, name, value)
    hotspot.revision += 1
    session.flush()
    session.refresh(hotspot)
    audit.record(session, actor, "hotspot.change", "hotspot", hotspot.id, before=before, after=audit.snapshot(hotspot))


def remove_hotspot(session: Session, hotspot: Hotspot, *, actor: Actor) -> None:
    """Take a point away."""
    before = audit.snapshot(hotspot)
    hotspot.scene.hotspots.remove(hotspot)
    session.flush()
    audit.record(session, actor, "hotspot.remove", "hotspot", hotspot.id, before=before)


def must_have_room(scene: Scene) -> None:
    """Raise Invalid when a scene can't have one more point."""
    if len(scene.hotspots) >= MAX_HOTSPOTS:
        raise Invalid(N_("A scene has at most %(count)s points. Take one away first."), count=MAX_HOTSPOTS)


def stale() -> Conflict:
    """Somebody saved the point first."""
    return Conflict(
        N_("Somebody else changed this point after you opened it. Both versions are shown; nothing is lost.")
    )


def problems(hotspot: Hotspot) -> list[Invalid]:
    """What keeps a tour with this point from being published; empty when nothing does."""
    name = i18n.pick(hotspot.label, "en").value
    found = []
    if hotspot.kind == "video" and hotspot.captions is None and not any(hotspot.body.values()):
        found.append(
            Invalid(
                N_("“%(point)s” is a film without captions. Add a caption file, or write down what is said and shown."),
                point=name,
            )
        )
    for asset in (hotspot.asset, hotspot.captions):
        if asset is not None and asset.state == "failed":
            found.append(Invalid(N_("The file of “%(point)s” could not be used. Choose another."), point=name))
        elif asset is not None and asset.state == "waiting":
            found.append(Invalid(N_("The file of “%(point)s” is still being prepared. Wait a moment."), point=name))
    return found


def back_yaw(link: Hotspot, here: Scene, there: Scene) -> float:
    """The yaw in ``there`` at which the way back lies, guessed: against the compass direction in which one came."""
    return turn(link.yaw - here.north + 180.0 + there.north)


def has_back(session: Session, link: Hotspot) -> bool:
    """Whether the scene that a link leads to has a way back."""
    query = select(Hotspot.id).where(Hotspot.scene_id == link.target_scene_id, Hotspot.target_scene_id == link.scene_id)
    return session.scalar(query.limit(1)) is not None


def add_back(session: Session, link: Hotspot, *, actor: Actor) -> Hotspot:
    """Add the way back to a link, named after the scene that one came from; raises Invalid when there is one."""
    there = session.get(Scene, link.target_scene_id) if link.target_scene_id else None
    if there is None:
        raise Invalid(N_("Only a way to another scene has a way back."))
    here = link.scene
    if has_back(session, link):
        raise Invalid(N_("There is a way back already."))
    point = Point(
        kind="link",
        yaw=back_yaw(link, here, there),
        pitch=link.pitch,
        label=here.title or {"en": here.key},
        target=here,
        arrival="heading",
    )
    return add_hotspot(session, there, point, actor=actor)


def safe_url(url: str) -> str:
    """An address that a point may lead to: http, https or mailto. Raises :class:`Invalid`."""
    text = url.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    complete = parts.path if parts.scheme == "mailto" else parts.hostname
    if parts.scheme.lower() not in _SCHEMES or not complete or len(text) > 2000 or not text.isprintable():
        raise Invalid(N_("Give a whole address that begins with https://, http:// or mailto:."), field="url")
    return text


def _columns(scene: Scene, point: Point) -> dict[str, Any]:
    if point.kind not in KINDS:
        raise Invalid(N_("Choose what kind of point it is."), field="kind")
    label, body = wording.lines(point.label, "label"), wording.all_paragraphs(point.body, "body")
    if not label:
        raise Invalid(N_("Give the point a name: it is read aloud and shown on its button."), field="label")
    link = point.kind == "link"
    values: dict[str, Any] = {
        "kind": point.kind,
        "yaw": turn(point.yaw),
        "pitch": bounded(point.pitch, -90, 90, "pitch"),
        "label": label,
        "body": {} if link else body,
        "target_scene_id": _target(scene, point).id if link else None,
        "arrival": "start",
        "target_yaw": None,
        "target_pitch": None,
        "target_fov": None,
        "asset_id": _asset(scene, point).id if point.kind in ASSET_KINDS else None,
        "captions_asset_id": None,
        "url": safe_url(point.url or "") if point.kind == "outside" else None,
    }
    if point.kind == "info" and not body:
        raise Invalid(N_("Write what there is to read at this point."), field="body")
    if point.kind == "video" and point.captions is not None:
        values["captions_asset_id"] = point.captions.id
    if link:
        values |= _arrival(point)
    return values


def _target(scene: Scene, point: Point) -> Scene:
    if point.target is None:
        raise Invalid(N_("Choose the scene that this point leads to."), field="target")
    if point.target.site_id != scene.site_id:
        raise Invalid(N_("A point leads to a scene of the same site."), field="target")
    if point.target.id == scene.id:
        raise Invalid(N_("A point leads to another scene than its own."), field="target")
    return point.target


def _asset(scene: Scene, point: Point) -> Asset:
    for asset, kind in ((point.asset, point.kind), (point.captions, "captions")):
        if asset is not None and (asset.site_id, asset.kind) != (scene.site_id, kind):
            raise Invalid(N_("Choose a file of this site and of the right kind."), field="asset")
        if asset is not None and asset.state == "failed":
            raise Invalid(N_("This file could not be used. Choose another."), field="asset")
    if point.asset is None:
        raise Invalid(N_("Choose the file that this point shows."), field="asset")
    return point.asset


def _arrival(point: Point) -> dict[str, Any]:
    if point.arrival not in ARRIVALS:
        raise Invalid(N_("Choose where one looks on arriving."), field="arrival")
    if point.arrival != "view":
        return {"arrival": point.arrival}
    if point.view is None:
        raise Invalid(N_("Choose the view on arriving, or another way of arriving."), field="arrival")
    yaw, pitch, fov = point.view
    return {
        "arrival": "view",
        "target_yaw": turn(yaw),
        "target_pitch": bounded(pitch, -90, 90, "target_pitch"),
        "target_fov": bounded(fov, 30, 90, "target_fov"),
    }
