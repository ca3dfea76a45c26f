"""What belongs to the tour as a whole: the order of its scenes, and the plan on which they have their points."""

from __future__ import annotations

import math
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.core import audit
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.sites.models import Site
from tourserver.tours.models import Scene, Tour
from tourserver.tours.scenes import lock, of_site, turn

MARGIN: Final = 0.1
"""What stays free at each edge of the plan when scenes are arranged by their positions, as a share of it."""

_METRES: Final = 111_320.0
"""Metres to a degree of latitude."""


def of(session: Session, site_id: str) -> Tour:
    """The tour of a site as it is; before anything was said about it, one that is not stored."""
    return session.get(Tour, site_id) or Tour(site_id=site_id, plan_north=0.0, revision=1)


def hold(session: Session, site: Site, *, seen_revision: int | None) -> Tour:
    """The tour, locked, and made when there is none; raises Conflict unless it still has the revision that was seen."""
    lock(session, site.id)
    tour = session.get(Tour, site.id, populate_existing=True)
    if tour is None:
        tour = Tour(site_id=site.id, plan_north=0.0, revision=1)
        session.add(tour)
        session.flush()
    if seen_revision is not None and tour.revision != seen_revision:
        raise stale()
    return tour


def stale() -> Conflict:
    """Somebody saved the tour's order or plan first."""
    return Conflict(N_("A colleague changed the order or the plan of this tour. Both versions are shown."))


def order(session: Session, site: Site, ids: list[str], *, seen_revision: int, actor: Actor) -> Tour:
    """Put all scenes of a site in the order of their ids; raises Conflict when there are others by now."""
    tour = hold(session, site, seen_revision=seen_revision)
    found = {scene.id: scene for scene in of_site(session, site.id)}
    if len(set(ids)) != len(ids):
        raise Invalid(N_("A scene stands twice in this order."), field="ids")
    if set(ids) - set(found):
        raise NotFound(N_("This tour has no such scene."))
    if len(ids) != len(found):
        raise stale()
    for position, scene_id in enumerate(ids):
        found[scene_id].position = position
    tour.revision += 1
    session.flush()
    audit.record(session, actor, "tour.order", "site", site.id, after=ids)
    return tour


def change(session: Session, site: Site, values: dict[str, Any], *, seen_revision: int, actor: Actor) -> Tour:
    """Change the plan: ``asset`` (a file of kind plan, or None for a plain grid) and ``north`` in degrees."""
    tour = hold(session, site, seen_revision=seen_revision)
    before = audit.snapshot(tour)
    if "asset" in values:
        asset: Asset | None = values["asset"]
        if asset is not None and (asset.site_id, asset.kind) != (site.id, "plan"):
            raise Invalid(N_("Choose a plan of this site."), field="asset")
        if asset is not None and asset.state == "failed":
            raise Invalid(N_("This file could not be used. Choose another."), field="asset")
        tour.plan_asset_id = asset.id if asset else None
    if "north" in values:
        tour.plan_north = turn(values["north"])
    tour.revision += 1
    session.flush()
    session.refresh(tour)
    audit.record(session, actor, "tour.change", "site", site.id, before=before, after=audit.snapshot(tour))
    return tour


def by_positions(scenes: list[Scene]) -> dict[str, tuple[float, float]]:
    """Where scenes would lie on a plan with north up, by the positions their pictures' files tell.

    Fractions of the plan from its upper left corner, by scene id; empty when fewer than two files tell one or all
    tell the same. Distances keep their proportions: a degree of longitude is shorter the further north one is.
    """
    told = {
        scene.id: (scene.panorama.gps_longitude, scene.panorama.gps_latitude)
        for scene in scenes
        if scene.panorama.gps_longitude is not None and scene.panorama.gps_latitude is not None
    }
    if len(told) < 2:
        return {}
    shrink = math.cos(math.radians(sum(latitude for _, latitude in told.values()) / len(told)))
    west = min(longitude for longitude, _ in told.values())
    north = max(latitude for _, latitude in told.values())
    metres = {
        scene_id: ((longitude - west) * shrink * _METRES, (north - latitude) * _METRES)
        for scene_id, (longitude, latitude) in told.items()
    }
    width, height = max(x for x, _ in metres.values()), max(y for _, y in metres.values())
    longest = max(width, height)
    if longest < 0.5:  # half a metre: the same spot
        return {}
    scale = (1 - 2 * MARGIN) / longest
    left, top = (1 - width * scale) / 2, (1 - height * scale) / 2
    return {scene_id: (round(left + x * scale, 3), round(top + y * scale, 3)) for scene_id, (x, y) in metres.items()}
