"""The room against a simple model: any order of commands, repeats and stale revisions by two moderators."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.conftest import sqlite_settings
from tests.live.factories import caller_of, host_of, make_world, open_room, person_of
from tests.live.model import SHOWN, STEPS, Model
from tests.live.replica import Replica, comparable
from tourserver.core.errors import Conflict, Forbidden, Invalid, NotFound
from tourserver.core.services import Services
from tourserver.live import events, rooms, snapshots
from tourserver.live.commands import execute
from tourserver.live.faces import Audience, Faces

REFUSALS = {"conflict": Conflict, "forbidden": Forbidden, "not_found": NotFound, "invalid": Invalid}
MOST = 6
"""Questions of a run: few, so that commands meet."""


class Reader:
    """A page that reads one channel of the log, a little now and a little then."""

    def __init__(self, channel: str, audience: Audience) -> None:
        self.channel, self.audience = channel, audience
        self.replica = Replica()
        self.cursor = 0

    def read(self, services: Services, room_id: str, limit: int) -> None:
        with services.db.read() as session:
            found = events.channel_ids(session, room_id, [self.channel]).get(self.channel)
            page = events.read(session, found, self.cursor, limit) if found else []
            shown = Faces(session).events(page, self.audience)
        for event in shown:
            assert event["seq"] == self.cursor + 1, "no gap and nothing twice"
            self.cursor = event["seq"]
            self.replica.apply(self.audience, event)


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
        self.model = Model()
        self.asked: list[str] = []
        self.sent: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
        mine: list[tuple[str, Audience]] = [(events.person(one), "person") for one in self.world.people]
        self.readers = [Reader("public", "public"), Reader("staff", "staff")]
        self.readers += [Reader(channel, audience) for channel, audience in mine]
        for number in range(4):  # so that there is something to work on from the first step
            self.ask(number % 2, number == 3)
        for which in range(3):
            self.moderate(which, 0, "approve", 0)
        self.vote(0, 1, True)

    def teardown(self) -> None:
        if hasattr(self, "services"):
            self.services.close()
            self.folder.cleanup()

    def _send(self, caller: Any, name: str, **args: Any) -> dict[str, Any]:
        sent = {"id": str(uuid.uuid4()), "name": name, "args": args}
        result = execute(self.services, caller, sent)
        self.sent.append((caller, sent, result))
        return result

    def _expect(self, refusal: str | None, caller: Any, name: str, **args: Any) -> None:
        """The room has to answer as the model did."""
        if refusal is None:
            self._send(caller, name, **args)
        else:
            with pytest.raises(REFUSALS[refusal]):
                self._send(caller, name, **args)

    # --- what people do

    @rule(person=st.integers(0, 1), anonymous=st.booleans())
    def ask(self, person: int, anonymous: bool) -> None:
        if len(self.asked) >= MOST:
            return
        args = {"text": f"Why {len(self.asked)}?", "anonymous": anonymous}
        if refusal := self.model.may_ask(person):
            self._expect(refusal, self.people[person], "question.ask", **args)
            return
        question = self._send(self.people[person], "question.ask", **args)["question"]
        self.asked.append(question)
        self.model.ask(question, person, str(args["text"]), anonymous)

    @rule(which=st.integers(0, MOST - 1), person=st.integers(0, 1), on=st.booleans())
    def vote(self, which: int, person: int, on: bool) -> None:
        if which < len(self.asked):
            question = self.asked[which]
            refusal = self.model.vote(question, person, on)
            self._expect(refusal, self.people[person], f"question.{'' if on else 'un'}vote", question=question)

    @rule(which=st.integers(0, MOST - 1), person=st.integers(0, 1), stale=st.integers(0, 1))
    def withdraw(self, which: int, person: int, stale: int) -> None:
        if which >= len(self.asked):
            return
        question = self.asked[which]
        if self.model.questions[question].author == person:
            self._change(self.people[person], "question.withdraw", question, stale)
        else:
            self._expect("not_found", self.people[person], "question.withdraw", question=question, revision=1)

    # --- what the crew does

    @rule(
        which=st.integers(0, MOST - 1),
        moderator=st.integers(0, 1),
        name=st.sampled_from(["approve", "live", "unlive", "answered", "back", "pin", "unpin"]),
        stale=st.integers(0, 3),
    )
    def moderate(self, which: int, moderator: int, name: str, stale: int) -> None:
        if which < len(self.asked):
            self._change(self.hosts[moderator], f"question.{name}", self.asked[which], int(stale == 3))

    @rule(
        which=st.integers(0, MOST - 1),
        moderator=st.integers(0, 1),
        what=st.one_of(
            st.tuples(st.just("decline"), st.just({"reason": "Off topic"})),
            st.tuples(st.just("answer"), st.sampled_from([{"text": "Because."}, {"text": "It is warm."}])),
            st.tuples(st.just("edit"), st.sampled_from([{"text": "How?"}, {"text": " "}, {"text": "Why 0?"}])),
            st.tuples(
                st.just("translate"),
                st.sampled_from([{"language": "sv", "text": "Varför?"}, {"language": "sv", "text": " "}]),
            ),
            st.tuples(st.just("label"), st.sampled_from([{"labels": ["Heat", "heat", "Cost"]}, {"labels": []}])),
            st.tuples(st.just("priority"), st.integers(0, 2).map(lambda one: {"priority": one})),
            st.tuples(st.just("next"), st.sampled_from([{"on": True}, {"on": True}, {"on": False}])),
        ),
        stale=st.integers(0, 3),
    )
    def work(self, which: int, moderator: int, what: tuple[str, dict[str, Any]], stale: int) -> None:
        if which < len(self.asked):
            name, args = what
            self._change(self.hosts[moderator], f"question.{name}", self.asked[which], int(stale == 3), **args)

    @rule(which=st.integers(0, MOST - 1), moderator=st.integers(0, 1), to=st.sampled_from([0, 1, None]))
    def assign(self, which: int, moderator: int, to: int | None) -> None:
        if which < len(self.asked):
            reference = None if to is None else host_of(self.world, to).reference
            self._change(self.hosts[moderator], "question.assign", self.asked[which], 0, to=reference)

    @rule(
        which=st.integers(0, MOST - 1),
        into=st.integers(0, MOST - 1),
        moderator=st.integers(0, 1),
        stale=st.integers(0, 3),
    )
    def merge(self, which: int, into: int, moderator: int, stale: int) -> None:
        if max(which, into) < len(self.asked):
            target = self.asked[into]
            seen = max(1, self.model.questions[target].revision - int(stale == 2))
            question = self.asked[which]
            args = {"into": target, "into_revision": seen}
            self._change(self.hosts[moderator], "question.merge", question, int(stale == 3), **args)

    def _change(self, caller: Any, name: str, question: str, stale: int, **more: Any) -> None:
        seen = max(1, self.model.questions[question].revision - stale)
        assert name in STEPS
        refusal = self.model.change(name, question, seen, more)
        self._expect(refusal, caller, name, question=question, revision=seen, **more)

    @rule(which=st.integers(0, MOST - 1), moderator=st.integers(0, 1), on=st.booleans())
    def block(self, which: int, moderator: int, on: bool) -> None:
        if which < len(self.asked):
            self.model.block(self.asked[which], on)
            name = f"person.{'' if on else 'un'}block"
            assert self._send(self.hosts[moderator], name, question=self.asked[which])["blocked"] == on

    @rule(moderator=st.integers(0, 1), premoderated=st.booleans(), locked=st.booleans(), stale=st.booleans())
    def change_rules(self, moderator: int, premoderated: bool, locked: bool, stale: bool) -> None:
        seen = max(1, self.model.rules_revision - stale)
        refusal = self.model.rules(seen, premoderated, locked)
        args = {"revision": seen, "premoderated": premoderated, "questions_locked": locked}
        self._expect(refusal, self.hosts[moderator], "room.rules", **args)

    # --- what lines do

    @rule(back=st.integers(0, 9))
    def repeat(self, back: int) -> None:
        """A command whose acknowledgement was lost comes again, late and out of order."""
        if back < len(self.sent):
            caller, sent, result = self.sent[-1 - back]
            assert execute(self.services, caller, sent) == result

    @rule(steps=st.integers(1, 3))
    def follow(self, steps: int) -> None:
        """Pages read on, a little."""
        for reader in self.readers:
            reader.read(self.services, self.world.room_id, steps)

    # --- what has to hold

    @invariant()
    def the_room_is_as_the_model_says(self) -> None:
        if not hasattr(self, "services"):
            return
        with self.services.db.read() as session:
            room = rooms.get(session, self.world.room_id)
            staff = {one["id"]: one for one in snapshots.staff(session, room)["questions"]}
            public = snapshots.public(session, room, [])
            persons = [snapshots.person(session, room, one) for one in self.world.people]
        expected = self.model.staff()
        assert staff.keys() == expected.keys()
        for question, one in expected.items():
            face = {**staff[question], "assigned": (staff[question]["assigned"] or {}).get("id")}
            assert {key: face[key] for key in one} == one
        in_order = sorted((one for one in staff.values() if one["next_position"]), key=lambda one: one["next_position"])
        assert [one["id"] for one in in_order] == self.model.next
        assert [one["id"] for one in public["questions"]] == self.model.approved
        for one in public["questions"]:
            assert one.items() <= staff[one["id"]].items(), "everyone sees a part of what the crew sees"
        live = [question for question, one in self.model.questions.items() if one.state == "live"]
        assert live == ([public["live_question"]] if public["live_question"] else [])
        assert public["rules"]["revision"] == self.model.rules_revision
        for person, state in enumerate(persons):
            own = {question for question in expected if self.model.questions[question].author == person}
            assert {one["id"] for one in state["questions"]} == own
            voted = {question for question, one in self.model.questions.items() if person in one.votes}
            assert set(state["votes"]) == voted

    @rule()
    def pages_that_read_everything_show_the_snapshots(self) -> None:
        with self.services.db.read() as session:
            room = rooms.get(session, self.world.room_id)
            truth = [snapshots.public(session, room, []), snapshots.staff(session, room)]
            truth += [snapshots.person(session, room, one) for one in self.world.people]
        for reader, state in zip(self.readers, truth, strict=True):
            reader.read(self.services, self.world.room_id, 1000)
            expected = {one["id"]: one for one in state["questions"]}
            assert comparable(reader.replica.lists[reader.audience]) == comparable(expected)
            assert reader.replica.votes == set(state.get("votes", ()))
            assert not reader.replica.rules or reader.replica.rules == state["rules"]


def test_the_room_behaves_like_a_simple_model_of_it(sqlite_template: Path) -> None:
    class Machine(RoomMachine):
        template = sqlite_template

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # what is found is printed as it is: making it shorter takes minutes
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


def test_a_page_takes_no_kind_of_question_event_for_another() -> None:
    page = Replica()
    with pytest.raises(AssertionError, match=r"question\.unheard"):
        page.apply("public", {"kind": "question.unheard", "data": {"id": "1", "revision": 2}})
    assert {"approved", "live", "answered"} == SHOWN
