"""Runs the live benchmark: starts a server, lets the load client join and listen, ends it; the same for peers."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tourserver.bench import world
from tourserver.core.errors import Unavailable
from tourserver.core.messages import N_
from tourserver.core.settings import Settings

JOIN_SECONDS: Final = 120
SOCKET_PATH: Final = "/socket.io/?EIO=4&transport=websocket"
NODE_PEER: Final = Path(__file__).resolve().parents[2] / "tests" / "load" / "peers" / "node.mjs"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a server: so many followers, views a second, for how long."""

    participants: int
    rate: float
    seconds: float


def run(load: Load, peers: list[str]) -> dict[str, Any]:
    """Our figures, the peers' of the same run, and the ratios between them."""
    _raise_file_limit(load.participants)
    found: dict[str, Any] = {"load": {name: getattr(load, name) for name in load.__slots__}}
    found["tourserver"] = run_ours(load)
    for peer in peers:
        found[peer] = run_peer(load, peer)
        found[f"of_{peer}"] = _ratios(found["tourserver"], found[peer])
    return found


def _ratios(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float | None]:
    def ratio(name: str) -> float | None:
        return round(ours[name] / theirs[name], 2) if ours[name] and theirs[name] else None

    return {name: ratio(name) for name in ("delivered_per_cpu_s", "spread_p50_ms", "spread_p99_ms")}


def run_ours(load: Load) -> dict[str, Any]:
    """A real server on SQLite with real tickets, rights and snapshots."""
    with _rooms([load.participants]) as (port, process, (made,)):
        return _swarm(
            load,
            port=port,
            process=process,
            path=SOCKET_PATH,
            hellos=_hellos(made),
            guide=_hello(made.host, -1),
            scenes=made.scenes,
        )


def run_commands(load: Load, *, questions: float, votes: float, database_url: str = "") -> dict[str, Any]:
    """People ask and vote so often a second, hosts approve: how long until that is acknowledged, and seen by all.

    ``database_url`` is of an empty PostgreSQL database; SQLite without it.
    """
    with _rooms([load.participants], database_url) as (port, _process, (made,)):
        plan = {
            **_plan(port, made, load.seconds),
            "host": _hello(made.host, -1),
            "guide": "",
            "questions": questions,
            "votes": votes,
        }
        return _client("tourserver.bench.errands", plan, load.seconds)


def run_neighbours(load: Load, *, lines: int, rounds: int) -> dict[str, Any]:
    """A guided room beside one in which ``lines`` people send as much as the server takes, and beside a still one.

    ``rounds`` times ``load.seconds`` of each, in turn, so that both are of the same run.
    """
    with _rooms([load.participants, lines]) as (port, _process, (made, loud)):
        plan = {
            **_plan(port, made, load.seconds),
            "guide": _hello(made.host, -1),
            "scenes": made.scenes,
            "rate": load.rate,
            "loud": _hellos(loud),
            "rounds": rounds,
        }
        return _client("tourserver.bench.neighbours", plan, 2 * rounds * load.seconds)


def _plan(port: int, made: world.World, seconds: float) -> dict[str, Any]:
    return {
        "port": port,
        "path": SOCKET_PATH,
        "hellos": _hellos(made),
        "seconds": seconds,
        "join_seconds": JOIN_SECONDS,
        "joined_at_connect": False,
    }


@contextmanager
def _rooms(participants: list[int], database_url: str = "") -> Iterator[tuple[int, int, list[world.World]]]:
    """A server of its own with open rooms of so many people: its port, its process and the rooms' tickets."""
    _raise_file_limit(sum(participants))
    folder = Path(tempfile.mkdtemp(prefix="tourserver-bench-"))
    try:
        settings = Settings(data=folder, port=_free_port(), log_level="warning", database_url=database_url)
        made = world.build_rooms(settings, participants)
        given = {f"TOURSERVER_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
        with _server([sys.executable, "-m", "tourserver.serve"], settings.port, folder / "web.log", given) as process:
            yield settings.port, process, made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_peer(load: Load, peer: str) -> dict[str, Any]:
    """A peer under the same load; it sends by itself, nobody guides."""
    folder = Path(tempfile.mkdtemp(prefix="tourserver-bench-"))
    port = _free_port()
    command = (
        ["node", str(NODE_PEER), str(port), str(load.rate)]
        if peer == "node"
        else [sys.executable, "-m", "tourserver.bench.peers", peer, str(port), str(load.rate)]
    )
    try:
        with _server(command, port, folder / "peer.log", {}) as process:
            hello = "" if peer == "floor" else "40/live,"
            path = "/" if peer == "floor" else SOCKET_PATH
            hellos = [hello] * load.participants
            return _swarm(load, port=port, process=process, path=path, hellos=hellos, guide="", scenes=[])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hellos(made: world.World) -> list[str]:
    return [_hello(ticket, number) for number, ticket in enumerate(made.people)]


def _hello(ticket: str, number: int) -> str:
    auth = {"ticket": ticket, "device": f"bench-{number}"}
    return "40/live," + json.dumps(auth, separators=(",", ":"))


def _swarm(load: Load, *, port: int, process: int, **plan: Any) -> dict[str, Any]:
    plan |= {
        "port": port,
        "server_pid": process,
        "rate": load.rate,
        "seconds": load.seconds,
        "join_seconds": JOIN_SECONDS,
        "joined_at_connect": not plan["guide"],
    }
    return _client("tourserver.bench.swarm", plan, load.seconds)


def _client(module: str, plan: dict[str, Any], seconds: float) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - a module of ours
        [sys.executable, "-m", module],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        timeout=JOIN_SECONDS + seconds + 60,
        check=False,
    )
    if done.returncode:
        raise Unavailable(N_("The load client failed: %(text)s"), text=done.stderr[-2000:])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@contextmanager
def _server(command: list[str], port: int, log: Path, extra: dict[str, str]) -> Iterator[int]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, **extra})  # noqa: S603 - ours
    try:
        _wait_for(port, process, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Unavailable(N_("The server did not start: %(text)s"), text=log.read_text(errors="replace")[-2000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _raise_file_limit(participants: int) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < participants + 200:
        raise Unavailable(
            N_("This machine allows %(limit)s open files and %(count)s are needed: raise the limit (ulimit -n)."),
            limit=hard,
            count=participants + 200,
        )
