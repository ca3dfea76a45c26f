"""Newer tours of a room's sites: offered to its hosts, and shown to everyone once one of them accepts.

A room keeps the revisions that it pinned. Publishing, rolling back and withdrawing write ``tour.offered`` into the
staff channel of every room that shows an older one, in the transaction that makes the revision; accepting pins it.

Rows are held in one order everywhere, so that nobody waits in a circle: the session's row, sites, then a room's
channels (see :func:`events.hold`), of several rooms by the rooms' ids. Who publishes holds the site and asks for
staff channels only; who opens a room holds its sites before it reads what is in force, so that it either pins
the new revision or is found here as a room that pinned the old one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms
from tourserver.live.models import Room, RoomTour
from tourserver.tours import publishing
from tourserver.tours.models import TourRevision


@dataclass(frozen=True, slots=True)
class Offer:
    """A newer tour of a site than the room shows: ids only; ``faces`` joins the names when it is sent."""

    site: str
    revision: str
    number: int
    # publish, rollback or withdrawal
    kind: str
    # the revision that the room shows
    pinned: str
    # scenes of the pinned revision that the new one hasn't, in their order
    scenes_gone: list[str]

    def data(self) -> dict[str, Any]:
        """As the log keeps it."""
        return asdict(self)


def offer(session: Session, *, site_id: str, revision_id: str) -> None:
    """Tell the hosts of every room that shows an older tour of this site (receiver of ``tour_published``).

    The sender holds the site (``tours.scenes.lock``).
    """
    revision = session.get_one(TourRevision, revision_id)
    ended_lately = and_(Room.state == "ended", Room.ended_at > clock.now() - rooms.AFTERWARDS)
    query = (
        select(Room.id)
        .join(RoomTour, RoomTour.room_id == Room.id)
        .join(TourRevision, TourRevision.id == RoomTour.tour_revision_id)
        .where(TourRevision.site_id == site_id, TourRevision.number < revision.number)
        .where(or_(Room.state == "open", ended_lately))
        .distinct()
        .order_by(Room.id)
    )
    for room_id in session.scalars(query).all():
        events.hold(session, room_id, [events.STAFF])
        # read once more, as a host may have accepted the revision before this one meanwhile
        shown = pinned(session, room_id, site_id)
        if shown is not None and shown.number < revision.number:
            events.append(session, room_id, events.STAFF, "tour.offered", _compare(shown, revision).data())


def pinned(session: Session, room_id: str, site_id: str) -> TourRevision | None:
    """The revision of a site that a room has pinned."""
    query = (
        select(TourRevision)
        .join(RoomTour, RoomTour.tour_revision_id == TourRevision.id)
        .where(RoomTour.room_id == room_id, TourRevision.site_id == site_id)
        .order_by(RoomTour.position)
    )
    return session.scalar(query.limit(1))


def offers(session: Session, room_id: str) -> list[Offer]:
    """What the room's hosts may show: sites whose tour in force is newer than the pinned one, in the room's order."""
    query = (
        select(TourRevision)
        .join(RoomTour, RoomTour.tour_revision_id == TourRevision.id)
        .where(RoomTour.room_id == room_id)
        .order_by(RoomTour.position)
    )
    found = [(shown, publishing.published(session, shown.site_id)) for shown in session.scalars(query)]
    return [_compare(shown, newest) for shown, newest in found if newest is not None and newest.number > shown.number]


def _compare(shown: TourRevision, newest: TourRevision) -> Offer:
    left = {scene["id"] for scene in newest.content["scenes"]}
    gone = [scene["id"] for scene in shown.content["scenes"] if scene["id"] not in left]
    return Offer(newest.site_id, newest.id, newest.number, newest.kind, shown.id, gone)


def accept(session: Session, room_id: str, site_id: str, revision_id: str, *, actor: Actor) -> None:
    """Show everyone the tour in force, which ``revision_id`` has to be; nothing changes when it is shown already.

    Where the guide stood on a scene that is gone, the guide's view is now the start of that tour. Raises
    :class:`Conflict` with the present offer when another revision came into force, :class:`NotFound` for a site
    that the room doesn't show.
    """
    events.hold(session, room_id, [events.STAFF, events.PUBLIC])
    room = rooms.get(session, room_id)
    if room.state == "closed":
        raise Conflict(N_("The room isn't open yet."), state={"room": rooms.status(room)})
    shown = pinned(session, room_id, site_id)
    if shown is None:
        raise NotFound(N_("This site isn't part of the session."), field="site")
    newest = publishing.published(session, site_id)
    if newest is None or newest.id != revision_id:
        current = next((one.data() for one in offers(session, room_id) if one.site == site_id), None)
        raise Conflict(N_("Another version of the tour was published meanwhile."), state={"offer": current})
    if shown.id == newest.id:
        return
    session.execute(
        update(RoomTour)
        .where(RoomTour.room_id == room_id, RoomTour.tour_revision_id == shown.id)
        .values(tour_revision_id=newest.id)
    )
    events.append(session, room_id, events.PUBLIC, "tour.changed", {"site": site_id, "revision": newest.id})
    audit.record(
        session, actor, "room.show_tour", "room", room_id, before={"revision": shown.id}, after={"revision": newest.id}
    )
    _move_guide(session, room, newest)


def _move_guide(session: Session, room: Room, newest: TourRevision) -> None:
    """Late joiners and followers shall not be led to a scene that is gone."""
    if room.view is None or room.view["scene"] in rooms.scenes(session, room):
        return
    start = next((view for one in [newest, *rooms.tours(session, room)] if (view := _start(one)) is not None), None)
    if start is not None:
        start["t"] = max(clock.milliseconds(clock.now()), room.view["t"] + 1)
    session.execute(update(Room).where(Room.id == room.id).values(view=start))
    if start is not None:
        events.append(session, room.id, events.PUBLIC, "guide.scene", start)


def _start(revision: TourRevision) -> dict[str, Any] | None:
    """The start view of a tour; None for one without scenes."""
    scenes = {scene["id"]: scene for scene in revision.content["scenes"]}
    scene = scenes.get(revision.content["start"]) or next(iter(scenes.values()), None)
    return None if scene is None else {"scene": scene["id"], **scene["view"]}
