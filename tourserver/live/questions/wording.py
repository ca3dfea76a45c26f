"""The crew's words to a question: a clearer wording, and a written answer. What its author wrote stays as it is."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.live import events, texts
from tourserver.live.questions.changing import ANY, change, note, take
from tourserver.live.questions.finding import searchable
from tourserver.live.questions.models import Question

TEXT_LIMIT: Final = 1000
ANSWER_LIMIT: Final = 4000


def edit(session: Session, room_id: str, question_id: str, revision: int, text: str, *, actor: Actor) -> Question:
    """Show a question in other words; no words at all show the original again."""
    text = texts.clean(text, TEXT_LIMIT, field="text") if text.strip() else ""
    question, _numbers = take(session, room_id, question_id, revision, ANY)
    before = {"edited": question.edited}
    question.edited = "" if text == question.original else text
    question.search_text = searchable(question.original, question.edited, *question.translations.values())
    return note(session, question, "question.edit", actor, before)


def answer(session: Session, room_id: str, question_id: str, revision: int, text: str, *, actor: Actor) -> Question:
    """Answer in writing, for everyone to read; what nobody but its author had seen is shown to all with it.

    The answer to an answered question may be written, or written anew.
    """
    text = texts.clean(text, ANSWER_LIMIT, field="text")
    if not text:
        raise Invalid(N_("Write the answer first."), field="text")
    states = ANY - {"declined"}
    question, numbers = take(session, room_id, question_id, revision, states)
    if question.state == "pending":
        question.position = numbers[events.PUBLIC] + 1
    question.answer, question.answered_by = text, actor.reference
    question.answered_at = question.answered_at or clock.now()
    question.next_position = None
    return change(session, question, "answered", "question.answered", actor, public=True)


def translate(
    session: Session, room_id: str, question_id: str, revision: int, language: str, text: str, *, actor: Actor
) -> Question:
    """The crew's translation of a question, beside the words of its author; no words at all take it away."""
    text = texts.clean(text, TEXT_LIMIT, field="text") if text.strip() else ""
    question, _numbers = take(session, room_id, question_id, revision, ANY)
    before = {"translations": question.translations}
    others = {lang: words for lang, words in question.translations.items() if lang != language}
    question.translations = {**others, language: text} if text else others
    question.search_text = searchable(question.original, question.edited, *question.translations.values())
    return note(session, question, "question.translate", actor, before)
