"""What the crew alone is told by the heartbeat: who is there, who may guide, who works on what, open polls."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.live import rooms
from tourserver.live.audience import groups
from tourserver.live.guiding import guide
from tourserver.live.questions import holds

COUNT_EVERY: Final = 4.0
"""So often the people are looked through, seconds."""


class CrewHeads:
    """For the rooms that this process has crew in."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[float, dict[str, Any]]] = {}

    def of(self, session: Session, room_id: str) -> dict[str, Any]:
        """What is told of a room: ``groups`` and ``able`` are a few seconds old."""
        at, people = self._people.get(room_id, (float("-inf"), {}))
        if time.monotonic() - at > COUNT_EVERY:
            people = {
                "groups": groups.here(session, room_id),
                "able": guide.able(session, rooms.get(session, room_id)),
            }
            self._people[room_id] = (time.monotonic(), people)
        return {**people, "holds": holds.held(session, room_id)}

    def keep_only(self, room_ids: set[str]) -> None:
        """Forget rooms that nobody here is in."""
        self._people = {room: known for room, known in self._people.items() if room in room_ids}
