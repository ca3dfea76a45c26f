"""The room against a simple model: any order of commands, repeats and stale revisions by two moderators."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.conftest import sqlite_settings
from tests.live.factories import caller_of, host_of, make_world, open_room, person_of
from tourserver.core.errors import Conflict, NotFound
from tourserver.core.services import Services
from tourserver.live import events, rooms, snapshots
from tourserver.live.commands import execute
from tourserver.live.faces import Faces

FROM = {
    "question.approve": ({"pending", "declined"}, "approved"),
    "question.live": ({"approved"}, "live"),
    "question.unlive": ({"live"}, "approved"),
    "question.answered": ({"approved", "live"}, "answered"),
    "question.decline": ({"pending", "approved", "live"}, "declined"),
    "question.withdraw": ({"pending", "approved", "live"}, "withdrawn"),
}
SHOWN = ("approved", "live", "answered")


class Replica:
    """What a page makes of the public log: the same steps as the client's, without its screen."""

    def __init__(self) -> None:
        self.questions: dict[str, dict[str, Any]] = {}

    def apply(self, event: dict[str, Any]) -> None:
        kind, data = event["kind"], event["data"]
        if not kind.startswith("question."):
            return
        if kind in ("question.declined", "question.withdrawn"):
            self.questions.pop(data["id"], None)
            return
        if kind == "question.approved" and "question" in data:
            self.questions[data["id"]] = {**data["question"]}
        if data["id"] in self.questions:
            state = {"question.live": "live", "question.answered": "answered"}.get(kind, "approved")
            self.questions[data["id"]].update(state=state, revision=data["revision"])


class RoomMachine(RuleBasedStateMachine):
    """Two moderators, two participants, commands that are repeated and come late."""

    template: Path

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.services = Services.start(sqlite_settings(Path(self.folder.name), self.template))
        with self.services.db.write() as session:
            self.world = make_world(session, hosts=2, people=2)
        open_room(self.services, self.world)
        self.people = [caller_of(self.services, self.world, person_of(self.world, one)) for one in (0, 1)]
        self.hosts = [caller_of(self.services, self.world, host_of(self.world, one)) for one in (0, 1)]
        self.asked: list[str] = []
        self.author: dict[str, int] = {}
        self.state: dict[str, tuple[str, int]] = {}
        self.votes: set[tuple[str, int]] = set()
        self.sent: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
        self.replica = Replica()
        self.cursor = 0

    def teardown(self) -> None:
        if hasattr(self, "services"):
            self.services.close()
            self.folder.cleanup()

    def _send(self, caller: Any, name: str, **args: Any) -> dict[str, Any]:
        sent = {"id": str(uuid.uuid4()), "name": name, "args": args}
        result = execute(self.services, caller, sent)
        self.sent.append((caller, sent, result))
        return result

    @rule(person=st.integers(0, 1), anonymous=st.booleans())
    def ask(self, person: int, anonymous: bool) -> None:
        if len(self.asked) >= 6:
            return
        result = self._send(self.people[person], "question.ask", text="Why?", anonymous=anonymous)
        question = result["question"]
        self.asked.append(question)
        self.author[question] = person
        self.state[question] = ("pending", 1)

    @rule(
        which=st.integers(0, 5),
        moderator=st.integers(0, 1),
        name=st.sampled_from([name for name in FROM if name != "question.withdraw"]),
        stale=st.integers(0, 1),
    )
    def moderate(self, which: int, moderator: int, name: str, stale: int) -> None:
        if which < len(self.asked):
            more = {"reason": "Off topic"} if name == "question.decline" else {}
            self._change(self.hosts[moderator], name, self.asked[which], stale, **more)

    @rule(which=st.integers(0, 5), person=st.integers(0, 1), stale=st.integers(0, 1))
    def withdraw(self, which: int, person: int, stale: int) -> None:
        if which >= len(self.asked):
            return
        question = self.asked[which]
        if self.author[question] == person:
            self._change(self.people[person], "question.withdraw", question, stale)
        else:
            with pytest.raises(NotFound):
                self._send(self.people[person], "question.withdraw", question=question, revision=1)

    def _change(self, caller: Any, name: str, question: str, stale: int, **more: Any) -> None:
        state, revision = self.state[question]
        seen = max(1, revision - stale)
        allowed, after = FROM[name]
        if seen != revision or state not in allowed:
            with pytest.raises(Conflict):
                self._send(caller, name, question=question, revision=seen, **more)
            return
        self._send(caller, name, question=question, revision=seen, **more)
        if name == "question.live":
            for other, (other_state, other_revision) in self.state.items():
                if other_state == "live":
                    self.state[other] = ("approved", other_revision + 1)
        self.state[question] = (after, revision + 1)

    @rule(which=st.integers(0, 5), person=st.integers(0, 1), on=st.booleans())
    def vote(self, which: int, person: int, on: bool) -> None:
        if which >= len(self.asked):
            return
        question = self.asked[which]
        name = "question.vote" if on else "question.unvote"
        voted = (question, person) in self.votes
        if self.state[question][0] in ("approved", "live") and voted != on:
            self._send(self.people[person], name, question=question)
            (self.votes.add if on else self.votes.remove)((question, person))
        else:
            with pytest.raises((Conflict, NotFound)):
                self._send(self.people[person], name, question=question)

    @rule(back=st.integers(0, 9))
    def repeat(self, back: int) -> None:
        """A command whose acknowledgement was lost comes again, late and out of order."""
        if back < len(self.sent):
            caller, sent, result = self.sent[-1 - back]
            assert execute(self.services, caller, sent) == result

    @rule(steps=st.integers(1, 3))
    def follow(self, steps: int) -> None:
        """A page reads on, a little."""
        self._read(steps)

    def _read(self, limit: int) -> None:
        with self.services.db.read() as session:
            channel = events.channel_ids(session, self.world.room_id, ["public"])["public"]
            page = events.read(session, channel, self.cursor, limit)
            shown = Faces(session).events(page, "public")
        for event in shown:
            assert event["seq"] == self.cursor + 1, "no gap and nothing twice"
            self.cursor = event["seq"]
            self.replica.apply(event)

    @invariant()
    def the_room_is_as_the_model_says(self) -> None:
        if not hasattr(self, "services"):
            return
        with self.services.db.read() as session:
            room = rooms.get(session, self.world.room_id)
            staff = snapshots.staff(session, room)["questions"]
            public = snapshots.public(session, room, [])
        shown = {one["id"]: (one["state"], one["revision"]) for one in staff}
        assert shown == {one: state for one, state in self.state.items() if state[0] != "withdrawn"}
        expected = {one: state for one, state in self.state.items() if state[0] in SHOWN}
        assert {one["id"]: (one["state"], one["revision"]) for one in public["questions"]} == expected
        for one in public["questions"]:
            assert one["votes"] == sum(1 for question, _person in self.votes if question == one["id"])
        live = [one for one, (state, _revision) in self.state.items() if state == "live"]
        assert public["live_question"] == (live[0] if live else None)
        assert len(live) <= 1

    @rule()
    def a_page_that_read_everything_shows_the_snapshot(self) -> None:
        self._read(1000)
        with self.services.db.read() as session:
            public = snapshots.public(session, rooms.get(session, self.world.room_id), [])
        expected = {one["id"]: (one["state"], one["revision"], one["order"]) for one in public["questions"]}
        found = {one["id"]: (one["state"], one["revision"], one["order"]) for one in self.replica.questions.values()}
        assert found == expected


def test_the_room_behaves_like_a_simple_model_of_it(sqlite_template: Path) -> None:
    class Machine(RoomMachine):
        template = sqlite_template

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
