"""Brakes by key, for what comes before there is a connection to hang one on."""

from __future__ import annotations

import threading
import time

from tourserver.core.ratelimit import TokenBucket


class Brakes:
    """A token bucket for each key; those that are full again are forgotten. Safe for threads."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[TokenBucket, float]] = {}
        self._tidied = time.monotonic()

    def take(self, key: str) -> bool:
        """Whether the event may pass."""
        present = time.monotonic()
        with self._lock:
            if present - self._tidied > self._burst / self._rate:
                self._tidy(present)
            known = self._buckets.get(key)
            bucket = known[0] if known else TokenBucket(self._rate, self._burst)
            self._buckets[key] = (bucket, present)
            return bucket.take()

    def __len__(self) -> int:
        return len(self._buckets)

    def _tidy(self, present: float) -> None:
        full_again = present - self._burst / self._rate
        self._buckets = {key: entry for key, entry in self._buckets.items() if entry[1] > full_again}
        self._tidied = present
