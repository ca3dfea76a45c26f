"""People who ask, vote and moderate at random, and what has to be true once everybody has come to rest."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from tests.live.factories import World, host_of, person_of, signed_ticket
from tests.live.page import Page
from tests.live.replica import SHOWN, comparable
from tourserver.core.services import Services
from tourserver.live import events, rooms, snapshots
from tourserver.live.questions.models import Question, QuestionVote

Face = dict[str, Any]


@dataclass
class Member:
    """Somebody with a page, and the dice that say what they do next."""

    page: Page
    dice: random.Random
    asked: int = 0

    def act(self) -> None:
        """Do something that a person might do now, whether or not there is a line."""
        (self._moderate if self.page.crew else self._take_part)()

    def _take_part(self) -> None:
        public, own = self.page.replica.lists["public"], self.page.replica.lists["person"]
        mine = [one for one in own.values() if one["state"] in ("pending", "approved", "live")]
        chance = self.dice.random()
        if chance < 0.3 or not public:
            self.asked += 1
            text = f"{self.page.name} asks {self.asked}?"
            self.page.command("question.ask", text=text, anonymous=self.dice.random() < 0.3)
        elif chance < 0.4 and mine:
            one = self.dice.choice(mine)
            self.page.command("question.withdraw", question=one["id"], revision=one["revision"])
        else:
            one = self.dice.choice(list(public.values()))
            name = "question.unvote" if one["id"] in self.page.replica.votes else "question.vote"
            self.page.command(name, question=one["id"])

    def _moderate(self) -> None:
        listed = [one for one in self.page.replica.lists["staff"].values() if one["state"] != "merged"]
        if not listed:
            return
        new = [one for one in listed if one["state"] == "pending"]
        one = self.dice.choice(new if new and self.dice.random() < 0.6 else listed)
        seen = {"question": one["id"], "revision": one["revision"]}
        name, more = self.dice.choice(DEEDS[one["state"]])
        if name == "merge":
            into = self.dice.choice(listed)
            more = {"into": into["id"], "into_revision": into["revision"]}
        self.page.command(f"question.{name}", **seen, **more)


Deed = tuple[str, dict[str, Any]]
ALWAYS: Final[list[Deed]] = [("label", {"labels": ["Heat"]}), ("edit", {"text": "In other words?"}), ("merge", {})]
DEEDS: Final[dict[str, list[Deed]]] = {
    "pending": [("approve", {}), ("approve", {}), ("approve", {}), ("decline", {"reason": "Off topic"}), *ALWAYS],
    "approved": [
        ("live", {}),
        ("pin", {}),
        ("next", {"on": True}),
        ("answer", {"text": "Yes."}),
        ("back", {}),
        *ALWAYS,
    ],
    "live": [("answered", {}), ("unlive", {}), ("pin", {})],
    "answered": [("back", {}), ("answer", {"text": "No."}), ("unpin", {})],
    "declined": [("approve", {}), ("back", {})],
}
"""What a moderator may do with a question in a state."""


def people(services: Services, world: World, url: Callable[[int], str], *, seed: int, windows: int = 1) -> list[Member]:
    """Pages of all of a world's people and hosts, each with dice of its own; ``url`` gives a page's by its number."""
    found: list[Member] = []
    actors = [(person_of(world, one), False) for one in range(len(world.people))] * windows
    actors += [(host_of(world, one), True) for one in range(len(world.hosts))]
    for number, (actor, crew) in enumerate(actors):
        ticket = signed_ticket(services, world, actor)
        name = f"{'Host' if crew else 'Guest'} {number}"
        page = Page(url(number), ticket, crew=crew, name=name, person="" if crew else actor.id)
        found.append(Member(page, random.Random(f"{seed}-{number}")))
    return found


async def come_to_rest(services: Services, world: World, pages: list[Page], seconds: float) -> None:
    """Wait until all commands are answered and every page has read its channels to their ends."""
    deadline = asyncio.get_running_loop().time() + seconds
    while left := _unsettled(services, world, pages):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not at rest after {seconds} s: {left[:5]}")
        await asyncio.sleep(0.1)


def _unsettled(services: Services, world: World, pages: list[Page]) -> list[str]:
    names = {"public", "staff", *(events.person(page.person) for page in pages if page.person)}
    with services.db.read() as session:
        ids = events.channel_ids(session, world.room_id, names)
        numbers = events.heads(session, [world.room_id])
    heads = {name: numbers[ids[name]] for name in ids}
    found = [f"{page.name} is away" for page in pages if not page.online]
    found += [f"{page.name} has {len(page.outbox)} unanswered" for page in pages if page.outbox]
    for page in pages:
        for channel, log in page.logs.items():
            head = heads.get(events.person(page.person) if channel == "person" else channel, 0)
            if log.seq != head:
                found.append(f"{page.name}: {channel} {log.seq} of {head}")
    return found


def differences(services: Services, world: World, pages: list[Page], *, tallies: bool = False) -> list[str]:
    """In what the pages and the database don't agree: nothing, it should be."""
    with services.db.read() as session:
        room = rooms.get(session, world.room_id)
        public = _by_id(snapshots.public(session, room, [])["questions"])
        staff = _by_id(snapshots.staff(session, room)["questions"])
        persons = snapshots.persons(session, room, [page.person for page in pages if page.person])
        asked = Counter(session.scalars(select(Question.original).where(Question.room_id == world.room_id)))
        given = session.execute(
            select(QuestionVote.registration_id, QuestionVote.question_id)
            .join(Question, Question.id == QuestionVote.question_id)
            .where(Question.room_id == world.room_id)
        ).all()
    found = [f"kept more than once: {text}" for text, count in asked.items() if count > 1]
    found += [f"a vote counted twice: {row}" for row, count in Counter(map(tuple, given)).items() if count > 1]
    for page in pages:
        lists = page.replica.lists
        expected: dict[str, dict[str, Face]] = {"public": public}
        if page.crew:
            expected["staff"] = staff
        else:
            expected["person"] = _by_id(persons[page.person]["questions"])
            if page.replica.votes != set(persons[page.person]["votes"]):
                found.append(f"{page.name}: votes {page.replica.votes ^ set(persons[page.person]['votes'])}")
        for channel, truth in expected.items():
            found += _unlike(page.name, channel, comparable(lists[channel]), comparable(truth))
        if tallies:
            counted = {one["id"]: one["votes"] for one in lists["public"].values()}
            right = {one["id"]: one["votes"] for one in public.values()}
            found += [f"{page.name}: counts {counted.items() ^ right.items()}"] if counted != right else []
        for name, args, answer in page.answers.values():
            if name == "question.ask" and answer["ok"] != (asked[args["text"]] == 1):
                found.append(
                    f"{page.name}: {args['text']} was answered {answer} and is there {asked[args['text']]} times"
                )
    return found


def _by_id(questions: list[Face]) -> dict[str, Face]:
    return {one["id"]: one for one in questions}


def _unlike(name: str, channel: str, seen: dict[str, Face], truth: dict[str, Face]) -> list[str]:
    found = [f"{name}: {channel} lacks {one}" for one in truth.keys() - seen.keys()]
    found += [f"{name}: {channel} has {one}, which is gone" for one in seen.keys() - truth.keys()]
    for one in truth.keys() & seen.keys():
        apart = {key for key in {*truth[one], *seen[one]} if truth[one].get(key) != seen[one].get(key)}
        found += [
            f"{name}: {channel} {one} {key}: {seen[one].get(key)!r}, not {truth[one].get(key)!r}" for key in apart
        ]
    return found


def shown(page: Page) -> int:
    """How many questions a page shows everyone."""
    return sum(one["state"] in SHOWN for one in page.replica.lists["public"].values())
