"""The guide's token: one person leads, and the database says who."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms
from tourserver.live.models import Room
from tourserver.people.models import Person, User
from tourserver.registration.models import Registration


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
    if reference is None:
        return None
    actor = Actor.of(reference)
    if actor.kind == "registration":
        guest = select(Person.name).join(Registration, Registration.person_id == Person.id)
        name = session.scalar(guest.where(Registration.id == actor.id))
        return None if name is None else {"id": reference, "name": name}
    row = session.execute(select(User.name, User.email).where(User.id == actor.id)).one_or_none()
    if row is None:
        return None
    return {"id": reference, "name": row.name or row.email.split("@")[0]}


def take(session: Session, room_id: str, *, actor: Actor) -> None:
    """Make ``actor`` the guide, in place of whoever was. Taking what one has changes nothing."""
    events.hold(session, room_id, [events.PUBLIC])
    room = rooms.get(session, room_id)
    rooms.require_open(room)
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


def show_scene(session: Session, room_id: str, view: View, *, actor: Actor) -> dict[str, Any]:
    """Lead everyone to a scene: a reliable event, and where late joiners stand."""
    events.hold(session, room_id, [events.PUBLIC])
    room = rooms.get(session, room_id)
    rooms.require_open(room)
    if room.guide_actor != actor.reference:
        raise Conflict(
            N_("Somebody else guides now. Take over first."),
            state={"guide": named(session, room.guide_actor)},
        )
    if view.scene not in rooms.scenes(session, room):
        raise Invalid(N_("This scene isn't part of the tour."), field="scene")
    shown = {**view.json(), "t": clock.milliseconds(clock.now())}
    session.execute(update(Room).where(Room.id == room_id).values(view=shown))
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
