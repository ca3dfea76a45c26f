"""The commands of who leads: the guide's part, and where everyone is led."""

from __future__ import annotations

from typing import Any, Final

from tourserver.core import rights
from tourserver.core.rights import Actor
from tourserver.live import access
from tourserver.live.calls import GUIDE, HOST, Call, Spec
from tourserver.live.forms import Hotspot, Nothing, Pass, SaveScript, Show, Take
from tourserver.live.guiding import guide, script


def _take_guide(call: Call, args: Take) -> dict[str, Any]:
    guide.take(call.session, call.room_id, actor=call.seat.actor, seen=args.seen)
    return {}


def _pass_guide(call: Call, args: Pass) -> dict[str, Any]:
    leads = rights.can(call.session, call.seat.actor, HOST, access.thing(call.seat.session_id))
    guide.hand_over(call.session, call.room_id, Actor.of(args.to), actor=call.seat.actor, leads=leads)
    return {"to": args.to}


def _gather(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.gather(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _hotspot(call: Call, args: Hotspot) -> dict[str, Any]:
    guide.show_hotspot(call.session, call.room_id, args.scene, args.hotspot, actor=call.seat.actor)
    return {"scene": args.scene, "hotspot": args.hotspot}


def _release_guide(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.release(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _show(call: Call, args: Show) -> dict[str, Any]:
    view = guide.make_view(args.scene, args.yaw, args.pitch, args.fov)
    return guide.show_scene(call.session, call.room_id, view, actor=call.seat.actor)


def _script(call: Call, args: SaveScript) -> dict[str, Any]:
    steps = [script.Step(**step.model_dump()) for step in args.steps]
    before = [step.model_dump() for step in args.before]
    kept = script.save(call.session, call.room_id, steps, before, actor=call.seat.actor)
    return {"stops": len(kept)}


COMMANDS: Final[dict[str, Spec]] = {
    "guide.take": Spec(Take, GUIDE, _take_guide),
    "guide.pass": Spec(Pass, GUIDE, _pass_guide),
    "guide.gather": Spec(Nothing, GUIDE, _gather),
    "guide.hotspot": Spec(Hotspot, GUIDE, _hotspot),
    "guide.release": Spec(Nothing, GUIDE, _release_guide),
    "script.save": Spec(SaveScript, GUIDE, _script),
    "guide.scene": Spec(Show, GUIDE, _show),
}
