"""Calls that come at the same time are done together: one transaction for many, as when a thousand people join.

Whoever calls first leads: waits a moment for others, does what has gathered, hands the results out, and passes the
lead to one of those who came meanwhile. No task of its own; works with threads and with eventlet's green ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Entry(Generic[Item, Result]):
    item: Item
    ready: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Result | Exception | None = None


class Batch(Generic[Item, Result]):
    """``batch(item)`` gives the item's result, or raises its error.

    ``run`` gets the items in the order of their coming and gives as many results, errors among them. When ``run``
    itself raises, each item is tried alone, so that what is wrong with one doesn't fall on the others.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        pause: Callable[[float], None],
        seconds: float = 0.01,
        most: int = 200,
    ) -> None:
        self._run = run
        self._pause = pause
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Entry[Item, Result]] = []
        self._led = False

    def __call__(self, item: Item) -> Result:
        """Have an item done with those that come at the same time."""
        mine = _Entry[Item, Result](item)
        with self._lock:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.ready.wait()
        if not mine.done:  # the first one, or the lead was passed on
            self._lead()
        if isinstance(mine.result, Exception):
            raise mine.result
        return mine.result  # type: ignore[return-value]  # a result by now

    def _lead(self) -> None:
        try:
            self._pause(self._seconds)
        finally:
            with self._lock:
                taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                self._settle(taken)
            finally:
                self._pass_on()

    def _settle(self, taken: list[_Entry[Item, Result]]) -> None:
        items = [entry.item for entry in taken]
        results: Sequence[Result | Exception]
        try:
            results = self._run(items)
        except Exception as error:
            if len(items) > 1:
                log.warning("batch.split", count=len(items), error=type(error).__name__)
                results = [self._alone(item) for item in items]
            else:
                results = [error]
        for entry, result in zip(taken, results, strict=True):
            entry.result, entry.done = result, True
            entry.ready.set()

    def _alone(self, item: Item) -> Result | Exception:
        try:
            return self._run([item])[0]
        except Exception as error:
            return error

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].ready.set()
            else:
                self._led = False
