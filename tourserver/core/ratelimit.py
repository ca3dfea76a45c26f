"""Brakes: Flask-Limiter for requests, a token bucket for socket events."""

from __future__ import annotations

import time

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
"""Configured in app.py: counts in memory, or in Redis when there are several web processes."""


class TokenBucket:
    """Lets ``burst`` events through at once and ``rate`` a second on average."""

    __slots__ = ("_at", "_level", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = time.monotonic()

    def take(self, amount: float = 1.0) -> bool:
        """Whether the event may pass."""
        present = time.monotonic()
        self._level = min(self.burst, self._level + (present - self._at) * self.rate)
        self._at = present
        if self._level < amount:
            return False
        self._level -= amount
        return True
