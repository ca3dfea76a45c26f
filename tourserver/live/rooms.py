"""A session's room: opened, ended, opened again within ten minutes; the tours that it pins (newer: revisions.py)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, signals
from tourserver.core.db import new_id
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events
from tourserver.live.models import Room, RoomTour
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.models import Site
from tourserver.tours import publishing
from tourserver.tours.models import TourRevision

MAIN: Final = "main"
REOPEN: Final = timedelta(minutes=10)
LEFT: Final = timedelta(hours=3)
"""So long after its planned end a session that nobody leads is over (see upkeep.py)."""
AFTERWARDS: Final = timedelta(hours=24)
"""So long after its end a room can still be entered, for its answers."""


def find(session: Session, session_id: str, name: str = MAIN) -> Room | None:
    """A session's room; None when nobody was in it yet."""
    return session.scalar(select(Room).where(Room.session_id == session_id, Room.name == name))


def get_or_create(session: Session, session_id: str, name: str = MAIN) -> Room:
    """A session's room, made with its channels when it isn't there; in a writing transaction."""
    room = find(session, session_id, name)
    if room is None:
        row = {"id": new_id(), "session_id": session_id, "name": name, "state": "closed"}
        events.insert_once(session, Room, [row])
        room = find(session, session_id, name)
        if room is None:
            raise NotFound(N_("There is no such session."))
        events.ensure_channels(session, room.id, [events.PUBLIC, events.STAFF])
    return room


def get(session: Session, room_id: str) -> Room:
    """A room as it is now, whatever this transaction read before. Raises :class:`NotFound`."""
    room = session.get(Room, room_id, populate_existing=True)
    if room is None:
        raise NotFound(N_("There is no such room."))
    return room


def status(room: Room) -> dict[str, Any]:
    """State and times as clients read them, milliseconds."""
    return {"state": room.state, "opened_at": _ms(room.opened_at), "ended_at": _ms(room.ended_at)}


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else clock.milliseconds(moment)


def require_open(room: Room) -> None:
    """Raise :class:`Conflict` with the room's state unless it is open."""
    if room.state == "closed":
        raise Conflict(N_("The room isn't open yet."), state={"room": status(room)})
    if room.state == "ended":
        raise Conflict(N_("This tour has ended."), state={"room": status(room)})


def open_room(session: Session, room_id: str, *, actor: Actor) -> Room:
    """Open a room for its people, as early as its hosts like; pins the tours. Opening an open room changes nothing.

    A session that is over stays so: one that was held, or that nobody came to lead until :data:`LEFT` after its end.
    """
    room, planned = _held(session, room_id, with_sites=True)
    if room.state == "open":
        return room
    if room.name != MAIN and room.state == "ended":  # one may rehearse as often as one likes, with the newest tours
        session.execute(delete(RoomTour).where(RoomTour.room_id == room.id))
        session.execute(update(Room).where(Room.id == room.id).values(state="closed", view=None, shown_hotspot=None))
        session.refresh(room)
    over = planned.state == "scheduled" and clock.now() - planned.ends_at > LEFT
    if room.state == "ended" or planned.state == "ended" or over:
        raise Conflict(N_("This tour has ended."), state={"room": status(room)})
    _require_held(planned, room)
    pin_tours(session, room)
    _change(session, room, actor, "room.open", state="open", opened_at=clock.now(), ended_at=None)
    events.append(session, room.id, events.PUBLIC, "room.opened", {"again": False})
    return room


def end_room(session: Session, room_id: str, *, actor: Actor) -> Room:
    """End the tour; nobody guides any more. Ending an ended room changes nothing."""
    room, _planned = _held(session, room_id)
    if room.state == "ended":
        return room
    if room.state == "closed":
        raise Conflict(N_("The room isn't open yet."), state={"room": status(room)})
    if room.guide_actor is not None:
        events.append(session, room.id, events.PUBLIC, "guide.changed", {"actor": None})
    _change(session, room, actor, "room.end", state="ended", ended_at=clock.now(), guide_actor=None)
    events.append(session, room.id, events.PUBLIC, "room.ended")
    if room.name == MAIN:
        signals.room_ended.send(session, room_id=room.id)
    return room


def reopen_room(session: Session, room_id: str, *, actor: Actor) -> Room:
    """Open a room again that was ended less than ten minutes ago, as it was."""
    room, planned = _held(session, room_id)
    if room.state == "open":
        return room
    if room.state == "closed" or room.ended_at is None:
        raise Conflict(N_("The room isn't open yet."), state={"room": status(room)})
    if clock.now() - room.ended_at > REOPEN:
        raise Conflict(
            N_("A room can be opened again for ten minutes after its end, and they are over."),
            state={"room": status(room)},
        )
    _require_held(planned, room)
    _change(session, room, actor, "room.reopen", state="open", ended_at=None)
    events.append(session, room.id, events.PUBLIC, "room.opened", {"again": True})
    signals.room_reopened.send(session, room_id=room.id)
    return room


def _require_held(planned: ScheduledSession, room: Room) -> None:
    """Raise :class:`Conflict` for a session that doesn't take place: not announced yet, or called off."""
    if planned.state in ("draft", "cancelled"):
        raise Conflict(N_("This session isn't open to you."), state={"room": status(room)})


def _held(session: Session, room_id: str, *, with_sites: bool = False) -> tuple[Room, ScheduledSession]:
    """The room and its session, kept from everybody else: nobody changes their state meanwhile.

    With its sites no tour of them is published meanwhile either. In the order that live/revisions.py states: a
    channel comes last, as who publishes asks for one while it holds a site, and who plans a session asks for a site.
    """
    planned = schedule.lock(session, get(session, room_id).session_id)
    if with_sites:
        mine = select(SessionSite.site_id).where(SessionSite.session_id == planned.id)
        sites = select(Site.id).where(Site.id.in_(mine)).order_by(Site.id)
        session.execute(sites.with_for_update(read=True, key_share=True))
    # the crew's too: a question that is being asked is in before the end, or refused after it
    events.hold(session, room_id, [events.PUBLIC, events.STAFF])
    return get(session, room_id), planned


def _change(session: Session, room: Room, actor: Actor, verb: str, **values: Any) -> None:
    before = status(room)
    session.execute(update(Room).where(Room.id == room.id).values(**values))
    session.refresh(room)
    live = {
        "state": "live" if room.state == "open" else "ended",
        "opened_at": room.opened_at,
        "ended_at": room.ended_at,
    }
    if room.name == MAIN:  # a rehearsal is nobody's session; one that was called off stays called off
        held = (ScheduledSession.id == room.session_id) & (ScheduledSession.state != "cancelled")
        session.execute(update(ScheduledSession).where(held).values(**live))
    audit.record(session, actor, verb, "room", room.id, before=before, after=status(room))


def pin_tours(session: Session, room: Room) -> None:
    """Keep the revisions in force now, one for each of the session's sites; later ones don't disturb."""
    if session.scalar(select(RoomTour.id).where(RoomTour.room_id == room.id).limit(1)):
        return
    for position, revision in enumerate(current_tours(session, room.session_id)):
        session.add(RoomTour(room_id=room.id, position=position, tour_revision_id=revision.id))
    session.flush()


def current_tours(session: Session, session_id: str) -> list[TourRevision]:
    """The published revisions of a session's sites, in its order; sites without a tour are left out."""
    query = select(SessionSite.site_id).where(SessionSite.session_id == session_id).order_by(SessionSite.position)
    found = [publishing.published(session, site_id) for site_id in session.scalars(query)]
    return [revision for revision in found if revision is not None]


def tours(session: Session, room: Room) -> list[TourRevision]:
    """The pinned revisions; before the room was opened, those in force."""
    query = (
        select(TourRevision)
        .join(RoomTour, RoomTour.tour_revision_id == TourRevision.id)
        .where(RoomTour.room_id == room.id)
        .order_by(RoomTour.position)
    )
    return list(session.scalars(query)) or current_tours(session, room.session_id)


def scenes(session: Session, room: Room) -> frozenset[str]:
    """Ids of all scenes that may be shown in the room."""
    return frozenset(scene["id"] for revision in tours(session, room) for scene in revision.content["scenes"])
