"""What clients say without waiting for an answer, and of which only the newest, or the sum, counts.

Each gives whether it was taken. Nothing here is written in the log; what is lost on the way is said again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import Field

from tourserver.core import clock
from tourserver.live.audience.forms import React
from tourserver.live.audience.reactions import are_allowed
from tourserver.live.engine import Engine
from tourserver.live.forms import Angle, Id, Look, Strict, parse
from tourserver.live.guiding import guide, viewtrack
from tourserver.live.guiding.pointing import Spot
from tourserver.live.members import Connection


class ViewFrame(Strict):
    """``view``: where the guide looks."""

    scene: Id
    yaw: Angle
    pitch: Angle
    fov: Angle
    t: Annotated[float, Field(allow_inf_nan=False)]


class PointerFrame(Strict):
    """``pointer``: what the guide points at, degrees, or nothing any more."""

    on: bool
    scene: Id | None = None
    yaw: Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] = 0.0
    pitch: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] = 0.0


def view(engine: Engine, connection: Connection, sent: Any) -> bool:
    """The guide's view."""
    if not connection.seat.crew or not connection.views.take():
        return False
    frame = parse(ViewFrame, sent)
    looked = guide.make_view(frame.scene, frame.yaw, frame.pitch, frame.fov)
    _ask_who_guides(engine, connection)
    tracks, seat = engine.tracks, connection.seat
    if not tracks.accept(connection.room_id, seat.actor.reference, looked, frame.t, seat.name):
        return False
    if (newest := tracks.newest(connection.room_id)) is not None:
        engine.wakes.tell_view(connection.room_id, newest.json())
    engine.tail.wake()
    return True


def pointer(engine: Engine, connection: Connection, sent: Any) -> bool:
    """What the guide points at. Our clock orders it: a guide's may be off."""
    if not connection.seat.crew or not connection.spots.take():
        return False
    frame = parse(PointerFrame, sent)
    _ask_who_guides(engine, connection)
    if not engine.tracks.is_led_by(connection.room_id, connection.seat.actor.reference, frame.scene):
        return False
    spot = Spot(frame.on, clock.milliseconds(clock.now()), frame.scene or "", frame.yaw, frame.pitch)
    newest = engine.pointers.put(connection.room_id, spot)
    engine.wakes.tell_pointer(connection.room_id, newest.json())
    engine.tail.wake()
    return True


def _ask_who_guides(engine: Engine, connection: Connection) -> None:
    if engine.tracks.is_stale(connection.room_id):
        with engine.services.db.read() as session:
            leader, scenes = viewtrack.may_guide(session, connection.room_id)
        engine.tracks.checked(connection.room_id, leader, scenes)


def look(_engine: Engine, connection: Connection, sent: Any) -> bool:
    """Whether a screen follows the guide or looks around freely; written by the pulse."""
    free = parse(Look, sent).free
    if connection.seat.crew or not connection.looks.take():
        return False
    connection.free = free
    return True


def react(engine: Engine, connection: Connection, sent: Any) -> bool:
    """A reaction, counted where the room takes them."""
    if not connection.reactions.take():
        return False
    kind, room_id = parse(React, sent).kind, connection.room_id
    if engine.reactions.is_stale(room_id):
        with engine.services.db.read() as session:
            engine.reactions.checked(room_id, are_allowed(session, room_id))
    if not engine.reactions.add(room_id, kind):
        return False
    engine.wakes.tell_reactions(room_id)
    engine.tail.wake()
    return True


VOLATILE: Final[dict[str, Callable[[Engine, Connection, Any], bool]]] = {
    "view": view,
    "pointer": pointer,
    "look": look,
    "react": react,
}
