"""Reactions: counted for a moment and shown as numbers, so a thousand hands that clap are one message."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from sqlalchemy.orm import Session

from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.live import events, rooms
from tourserver.live.audience.forms import ReactionKind
from tourserver.live.audience.models import ReactionCount

EVERY_SECONDS: Final = 0.5
CHECKED_SECONDS: Final = 1.0
STORED_MS: Final = 10_000
KINDS: Final = frozenset(get_args(ReactionKind))


@dataclass(slots=True)
class _Counting:
    """What one process knows of a room's reactions."""

    allowed: bool = False
    checked: float = float("-inf")
    unsent: Counter[str] = field(default_factory=Counter)
    sent: float = float("-inf")
    # those of this process that others were not told of
    untold: Counter[str] = field(default_factory=Counter)
    # by the ten seconds that they belong to, milliseconds since 1970
    unstored: dict[int, Counter[str]] = field(default_factory=dict)


def are_allowed(session: Session, room_id: str) -> bool:
    """Whether a room takes reactions now."""
    room = rooms.get(session, room_id)
    return room.state == "open" and room.reactions_on


class Reactions:
    """Of the rooms that this process has connections in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rooms: dict[str, _Counting] = {}

    def is_stale(self, room_id: str) -> bool:
        """Whether the database has to be asked again if reactions are allowed."""
        return time.monotonic() - self._of(room_id).checked > CHECKED_SECONDS

    def checked(self, room_id: str, allowed: bool) -> None:
        """What the database says."""
        counting = self._of(room_id)
        counting.allowed, counting.checked = allowed, time.monotonic()

    def add(self, room_id: str, kind: str) -> bool:
        """Count one; False where reactions are switched off."""
        counting = self._of(room_id)
        if not counting.allowed:
            return False
        present = clock.milliseconds(clock.now())
        with self._lock:
            counting.unsent[kind] += 1
            counting.untold[kind] += 1
            counting.unstored.setdefault(present - present % STORED_MS, Counter())[kind] += 1
        return True

    def learn(self, room_id: str, counted: dict[str, Any]) -> None:
        """Count those of another process, which stores them itself."""
        with self._lock:
            for kind, amount in counted.items():
                if kind in KINDS and isinstance(amount, int) and amount > 0:
                    self._rooms.setdefault(room_id, _Counting()).unsent[kind] += amount

    def take_unsent(self, room_id: str) -> dict[str, int]:
        """What came since the last sending, at most every :data:`EVERY_SECONDS`."""
        counting = self._rooms.get(room_id)
        present = time.monotonic()
        if counting is None or not counting.unsent or present - counting.sent < EVERY_SECONDS:
            return {}
        with self._lock:
            taken, counting.unsent, counting.sent = counting.unsent, Counter(), present
        return dict(taken)

    def take_untold(self, room_id: str) -> dict[str, int]:
        """What the other processes have not heard of."""
        counting = self._of(room_id)
        with self._lock:
            taken, counting.untold = counting.untold, Counter()
        return dict(taken)

    def wait_seconds(self) -> float | None:
        """Until the next sending is due; None when there is nothing to send."""
        with self._lock:
            due = [one.sent + EVERY_SECONDS for one in self._rooms.values() if one.unsent]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def take_due(self, *, everything: bool = False) -> list[tuple[str, int, str, int]]:
        """What is to be stored: room, begin of its ten seconds, kind, and how many; also forgets quiet rooms."""
        present = clock.milliseconds(clock.now())
        due: list[tuple[str, int, str, int]] = []
        with self._lock:
            for room_id, counting in list(self._rooms.items()):
                for began in [one for one in counting.unstored if everything or one + STORED_MS <= present]:
                    counted = counting.unstored.pop(began)
                    due += [(room_id, began, kind, amount) for kind, amount in sorted(counted.items())]
                quiet = not counting.unsent and not counting.unstored
                if quiet and time.monotonic() - max(counting.checked, counting.sent) > 60:
                    del self._rooms[room_id]
        return due

    def give_back(self, due: list[tuple[str, int, str, int]]) -> None:
        """Storing failed: keep them for the next time."""
        with self._lock:
            for room_id, began, kind, amount in due:
                counting = self._rooms.setdefault(room_id, _Counting())
                counting.unstored.setdefault(began, Counter())[kind] += amount

    def _of(self, room_id: str) -> _Counting:
        with self._lock:
            return self._rooms.setdefault(room_id, _Counting())


def store(session: Session, process: str, due: list[tuple[str, int, str, int]]) -> None:
    """Write counts; each process its own."""
    rows = [
        {
            "id": new_id(),
            "room_id": room_id,
            "started_ms": began,
            "kind": kind,
            "process": process,
            "count": amount,
        }
        for room_id, began, kind, amount in due
    ]
    if rows:
        events.insert_once(session, ReactionCount, rows)
