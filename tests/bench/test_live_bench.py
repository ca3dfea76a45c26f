"""The benchmark measures what it says: a small run against real servers, whose figures are of no interest here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("bench")  # one run for all that is asked of it

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def found() -> dict[str, Any]:
    command = [sys.executable, "-m", "tourserver.cli", "bench", "live", "--participants", "25", "--seconds", "2"]
    peers = [argument for peer in ("floor", "stock", "node") for argument in ("--peer", peer)]
    done = subprocess.run(
        [*command, *peers, "--json"], capture_output=True, text=True, timeout=180, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("name", ["tourserver", "floor", "stock", "node"])
def test_everybody_joins_and_is_sent_every_view(found: dict[str, Any], name: str) -> None:
    one = found[name]
    assert one["joined"] == one["participants"] == 25
    assert one["cut"] == 0
    # views of 2 s at 10 Hz; on a busy machine two may share a tick
    assert 25 * 6 < one["views"] <= 26 * 22
    assert one["delivered"] >= one["views"]


def test_facts_arrive_once_at_everybody(found: dict[str, Any]) -> None:
    one = found["tourserver"]
    assert (one["lost"], one["duplicated"]) == (0, 0)
    assert one["facts"] >= 1


def test_ratios_are_taken_within_the_run(found: dict[str, Any]) -> None:
    assert {"of_floor", "of_stock", "of_node"} <= set(found)


def test_commands_are_acknowledged_and_seen_by_all_once() -> None:
    command = [sys.executable, "-m", "tourserver.cli", "bench", "commands", "--participants", "20", "--seconds", "3"]
    rates = ["--questions", "4", "--votes", "10", "--json"]
    done = subprocess.run([*command, *rates], capture_output=True, text=True, timeout=180, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["approved"] == found["asked"] == found["ask"]["acknowledged"] > 0
    assert found["seen_by_all"] == found["approved"]
    assert (found["unanswered"], found["doubled"], found["cut"]) == (0, 0, 0)


def test_a_room_beside_a_flooded_one_is_shown_every_part_of_its_tour() -> None:
    command = [sys.executable, "-m", "tourserver.cli", "bench", "neighbours", "--participants", "20", "--lines", "10"]
    parts = ["--seconds", "2", "--rounds", "1", "--json"]
    done = subprocess.run([*command, *parts], capture_output=True, text=True, timeout=180, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["flood_per_s"] > 100, "far more than the room takes"
    for part in ("still", "loud"):
        # 2 s at 10 Hz; on a busy machine two may share a tick
        assert 20 * 6 < found[part]["views"] <= 21 * 22
        assert found[part]["asked"] > 0
        assert found[part]["refused"] == 0
    assert found["cut"] == 0
