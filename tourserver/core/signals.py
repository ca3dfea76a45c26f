"""How a lower noun lets a higher one know, without importing it.

A signal is called in the same transaction as the change: a receiver that raises undoes the change. Receivers
are connected in wiring.py, so that one page shows who listens to whom.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session


class Signal:
    """A named announcement; receivers get the database session and the sender's values by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._receivers: list[Callable[..., None]] = []

    def connect(self, receiver: Callable[..., None]) -> Callable[..., None]:
        """Call ``receiver(session, **values)`` at each announcement; connecting twice is the same as once."""
        if receiver not in self._receivers:
            self._receivers.append(receiver)
        return receiver

    def send(self, session: Session, **values: Any) -> None:
        """Announce, in the order of connecting."""
        for receiver in self._receivers:
            receiver(session, **values)


panorama_ready = Signal("panorama_ready")  # panorama_id
tour_published = Signal("tour_published")  # site_id, revision_id
tour_withdrawn = Signal("tour_withdrawn")  # site_id, scene_id, revision_id: a scene was taken out in a hurry
submission_changed = Signal("submission_changed")  # submission_id
session_changed = Signal("session_changed")  # session_id
room_ended = Signal("room_ended")  # room_id
room_reopened = Signal("room_reopened")  # room_id
registration_changed = Signal("registration_changed")  # registration_id
grants_changed = Signal("grants_changed")  # user_id
person_erased = Signal("person_erased")  # person_id
