"""One operation of an editor at a time: found, checked against what the editor saw, done, and told."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.sites.models import Site
from tourserver.tours import draft, hotspots, ops, plan, removal, scenes, shapes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, Scene
from tourserver.tours.ops import given


@singledispatch
def perform(command: Any, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    """Do an operation of :mod:`tourserver.tours.ops` and tell what is different now.

    The answer has ``scenes`` (every scene that changed, whole), and as it applies ``hotspot`` and ``scene`` (ids of
    what the operation was about), ``removed`` (what may be put back), ``tour`` and ``order``. The right to change
    the site was checked. Raises Conflict for a stale revision, NotFound for what is not this site's.
    """
    raise TypeError(f"no operation {command!r}")


@perform.register
def _(command: ops.SceneChange, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    scene = scene_of(session, site, command.id)
    changes = columns(given(command.values))
    scenes.change_scene(session, scene, changes, seen_revision=command.revision, actor=actor)
    return _told(session, [scene], scene=scene.id)


@perform.register
def _(command: ops.SceneOrder, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    tour = plan.order(session, site, command.ids, seen_revision=command.revision, actor=actor)
    return {"scenes": [], "order": command.ids, "tour": draft.tour(tour)}


@perform.register
def _(command: ops.SceneRemove, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    scene = scene_of(session, site, command.id)
    part = removal.take_scene(session, scene, actor=actor, seen_revision=command.revision)
    linking = {link["scene_id"] for link in part.content["links"]}
    left = [each for each in scenes.of_site(session, site.id) if each.id in linking]
    return {**_told(session, left, scene=command.id), "removed": draft.removed(part), "gone": command.id}


@perform.register
def _(command: ops.HotspotAdd, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    scene = scene_of(session, site, command.scene)
    _lock(session, scene)
    hotspot = hotspots.add_hotspot(session, scene, new_point(session, given(command.values)), actor=actor)
    return _told(session, [scene], scene=scene.id, hotspot=hotspot.id)


@perform.register
def _(command: ops.HotspotChange, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    hotspot = hotspot_of(session, site, command.id)
    point = changed_point(session, hotspot, given(command.values))
    hotspots.change_hotspot(session, hotspot, point, seen_revision=command.revision, actor=actor)
    return _told(session, [hotspot.scene], scene=hotspot.scene_id, hotspot=hotspot.id)


@perform.register
def _(command: ops.HotspotRemove, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    hotspot = hotspot_of(session, site, command.id)
    scene = hotspot.scene
    part = removal.take_hotspot(session, hotspot, actor=actor, seen_revision=command.revision)
    return {**_told(session, [scene], scene=scene.id, hotspot=command.id), "removed": draft.removed(part)}


@perform.register
def _(command: ops.LinkBack, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    link = hotspot_of(session, site, command.hotspot)
    made = hotspots.add_back(session, link, actor=actor)
    return _told(session, [made.scene], scene=made.scene_id, hotspot=made.id)


@perform.register
def _(command: ops.PutBack, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    back = removal.put_back(session, site, command.removed, actor=actor)
    answer = _told(session, [back.scene, *back.others], scene=back.scene.id)
    answer["order"] = [scene.id for scene in scenes.of_site(session, site.id)]
    answer["left_out"] = back.left_out
    if back.hotspot is not None:
        answer["hotspot"] = back.hotspot.id
    return answer


@perform.register
def _(command: ops.TourChange, session: Session, site: Site, actor: Actor) -> dict[str, Any]:
    values = given(command.values)
    changes: dict[str, Any] = {}
    if "north" in values:
        changes["north"] = _number(values["north"], "north")
    if "plan" in values:
        changes["asset"] = asset_of(session, values["plan"])
    tour = plan.change(session, site, changes, seen_revision=command.revision, actor=actor)
    return {"scenes": [], "tour": draft.tour(tour)}


def theirs(session: Session, site: Site, command: ops.Command) -> dict[str, Any] | None:
    """What a stale operation was about as it is now, so that both versions can be shown."""
    if isinstance(command, ops.SceneChange | ops.SceneRemove):
        return draft.scene(session, scene_of(session, site, command.id))
    if isinstance(command, ops.HotspotChange | ops.HotspotRemove):
        return draft.hotspot(hotspot_of(session, site, command.id))
    if isinstance(command, ops.SceneOrder | ops.TourChange):
        order = [scene.id for scene in scenes.of_site(session, site.id)]
        return {**draft.tour(plan.of(session, site.id)), "order": order}
    return None


def scene_of(session: Session, site: Site, scene_id: str) -> Scene:
    """A scene of this very site; others are as unknown as none."""
    scene = session.get(Scene, scene_id)
    if scene is None or scene.site_id != site.id:
        raise NotFound(N_("This scene is not in the tour any more. A colleague may have taken it out."))
    return scene


def hotspot_of(session: Session, site: Site, hotspot_id: str) -> Hotspot:
    """A point of this very site; others are as unknown as none."""
    hotspot = session.get(Hotspot, hotspot_id)
    if hotspot is None or hotspot.scene.site_id != site.id:
        raise NotFound(N_("This point is not in the tour any more. A colleague may have taken it out."))
    return hotspot


def asset_of(session: Session, asset_id: str | None) -> Asset | None:
    """A file by its id; whose it is, the rules check. Raises NotFound."""
    if asset_id is None:
        return None
    asset = session.get(Asset, asset_id)
    if asset is None:
        raise NotFound(N_("There is no such file."))
    return asset


def columns(values: dict[str, Any]) -> dict[str, Any]:
    """A scene's columns out of what a client says of it."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "plan":
            changes["plan_x"], changes["plan_y"] = (None, None) if value is None else (value.x, value.y)
        elif value is None:
            raise Invalid(N_("“%(name)s” is missing or has a form that can't be taken."), field=name, name=name)
        elif name == "view":
            changes |= {"start_yaw": value.yaw, "start_pitch": value.pitch, "start_fov": value.fov}
        elif name == "limits":
            changes |= {"min_fov": value.min, "max_fov": value.max}
        elif name == "regions":
            changes["regions"] = [region.model_dump() for region in value]
        elif name == "render":
            changes["is_render"] = value
        else:
            changes[name] = value
    return changes


def new_point(session: Session, values: dict[str, Any]) -> Point:
    """A point that is not there yet."""
    return _point(session, {"kind": "info", "yaw": 0.0, "pitch": 0.0, "label": {}, "body": {}, **values})


def changed_point(session: Session, hotspot: Hotspot, values: dict[str, Any]) -> Point:
    """A point as it is, with what a client says of it."""
    known = draft.hotspot(hotspot)
    return _point(session, {**{name: known[name] for name in ops.PointValues.model_fields}, **values})


def _point(session: Session, values: dict[str, Any]) -> Point:
    view = values.get("view")
    if isinstance(view, shapes.View):
        view = view.model_dump()
    kind = values["kind"]
    return Point(
        kind=kind,
        yaw=_number(values["yaw"], "yaw"),
        pitch=_number(values["pitch"], "pitch"),
        label=values["label"] or {},
        body=values["body"] or {},
        target=session.get(Scene, values["to"]) if kind == "link" and values.get("to") else None,
        arrival=values.get("arrival") or "heading",
        view=(view["yaw"], view["pitch"], view["fov"]) if view else None,
        asset=asset_of(session, values.get("asset")) if kind in hotspots.ASSET_KINDS else None,
        captions=asset_of(session, values.get("captions")) if kind == "video" else None,
        url=values.get("url"),
    )


def _number(value: float | None, field: str) -> float:
    if value is None:
        raise Invalid(N_("The angle must be a number of degrees."), field=field)
    return value


def _lock(session: Session, scene: Scene) -> None:
    """So that points added at the same time are counted and placed one after the other."""
    session.refresh(scene, with_for_update={"key_share": True, "of": Scene})


def _told(session: Session, changed: list[Scene], **about: str) -> dict[str, Any]:
    for scene in changed:
        session.refresh(scene, ["hotspots"])
    return {"scenes": [draft.scene(session, scene) for scene in changed], **about}


def refuse_stale(error: Conflict, session: Session, site: Site, command: ops.Command) -> Conflict:
    """A conflict that carries the other version."""
    return Conflict(error.message, state={"theirs": theirs(session, site, command)}, **error.params)
