"""Where a picture says it was taken, offered as its site's place on the map. Nothing is taken over by itself."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.panoramas.models import Panorama
from tourserver.sites import rules
from tourserver.sites.models import Site

DIGITS: Final = 5
"""Decimals of a degree, about a metre: no camera knows better."""


def offer(site: Site, panorama: Panorama) -> dict[str, Any] | None:
    """A place that the editor may take over, WGS 84 degrees; None when the file has none or the site has it already."""
    place = _place(panorama.gps_latitude, panorama.gps_longitude)
    if place is None or place == _place(site.latitude, site.longitude):
        return None
    return {"latitude": place[0], "longitude": place[1], "revision": site.revision}


def take_over(session: Session, site: Site, panorama: Panorama, *, seen_revision: int, actor: Actor) -> None:
    """Make a picture's place its site's; raises Conflict with the site's revision when it was changed meanwhile."""
    place = _place(panorama.gps_latitude, panorama.gps_longitude)
    if place is None:
        raise Invalid(N_("The file of this picture does not tell where it was taken."), code="no_place")
    values = {"latitude": place[0], "longitude": place[1]}
    try:
        rules.change(session, site, values, themes=None, seen_revision=seen_revision, actor=actor)
    except Conflict as error:
        raise Conflict(
            N_("Somebody else changed the site meanwhile. Nothing was taken over; press again to do it now."),
            state={"revision": site.revision},
        ) from error


def _place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is None or longitude is None:
        return None
    return round(latitude, DIGITS), round(longitude, DIGITS)
