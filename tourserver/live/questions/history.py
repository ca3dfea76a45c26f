"""What the crew did with a question, from the account of all changes: who, what, when."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.rights import Actor
from tourserver.live.guiding import guide
from tourserver.live.questions.changing import find


def of(session: Session, room_id: str, question_id: str) -> list[dict[str, Any]]:
    """Steps in their order: ``at`` (server milliseconds), ``verb``, and ``by``, the name of who of the crew did it.

    What its author did stands without a name, also where the question has one. Raises :class:`NotFound`.
    """
    question = find(session, room_id, question_id)
    query = (
        select(Audit.at, Audit.actor, Audit.verb)
        .where(Audit.thing_kind == "question", Audit.thing_id == question_id)
        .order_by(Audit.at, Audit.id)
    )
    rows = list(session.execute(query))
    author = Actor("registration", question.registration_id).reference
    faces = guide.names(session, {reference for _at, reference, _verb in rows if reference != author})
    steps = [{"at": clock.milliseconds(question.asked_at), "verb": "question.ask", "by": None}]
    steps += [
        {"at": clock.milliseconds(at), "verb": verb, "by": faces[reference]["name"] if reference in faces else None}
        for at, reference, verb in rows
    ]
    return steps
