"""The commands of the room itself: opened and ended, its tours, who sits at a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tourserver.live import house_rules, presence, revisions, rooms
from tourserver.live.calls import AUDIENCE, HOST, Call, Rule, Spec
from tourserver.live.forms import Accept, Heads, HouseRules, Nothing
from tourserver.live.models import Room


def _room(rule: Callable[..., Room]) -> Rule:
    return lambda call, _args: {"room": rooms.status(rule(call.session, call.room_id, actor=call.seat.actor))}


def _accept(call: Call, args: Accept) -> dict[str, Any]:
    revisions.accept(call.session, call.room_id, args.site, args.revision, actor=call.seat.actor)
    return {"site": args.site, "revision": args.revision}


def _heads(call: Call, args: Heads) -> dict[str, Any]:
    presence.set_heads(call.session, call.caller.connection, args.heads)
    return {"heads": args.heads}


def _rules(call: Call, args: HouseRules) -> dict[str, Any]:
    wanted = args.model_dump(exclude={"revision"}, exclude_none=True)
    return {"rules": house_rules.change(call.session, call.room_id, args.revision, wanted, actor=call.seat.actor)}


COMMANDS: Final[dict[str, Spec]] = {
    "presence.heads": Spec(Heads, None, _heads),
    "room.open": Spec(Nothing, HOST, _room(rooms.open_room)),
    "room.end": Spec(Nothing, HOST, _room(rooms.end_room)),
    "room.reopen": Spec(Nothing, HOST, _room(rooms.reopen_room)),
    "room.rules": Spec(HouseRules, AUDIENCE, _rules),
    "tour.accept": Spec(Accept, HOST, _accept),
}
