"""Calls that come together are done together, each with its own result."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from tourserver.core.batching import Batch


def run_all(batch: Batch[int, int], items: Sequence[int]) -> dict[int, object]:
    found: dict[int, object] = {}

    def call(item: int) -> None:
        try:
            found[item] = batch(item)
        except Exception as error:
            found[item] = error

    threads = [threading.Thread(target=call, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    return found


def test_each_caller_gets_its_own_result_and_few_runs_do_many() -> None:
    sizes: list[int] = []

    def run(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        time.sleep(0.01)
        return [item * item for item in items]

    batch: Batch[int, int] = Batch(run, pause=time.sleep, most=50)
    assert run_all(batch, range(200)) == {item: item * item for item in range(200)}
    assert sum(sizes) == 200
    assert max(sizes) <= 50
    assert len(sizes) < 100


def test_an_error_among_the_results_is_raised_for_its_caller_alone() -> None:
    def run(items: Sequence[int]) -> list[int | Exception]:
        return [ValueError(str(item)) if item % 2 else item for item in items]

    found = run_all(Batch(run, pause=time.sleep), range(20))
    assert all(isinstance(found[item], ValueError) if item % 2 else found[item] == item for item in range(20))


def test_what_breaks_a_whole_run_breaks_only_its_own_item() -> None:
    def run(items: Sequence[int]) -> list[int]:
        if 7 in items:
            raise RuntimeError("seven")
        return list(items)

    found = run_all(Batch(run, pause=time.sleep), range(20))
    assert isinstance(found.pop(7), RuntimeError)
    assert found == {item: item for item in range(20) if item != 7}


def test_one_call_needs_nobody_else() -> None:
    pauses: list[float] = []
    batch: Batch[int, int] = Batch(lambda items: list(items), pause=pauses.append, seconds=0.5)
    assert batch(3) == 3
    assert pauses == [0.5]
    assert batch(4) == 4


def test_the_lead_is_passed_on_when_the_pause_is_broken_off() -> None:
    class KilledError(BaseException):
        pass

    def pause(_seconds: float) -> None:
        raise KilledError

    batch: Batch[int, int] = Batch(lambda items: list(items), pause=pause)
    for item in (1, 2):
        with pytest.raises(KilledError):
            batch(item)
