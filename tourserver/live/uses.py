"""Which pictures rooms need, so that those are not freed; registered in wiring.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tourserver.live.models import RoomTour
from tourserver.tours.models import TourRevisionPanorama


def of_rooms(session: Session) -> Select[Any]:
    """Pictures of every revision that a room has pinned: its replay shows them again."""
    shown = select(TourRevisionPanorama.panorama_id)
    return shown.join(RoomTour, RoomTour.tour_revision_id == TourRevisionPanorama.revision_id)
