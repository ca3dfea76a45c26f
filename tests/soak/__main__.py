"""Hundreds of pages and minutes of faults; at the end everybody's page has to be as the database is.

``python -m tests.soak --clients 200 --seconds 300`` prints its result as JSON, and ends with 1 where anything differs.
The same ``--seed`` draws the same people's wishes and the same faults.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.live.crowd import Member, come_to_rest, differences, people
from tests.live.factories import World, make_world, open_room
from tests.live.page import Page
from tests.proxy import Proxy, Wires
from tests.servers import Server, start_server
from tests.soak.faults import Faults
from tourserver.core import migrate
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.wiring import connect_signals

HOSTS: Final = 4
PARTICIPANT_EVERY: Final = 12.0
CREW_EVERY: Final = 2.0
REST_SECONDS: Final = 180.0
TALLY_SECONDS: Final = 25.0
"""All counts are told every twenty seconds; in between only those that changed."""


def main() -> int:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--fault-every", type=float, default=2.0, help="seconds from one fault to the next, on average")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    wished = parser.parse_args()
    print(f"seed {wished.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        result = soak(Path(folder), wished.clients, wished.seconds, wished.fault_every, wished.seed)
    print(json.dumps(result, indent=2))
    return 0 if result["equal"] else 1


def soak(folder: Path, clients: int, seconds: float, fault_every: float, seed: int) -> dict[str, Any]:
    """Run it on a fresh installation in ``folder``."""
    connect_signals()
    settings = Settings(data=folder, log_format="json")
    migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    with services.db.write() as session:
        world = make_world(session, hosts=HOSTS, people=clients - HOSTS)
    open_room(services, world)
    with ExitStack() as stack:
        stack.callback(services.close)
        server = stack.enter_context(start_server(settings))
        wires = Wires()
        stack.callback(wires.close)
        proxies = [Proxy(server.settings.port, wires) for _ in range(clients)]
        for proxy in proxies:
            stack.callback(proxy.close)
        members = people(services, world, lambda number: proxies[number].url, seed=seed)
        faults = Faults(server, proxies, [member.page for member in members], seed)
        stack.callback(faults.close)
        return asyncio.run(_run(services, world, members, faults, seconds, fault_every, seed))


async def _run(
    services: Services,
    world: World,
    members: list[Member],
    faults: Faults,
    seconds: float,
    fault_every: float,
    seed: int,
) -> dict[str, Any]:
    pages = [member.page for member in members]
    memory: list[float] = []
    for page in pages:
        page.start()
    while not all(page.online for page in pages):
        await asyncio.sleep(0.1)
    began = time.monotonic()
    watching = asyncio.get_running_loop().create_task(_watch(faults, memory))
    acting = [asyncio.get_running_loop().create_task(_act(member, seconds)) for member in members]
    await faults.rage(seconds, every=fault_every)
    await asyncio.gather(*acting)
    healed = time.monotonic()
    unequal: list[str] = []
    try:
        await come_to_rest(services, world, pages, REST_SECONDS)
    except AssertionError as error:
        unequal.append(str(error))
    rested = time.monotonic()
    await asyncio.sleep(TALLY_SECONDS)
    watching.cancel()
    unequal += differences(services, world, pages, tallies=True)
    for page in pages:
        await page.leave()
    log = faults.server.log.read_text()
    return {
        "seed": seed,
        "clients": len(pages),
        "seconds": round(healed - began, 1),
        "equal": not unequal,
        "differences": unequal[:20],
        "at_rest_after_s": round(rested - healed, 1),
        "faults": dict(sorted(faults.counts.items())),
        "pages": _pages(pages),
        "answers": dict(sorted(_answers(pages).items())),
        "server": {
            "memory_mb": {"first": memory[0], "most": max(memory), "last": memory[-1]},
            "errors_logged": log.count('"level": "error"'),
            "clients_cut": log.count("live.client_cut"),
        },
    }


async def _act(member: Member, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    every = CREW_EVERY if member.page.crew else PARTICIPANT_EVERY
    while True:
        pause = member.dice.uniform(0.2, 1.8) * every
        if loop.time() + pause > end:
            return
        await asyncio.sleep(pause)
        member.act()


async def _watch(faults: Faults, memory: list[float]) -> None:
    while True:
        try:
            memory.append(resident_mb(faults.server))
        except (OSError, IndexError):  # killed, and not there again yet
            await asyncio.sleep(0.2)
            continue
        await asyncio.sleep(2)


def resident_mb(server: Server) -> float:
    """Memory of a server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return round(float(status.split("VmRSS:")[1].split()[0]) / 1024, 1)


def _pages(pages: list[Page]) -> dict[str, Any]:
    waits = sorted(wait for page in pages for wait in page.tally.waits)
    return {
        "joins": sum(page.tally.joins for page in pages),
        "lines_lost": sum(page.tally.cuts for page in pages),
        "snapshots_after_the_first": sum(page.tally.snapshots - len(page.logs) for page in pages),
        "commands": len(waits),
        "sent_again": sum(page.tally.resent for page in pages),
        "answered_after_s": {
            "median": round(statistics.median(waits), 2),
            "p99": round(waits[int(len(waits) * 0.99)], 1),
            "most": round(waits[-1], 1),
        },
    }


def _answers(pages: list[Page]) -> Counter[str]:
    return Counter(
        "done" if answer["ok"] else str(answer["error"]["code"])
        for page in pages
        for _name, _args, answer in page.answers.values()
    )


if __name__ == "__main__":
    sys.exit(main())
