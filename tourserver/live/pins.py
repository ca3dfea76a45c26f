"""Which tour revisions are shown in rooms at this moment; lower floors ask by way of wiring.py."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.live.models import Room, RoomTour
from tourserver.tours.models import TourRevision


def of_open_rooms(session: Session, site_id: str) -> list[str]:
    """Ids of a site's revisions that open rooms have pinned."""
    query = (
        select(TourRevision.id)
        .join(RoomTour, RoomTour.tour_revision_id == TourRevision.id)
        .join(Room, Room.id == RoomTour.room_id)
        .where(Room.state == "open", TourRevision.site_id == site_id)
    )
    return list(session.scalars(query.distinct()))
