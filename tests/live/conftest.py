"""The live room's fixtures: a world with its room, closed and open."""

from __future__ import annotations

import pytest

from tests.live.factories import World, make_world, open_room
from tourserver.core.services import Services
from tourserver.wiring import connect_signals


@pytest.fixture(scope="session", autouse=True)
def wired() -> None:
    """Who listens to whom, as in every process."""
    connect_signals()


@pytest.fixture
def world(services: Services) -> World:
    """A session with two hosts, three registered people and a closed room."""
    with services.db.write() as session:
        return make_world(session, hosts=2, people=3)


@pytest.fixture
def open_world(services: Services, world: World) -> World:
    """The same with its room open."""
    open_room(services, world)
    return world
