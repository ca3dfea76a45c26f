"""What a page makes of the room's log: the same steps as static/src/live/state.ts takes, without a screen."""

from __future__ import annotations

from typing import Any, Final

STATES: Final = {
    "question.pending": "pending",
    "question.approved": "approved",
    "question.unlive": "approved",
    "question.live": "live",
    "question.answered": "answered",
    "question.declined": "declined",
    "question.withdrawn": "withdrawn",
    "question.merged": "merged",
}
SHOWN: Final = frozenset({"approved", "live", "answered"})
PASSING: Final = frozenset({"votes", "reason"})
"""Votes are told by heads, without a number; a reason is of no meaning but to what is declined."""

Face = dict[str, Any]


class Replica:
    """The lists of one page: what everyone sees, its person's own or the crew's, votes and the room's rules."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[str, Face]] = {"public": {}, "person": {}, "staff": {}}
        self.votes: set[str] = set()
        self.rules: dict[str, Any] = {}
        self.room = "closed"

    def snapshot(self, channel: str, state: dict[str, Any]) -> None:
        """The server's statement of a whole channel."""
        self.lists[channel] = {one["id"]: dict(one) for one in state["questions"]}
        if channel == "person":
            self.votes = set(state["votes"])
        elif channel == "public":
            self.rules, self.room = state["rules"], state["room"]["state"]

    def apply(self, channel: str, event: dict[str, Any]) -> None:
        """The next event of a channel."""
        kind, data = event["kind"], event["data"]
        if kind.startswith("question."):
            self._question(channel, kind, data)
        elif kind == "vote":
            (self.votes.add if data["on"] else self.votes.discard)(data["question"])
        elif kind == "room.rules":
            self.rules = data
        elif kind.startswith("room."):
            self.room = "ended" if kind == "room.ended" else "open"
        elif kind in ("person.blocked", "person.unblocked") and channel == "staff":
            for one in data["questions"]:
                if one in self.lists[channel]:
                    self.lists[channel][one]["blocked"] = kind == "person.blocked"

    def heads(self, tallies: dict[str, int]) -> None:
        """Votes by question."""
        for known in self.lists.values():
            for question in tallies.keys() & known.keys():
                known[question]["votes"] = tallies[question]

    def _question(self, channel: str, kind: str, data: dict[str, Any]) -> None:
        known, full = self.lists[channel], data.get("question")
        state = full["state"] if full else STATES.get(kind)
        if kind not in STATES and kind != "question.changed":
            raise AssertionError(f"a kind that no page knows: {kind}")
        if state is None:
            return
        if state == "withdrawn" or (channel == "public" and state not in SHOWN):
            known.pop(data["id"], None)
            return
        if not full and data["id"] not in known:
            return
        if state == "live":
            for other in known.values():
                if other["state"] == "live":
                    other["state"] = "approved"
        more = {key: data[key] for key in ("reason",) if key in data}
        into = {"merged_into": data["into"]} if "into" in data else {}
        known[data["id"]] = {
            **known.get(data["id"], {}),
            **(full or {}),
            **more,
            **into,
            "state": state,
            "revision": data["revision"],
        }


def comparable(questions: dict[str, Face]) -> dict[str, Face]:
    """Questions without what is told by other ways or means nothing in their state."""
    return {
        one["id"]: {
            key: value
            for key, value in one.items()
            if key not in PASSING or (key == "reason" and one["state"] == "declined")
        }
        for one in questions.values()
    }
