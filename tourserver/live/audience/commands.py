"""The commands about polls, hands, announcements and messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.core import rights
from tourserver.live import access
from tourserver.live.audience import announcements, chat, hands, polls
from tourserver.live.audience.forms import (
    Announce,
    HandSeen,
    PollAnswered,
    PollSave,
    PollSeen,
    Say,
    WhichAnnouncement,
    WhichMessage,
)
from tourserver.live.calls import ANYONE, AUDIENCE, Call, Many, Outcome, Rule, Spec
from tourserver.live.forms import Nothing


def _save(call: Call, args: PollSave) -> dict[str, Any]:
    wording = polls.Wording(args.kind, args.text, args.options, args.results)
    poll = polls.save(
        call.session,
        call.room_id,
        args.poll,
        args.revision,
        wording,
        language=call.caller.language,
        actor=call.seat.actor,
    )
    return {"poll": poll.id, "revision": poll.revision}


def _open(call: Call, args: PollSeen) -> dict[str, Any]:
    poll = polls.open_poll(call.session, call.room_id, args.poll, args.revision, actor=call.seat.actor)
    return {"poll": poll.id, "revision": poll.revision}


def _close(call: Call, args: PollSeen) -> dict[str, Any]:
    poll = polls.close_poll(call.session, call.room_id, args.poll, args.revision, actor=call.seat.actor)
    return {"poll": poll.id, "revision": poll.revision}


def _remove_poll(call: Call, args: PollSeen) -> dict[str, Any]:
    polls.remove(call.session, call.room_id, args.poll, args.revision, actor=call.seat.actor)
    return {"poll": args.poll}


def _answer(session: Session, room_id: str, calls: Sequence[tuple[Call, PollAnswered]]) -> list[Outcome]:
    given = [polls.Answer(args.poll, call.seat.actor.id, tuple(args.choices)) for call, args in calls]
    return [
        refused or {"poll": one.poll, "choices": [*one.choices]}
        for one, refused in zip(given, polls.answer(session, room_id, given), strict=True)
    ]


def _raise(call: Call, _args: Nothing) -> dict[str, Any]:
    return {"state": hands.raise_hand(call.session, call.room_id, call.seat.actor.id).state}


def _lower(call: Call, _args: Nothing) -> dict[str, Any]:
    hands.lower(call.session, call.room_id, call.seat.actor.id)
    return {"state": "down"}


def _hand(rule: Any) -> Rule:
    def change(call: Call, args: HandSeen) -> dict[str, Any]:
        hand = rule(call.session, call.room_id, args.hand, args.revision)
        return {"hand": hand.id, "state": hand.state, "revision": hand.revision}

    return change


def _announce(call: Call, args: Announce) -> dict[str, Any]:
    posted = announcements.post(
        call.session, call.room_id, args.text, args.seconds, language=call.caller.language, actor=call.seat.actor
    )
    return {"announcement": posted.id}


def _withdraw(call: Call, args: WhichAnnouncement) -> dict[str, Any]:
    announcements.withdraw(call.session, call.room_id, args.announcement, actor=call.seat.actor)
    return {"announcement": args.announcement}


def _say(call: Call, args: Say) -> dict[str, Any]:
    said = chat.say(call.session, call.room_id, args.text, args.circle, call.seat, language=call.caller.language)
    return {"message": said.id}


def _remove_message(call: Call, args: WhichMessage) -> dict[str, Any]:
    moderates = rights.can(call.session, call.seat.actor, AUDIENCE, access.thing(call.seat.session_id))
    chat.remove(call.session, call.room_id, args.message, call.seat, moderates=moderates)
    return {"message": args.message}


COMMANDS: Final[dict[str, Spec]] = {
    "poll.save": Spec(PollSave, AUDIENCE, _save),
    "poll.open": Spec(PollSeen, AUDIENCE, _open),
    "poll.close": Spec(PollSeen, AUDIENCE, _close),
    "poll.remove": Spec(PollSeen, AUDIENCE, _remove_poll),
    "poll.answer": Spec(PollAnswered, None, Many(_answer)),
    "hand.raise": Spec(Nothing, None, _raise),
    "hand.lower": Spec(Nothing, None, _lower),
    "hand.call": Spec(HandSeen, AUDIENCE, _hand(hands.call)),
    "hand.done": Spec(HandSeen, AUDIENCE, _hand(hands.done)),
    "announce.post": Spec(Announce, AUDIENCE, _announce),
    "announce.withdraw": Spec(WhichAnnouncement, AUDIENCE, _withdraw),
    "chat.say": Spec(Say, ANYONE, _say),
    "chat.remove": Spec(WhichMessage, ANYONE, _remove_message),
}
