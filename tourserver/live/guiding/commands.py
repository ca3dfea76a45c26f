"""The commands of who leads: the guide's part, and where everyone is led."""

from __future__ import annotations

from typing import Any, Final

from tourserver.live.calls import GUIDE, Call, Spec
from tourserver.live.forms import Nothing, Show
from tourserver.live.guiding import guide


def _take_guide(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.take(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _release_guide(call: Call, _args: Nothing) -> dict[str, Any]:
    guide.release(call.session, call.room_id, actor=call.seat.actor)
    return {}


def _show(call: Call, args: Show) -> dict[str, Any]:
    view = guide.make_view(args.scene, args.yaw, args.pitch, args.fov)
    return guide.show_scene(call.session, call.room_id, view, actor=call.seat.actor)


COMMANDS: Final[dict[str, Spec]] = {
    "guide.take": Spec(Nothing, GUIDE, _take_guide),
    "guide.release": Spec(Nothing, GUIDE, _release_guide),
    "guide.scene": Spec(Show, GUIDE, _show),
}
