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
from tourserver.live.events import Written
from tourserver.live.guiding import guide
from tourserver.live.questions import votes
from tourserver.live.questions.asking import SEEN_BY_ALL
from tourserver.live.questions.models import Question
from tourserver.people.models import Person
from tourserver.registration.models import Registration
from tourserver.sites.models import Site
from tourserver.tours.models import TourRevision

Audience = Literal["public", "person", "staff"]
NOT_SAID: Final = "ZZ"


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
        for question, name, country in self._session.execute(query):
            self._questions[question.id] = _full(question, name, country, counted.get(question.id, 0))

    def question(self, question_id: str, audience: Audience) -> dict[str, Any] | None:
        """A question as one audience may see it now; None when it may not, or is gone."""
        self.load([question_id])
        full = self._questions.get(question_id)
        if full is None or full["state"] == "withdrawn":
            return None
        if audience == "public":
            if full["state"] not in SEEN_BY_ALL:
                return None
            return {key: value for key, value in full.items() if key not in ("reason", "anonymous")}
        return full

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
            return {"guide": self._guide(event.data.get("actor") or (f"user:{old}" if old else None))}
        if event.kind.startswith("question."):
            return self._question_event(event, audience)
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
        wanted = audience != "public" or event.kind == "question.approved"
        question = self.question(question_id, audience) if wanted else None
        if question is not None:
            # the question as it was at this event, so that a replay goes through the same states
            data["question"] = {**question, "state": state, "revision": revision}
            if state != "declined":
                data["question"].pop("reason", None)
            elif question.get("reason"):
                data["reason"] = question["reason"]
        return data

    def _guide(self, reference: str | None) -> dict[str, str] | None:
        if reference not in self._guides:
            self._guides[reference] = guide.named(self._session, reference)
        return self._guides[reference]


def _full(question: Question, name: str, country: str, counted: int) -> dict[str, Any]:
    """Everything the crew and the author may see. Without a name means without one for the crew too."""
    hidden = question.anonymous
    return {
        "id": question.id,
        "text": question.original,
        "state": question.state,
        "revision": question.revision,
        "asked_at": clock.milliseconds(question.asked_at),
        "votes": counted,
        "author": None if hidden or not name else name,
        "country": None if hidden or country == NOT_SAID else country,
        "lang": html_lang(question.language),
        "order": question.position or 0,
        "anonymous": hidden,
        "reason": question.reason or None,
    }
