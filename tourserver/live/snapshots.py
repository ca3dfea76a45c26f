"""The whole state of a channel with its number, read at one moment: for those who come without a cursor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.live import house_rules, revisions, rooms
from tourserver.live.audience import state as audience_state
from tourserver.live.crew import captions
from tourserver.live.faces import Audience, Faces
from tourserver.live.guiding import guide, script
from tourserver.live.models import Room, RoomChannel
from tourserver.live.questions import canned, votes
from tourserver.live.questions.changing import SEEN_BY_ALL
from tourserver.live.questions.models import Question
from tourserver.tours.models import TourRevision

TourBuilder = Callable[[Session, TourRevision, str], dict[str, Any]]
KEPT_SECONDS: Final = 5.0


def consistent(session: Session) -> None:
    """All reads of this transaction shall see one moment; call it first. SQLite's do so by themselves."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


class Tours:
    """Tour documents for snapshots; each is kept a few seconds, since a thousand people join at once."""

    def __init__(self, build: TourBuilder) -> None:
        self._build = build
        self._kept: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}

    def documents(self, session: Session, room: Room, lang: str) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
        """The revisions shown in a room and their documents in a language."""
        found = rooms.tours(session, room)
        return tuple(one.id for one in found), [self._document(session, one, lang) for one in found]

    def _document(self, session: Session, revision: TourRevision, lang: str) -> dict[str, Any]:
        present = time.monotonic()
        kept = self._kept.get((revision.id, lang))
        if kept is None or present - kept[0] > KEPT_SECONDS:
            if len(self._kept) > 200:
                self._kept.clear()
            kept = self._kept[revision.id, lang] = (present, self._build(session, revision, lang))
        return kept[1]


def public(session: Session, room: Room, documents: list[dict[str, Any]]) -> dict[str, Any]:
    """What everyone in the room may know."""
    query = select(Question.id, Question.state).where(Question.room_id == room.id, Question.state.in_(SEEN_BY_ALL))
    states = {row[0]: row[1] for row in session.execute(query.order_by(Question.position))}
    leader = guide.named(session, room.guide_actor)
    shown = {scene["id"] for document in documents for scene in document["scenes"]}
    view = {**room.view, "by": leader["name"] if leader else None} if room.view else None
    if view and view["scene"] not in shown:  # a frame that was under way when its scene was taken out
        view = None
    return {
        "room": rooms.status(room),
        "guide": leader,
        "view": view,
        "hotspot": room.shown_hotspot,
        "tour": documents,
        "questions": _questions(session, list(states), "public"),
        "rules": house_rules.of(room),
        "captions": captions.newest(session, room.id),
        **audience_state.public(session, room),
        "live_question": next((question for question, state in states.items() if state == "live"), None),
    }


def persons(session: Session, room: Room, registration_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each of these people: their own questions, in whatever state, and votes."""
    wanted = list(registration_ids)
    query = select(Question.registration_id, Question.id).where(
        Question.room_id == room.id, Question.registration_id.in_(wanted)
    )
    asked: dict[str, list[str]] = {}
    for registration_id, question_id in session.execute(query.order_by(Question.asked_at, Question.id)):
        asked.setdefault(registration_id, []).append(question_id)
    voted = votes.of_persons(session, room.id, wanted)
    faces = Faces(session)
    faces.load(question_id for ids in asked.values() for question_id in ids)
    more = audience_state.persons(session, room, wanted)
    return {
        one: {"questions": _seen(faces, asked.get(one, []), "person"), "votes": voted.get(one, []), **more[one]}
        for one in wanted
    }


def person(session: Session, room: Room, registration_id: str) -> dict[str, Any]:
    """The same for one."""
    return persons(session, room, [registration_id])[registration_id]


def staff(session: Session, room: Room) -> dict[str, Any]:
    """Every question, and the newer tours that may be shown, for the crew."""
    query = select(Question.id).where(Question.room_id == room.id).order_by(Question.asked_at, Question.id)
    faces = Faces(session)
    return {
        "questions": _questions(session, list(session.scalars(query)), "staff"),
        "offers": [faces.offer(offer.data()) for offer in revisions.offers(session, room.id)],
        "script": script.of(session, room.session_id),
        "canned": canned.listed(session, room.session_id),
        **audience_state.staff(session, room),
    }


def _questions(session: Session, question_ids: list[str], audience: Audience) -> list[dict[str, Any]]:
    faces = Faces(session)
    faces.load(question_ids)
    return _seen(faces, question_ids, audience)


def _seen(faces: Faces, question_ids: list[str], audience: Audience) -> list[dict[str, Any]]:
    found = (faces.question(question_id, audience) for question_id in question_ids)
    return [question for question in found if question is not None]


def seq(session: Session, room_id: str, channel: str) -> int:
    """A channel's last number, 0 for one that nobody used."""
    query = select(RoomChannel.seq).where(RoomChannel.room_id == room_id, RoomChannel.name == channel)
    return session.scalar(query) or 0
