"""The load client of the command path: people ask and vote, hosts approve; timed until all have seen it.

Run as ``python -m tourserver.bench.errands`` with a plan as JSON on standard input, like :mod:`tourserver.bench.swarm`.
"""

from __future__ import annotations

import array
import itertools
import json
import random
import re
import sys
import time
from typing import Any, Final

from tourserver.bench.swarm import Client, Swarm, masked, percentile

ACK: Final = re.compile(rb"^43/live,(\d+)\[(\{.*\})\]$", re.DOTALL)
PENDING: Final = b'"question.pending"'
APPROVED: Final = b'"question.approved"'
PUBLIC: Final = b'"events":{"public":'
EVENT_ID: Final = re.compile(rb'"kind":"question\.(pending|approved)","at":\d+,"data":\{"id":"([0-9a-f]{32})"')
HOST_LINES: Final = 8
"""A line may send five commands a second for long; so many approve."""
DRAIN_SECONDS: Final = 10.0


class Errands(Swarm):
    """People and hosts of one room."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(plan)
        self.counting = False
        self.numbers = itertools.count()
        self.random = random.Random(1)  # noqa: S311 - the same load each time
        self.waiting: dict[int, tuple[str, float]] = {}
        self.acks: dict[str, array.array[float]] = {name: array.array("d") for name in ("ask", "vote", "approve")}
        self.refused = 0
        self.asked_at: dict[int, float] = {}
        self.to_approve: list[str] = []
        self.seen_pending: set[str] = set()
        self.approved_at: dict[str, float] = {}
        self.seen: dict[str, int] = {}
        self.seen_by_all = array.array("d")
        self.doubled = 0
        self.approved: list[str] = []
        self.voted: set[tuple[int, str]] = set()

    def _message(self, client: Client, message: bytes, present: float) -> None:
        super()._message(client, message, present)
        if message.startswith(b"43/live,"):
            self._acknowledged(message, present)
        # of approvals the public channel's; who asked hears of it on a channel of their own as well
        elif (APPROVED in message and PUBLIC in message) or PENDING in message:
            public = PUBLIC in message
            for kind, question in EVENT_ID.findall(message):
                # a frame of the asker's own channel may hold both: that one isn't how all see it
                if public or kind == b"pending":
                    self._event(client, kind, question.decode(), present)

    def _acknowledged(self, message: bytes, present: float) -> None:
        found = ACK.match(message)
        if found is None:
            return
        name, sent_at = self.waiting.pop(int(found[1]), ("", 0.0))
        if not name:
            return
        self.acks[name].append(present - sent_at)
        if not json.loads(found[2]).get("ok"):
            self.refused += 1

    def _event(self, client: Client, kind: bytes, question: str, present: float) -> None:
        if kind == b"pending":
            if question not in self.seen_pending and client in self.hosts:
                self.seen_pending.add(question)
                self.to_approve.append(question)
            return
        if client in self.hosts or question not in self.approved_at:
            return
        self.seen[question] = self.seen.get(question, 0) + 1
        if self.seen[question] == self.audience:
            self.seen_by_all.append(present - self.approved_at[question])
            self.approved.append(question)

    def send(self, client: Client, name: str, command: str, args: dict[str, Any]) -> None:
        """A command with an acknowledgement; nothing over a line that was cut, which is counted."""
        if client.socket.fileno() < 0:
            return
        number = next(self.numbers)
        self.waiting[number] = (name, time.perf_counter())
        body = {"id": f"bench-{number:010d}", "name": command, "args": args}
        client.socket.sendall(masked(f"42/live,{number}" + json.dumps(["command", body], separators=(",", ":"))))

    # --- the run

    def enter(self) -> float:
        """Hosts, then everybody else; gives the seconds that took."""
        self.hosts = [self.connect(self.plan["host"]) for _ in range(HOST_LINES)]
        while not all(host.joined for host in self.hosts):
            self.step(0.1)
        self.joined = 0
        seconds = self.join_all(self.plan["join_seconds"])
        self.people = [client for client in self.clients.values() if client not in self.hosts]
        self.audience = len(self.people)
        return seconds

    def work(self, seconds: float) -> None:
        """Ask and vote at the plan's rates, approve what comes."""
        began = time.perf_counter()
        asked = voted = 0
        hosts = itertools.cycle(self.hosts)
        while (passed := time.perf_counter() - began) < seconds:
            while asked < passed * self.plan["questions"]:
                self.send(self.random.choice(self.people), "ask", "question.ask", {"text": f"Question {asked}?"})
                asked += 1
            while self.approved and voted < passed * self.plan["votes"]:
                self._vote()
                voted += 1
            self._approve(hosts)
            self.step(0.005)
        until = time.perf_counter() + DRAIN_SECONDS
        while time.perf_counter() < until and (self.waiting or self.to_approve):
            self._approve(hosts)
            self.step(0.02)
        while time.perf_counter() < until and len(self.seen_by_all) < len(self.approved_at):
            self.step(0.02)
        self.asked = asked

    def _approve(self, hosts: Any) -> None:
        for question in self.to_approve:
            self.approved_at[question] = time.perf_counter()
            self.send(next(hosts), "approve", "question.approve", {"question": question, "revision": 1})
        self.to_approve.clear()

    def _vote(self) -> None:
        client, question = self.random.choice(self.people), self.random.choice(self.approved)
        if (id(client), question) in self.voted:
            return
        self.voted.add((id(client), question))
        self.send(client, "vote", "question.vote", {"question": question})


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Enter, work, tell."""
    swarm = Errands(plan)
    join_seconds = swarm.enter()
    swarm.work(plan["seconds"])
    found: dict[str, Any] = {
        "participants": swarm.audience,
        "join_s": round(join_seconds, 2),
        "asked": swarm.asked,
        "approved": len(swarm.approved_at),
        "seen_by_all": len(swarm.seen_by_all),
        "seen_by_all_p50_ms": percentile(swarm.seen_by_all, 0.50),
        "seen_by_all_p99_ms": percentile(swarm.seen_by_all, 0.99),
        "refused": swarm.refused,
        "unanswered": len(swarm.waiting),
        "doubled": sum(count > swarm.audience for count in swarm.seen.values()),
        "cut": swarm.lost_lines,
    }
    for name, waits in swarm.acks.items():
        found[name] = {
            "acknowledged": len(waits),
            "p50_ms": percentile(waits, 0.50),
            "p99_ms": percentile(waits, 0.99),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
