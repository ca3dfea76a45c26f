"""Everything that goes wrong in a soak, drawn from one seed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final

from tests.live.page import Page
from tests.proxy import DOWN, Proxy
from tests.servers import Server, start_server

LONGEST: Final = 30.0
CUTS: Final[dict[str, Callable[[Proxy], None]]] = {
    "silent": Proxy.silence,
    "unheard": lambda proxy: proxy.silence(DOWN),
    "stalled": Proxy.stall,
    "reset": Proxy.reset,
    "hung_up": Proxy.hang_up,
}
KINDS: Final = (*CUTS, *CUTS, "slow", "frozen", "server_stopped", "server_killed", "everybody_reset")


class Faults:
    """Makes things go wrong for pages behind proxies, of which each page has its own."""

    def __init__(self, server: Server, proxies: list[Proxy], pages: list[Page], seed: int) -> None:
        self.server = server
        self.counts: Counter[str] = Counter()
        self._proxies = proxies
        self._pages = pages
        self._dice = random.Random(f"faults {seed}")
        self._stack = ExitStack()
        self._restarting = False

    async def rage(self, seconds: float, *, every: float) -> None:
        """One fault after the other, many at a time, for so long; everything is mended at the end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        running: set[asyncio.Task[None]] = set()
        while loop.time() < end:
            kind = self._dice.choice(KINDS)
            some = self._dice.sample(range(len(self._pages)), self._dice.randint(1, max(1, len(self._pages) // 10)))
            length = min(self._dice.choice((0.0, 1.0, 5.0, self._dice.uniform(0, LONGEST))), end - loop.time())
            task = loop.create_task(self._do(kind, some, max(0.0, length)))
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(self._dice.uniform(0.5, 1.5) * every)
        await asyncio.gather(*running)

    def close(self) -> None:
        """Stop the server that was started last."""
        self._stack.close()

    async def _do(self, kind: str, some: list[int], length: float) -> None:
        if kind.startswith("server"):
            if self._restarting:
                return
            self._restarting = True
            self.counts[kind] += 1
            try:
                await (self._stop(min(length, 8.0)) if kind == "server_stopped" else self._kill())
            finally:
                self._restarting = False
            return
        self.counts[kind] += 1
        if kind == "everybody_reset":
            for proxy in self._proxies:
                await _call(proxy.reset)
        elif kind == "frozen":
            for one in some:
                self._pages[one].freeze()
            await asyncio.sleep(length)
            for one in some:
                self._pages[one].thaw()
        elif kind == "slow":
            for one in some:
                self._proxies[one].delay = self._dice.uniform(0.05, 1.0)
            await asyncio.sleep(length)
            for one in some:
                self._proxies[one].delay = 0.0
        else:
            for one in some:
                await _call(lambda one=one: CUTS[kind](self._proxies[one]))  # type: ignore[misc]  # bound now
            await asyncio.sleep(length)
            for one in some:
                await _call(self._proxies[one].restore)

    async def _stop(self, length: float) -> None:
        """The whole process stands still for a while."""
        os.kill(self.server.process.pid, signal.SIGSTOP)
        await asyncio.sleep(length)
        with suppress(ProcessLookupError):
            os.kill(self.server.process.pid, signal.SIGCONT)

    async def _kill(self) -> None:
        """kill -9, and a new process on the same data and port."""
        await _call(self.server.kill)
        again = start_server(self.server.settings, port=self.server.settings.port)
        self.server = await asyncio.get_running_loop().run_in_executor(None, self._stack.enter_context, again)


async def _call(function: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, function)
