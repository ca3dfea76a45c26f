"""Lines: what is written to one client's socket, in order and whole. Real sockets, no server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import engineio
import engineio.socket
import pytest
from engineio.exceptions import QueueEmpty
from engineio.packet import NOOP, Packet
from hypothesis import given, settings
from hypothesis import strategies as st

from tourserver.core.ratelimit import TokenBucket
from tourserver.live import fanout
from tourserver.live.fanout import Line, websocket_frame
from tourserver.live.transport import PING_SECONDS, be_patient, turns_due


class Green:
    """A plain socket with the two faces that eventlet's green one has: ``fd``, which never waits, and a waiting one."""

    def __init__(self, plain: socket.socket) -> None:
        self._waiting = plain
        self.fd = plain.dup()
        self.fd.settimeout(0)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        self._waiting.sendall(data, flags)

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self._waiting.recv(size, flags)

    def shutdown(self, how: int) -> None:
        self._waiting.shutdown(how)


class Pauses(list[float]):
    """The pauses that a line wished for; each fills its bucket, as if time had passed."""

    bucket: TokenBucket

    def append(self, seconds: float) -> None:
        super().append(seconds)
        self.bucket._level += seconds * self.bucket.rate


class Ends:
    """A line, the client's end of it, and the tasks that the line started but nobody ran yet."""

    def __init__(self) -> None:
        server, self.client = socket.socketpair()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server.settimeout(5)
        self.client.settimeout(5)
        self.green = Green(server)
        self.tasks: list[Callable[[], Any]] = []
        self.pauses = Pauses()
        self.line = Line(self.green, threading.Lock(), self.tasks.append, self.pauses.append)
        self.pauses.bucket = self.line._reads
        self._server = server

    def fill(self) -> int:
        """Push until the kernel takes no more; gives the number of frames that are out, whole or in part."""
        count = 0
        while not self.tasks:
            self.line.push(websocket_frame(f"fill {count} " + "x" * 500))
            count += 1
        return count

    def run(self) -> threading.Thread:
        """Run the waiting tasks beside this test, as the hub would."""
        waiting, self.tasks[:] = list(self.tasks), []
        thread = threading.Thread(target=lambda: [task() for task in waiting])
        thread.start()
        return thread

    def read(self, count: int) -> list[str]:
        """So many whole text messages."""
        found: list[str] = []
        data = b""
        while len(found) < count:
            data += self.client.recv(65536)
            while (frame := _first(data)) is not None:
                text, data = frame
                found.append(text)
        return found

    def close(self) -> None:
        for one in (self._server, self.client, self.green.fd):
            one.close()


def _first(data: bytes) -> tuple[str, bytes] | None:
    if len(data) < 2:
        return None
    assert data[0] == 0x81, "a whole, unmasked text frame"
    size, head = data[1], 2
    if size == 126:
        size, head = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, head = int.from_bytes(data[2:10], "big"), 10
    if len(data) < head + size:
        return None
    return data[head : head + size].decode(), data[head + size :]


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


@given(st.text(max_size=200), st.sampled_from([0, 125, 126, 65_535, 65_536, 70_000]))
def test_a_frame_of_any_length_is_read_back_as_it_was(text: str, padding: int) -> None:
    message = text + "x" * padding
    assert _first(websocket_frame(message) + b"more") == (message, b"more")


def test_a_client_that_keeps_up_gets_every_frame_at_once(ends: Ends) -> None:
    for number in range(50):
        ends.line.push(websocket_frame(str(number)), "view")
        assert ends.read(1) == [str(number)]
    assert ends.tasks == []


def test_a_slow_client_gets_all_facts_in_order_and_of_the_views_the_newest(ends: Ends) -> None:
    count = ends.fill()
    for number in range(20):
        ends.line.push(websocket_frame(f"view {number}"), "view")
        ends.line.push(websocket_frame(f"fact {number}"))
    thread = ends.run()
    got = ends.read(count + 21)
    thread.join()
    assert [text.split(" x")[0] for text in got[:count]] == [f"fill {number}" for number in range(count)]
    assert got[count:] == [*(f"fact {number}" for number in range(20)), "view 19"]


def test_what_socketio_sends_itself_never_comes_between_two_halves_of_a_frame(ends: Ends) -> None:
    count = ends.fill()  # the last one is out in part, and its task has not run yet
    writer = threading.Thread(target=ends.line.sendall, args=(websocket_frame("acknowledged"),))
    writer.start()
    got = ends.read(count + 1)
    writer.join()
    ends.run().join()
    assert got[-1] == "acknowledged"
    ends.line.push(websocket_frame("afterwards"))
    assert ends.read(1) == ["afterwards"]


def test_a_client_that_takes_nothing_is_cut_and_costs_nothing_more(ends: Ends) -> None:
    ends.fill()
    for number in range(fanout.MOST_FRAMES + 1):
        ends.line.push(websocket_frame(str(number)))
    ends.line.push(websocket_frame("after the cut"))
    with pytest.raises(BrokenPipeError):
        ends.line.sendall(websocket_frame("too late"))
    while ends.client.recv(65536):
        pass  # what the kernel had, then the end
    ends.run().join()


def test_large_frames_are_counted_by_their_bytes(ends: Ends) -> None:
    ends.fill()
    for _number in range(3):
        ends.line.push(websocket_frame("x" * (fanout.MOST_BYTES // 2)))
    with pytest.raises(BrokenPipeError):
        ends.line.sendall(b"x")
    ends.run().join()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["fact", "view", "ack", "read"]), st.integers(1, 3000)), max_size=60))
def test_in_any_order_of_events_frames_stay_whole_and_facts_in_order(steps: list[tuple[str, int]]) -> None:
    ends = Ends()
    received: list[str] = []

    def client() -> None:
        data = b""
        while chunk := ends.client.recv(65536):
            data += chunk
            while (frame := _first(data)) is not None:
                text, data = frame
                received.append(text)

    reader = threading.Thread(target=client)
    sent: list[str] = []
    views: list[str] = []
    reading = False
    for number, (what, size) in enumerate(steps):
        text = json.dumps([what, number, "x" * size])
        if what == "fact":
            ends.line.push(websocket_frame(text))
            sent.append(text)
        elif what == "view":
            ends.line.push(websocket_frame(text), "view")
            views.append(text)
        elif what == "ack" and reading:
            ends.line.sendall(websocket_frame(text))
            sent.append(text)
        elif what == "read" and not reading:
            reading = True
            reader.start()
        if what == "read":
            ends.run().join()  # the hub runs one task at a time, and so does this
    if not reading:
        reader.start()
    ends.run().join()
    ends.line.sendall(websocket_frame("end"))
    ends.green.shutdown(socket.SHUT_WR)
    reader.join()
    ends.close()
    facts = [text for text in received if text not in views]
    assert facts == [*sent, "end"]
    shown = [views.index(text) for text in received if text in views]
    assert shown == sorted(set(shown)), "each view once at most, never an older one after a newer"
    if views:
        assert shown[-1] == len(views) - 1, "the newest always arrives"


def test_who_sends_without_end_is_read_slowly_and_who_sends_now_and_then_at_once(ends: Ends) -> None:
    for _ in range(20):
        ends.client.sendall(b"word")
        assert ends.line.recv(4) == b"word"
    assert ends.pauses == [0], "a few messages wait for nothing, and others get their turn between them"
    for _ in range(2 * int(fanout.READS_AT_ONCE)):
        ends.client.sendall(b"x")
        assert ends.line.recv(1) == b"x"
    waits = [pause for pause in ends.pauses if pause]
    assert len(waits) > 10, "some, as soon as it is too much"
    assert min(waits) >= 1 / fanout.LOUD_READS_PER_SECOND


def test_who_was_silent_for_long_enough_is_read_at_once_again(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "QUIET_SECONDS", 0.2)
    for _ in range(2 * int(fanout.READS_AT_ONCE)):
        ends.client.sendall(b"x")
        ends.line.recv(1)
    silence = threading.Timer(0.4, ends.client.sendall, [b"y"])
    silence.start()
    ends.pauses.clear()
    assert ends.line.recv(1) == b"y"
    silence.join()
    assert not any(ends.pauses)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=40), st.integers(0, 10**6))
def test_everybodys_turn_to_be_pinged_comes_in_time_however_late_the_calls_are(pauses: list[int], begin: int) -> None:
    asked: dict[int, int] = {}
    present = begin
    for pause in pauses:
        before, present = present, present + pause
        for turn in turns_due(before, present):
            asked[turn] = present
        if present - begin >= PING_SECONDS:
            late = [turn for turn in range(PING_SECONDS) if present - asked[turn] >= PING_SECONDS]
            assert late == [], "asked less than a turn ago"


def test_after_a_long_pause_each_is_pinged_once() -> None:
    assert turns_due(100, 1000) == set(range(PING_SECONDS))
    assert turns_due(100, 100) == set()


def test_a_line_that_nothing_is_queued_for_stays_open_and_ends_when_it_is_closed() -> None:
    server = engineio.Server(async_mode="threading", ping_interval=0.05, ping_timeout=0.05)
    sock = engineio.socket.Socket(server, "sid")
    be_patient(sock)
    timer = threading.Timer(0.4, sock.queue.put, [Packet(NOOP)])
    timer.start()
    assert [packet.packet_type for packet in sock.poll()] == [NOOP], "four times as long as a ping may take"
    sock.closed = True
    with pytest.raises(QueueEmpty):
        sock.poll()
