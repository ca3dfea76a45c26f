"""The commands of the crew's guests."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from tourserver.live.calls import CAPTION, Call, Spec
from tourserver.live.crew import captions, companions
from tourserver.live.forms import Strict


class Caption(Strict):
    """``caption.say``: a line and its language (BCP 47)."""

    text: Annotated[str, Field(max_length=20_000)]
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")]


def _say(call: Call, args: Caption) -> dict[str, Any]:
    line = captions.say(call.session, call.room_id, args.text, args.language, actor=call.seat.actor)
    return {"caption": line.id}


class Device(Strict):
    """``device.is``: who uses a person's second device."""

    who: Literal["me", "colleague"]
    name: Annotated[str, Field(max_length=2_000)] = ""


def _device(call: Call, args: Device) -> dict[str, Any]:
    found = companions.say_who(call.session, call.seat.actor.id, call.caller.connection, args.who, args.name)
    return {"who": "me" if found is None else "colleague"}


COMMANDS: Final[dict[str, Spec]] = {
    "caption.say": Spec(Caption, CAPTION, _say),
    "device.is": Spec(Device, None, _device),
}
