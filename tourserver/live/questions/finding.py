"""Finding questions by a part of their words, whatever the accents, the capitals or the script."""

from __future__ import annotations

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.live.questions.models import Question


def normalised(text: str) -> str:
    """Compatibility forms as one, without marks and capitals: “Färg” and “ＦＡＲＧ” are “farg”; Chinese stays."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFKC", kept).casefold().split())


def searchable(*texts: str) -> str:
    """What is stored to search in."""
    return "\n".join(normalised(text) for text in texts if text)


def find_text(session: Session, room_id: str, wanted: str) -> list[str]:
    """Ids of a room's questions that contain the words, in the order in which they were asked."""
    pattern = normalised(wanted)
    query = select(Question.id).where(Question.room_id == room_id)
    if pattern:
        query = query.where(Question.search_text.contains(pattern, autoescape=True))
    return list(session.scalars(query.order_by(Question.asked_at, Question.id)))
