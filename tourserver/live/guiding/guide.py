"""The guide's token: one person leads, and the database says who."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.live import events, presence, rooms
from tourserver.live.calls import GUIDE
from tourserver.live.models import Attendance, Room
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration

ANYBODY: Final = "anybody"
"""Whoever guides, the part is taken."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the guide looks: degrees; yaw positive right, pitch positive up."""

    scene: str
    yaw: float
    pitch: float
    fov: float

    def json(self) -> dict[str, Any]:
        """As clients read it, to a thousandth of a degree."""
        return {
            "scene": self.scene,
            "yaw": round(self.yaw, 3),
            "pitch": round(self.pitch, 3),
            "fov": round(self.fov, 3),
        }


def make_view(scene: str, yaw: float, pitch: float, fov: float) -> View:
    """A checked view; yaw may be any turn and comes back within ±180. Raises :class:`Invalid`."""
    if not all(map(math.isfinite, (yaw, pitch, fov))) or abs(yaw) > 36_000:
        raise Invalid(N_("A view needs finite angles."), field="yaw")
    if not -90 <= pitch <= 90:
        raise Invalid(N_("The pitch must lie between −90 and 90 degrees."), field="pitch")
    if not 5 <= fov <= 170:
        raise Invalid(N_("The field of view must lie between 5 and 170 degrees."), field="fov")
    return View(scene, (yaw + 180) % 360 - 180, pitch, fov)


def named(session: Session, reference: str | None) -> dict[str, str] | None:
    """The guide as everyone sees them: whom the reference names (``user:<id>``), as ``id``, and the name."""
    return None if reference is None else names(session, [reference]).get(reference)


def names(session: Session, references: Iterable[str]) -> dict[str, dict[str, str]]:
    """The same for many of the crew, by reference; who isn't there any more is missing."""
    actors = {reference: Actor.of(reference) for reference in references}
    users = [actor.id for actor in actors.values() if actor.kind == "user"]
    guests = [actor.id for actor in actors.values() if actor.kind == "registration"]
    known: dict[str, str] = {}
    if users:
        staff = select(User.id, User.name, User.email).where(User.id.in_(users))
        known |= {row.id: row.name or row.email.split("@")[0] for row in session.execute(staff)}
    if guests:
        people = select(Registration.id, Person.name).join(Person, Person.id == Registration.person_id)
        known |= {row[0]: row[1] for row in session.execute(people.where(Registration.id.in_(guests)))}
    found = ((reference, known.get(actor.id)) for reference, actor in actors.items())
    return {reference: {"id": reference, "name": name} for reference, name in found if name is not None}


def take(session: Session, room_id: str, *, actor: Actor, seen: str | None = ANYBODY) -> None:
    """Make ``actor`` the guide, in place of whoever was. Taking what one has changes nothing.

    ``seen`` is who the sender saw guiding: raises :class:`Conflict` when that is somebody else by now, so that of two
    who reach for the part at the same moment one gets it and the other is asked again.
    """
    events.hold(session, room_id, [events.PUBLIC])
    room = rooms.get(session, room_id)
    rooms.require_open(room)
    if seen not in (ANYBODY, room.guide_actor) and room.guide_actor != actor.reference:
        raise Conflict(
            N_("Somebody else guides now. Take over if it should be you."),
            state={"guide": named(session, room.guide_actor)},
        )
    others = or_(Room.guide_actor.is_(None), Room.guide_actor != actor.reference)
    taken: Any = session.execute(
        update(Room)
        .where(Room.id == room_id, Room.state == "open", others)
        .values(guide_actor=actor.reference, guide_seen_at=clock.now())
    )
    if taken.rowcount:
        _announce(session, room_id, actor, "guide.take", before=room.guide_actor, after=actor.reference)


def release(session: Session, room_id: str, *, actor: Actor) -> None:
    """Give the token back. Only who has it can; for others nothing changes."""
    events.hold(session, room_id, [events.PUBLIC])
    released: Any = session.execute(
        update(Room).where(Room.id == room_id, Room.guide_actor == actor.reference).values(guide_actor=None)
    )
    if released.rowcount:
        _announce(session, room_id, actor, "guide.release", before=actor.reference, after=None, how="released")


def hand_over(session: Session, room_id: str, to: Actor, *, actor: Actor, leads: bool) -> None:
    """Give the guide's part to somebody of the crew who is there and may guide.

    It is the guide's to give, or of who leads the room (``leads``). Raises :class:`Conflict` when it can't be given.
    """
    events.hold(session, room_id, [events.PUBLIC])
    room = rooms.get(session, room_id)
    rooms.require_open(room)
    if room.guide_actor != actor.reference and not leads:
        raise Conflict(
            N_("Somebody else guides now. Take over first."), state={"guide": named(session, room.guide_actor)}
        )
    if room.guide_actor == to.reference:
        return
    if to.reference not in {one["id"] for one in able(session, room)}:
        raise Conflict(N_("They aren't in the room, or may not guide. Choose somebody who is there."))
    before = room.guide_actor
    session.execute(update(Room).where(Room.id == room_id).values(guide_actor=to.reference, guide_seen_at=clock.now()))
    data = {"actor": to.reference, "how": "passed"}
    events.append(session, room_id, events.PUBLIC, "guide.changed", data)
    audit.record(session, actor, "guide.pass", "room", room_id, before={"guide": before}, after={"guide": to.reference})


def able(session: Session, room: Room) -> list[dict[str, str]]:
    """Who of the crew is there and may guide, who came first first: reference and name."""
    query = (
        select(Attendance.user_id, Attendance.registration_id)
        .where(Attendance.room_id == room.id, Attendance.crew.is_(True), presence.is_open())
        .order_by(Attendance.began_at, Attendance.id)
    )
    present = dict.fromkeys(
        Actor("user", user_id) if user_id else Actor("registration", registration_id or "")
        for user_id, registration_id in session.execute(query)
    )
    may = rights.who_can(session, present, GUIDE, Thing("session", room.session_id))
    return list(names(session, [actor.reference for actor in present if actor in may]).values())


def gather(session: Session, room_id: str, *, actor: Actor) -> None:
    """Call everyone who looks around freely back to the guide."""
    events.hold(session, room_id, [events.PUBLIC])
    _led(session, room_id, actor)
    events.append(session, room_id, events.PUBLIC, "guide.gather", {})


def show_hotspot(session: Session, room_id: str, scene: str, hotspot: str | None, *, actor: Actor) -> None:
    """Hold a point of the shown scene open for all who follow, or close it. The same twice changes nothing."""
    events.hold(session, room_id, [events.PUBLIC])
    room = _led(session, room_id, actor)
    if hotspot is not None and hotspot not in _hotspots(session, room, scene):
        raise Invalid(N_("This point isn't part of the scene."), field="hotspot")
    if room.shown_hotspot == hotspot:
        return
    session.execute(update(Room).where(Room.id == room_id).values(shown_hotspot=hotspot))
    events.append(session, room_id, events.PUBLIC, "guide.hotspot", {"scene": scene, "hotspot": hotspot})


def _hotspots(session: Session, room: Room, scene_id: str) -> set[str]:
    """Ids of the points of a scene, as the room's tours show it."""
    shown = (scene for revision in rooms.tours(session, room) for scene in revision.content["scenes"])
    return {str(one["id"]) for scene in shown if scene["id"] == scene_id for one in scene.get("hotspots", [])}


def _led(session: Session, room_id: str, actor: Actor) -> Room:
    """The open room that ``actor`` guides. Raises :class:`Conflict` with who does."""
    room = rooms.get(session, room_id)
    rooms.require_open(room)
    if room.guide_actor != actor.reference:
        raise Conflict(
            N_("Somebody else guides now. Take over first."),
            state={"guide": named(session, room.guide_actor)},
        )
    return room


def show_scene(session: Session, room_id: str, view: View, *, actor: Actor) -> dict[str, Any]:
    """Lead everyone to a scene: a reliable event, and where late joiners stand."""
    events.hold(session, room_id, [events.PUBLIC])
    room = _led(session, room_id, actor)
    if view.scene not in rooms.scenes(session, room):
        raise Invalid(N_("This scene isn't part of the tour."), field="scene")
    shown = {**view.json(), "t": clock.milliseconds(clock.now())}
    session.execute(update(Room).where(Room.id == room_id).values(view=shown, shown_hotspot=None))
    events.append(session, room_id, events.PUBLIC, "guide.scene", shown)
    return shown


def _announce(
    session: Session,
    room_id: str,
    actor: Actor,
    verb: str,
    *,
    before: str | None,
    after: str | None,
    how: str = "taken",
) -> None:
    events.append(session, room_id, events.PUBLIC, "guide.changed", {"actor": after, "how": how})
    audit.record(session, actor, verb, "room", room_id, before={"guide": before}, after={"guide": after})
