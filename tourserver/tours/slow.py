"""A line as slow as a bad one: 400 kbit/s and 400 ms, shared by all that one person loads over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

BYTES_A_SECOND: Final = 50_000
"""400 kbit/s."""

DELAY_SECONDS: Final = 0.4
"""From asking to the first byte."""

_BLOCK: Final = 4096
_MOST_LINES: Final = 1000


class Lines:
    """One line for each person: what is loaded at the same time waits for one another, as on a real one."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, person: str, size: int) -> float:
        """Take the line for ``size`` bytes; how many seconds from now they have passed."""
        with self._lock:
            present = time.monotonic()
            if len(self._free_at) > _MOST_LINES:
                self._free_at = {who: at for who, at in self._free_at.items() if at > present}
            done = max(present, self._free_at.get(person, 0.0)) + size / BYTES_A_SECOND
            self._free_at[person] = done
            return done - present


_lines = Lines()


def slowly(person: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, at the pace of a person's slow line."""
    time.sleep(DELAY_SECONDS)
    for block in blocks:
        for start in range(0, len(block), _BLOCK):
            piece = block[start : start + _BLOCK]
            time.sleep(_lines.wait_for(person, len(piece)))
            yield piece
