"""Captions: what is said, written by a captioner line by line, for those who can't hear it or read better."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.i18n import html_lang
from tourserver.core.rights import Actor
from tourserver.live import events, rooms, texts
from tourserver.live.guiding.models import CaptionLine

TEXT_LIMIT: Final = 300
SHOWN: Final = 3
"""So many of the newest lines are in a snapshot."""


def say(session: Session, room_id: str, text: str, language: str, *, actor: Actor) -> CaptionLine:
    """A line for everyone. ``language`` is its BCP 47 tag."""
    text = texts.clean(text, TEXT_LIMIT, field="text")
    events.hold(session, room_id, [events.PUBLIC])
    rooms.require_open(rooms.get(session, room_id))
    line = CaptionLine(room_id=room_id, actor=actor.reference, language=language, text=text)
    session.add(line)
    session.flush()
    events.append(session, room_id, events.PUBLIC, "caption.said", {"caption": line.id})
    return line


def newest(session: Session, room_id: str) -> list[dict[str, Any]]:
    """The last lines, the newest last."""
    query = select(CaptionLine).where(CaptionLine.room_id == room_id)
    rows = session.scalars(query.order_by(CaptionLine.at.desc(), CaptionLine.id.desc()).limit(SHOWN)).all()
    return [face(row) for row in reversed(rows)]


def face(line: CaptionLine) -> dict[str, Any]:
    """A line as it is read."""
    return {"id": line.id, "text": line.text, "lang": html_lang(line.language), "at": clock.milliseconds(line.at)}
