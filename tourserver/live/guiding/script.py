"""What the hosts plan to show: stops in their order, with words for the guide alone and minutes for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, rooms, texts
from tourserver.live.guiding.models import ScriptStep

MOST: Final = 60
NOTE_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class Step:
    """One stop: a scene, a view of it (degrees) or its start view, a note, and minutes."""

    scene: str
    yaw: float | None
    pitch: float | None
    fov: float | None
    note: str
    minutes: int | None


def of(session: Session, session_id: str) -> list[dict[str, Any]]:
    """A session's script in its order, as the crew's pages read it."""
    query = select(ScriptStep).where(ScriptStep.session_id == session_id).order_by(ScriptStep.position)
    return [
        {
            "scene": step.scene_id,
            "yaw": step.yaw,
            "pitch": step.pitch,
            "fov": step.fov,
            "note": step.note,
            "minutes": step.minutes,
        }
        for step in session.scalars(query)
    ]


def save(
    session: Session, room_id: str, steps: Sequence[Step], before: Sequence[dict[str, Any]], *, actor: Actor
) -> list[dict[str, Any]]:
    """Replace the script; gives it as it is kept.

    ``before`` is the script that the sender saw: raises :class:`Conflict` with the present one when a colleague
    changed it since. Raises :class:`Invalid` for a scene that the session doesn't show.
    """
    if len(steps) > MOST:
        raise Invalid(N_("A script has room for %(count)s stops."), field="steps", count=MOST)
    events.hold(session, room_id, [events.STAFF])
    room = rooms.get(session, room_id)
    present = of(session, room.session_id)
    if list(before) != present:
        raise Conflict(N_("A colleague changed the script in the meantime."), state={"script": present})
    known = rooms.scenes(session, room)
    # a stop that stands there already may stay although its scene was taken out since
    kept = {step["scene"] for step in present}
    if any(step.scene not in known | kept for step in steps):
        raise Invalid(N_("This scene isn't part of the tour."), field="scene")
    session.execute(delete(ScriptStep).where(ScriptStep.session_id == room.session_id))
    for position, step in enumerate(steps):
        note = texts.clean(step.note, NOTE_LIMIT, field="note") if step.note.strip() else ""
        session.add(
            ScriptStep(
                session_id=room.session_id,
                position=position,
                scene_id=step.scene,
                yaw=step.yaw,
                pitch=step.pitch,
                fov=step.fov,
                note=note,
                minutes=step.minutes,
            )
        )
    session.flush()
    audit.record(session, actor, "script.save", "session", room.session_id, after={"steps": len(steps)})
    events.append(session, room_id, events.STAFF, "script.changed", {"session": room.session_id})
    return of(session, room.session_id)
