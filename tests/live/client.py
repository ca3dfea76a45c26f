"""A real Socket.IO client that writes down what it hears, and puts events in order as the page does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import socketio

NAMESPACE = "/live"
Result = TypeVar("Result")


class RefusedError(Exception):
    """The server said no at the door."""

    def __init__(self, data: Any) -> None:
        self.data = data
        super().__init__(str(data))


class Client:
    """One connection to a room."""

    def __init__(self, url: str, ticket: str, *, transports: list[str] | None = None, **auth: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.events: dict[str, dict[int, dict[str, Any]]] = {"public": {}, "person": {}, "staff": {}}
        self.arrivals: list[tuple[str, int]] = []
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.views: list[dict[str, Any]] = []
        self._refused: list[Any] = []
        self.io = socketio.Client(reconnection=False, handle_sigint=False)
        for name in ("joined", "snapshot", "tours", "events", "frame", "heads", "removed"):
            self.io.on(name, self._listener(name), namespace=NAMESPACE)
        self.io.on("connect_error", self._refused.append, namespace=NAMESPACE)
        given = {"ticket": ticket, "device": uuid.uuid4().hex, "heads": 1, "since": {}, **auth}
        try:
            self.io.connect(url, auth=given, namespaces=[NAMESPACE], transports=transports, wait_timeout=10)
        except socketio.exceptions.ConnectionError as error:
            self.close()
            raise RefusedError(self._refused[0] if self._refused else error) from error

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye and wait for the threads."""
        self.io.disconnect()
        self.io.wait()

    def _listener(self, name: str) -> Callable[[dict[str, Any]], None]:
        def listen(data: dict[str, Any]) -> None:
            self.heard.append((name, data))
            if name == "snapshot":
                self.snapshots[data["channel"]] = data
            elif name == "events":
                self._take(data["channel"], data["events"])
            elif name == "frame":
                for channel, events in data.get("events", {}).items():
                    self._take(channel, events)
                if "view" in data:
                    self.views.append(data["view"])

        return listen

    def _take(self, channel: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.arrivals.append((channel, event["seq"]))
            self.events[channel][event["seq"]] = event

    def call(self, event: str, data: Any, timeout: float = 10) -> Any:
        """Send and wait for the acknowledgement."""
        return self.io.call(event, data, namespace=NAMESPACE, timeout=timeout)

    def command(self, command: str, *, client_id: str | None = None, **args: Any) -> dict[str, Any]:
        """A command and its acknowledgement."""
        sent = {"id": client_id or str(uuid.uuid4()), "name": command, "args": args}
        answer: dict[str, Any] = self.call("command", sent)
        return answer

    def do(self, command: str, **args: Any) -> dict[str, Any]:
        """A command that has to succeed; gives its result."""
        answer = self.command(command, **args)
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result

    def view(self, scene: str, yaw: float, **more: Any) -> None:
        """The guide's view, without acknowledgement."""
        frame = {"scene": scene, "yaw": yaw, "pitch": 0.0, "fov": 70.0, "t": time.time() * 1000, **more}
        self.io.emit("view", frame, namespace=NAMESPACE)

    def kinds(self, channel: str) -> list[str]:
        """Kinds of the events heard on a channel, in the order of their numbers."""
        return [self.events[channel][seq]["kind"] for seq in sorted(self.events[channel])]

    def wait_for(self, name: str, seconds: float = 5) -> dict[str, Any]:
        """The first message of a name."""
        return wait(lambda: next((data for heard, data in list(self.heard) if heard == name), None), seconds)

    def wait_kind(self, channel: str, kind: str, seconds: float = 5) -> dict[str, Any]:
        """The newest event of a kind."""
        return wait(
            lambda: next((one for one in reversed(list(self.events[channel].values())) if one["kind"] == kind), None),
            seconds,
        )


def wait(probe: Callable[[], Result | None], seconds: float = 5) -> Result:
    """What ``probe`` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")
