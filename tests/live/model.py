"""The room's rules about questions as plainly as they can be said: sets, lists and one table. Knows no product code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Refusal = Literal["conflict", "forbidden", "not_found", "invalid"]

SHOWN: Final = frozenset({"approved", "live", "answered"})
KEPT: Final = SHOWN | {"pending", "declined"}

STEPS: Final[dict[str, tuple[frozenset[str], str | None]]] = {
    "question.approve": (frozenset({"pending", "declined"}), "approved"),
    "question.live": (frozenset({"approved"}), "live"),
    "question.unlive": (frozenset({"live"}), "approved"),
    "question.answered": (frozenset({"approved", "live"}), "answered"),
    "question.decline": (frozenset({"pending", "approved", "live"}), "declined"),
    "question.back": (frozenset({"approved", "declined", "live", "answered"}), None),
    "question.withdraw": (frozenset({"pending", "approved", "live"}), "withdrawn"),
    "question.answer": (SHOWN | {"pending"}, "answered"),
    "question.edit": (KEPT, None),
    "question.translate": (KEPT, None),
    "question.label": (KEPT, None),
    "question.assign": (KEPT, None),
    "question.priority": (KEPT, None),
    "question.pin": (SHOWN, None),
    "question.unpin": (SHOWN, None),
    "question.next": (frozenset({"approved"}), None),
    "question.merge": (frozenset({"pending", "approved", "live"}), "merged"),
}
"""By command: the states in which it may be done, and the one that follows (None: as it was, or see ``_effect``)."""
MERGE_TARGETS: Final = SHOWN | {"pending"}
MOST_PINNED = MOST_NEXT = 3


@dataclass
class Asked:
    """A question."""

    author: int
    original: str
    anonymous: bool
    state: str = "pending"
    revision: int = 1
    edited: str = ""
    translations: dict[str, str] = field(default_factory=dict)
    answer: str | None = None
    reason: str | None = None
    labels: list[str] = field(default_factory=list)
    priority: int = 0
    assigned: str | None = None
    pinned: bool = False
    into: str | None = None
    votes: set[int] = field(default_factory=set)


@dataclass
class Model:
    """A room: its questions by id, in the order in which they were asked."""

    questions: dict[str, Asked] = field(default_factory=dict)
    approved: list[str] = field(default_factory=list)  # the order that everybody sees
    next: list[str] = field(default_factory=list)  # what the speaker has before them
    blocked: dict[int, str] = field(default_factory=dict)  # person: the question by which it was done
    premoderated: bool = True
    locked: bool = False
    rules_revision: int = 1

    # --- asking and voting

    def may_ask(self, person: int) -> Refusal | None:
        """Why not, if not."""
        if person in self.blocked:
            return "forbidden"
        return "conflict" if self.locked else None

    def ask(self, question: str, person: int, text: str, anonymous: bool) -> None:
        """Somebody asked."""
        self.questions[question] = one = Asked(person, text, anonymous)
        if not self.premoderated:
            one.revision += 1
            self._enter(question, "approved")

    def vote(self, question: str, person: int, on: bool) -> Refusal | None:
        """A vote, or one taken back."""
        one = self.questions[question]
        if one.state not in SHOWN:
            return "not_found"
        if one.state == "answered" or (person in one.votes) == on:
            return "conflict"
        (one.votes.add if on else one.votes.remove)(person)
        return None

    # --- what the crew and authors do with a question

    def change(self, name: str, question: str, revision: int, args: dict[str, Any]) -> Refusal | None:
        """Do a command on the revision that its sender saw, or say why not."""
        one = self.questions[question]
        if name == "question.merge" and args["into"] == question:
            return "invalid"
        states, after = STEPS[name]
        if revision != one.revision or one.state not in states or self._is_too_much(name, question, args):
            return "conflict"
        one.revision += 1
        self._effect(name, question, args)
        if after is not None:
            self._enter(question, after)
        return None

    def _is_too_much(self, name: str, question: str, args: dict[str, Any]) -> bool:
        one = self.questions[question]
        if name == "question.pin":
            shown = [other for other in self.questions.values() if other.pinned]
            return not one.pinned and len(shown) >= MOST_PINNED
        if name == "question.next":
            return bool(args["on"]) and question not in self.next and len(self.next) >= MOST_NEXT
        if name == "question.merge":
            target = self.questions[args["into"]]
            return bool(target.revision != args["into_revision"] or target.state not in MERGE_TARGETS)
        return False

    def _effect(self, name: str, question: str, args: dict[str, Any]) -> None:
        one = self.questions[question]
        if name == "question.edit":
            text = args["text"].strip()
            one.edited = "" if text == one.original else text
        elif name == "question.translate":
            one.translations.pop(args["language"], None)
            if args["text"].strip():
                one.translations[args["language"]] = args["text"]
        elif name == "question.answer":
            one.answer = args["text"]
        elif name == "question.decline":
            one.reason = args["reason"]
        elif name == "question.label":
            one.labels = list({label.casefold(): label for label in reversed(args["labels"])}.values())[::-1]
        elif name == "question.assign":
            one.assigned = args["to"]
        elif name == "question.priority":
            one.priority = args["priority"]
        elif name in ("question.pin", "question.unpin"):
            one.pinned = name == "question.pin"
        elif name == "question.next":
            self._next(question, args["on"])
        elif name == "question.live":
            for other in self.questions.values():
                if other.state == "live":
                    other.state = "approved"
                    other.revision += 1
        elif name == "question.back":
            self._enter(question, "approved" if one.state in ("live", "answered") else "pending")
        elif name == "question.merge":
            self._merge(question, args["into"])

    def _next(self, question: str, on: bool) -> None:
        if on and question not in self.next:
            self.next.append(question)
        elif not on and question in self.next:
            self.next.remove(question)

    def _merge(self, question: str, into: str) -> None:
        one, target = self.questions[question], self.questions[into]
        target.votes |= (one.votes | {one.author}) - {target.author}
        one.votes, one.into = set(), into
        target.revision += 1
        for other in self.questions.values():
            if other.into == question:
                other.into = into
                other.revision += 1

    def _enter(self, question: str, state: str) -> None:
        """Bring a question into a state, with what that means for the lists."""
        one = self.questions[question]
        if state in SHOWN and one.state not in SHOWN:
            self.approved.append(question)
        elif state not in SHOWN:
            one.pinned = False
            if question in self.approved:
                self.approved.remove(question)
        if state != "approved" and question in self.next:
            self.next.remove(question)
        one.state = state

    # --- the crew and the room

    def marked(self, question: str) -> bool:
        """Whether the crew sees at this question that nothing more is taken from its author."""
        one = self.questions[question]
        through = self.blocked.get(one.author)
        if through is None or through == question:
            return through is not None
        return not one.anonymous and not self.questions[through].anonymous

    def block(self, question: str, on: bool) -> None:
        """Take nothing more from who asked this, or take it again."""
        author = self.questions[question].author
        if on:
            self.blocked.setdefault(author, question)
        elif self.marked(question):
            del self.blocked[author]

    def rules(self, revision: int, premoderated: bool, locked: bool) -> Refusal | None:
        """Change the room's rules."""
        if revision != self.rules_revision:
            return "conflict"
        self.premoderated, self.locked = premoderated, locked
        self.rules_revision += 1
        return None

    # --- what each may see

    def staff(self) -> dict[str, dict[str, Any]]:
        """Every question that wasn't withdrawn, as the crew sees it."""
        return {
            question: {
                "text": one.edited or one.original,
                "edited": bool(one.edited),
                "original": one.original,
                "state": one.state,
                "revision": one.revision,
                "translations": one.translations,
                "answer": one.answer,
                "labels": one.labels,
                "priority": one.priority,
                "assigned": one.assigned,
                "pinned": one.pinned,
                "merged_into": one.into,
                "votes": len(one.votes),
                "blocked": self.marked(question),
                "anonymous": one.anonymous,
                **({"reason": one.reason} if one.state == "declined" else {}),
            }
            for question, one in self.questions.items()
            if one.state != "withdrawn"
        }
