"""The load client of two rooms: one is guided, in the other people send as much as the server takes; in turn.

Run as ``python -m tourserver.bench.neighbours`` with a plan as JSON on standard input (:mod:`tourserver.bench.swarm`).
"""

from __future__ import annotations

import array
import itertools
import json
import random
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

from tourserver.bench.swarm import Client, Swarm, masked, percentile

ACK: Final = re.compile(rb"^43/live,(\d+)\[")
ASKED_A_SECOND: Final = 5.0
SETTLE_SECONDS: Final = 2.0
"""Before each part is counted, so that it has nothing of the part before."""


@dataclass(slots=True)
class Part:
    """What was measured while the other room was still, or loud; seconds."""

    views: array.array[float] = field(default_factory=lambda: array.array("d"))
    asks: array.array[float] = field(default_factory=lambda: array.array("d"))
    refused: int = 0

    def figures(self) -> dict[str, Any]:
        """In milliseconds."""
        return {
            "views": len(self.views),
            "view_p50_ms": percentile(self.views, 0.50),
            "view_p99_ms": percentile(self.views, 0.99),
            "asked": len(self.asks),
            "refused": self.refused,
            "ask_p50_ms": percentile(self.asks, 0.50),
            "ask_p99_ms": percentile(self.asks, 0.99),
        }


class Neighbours(Swarm):
    """The people of both rooms."""

    def __init__(self, plan: dict[str, Any]) -> None:
        super().__init__(plan)
        self.numbers = itertools.count(1_000_000)  # the guide's own are below
        self.random = random.Random(1)  # noqa: S311 - the same load each time
        self.waiting: dict[int, float] = {}
        self.part: Part | None = None
        self.loud: list[Client] = []
        self.flooding = False
        self.ask_due = 0.0
        self.people: list[Client] = []
        self.flood_sent = self.flood_total = 0
        self.flood_seconds = 0.0

    def enter(self) -> Client:
        """The loud, then the guide, then everybody else; gives the guide."""
        self.loud = [self.connect(hello) for hello in self.plan["loud"]]
        guide = self.connect(self.plan["guide"])
        while not all(client.joined for client in (*self.loud, guide)):
            self.step(0.1)
        self.joined = 0
        self.join_all(self.plan["join_seconds"])
        apart = {id(client) for client in (*self.loud, guide)}
        self.people = [client for client in self.clients.values() if id(client) not in apart]
        return guide

    def step(self, timeout: float) -> None:
        """Ask, flood, read."""
        present = time.perf_counter()
        if self.part is not None and present >= self.ask_due:
            self.ask_due += 1 / ASKED_A_SECOND
            self._ask()
        if self.flooding:
            for client in self.loud:
                self._flood(client)
            timeout = min(timeout, 0.002)
        super().step(timeout)

    def _ask(self) -> None:
        number = next(self.numbers)
        self.waiting[number] = time.perf_counter()
        self.random.choice(self.people).socket.sendall(_command(number, f"Question {number}?"))

    def _flood(self, client: Client) -> None:
        """One more, if the line takes it: a full one is the server's own brake."""
        if client.socket.fileno() < 0:
            return
        number = next(self.numbers)
        try:
            client.socket.send(_command(number, f"Noise {number}"))
            self.flood_sent += 1
        except OSError:
            return

    def _message(self, client: Client, message: bytes, present: float) -> None:
        super()._message(client, message, present)
        if message.startswith(b"43/live,") and (found := ACK.match(message)):
            sent = self.waiting.pop(int(found[1]), None)
            if sent is not None and self.part is not None:
                self.part.asks.append(present - sent)
                self.part.refused += b'"ok":true' not in message

    def measure(self, part: Part, guide: Client, *, loud: bool) -> None:
        """One part: settle, then count."""
        self.flooding = loud
        self.lead(SETTLE_SECONDS, guide)
        self.part, self.ask_due = part, time.perf_counter()
        self.waits, self.counting, self.flood_sent = part.views, True, 0
        began = time.perf_counter()
        self.lead(self.plan["seconds"], guide)
        if loud:
            self.flood_seconds += time.perf_counter() - began
            self.flood_total += self.flood_sent
        self.part, self.counting, self.flooding = None, False, False
        self.waits = array.array("d")


def _command(number: int, text: str) -> bytes:
    body = {"id": f"bench-{number:010d}", "name": "question.ask", "args": {"text": text}}
    return masked(f"42/live,{number}" + json.dumps(["command", body], separators=(",", ":")))


def _ratio(of: float | None, to: float | None) -> float | None:
    return round(of / to, 2) if of and to else None


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Enter, measure in turn, tell."""
    swarm = Neighbours(plan)
    guide = swarm.enter()
    still, loud = Part(), Part()
    for _ in range(plan["rounds"]):
        swarm.measure(still, guide, loud=False)
        swarm.measure(loud, guide, loud=True)
    quiet, noisy = still.figures(), loud.figures()
    cut_loud = sum(client.socket.fileno() < 0 for client in swarm.loud)
    return {
        "participants": len(swarm.people),
        "lines": len(plan["loud"]),
        "still": quiet,
        "loud": noisy,
        "view_p99_ratio": _ratio(noisy["view_p99_ms"], quiet["view_p99_ms"]),
        "flood_per_s": round(swarm.flood_total / swarm.flood_seconds) if swarm.flood_seconds else 0,
        "cut": swarm.lost_lines - cut_loud,
        "cut_of_the_loud": cut_loud,
    }


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
