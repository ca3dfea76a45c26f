"""The load client: thousands of Socket.IO clients in one process that is not the bottleneck.

Run as ``python -m tourserver.bench.swarm`` with a plan as JSON on standard input; prints its result as JSON. Plain
sockets and epoll: a message costs it a few microseconds, a fraction of what it costs any server. It knows just
enough of WebSocket and Socket.IO to join, to answer pings and to count.
"""

from __future__ import annotations

import array
import base64
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

VIEW: Final = b'"view":{'
YAW: Final = b'"yaw":'
EVENTS: Final = b'"events":'
NOT_COUNTED: Final = 175.0
"""The yaw of facts: their view goes out as well and is not one of ours."""

SEQ: Final = b'"seq":'


@dataclass(slots=True)
class Client:
    """One connection."""

    socket: socket.socket
    hello: bytes
    buffer: bytes = b""
    upgraded: bool = False
    joined: bool = False
    views: int = 0
    newest: int = -1
    again: int = 0
    seqs: set[int] = field(default_factory=set)
    seqs_again: int = 0


def masked(text: str) -> bytes:
    """A text frame as a client sends it; the mask is zero, which costs nothing and is a mask all the same."""
    data = text.encode()
    size = len(data)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + data


class Swarm:
    """All clients of a run."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.poll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.waits = array.array("d")
        self.spreads = array.array("d")
        self.sent_at: dict[int, float] = {}
        self.first_at: dict[int, float] = {}
        self.counting = False
        self.messages = 0
        self.views = 0
        self.joined = 0
        self.lost_lines = 0
        self.sent_views = 0
        self.sent_facts = 0
        # ours says so itself, after the rights were checked and the snapshot read
        self.joined_sign = b"40/live," if plan["joined_at_connect"] else b'42/live,["joined"'

    # --- joining

    def connect(self, hello: str) -> Client:
        """Open a connection and ask for the upgrade; the rest follows from what arrives."""
        line = socket.create_connection(("127.0.0.1", self.plan["port"]), timeout=30)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        line.sendall(
            (
                f"GET {self.plan['path']} HTTP/1.1\r\nHost: 127.0.0.1:{self.plan['port']}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        line.setblocking(False)
        client = Client(line, masked(hello) if hello else b"")
        self.clients[line.fileno()] = client
        self.poll.register(line.fileno(), select.EPOLLIN)
        return client

    def join_all(self, seconds: float) -> float:
        """Everybody at once; gives the seconds until the last was in, and leaves out nobody."""
        began = time.perf_counter()
        wanted = len(self.plan["hellos"])
        for number, hello in enumerate(self.plan["hellos"]):
            self.connect(hello)
            if number % 50 == 49:
                self.step(0)
        while self.joined < wanted and time.perf_counter() - began < seconds:
            self.step(0.05)
        return time.perf_counter() - began

    # --- reading

    def step(self, timeout: float) -> None:
        """Read what is there."""
        for descriptor, _event in self.poll.poll(timeout):
            client = self.clients.get(descriptor)
            if client is None:
                continue
            try:
                data = client.socket.recv(262_144)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._gone(descriptor)
                continue
            self._take(client, data, time.perf_counter())

    def _gone(self, descriptor: int) -> None:
        self.poll.unregister(descriptor)
        self.clients.pop(descriptor).socket.close()
        self.lost_lines += 1

    def _take(self, client: Client, data: bytes, present: float) -> None:
        data = client.buffer + data if client.buffer else data
        at = 0
        if not client.upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                client.buffer = data
                return
            client.upgraded, at = True, end + 4
            if not client.hello:  # a peer without Socket.IO
                self._in(client)
        while (found := _frame(data, at)) is not None:
            begin, at = found
            self._message(client, data[begin:at], present)
        client.buffer = data[at:]

    def _in(self, client: Client) -> None:
        client.joined = True
        self.joined += 1

    def _message(self, client: Client, message: bytes, present: float) -> None:
        kind = message[:1]
        if self.counting and (kind == b"4" or not client.hello):  # the floor's are bare
            self.messages += 1
        if self.counting and (place := message.find(VIEW)) >= 0:
            place = message.find(YAW, place) + len(YAW)
            self._view(client, round(float(message[place : message.find(b",", place)]) * 100), present)
        if kind == b"2" and len(message) == 1:
            client.socket.sendall(masked("3"))
        elif kind == b"0":
            client.socket.sendall(client.hello)
        elif not client.joined and message.startswith(self.joined_sign):
            self._in(client)
        if EVENTS in message[:40] and self.counting:
            self._facts(client, message)

    def _view(self, client: Client, number: int, present: float) -> None:
        if number == NOT_COUNTED * 100:
            return
        self.views += 1
        client.views += 1
        if number <= client.newest:
            client.again += 1
        client.newest = max(client.newest, number)
        first = self.first_at.setdefault(number, present)
        self.spreads.append(present - first)
        if (sent := self.sent_at.get(number)) is not None:
            self.waits.append(present - sent)

    def _facts(self, client: Client, message: bytes) -> None:
        at = message.find(SEQ)
        while at >= 0:
            end = at + 6
            while message[end : end + 1].isdigit():
                end += 1
            number = int(message[at + 6 : end])
            if number in client.seqs:
                client.seqs_again += 1
            client.seqs.add(number)
            at = message.find(SEQ, end)

    # --- the run

    def lead(self, seconds: float, guide: Client | None) -> None:
        """Send views at the plan's rate (where we guide) and read everything, for so long."""
        began = time.perf_counter()
        every = 1 / self.plan["rate"]
        number, facts = self.sent_views, self.sent_facts  # they go on after the warm-up
        due, fact_due = began, began + 0.5
        while (present := time.perf_counter()) - began < seconds:
            if guide is not None and present >= due:
                self.sent_at[number] = time.perf_counter()
                guide.socket.sendall(masked(self._view_text(number)))
                number, due = number + 1, due + every
            if guide is not None and present >= fact_due:
                guide.socket.sendall(masked(self._fact_text(facts)))
                facts, fact_due = facts + 1, fact_due + 1
            self.step(max(0.0, min(due - time.perf_counter(), 0.01)) if guide is not None else 0.01)
        self.sent_views, self.sent_facts = number, facts

    def _view_text(self, number: int) -> str:
        now = int(time.time() * 1000)
        view = {"scene": self.plan["scenes"][0], "yaw": number / 100, "pitch": 0.0, "fov": 70.0, "t": now}
        return "42/live," + json.dumps(["view", view], separators=(",", ":"))

    def _fact_text(self, number: int) -> str:
        args = {"scene": self.plan["scenes"][0], "yaw": NOT_COUNTED, "pitch": 0.0, "fov": 70.0}
        command = {"id": f"bench-fact-{number:08d}", "name": "guide.scene", "args": args}
        return f"42/live,{number}" + json.dumps(["command", command], separators=(",", ":"))


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the next whole message begins and ends."""
    if len(data) < at + 2:
        return None
    size, begin = data[at + 1], at + 2
    if size == 126:
        size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
    elif size == 127:
        size, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
    return (begin, begin + size) if len(data) >= begin + size else None


def percentile(values: array.array[float], share: float) -> float | None:
    """In milliseconds, of seconds; None of nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) if ordered else None


def _cpu(process: int) -> float:
    fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()  # noqa: SIM115
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_kb(process: int) -> int:
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Join, warm up, count."""
    swarm, server = Swarm(plan), plan["server_pid"]
    empty_kb = _resident_kb(server)
    guide = None
    if plan["guide"]:
        guide = swarm.connect(plan["guide"])
        while not guide.joined:
            swarm.step(0.1)
        swarm.joined = 0
    join_seconds = swarm.join_all(plan["join_seconds"])
    swarm.lead(2.0, guide)
    full_kb = _resident_kb(server)
    swarm.counting = True
    own, before, began = time.process_time(), _cpu(server), time.perf_counter()
    swarm.lead(plan["seconds"], guide)
    cpu, wall = _cpu(server) - before, time.perf_counter() - began
    return _result(swarm, guide, join_seconds, cpu, wall, (full_kb - empty_kb), time.process_time() - own)


def _result(
    swarm: Swarm, guide: Client | None, joined: float, cpu: float, wall: float, kb: int, own: float
) -> dict[str, Any]:
    followers = [client for client in swarm.clients.values() if client is not guide]
    everything: set[int] = set()
    for client in followers:
        everything |= client.seqs
    newest = max(everything, default=0)
    settled = {seq for seq in everything if seq < newest}  # the last one may still be on its way
    return {
        "participants": len(followers),
        "joined": swarm.joined,
        "join_s": round(joined, 2),
        # all messages, heads and facts too; the times below are of views alone
        "delivered": swarm.messages,
        "views": swarm.views,
        "delivered_per_s": round(swarm.messages / wall),
        "delivered_per_cpu_s": round(swarm.messages / cpu) if cpu else None,
        "server_cpu": round(cpu / wall, 3),
        "client_cpu": round(own / wall, 3),
        "p50_ms": percentile(swarm.waits or swarm.spreads, 0.50),
        "p99_ms": percentile(swarm.waits or swarm.spreads, 0.99),
        "spread_p50_ms": percentile(swarm.spreads, 0.50),
        "spread_p99_ms": percentile(swarm.spreads, 0.99),
        "kb_per_connection": round(kb / max(1, len(followers)), 1),
        "cut": swarm.lost_lines,
        "facts": len(settled),
        "lost": sum(len(settled - client.seqs) for client in followers),
        "duplicated": sum(client.seqs_again + client.again for client in followers),
    }


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
