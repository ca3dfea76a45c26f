"""Events and questions as people see them: names, texts and votes are joined here, when they are sent.

The log itself holds ids, so a name that is erased, a question that is withdrawn or declined, and an author
who asked without a name stay out of everything sent later, replays included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.i18n import html_lang
from tourserver.live.audience import state as audience_state
from tourserver.live.crew import captions
from tourserver.live.events import Written
from tourserver.live.guiding import guide, script
from tourserver.live.guiding.models import CaptionLine
from tourserver.live.questions import canned, limits, votes
from tourserver.live.questions.changing import SEEN_BY_ALL
from tourserver.live.questions.models import Question
from tourserver.people.models import Person
from tourserver.registration.models import Registration
from tourserver.sites.models import Site
from tourserver.tours.models import TourRevision

Audience = Literal["public", "person", "staff"]
NOT_SAID: Final = "ZZ"
WHOLE: Final = frozenset({"question.approved", "question.changed", "question.answered"})
"""Events that bring everyone the question as a whole; the others say only what became of it."""


class Faces:
    """Renders for one transaction; what it loads is loaded once for all audiences."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._questions: dict[str, dict[str, Any]] = {}
        self._guides: dict[str | None, dict[str, str] | None] = {}

    # --- questions

    def load(self, question_ids: Iterable[str]) -> None:
        """Read questions with their authors and votes, those that aren't read yet."""
        missing = [one for one in dict.fromkeys(question_ids) if one not in self._questions]
        if not missing:
            return
        query = (
            select(Question, Person.name, Registration.country)
            .join(Registration, Registration.id == Question.registration_id)
            .join(Person, Person.id == Registration.person_id)
            .where(Question.id.in_(missing))
        )
        counted = votes.counts(self._session, missing)
        rows = list(self._session.execute(query))
        refused = limits.marked(self._session, {question.room_id for question, _name, _country in rows})
        for question, name, country in rows:
            full = _full(
                question,
                name,
                country,
                counted.get(question.id, 0),
                blocked=question.id in refused,
            )
            if full["assigned"]:
                full["assigned"] = self._guide(full["assigned"])
            self._questions[question.id] = full

    def question(self, question_id: str, audience: Audience) -> dict[str, Any] | None:
        """A question as one audience may see it now; None when it may not, or is gone."""
        self.load([question_id])
        full = self._questions.get(question_id)
        if full is None or full["state"] == "withdrawn":
            return None
        if audience == "public" and full["state"] not in SEEN_BY_ALL:
            return None
        return {key: value for key, value in full.items() if key not in HIDDEN[audience]}

    # --- events

    def events(self, written: Iterable[Written], audience: Audience) -> list[dict[str, Any]]:
        """Events as they are sent."""
        listed = list(written)
        self.load(one.data["question"] for one in listed if one.kind.startswith("question."))
        return [{"seq": one.seq, "kind": one.kind, "at": one.at, "data": self._data(one, audience)} for one in listed]

    def _data(self, event: Written, audience: Audience) -> dict[str, Any]:
        if event.kind == "guide.changed":
            # the first releases wrote the id of a member of staff
            old = event.data.get("user")
            guide = self._guide(event.data.get("actor") or (f"user:{old}" if old else None))
            return {"guide": guide, "how": event.data.get("how", "taken")}
        if event.kind.startswith("question."):
            return self._question_event(event, audience)
        if event.kind.split(".")[0] in audience_state.KINDS:
            return audience_state.event(self._session, event.kind, event.data, audience=audience)
        if event.kind == "caption.said":
            line = self._session.get(CaptionLine, event.data["caption"])
            return {"caption": captions.face(line)} if line else {}
        if event.kind == "canned.changed":
            return {"replies": canned.listed(self._session, event.data["session"])}
        if event.kind == "script.changed":
            return {"script": script.of(self._session, event.data["session"])}
        if event.kind == "tour.offered":
            return self.offer(event.data)
        return event.data

    # --- tours

    def offer(self, data: dict[str, Any]) -> dict[str, Any]:
        """A newer tour with the names of its site and of the scenes that are gone, in all their languages."""
        site = self._session.get(Site, data["site"])
        shown = self._session.get(TourRevision, data["pinned"])
        titles = {scene["id"]: scene["title"] for scene in shown.content["scenes"]} if shown else {}
        return {
            **{key: data[key] for key in ("site", "revision", "number", "kind")},
            "slug": site.slug if site else "",
            "name": site.name if site else {},
            "scenes_gone": [{"id": scene, "title": titles.get(scene, {})} for scene in data["scenes_gone"]],
        }

    # --- questions and guides in events

    def _question_event(self, event: Written, audience: Audience) -> dict[str, Any]:
        question_id, revision, state = event.data["question"], event.data["revision"], event.data["state"]
        data: dict[str, Any] = {"id": question_id, "revision": revision}
        if event.kind == "question.merged":
            data["into"] = self._merged_into(question_id)
        wanted = audience != "public" or event.kind in WHOLE
        question = self.question(question_id, audience) if wanted else None
        if question is not None:
            # the question as it was at this event, so that a replay goes through the same states
            data["question"] = {**question, "state": state, "revision": revision}
            if state != "declined":
                data["question"].pop("reason", None)
            elif question.get("reason"):
                data["reason"] = question["reason"]
        return data

    def _merged_into(self, question_id: str) -> str | None:
        self.load([question_id])
        into: str | None = self._questions.get(question_id, {}).get("merged_into")
        return into

    def _guide(self, reference: str | None) -> dict[str, str] | None:
        if reference not in self._guides:
            self._guides[reference] = guide.named(self._session, reference)
        return self._guides[reference]


def _full(question: Question, name: str, country: str, counted: int, *, blocked: bool) -> dict[str, Any]:
    """Everything that anybody may see. Without a name means without one for the crew too."""
    hidden = question.anonymous
    return {
        "id": question.id,
        "text": question.edited or question.original,
        "edited": bool(question.edited),
        "state": question.state,
        "revision": question.revision,
        "asked_at": clock.milliseconds(question.asked_at),
        "votes": counted,
        "author": None if hidden or not name else name,
        "country": None if hidden or country == NOT_SAID else country,
        "lang": html_lang(question.language),
        "translations": {html_lang(lang): text for lang, text in question.translations.items()},
        "order": question.position or 0,
        "pinned": question.pinned,
        "answer": question.answer or None,
        "merged_into": question.merged_into_id,
        # the author's and the crew's
        "original": question.original,
        "anonymous": hidden,
        "reason": question.reason or None,
        # the crew's alone
        "priority": question.priority,
        "labels": question.labels,
        "assigned": question.assigned_to,
        "next_position": question.next_position,
        "blocked": blocked,
    }


OWN: Final = frozenset({"original", "anonymous", "reason"})
CREW: Final = frozenset({"priority", "labels", "assigned", "next_position", "blocked"})
HIDDEN: Final[dict[str, frozenset[str]]] = {"public": OWN | CREW, "person": CREW, "staff": frozenset()}
"""What an audience doesn't get of a question."""
