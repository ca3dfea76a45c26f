"""Cut lines, killed processes and stopped readers: at the end everybody's page is as the database is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import sqlite_settings
from tests.live.crowd import Member, come_to_rest, differences, people
from tests.live.factories import World, make_world, open_room
from tests.proxy import DOWN, Proxy, Wires
from tests.servers import Server, start_server
from tourserver.core.services import Services

SEED = 20261125
KINDS: dict[str, Callable[[Proxy], None]] = {
    "silent": Proxy.silence,
    "unheard": lambda proxy: proxy.silence(DOWN),
    "stalled": Proxy.stall,
    "reset": Proxy.reset,
    "hung up": Proxy.hang_up,
}
SECONDS = (0.0, 1.0, 5.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Server]:
    with start_server(sqlite_settings(tmp_path_factory.mktemp("faults"), sqlite_template)) as running:
        yield running


@pytest.fixture
def services(server: Server) -> Iterator[Services]:
    found = Services.start(server.settings)
    yield found
    found.close()


@pytest.fixture
def wires() -> Iterator[Wires]:
    found = Wires()
    yield found
    found.close()


def a_room(services: Services, *, persons: int, hosts: int = 2) -> World:
    with services.db.write() as session:
        world = make_world(session, hosts=hosts, people=persons)
    open_room(services, world)
    return world


async def until(done: Callable[[], object], seconds: float, what: str) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not done():
        assert asyncio.get_running_loop().time() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.05)


async def live(members: list[Member], seconds: float, *, every: float = 1.0) -> None:
    """Everybody does something now and then."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def go(member: Member) -> None:
        while loop.time() < end:
            await asyncio.sleep(member.dice.uniform(0.5, 1.5) * every)
            member.act()

    await asyncio.gather(*(go(member) for member in members))


async def cut(proxy: Proxy, kind: str, seconds: float, after: float) -> None:
    """Cut a line and mend it; what has no length of its own is cut again and again."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(after)
    end = loop.time() + seconds
    await loop.run_in_executor(None, KINDS[kind], proxy)
    while loop.time() < end:
        await asyncio.sleep(0.25)
        if kind in ("reset", "hung up"):
            await loop.run_in_executor(None, KINDS[kind], proxy)
    await loop.run_in_executor(None, proxy.restore)


def test_after_cuts_of_every_kind_and_length_all_pages_are_as_the_database_is(
    services: Services, server: Server, wires: Wires
) -> None:
    cuts = [(kind, seconds) for kind in KINDS for seconds in SECONDS]
    world = a_room(services, persons=len(cuts) + 1)
    with ExitStack() as stack:
        proxies = [Proxy(server.settings.port, wires) for _ in cuts]
        for proxy in proxies:
            stack.callback(proxy.close)

        def url(number: int) -> str:
            return proxies[number].url if number < len(proxies) else server.url

        members = people(services, world, url, seed=SEED)

        async def scenario() -> None:
            pages = [member.page for member in members]
            for page in pages:
                page.start()
            await until(lambda: all(page.online for page in pages), 15, "joining")
            dice = random.Random(SEED)
            breaking = [
                cut(proxy, kind, seconds, dice.uniform(1, 2))
                for proxy, (kind, seconds) in zip(proxies, cuts, strict=True)
            ]
            await asyncio.gather(live(members, 8), *breaking)
            await come_to_rest(services, world, pages, 25)
            assert differences(services, world, pages) == []
            assert all(page.tally.joins > 1 for page, (kind, _) in zip(pages, cuts, strict=False) if kind != "stalled")
            assert all(page.tally.joins == 1 for page in pages[len(cuts) :]), "nobody else noticed anything"
            assert all(page.tally.snapshots == 2 for page in pages), "everybody went on where they were"
            for page in pages:
                await page.leave()

        asyncio.run(scenario())
