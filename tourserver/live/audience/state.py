"""Polls, hands, announcements and messages in snapshots and events: joined with names and counts when sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.live.audience import announcements, chat, hands, polls
from tourserver.live.audience.models import Announcement, ChatMessage, Poll, RaisedHand
from tourserver.live.models import Room

KINDS: Final = frozenset({"poll", "hand", "announcement", "chat"})
"""First words of the events that are rendered here."""


def public(session: Session, room: Room) -> dict[str, Any]:
    """What everyone may know."""
    return {
        "polls": polls.faces(session, Poll.room_id == room.id, staff=False),
        "announcements": announcements.faces(session, announcements.standing(room.id)),
        "chat": chat.faces(session, chat.of(room.id, "public")),
    }


def persons(session: Session, room: Room, registration_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each of these people: what they answered, their hand, and which messages are theirs."""
    answered = polls.answered_by(session, room.id, registration_ids)
    raised = hands.of_persons(session, room.id, registration_ids)
    written = chat.own(session, room.id, registration_ids)
    return {
        one: {
            "poll_answers": answered.get(one, {}),
            "hand": raised.get(one, "down"),
            "own_messages": written.get(one, []),
        }
        for one in registration_ids
    }


def staff(session: Session, room: Room) -> dict[str, Any]:
    """What the crew alone knows."""
    return {
        "polls": polls.faces(session, Poll.room_id == room.id, staff=True),
        "hands": hands.faces(session, hands.up(room.id)),
        "crew_chat": chat.faces(session, chat.of(room.id, "crew")),
    }


def event(session: Session, kind: str, data: dict[str, Any], *, audience: str) -> dict[str, Any]:
    """What is sent of an event; without its thing when that is gone or may not be seen."""
    noun = kind.split(".")[0]
    if noun == "poll" and kind != "poll.answered":
        return _with("poll", data, lambda one: polls.faces(session, Poll.id == one, staff=audience == "staff"))
    if noun == "announcement":
        return _with("announcement", data, lambda one: announcements.faces(session, Announcement.id == one))
    if noun == "chat":
        return _with("message", data, lambda one: chat.faces(session, ChatMessage.id == one))
    if noun == "hand":
        if audience != "staff":
            return {"state": data["state"]}
        # as it was at this event, so that a replay goes through the same states
        shown = _with("hand", data, lambda one: hands.faces(session, RaisedHand.id == one))
        if "hand" in shown:
            shown["hand"] |= {"state": data["state"], "revision": data["revision"]}
        return shown
    return data


def _with(name: str, data: dict[str, Any], find: Callable[[str], list[dict[str, Any]]]) -> dict[str, Any]:
    found = find(data[name])
    return {"id": data[name], name: found[0]} if found else {"id": data[name]}
