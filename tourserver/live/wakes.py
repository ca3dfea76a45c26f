"""Word from one web process to the others: this channel has news, the guide looks there. By Redis, and never relied on.

Nothing is sent to people across processes: each process reads the log for its own members. A word that is lost costs a
second (the tail's sweep), never an event; without Redis that is how several processes work all the time.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import redis
import structlog

log = structlog.get_logger()

CHANNEL: Final = "tourserver:live"
SOCKET_SECONDS: Final = 2.0
LISTEN_SECONDS: Final = 1.0
BACKOFF: Final = (0.5, 1.0, 2.0, 5.0)
MOST_WAITING: Final = 1000
"""Words that wait for Redis; older ones are given up, as the sweep brings what they are about."""


class Wakes:
    """One for each process. ``on_wake`` gets ids of channels, ``on_view`` a room's id and its view with ``by``.

    ``reactions_of`` gives what came to this process of a room since it was last asked; ``on_reactions`` gets others'.
    """

    def __init__(
        self,
        url: str,
        process: str,
        *,
        on_wake: Callable[[frozenset[str]], None],
        on_view: Callable[[str, dict[str, Any]], None],
        on_pointer: Callable[[str, dict[str, Any]], None],
        on_reactions: Callable[[str, dict[str, Any]], None],
        reactions_of: Callable[[str], dict[str, int]],
        sleep: Callable[[float], None],
    ) -> None:
        self._url = url
        self._process = process
        self._on_wake = on_wake
        self._on_view = on_view
        self._on_pointer = on_pointer
        self._on_reactions = on_reactions
        self._reactions_of = reactions_of
        self._sleep = sleep
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._channels: set[str] = set()
        # of each room only the newest view is worth a word
        self._views: dict[str, dict[str, Any]] = {}
        self._pointers: dict[str, dict[str, Any]] = {}
        # rooms with reactions that the others have not heard of
        self._reacted: set[str] = set()
        self._stopping = False
        self._away = False

    @property
    def used(self) -> bool:
        """Whether there are others to tell."""
        return bool(self._url)

    def tell(self, channel_ids: frozenset[str]) -> None:
        """These channels have news. Never waits: a task of its own talks to Redis."""
        if not self.used:
            return
        with self._lock:
            self._channels |= channel_ids
            if len(self._channels) > MOST_WAITING:
                self._channels = set(list(self._channels)[-MOST_WAITING:])
        self._something.set()

    def tell_view(self, room_id: str, view: dict[str, Any]) -> None:
        """The guide, whose line this process has, looks there."""
        if not self.used:
            return
        with self._lock:
            self._views[room_id] = view
        self._something.set()

    def tell_pointer(self, room_id: str, spot: dict[str, Any]) -> None:
        """The guide, whose line this process has, points there."""
        if not self.used:
            return
        with self._lock:
            self._pointers[room_id] = spot
        self._something.set()

    def tell_reactions(self, room_id: str) -> None:
        """Reactions came to this process; how many is asked when the word goes out."""
        if not self.used:
            return
        with self._lock:
            self._reacted.add(room_id)
        self._something.set()

    def stop(self) -> None:
        """End both tasks after their present round."""
        self._stopping = True
        self._something.set()

    # --- the two tasks

    def run_teller(self) -> None:
        """Pass on what there is to tell, until :meth:`stop`."""
        attempts = 0
        client = self._client()
        while not self._stopping:
            self._something.wait(timeout=LISTEN_SECONDS)
            self._something.clear()
            with self._lock:
                channels, self._channels = self._channels, set()
                views, self._views = self._views, {}
                pointers, self._pointers = self._pointers, {}
                reacted, self._reacted = self._reacted, set()
            if not channels and not views and not pointers and not reacted:
                continue
            reactions = {room_id: self._reactions_of(room_id) for room_id in sorted(reacted)}
            word = {
                "from": self._process,
                "wake": sorted(channels),
                "views": views,
                "pointers": pointers,
                "reactions": reactions,
            }
            try:
                client.publish(CHANNEL, json.dumps(word, separators=(",", ":")))
                attempts = 0
                self._is_back()
            except (redis.RedisError, OSError) as error:
                self._is_away(error)
                attempts = self._wait(attempts)

    def run_listener(self) -> None:
        """Hear the others, until :meth:`stop`; connects again for as long as it takes."""
        attempts = 0
        while not self._stopping:
            try:
                with self._client().pubsub(ignore_subscribe_messages=True) as heard:
                    heard.subscribe(CHANNEL)
                    # what was said while there was no line is found by reading all channels once
                    self._on_wake(frozenset())
                    attempts = 0
                    while not self._stopping:
                        message = heard.get_message(timeout=LISTEN_SECONDS)
                        if message is not None:
                            self._take(message["data"])
                        self._is_back()
            except (redis.RedisError, OSError) as error:
                self._is_away(error)
                attempts = self._wait(attempts)

    def _client(self) -> Any:
        return redis.Redis.from_url(
            self._url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS, health_check_interval=10
        )

    def _take(self, content: bytes) -> None:
        """What another process says; anything else on the channel is nothing to us."""
        try:
            word = json.loads(content)
            if word["from"] == self._process:
                return
            channels, views = frozenset(map(str, word["wake"])), dict(word["views"])
            pointers, reactions = dict(word.get("pointers", {})), dict(word.get("reactions", {}))
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("live.word_not_understood")
            return
        if channels:
            self._on_wake(channels)
        for room_id, view in views.items():
            self._on_view(str(room_id), view)
        for room_id, spot in pointers.items():
            self._on_pointer(str(room_id), dict(spot))
        for room_id, counted in reactions.items():
            self._on_reactions(str(room_id), dict(counted))

    # --- Redis comes and goes

    def _wait(self, attempts: int) -> int:
        pause = BACKOFF[min(attempts, len(BACKOFF) - 1)]
        until = time.monotonic() + pause * random.uniform(0.7, 1.3)  # noqa: S311 - spreads the load, keeps no secret
        while not self._stopping and time.monotonic() < until:
            self._sleep(0.1)
        return attempts + 1

    def _is_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            log.warning("live.redis_away", error=type(error).__name__)

    def _is_back(self) -> None:
        if self._away:
            self._away = False
            log.info("live.redis_back")
