"""What the guide points at: a spot in the picture that comes and goes, of which only the newest matters."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spot:
    """A direction in a scene, degrees; ``on`` False takes the spot away. ``t`` orders them, server milliseconds."""

    on: bool
    t: int
    scene: str = ""
    yaw: float = 0.0
    pitch: float = 0.0

    def json(self) -> dict[str, Any]:
        """As clients read it, to a hundredth of a degree."""
        if not self.on:
            return {"on": False, "t": self.t}
        return {"on": True, "t": self.t, "scene": self.scene, "yaw": round(self.yaw, 2), "pitch": round(self.pitch, 2)}


class Pointers:
    """The newest spot of each room that this process has connections in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, Spot] = {}
        self._sent: dict[str, int] = {}

    def put(self, room_id: str, spot: Spot) -> Spot:
        """The guide points there now; gives the spot with a time above that of the one before."""
        with self._lock:
            before = self._newest.get(room_id)
            if before is not None and spot.t <= before.t:
                spot = Spot(spot.on, before.t + 1, spot.scene, spot.yaw, spot.pitch)
            self._newest[room_id] = spot
        return spot

    def learn(self, room_id: str, told: dict[str, Any]) -> None:
        """A spot that another process took; an older one is left."""
        spot = Spot(
            bool(told.get("on")),
            int(told.get("t", 0)),
            str(told.get("scene", "")),
            float(told.get("yaw", 0.0)),
            float(told.get("pitch", 0.0)),
        )
        with self._lock:
            before = self._newest.get(room_id)
            if before is None or spot.t > before.t:
                self._newest[room_id] = spot

    def clear(self, room_id: str, t: int) -> None:
        """Nobody points any more: another guide, another scene, the end."""
        with self._lock:
            before = self._newest.get(room_id)
            if before is not None and before.on:
                self._newest[room_id] = Spot(False, max(t, before.t + 1))

    def take_unsent(self, room_id: str) -> Spot | None:
        """The newest spot, when it was not handed on yet."""
        with self._lock:
            newest = self._newest.get(room_id)
            if newest is None or newest.t <= self._sent.get(room_id, -1):
                return None
            self._sent[room_id] = newest.t
            return newest

    def newest(self, room_id: str) -> Spot | None:
        """What is pointed at now; None for nothing."""
        spot = self._newest.get(room_id)
        return spot if spot is not None and spot.on else None

    def drop(self, rooms_in_use: set[str]) -> None:
        """Forget rooms that nobody here is in."""
        with self._lock:
            self._newest = {room: spot for room, spot in self._newest.items() if room in rooms_in_use}
            self._sent = {room: t for room, t in self._sent.items() if room in rooms_in_use}
