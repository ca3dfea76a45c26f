"""Cut lines, killed processes and stopped readers: at the end everybody's page is as the database is."""

from __future__ import annotations

import asyncio
import functools
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import sqlite_settings
from tests.live.crowd import Member, come_to_rest, differences, people
from tests.live.factories import World, host_of, make_world, open_room
from tests.live.page import Page
from tests.proxy import DOWN, Proxy, Wires
from tests.servers import Server, start_server
from tourserver.core.services import Services
from tourserver.live.questions import wording

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


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: a browser of another test may have left its loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(scenario())).result()


async def until(done: Callable[[], object], seconds: float, what: str) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not done():
        assert asyncio.get_running_loop().time() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def joined(members: list[Member]) -> AsyncIterator[list[Page]]:
    """Everybody's page, in the room."""
    pages = [member.page for member in members]
    try:
        for page in pages:
            page.start()
        await until(lambda: all(page.online for page in pages), 15, "joining")
        yield pages
    finally:
        await asyncio.gather(*(page.leave() for page in pages))
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
            dice = random.Random(SEED)
            breaking = [
                cut(proxy, kind, seconds, dice.uniform(1, 2))
                for proxy, (kind, seconds) in zip(proxies, cuts, strict=True)
            ]
            async with joined(members) as pages:
                await asyncio.gather(live(members, 8), *breaking)
                await come_to_rest(services, world, pages, 25)
                assert differences(services, world, pages) == []
            assert all(page.tally.joins > 1 for page, (kind, _) in zip(pages, cuts, strict=False) if kind != "stalled")
            assert all(page.tally.joins == 1 for page in pages[len(cuts) :]), "nobody else noticed anything"
            assert all(page.tally.snapshots == 2 for page in pages), "everybody went on where they were"

        run(scenario)


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_killed_server_that_starts_again_on_its_data_has_lost_nothing(
    mode: str, tmp_path: Path, sqlite_template: Path
) -> None:
    settings = sqlite_settings(tmp_path, sqlite_template)
    services = Services.start(settings)
    world = a_room(services, persons=10)
    with ExitStack() as stack:
        first = stack.enter_context(start_server(settings, async_mode=mode))

        async def scenario() -> None:
            members = people(services, world, lambda _: first.url, seed=SEED + 1)
            async with joined(members) as pages:
                loop = asyncio.get_running_loop()

                async def kill_and_start() -> None:
                    await asyncio.sleep(2)
                    await loop.run_in_executor(None, first.kill)
                    again = start_server(settings, async_mode=mode, port=first.settings.port)
                    await loop.run_in_executor(None, stack.enter_context, again)

                await asyncio.gather(live(members, 6, every=0.5), kill_and_start())
                await come_to_rest(services, world, pages, 25)
                assert differences(services, world, pages) == []
                assert all(page.tally.cuts and page.tally.snapshots == 2 for page in pages)
                assert sum(page.tally.resent for page in pages) > 0, "some were under way"

        run(scenario)
    services.close()


def test_what_is_sent_doubled_in_any_order_over_three_lines_is_done_once(services: Services, server: Server) -> None:
    world = a_room(services, persons=2)
    dice = random.Random(SEED + 2)

    async def scenario() -> None:
        members = people(services, world, lambda _: server.url, seed=SEED + 2, windows=3)
        async with joined(members) as pages:
            mine = [page for page in pages if page.person == world.people[0]]
            [voted] = [
                answer["result"]["question"] for answer in [await pages[1].command("question.ask", text="Vote?")]
            ]
            await pages[-1].command("question.approve", question=voted, revision=1)
            asked = [("question.ask", {"text": f"Once {number}?", "anonymous": False}) for number in range(4)]
            given = [(f"question.{name}vote", {"question": voted}) for name in ("", "un", "", "un", "")]
            wished = [
                {"id": f"command-{at}", "name": name, "args": args} for at, (name, args) in enumerate(asked + given)
            ]
            answers: dict[str, list[dict[str, Any]]] = {one["id"]: [] for one in wished}

            async def send(page: Page) -> None:
                for one in dice.sample(wished, len(wished)):
                    answers[one["id"]].append(await page._ask("command", one))

            await asyncio.gather(*(send(page) for page in mine))
            for one in wished:
                # a refusal keeps nothing, so the same may be allowed later; what was done is answered the same
                done = [answer for answer in answers[one["id"]] if answer["ok"]]
                assert all(answer == done[0] for answer in done)
                assert len(done) == 3 or one["name"] != "question.ask"
            await come_to_rest(services, world, pages, 10)
            assert differences(services, world, pages) == []
            own = Counter(one["text"] for one in mine[0].replica.lists["person"].values())
            assert own == Counter(f"Once {number}?" for number in range(4))
            assert all(page.replica.votes == mine[0].replica.votes for page in mine), "all windows of a person agree"

    run(scenario)


def resident_mb(server: Server) -> float:
    """Memory of a server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0]) / 1024


def test_who_reads_no_more_neither_holds_up_others_nor_fills_the_servers_memory(
    services: Services, server: Server
) -> None:
    world = a_room(services, persons=24)

    async def scenario() -> None:
        members = people(services, world, lambda _: server.url, seed=SEED + 3)
        async with joined(members) as pages:
            frozen, others = pages[:20], pages[20:]
            question = (await others[0].command("question.ask", text="How?"))["result"]["question"]
            await until(lambda: question in others[-1].replica.lists["staff"], 5, "the question")
            for page in frozen:
                page.freeze()
            before = resident_mb(server)
            loop = asyncio.get_running_loop()
            revision, slowest = 1, 0.0
            for number in range(120):  # 23 kB for each of those who don't read them
                began = loop.time()
                with services.db.write() as session:
                    text = f"{number} " + "長" * 3900
                    answered = wording.answer(session, world.room_id, question, revision, text, actor=host_of(world))
                    revision = answered.revision
                if number % 40 == 39:
                    await until(functools.partial(all_have, others, revision), 5, "the news")
                    slowest = max(slowest, loop.time() - began)
            assert slowest < 3, "news come as fast as ever"
            assert resident_mb(server) - before < 60, "and not what twenty people don't read"
            assert "live.client_cut" in server.log.read_text()

    def all_have(others: list[Page], revision: int) -> bool:
        return all(any(one["revision"] == revision for one in page.replica.lists["public"].values()) for page in others)

    run(scenario)
