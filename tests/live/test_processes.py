"""Two web processes, PostgreSQL, Redis and nginx: people of one room on both; whatever is killed, nothing is lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from tests import postgres
from tests.live.client import Client, RefusedError, wait
from tests.live.factories import World, host_of, make_world, open_room, person_of, signed_ticket
from tests.nginx import nginx
from tests.redis import RedisServer, redis_server
from tests.servers import Server, start_server
from tourserver.core import rights
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.live.questions.models import Question
from tourserver.registration.models import Registration


@dataclass
class House:
    """All that runs."""

    services: Services
    world: World
    servers: list[Server]
    redis: RedisServer
    url: str
    clients: list[Client] = field(default_factory=list)

    def join(self, url: str, *, host: bool = False, person: int = 0, **more: object) -> Client:
        """Somebody comes in by a process of their own, or by nginx."""
        actor = host_of(self.world) if host else person_of(self.world, person)
        client = Client(url, signed_ticket(self.services, self.world, actor), **more)  # type: ignore[arg-type]  # as given
        self.clients.append(client)
        client.wait_for("joined")
        return client

    def settled(self) -> None:
        """Wait until nobody of this test is counted any more."""
        for client in self.clients:
            client.close()
        self.clients.clear()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Path) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    name = f"processes_{uuid.uuid4().hex[:12]}"
    admin = create_engine(postgres.url(postgres_cluster, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_tourserver"))
    admin.dispose()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder))
        settings = Settings(
            data=folder,
            database_url=postgres.url(postgres_cluster, name),
            redis_url=redis.url,
            trusted_proxies=1,
            log_format="json",
        )
        services = Services.start(settings)
        with services.db.write() as session:
            world = make_world(session, hosts=2, people=6)
        open_room(services, world)
        servers = [stack.enter_context(start_server(settings)) for _ in range(2)]
        url = stack.enter_context(nginx(folder, [server.settings.port for server in servers]))
        yield House(services, world, servers, redis, url)
        services.close()


@pytest.fixture(autouse=True)
def tidy(house: House) -> Iterator[None]:
    yield
    house.settled()


def took(client: Client, channel: str, kind: str, began: float, seconds: float) -> float:
    client.wait_kind(channel, kind, seconds)
    return time.monotonic() - began


def ask(client: Client, text: str) -> str:
    return str(client.do("question.ask", text=text, anonymous=False)["question"])


def pending(client: Client, question: str) -> bool:
    return any(event["data"].get("id") == question for event in client.events["staff"].values())


def test_a_question_asked_in_one_process_is_seen_and_approved_in_the_other(house: House) -> None:
    one, two = (server.url for server in house.servers)
    host, guest, other = house.join(one, host=True), house.join(two), house.join(one, person=1)
    question = ask(guest, "Across?")
    wait(lambda: pending(host, question), 1)
    host.do("question.approve", question=question, revision=1)
    for client in (guest, other):
        wait(lambda c=client: "question.approved" in c.kinds("public"), 1)  # type: ignore[misc]  # bound now
    other.do("question.vote", question=question)
    wait(lambda: any(d.get("tallies", {}).get(question) == 1 for h, d in guest.heard if h == "heads"), 5)
    wait(lambda: any(d.get("presence", {}).get("persons") == 2 for h, d in guest.heard if h == "heads"), 10)


def test_the_guides_view_reaches_the_other_process_at_once(house: House) -> None:
    one, two = (server.url for server in house.servers)
    host, guest = house.join(one, host=True), house.join(two)
    host.do("guide.take")
    scene = house.world.scenes[0]
    host.do("guide.scene", scene=scene, yaw=0.0, pitch=0.0, fov=70.0)
    guest.wait_kind("public", "guide.scene")
    for step in range(1, 11):
        host.view(scene, float(step))
        time.sleep(0.12)
    wait(lambda: guest.views and guest.views[-1]["yaw"] == 10.0, 3)
    seen = {view["yaw"] for view in guest.views}
    assert len(seen & {float(step) for step in range(1, 11)}) >= 5, "as it moves, and not once a second"
    late = house.join(two, person=1)
    assert wait(lambda: late.views, 2)[-1]["yaw"] == 10.0, "who comes late stands where the guide stands"


def test_through_nginx_by_websocket_and_by_polling(house: House) -> None:
    k = f"{house.url}?k={uuid.uuid4().hex}"
    socket_client = house.join(k, person=2, transports=["websocket"])
    polling = house.join(f"{house.url}?k={uuid.uuid4().hex}", person=3, transports=["polling"])
    host = house.join(f"{house.url}?k={uuid.uuid4().hex}", host=True, transports=["websocket"])
    question = ask(polling, "By polling?")
    wait(lambda: pending(host, question), 3)
    host.do("question.approve", question=question, revision=1)
    for client in (socket_client, polling):
        client.wait_kind("public", "question.approved", 5)


def test_who_loses_the_right_is_out_of_the_other_process_within_a_moment(house: House) -> None:
    one, two = (server.url for server in house.servers)
    guest, host = house.join(two, person=4), house.join(one, host=True)
    with house.services.db.write() as session:
        session.get_one(Registration, house.world.people[4]).state = "withdrawn"
        rights.withdraw(session, host_of(house.world), "host", "session", house.world.session_id, by=SYSTEM)
    began = time.monotonic()
    for client in (guest, host):
        client.wait_for("removed", 3)
    assert time.monotonic() - began < 2.5, "within a second, and some for a loaded machine"
    with pytest.raises(RefusedError):
        house.join(one, person=4)
    with house.services.db.write() as session:
        rights.grant(session, host_of(house.world), "host", "session", house.world.session_id, by=SYSTEM)


def test_without_redis_everything_arrives_a_little_later_and_fast_again_when_it_is_back(house: House) -> None:
    one, two = (server.url for server in house.servers)
    host, guest = house.join(one, host=True), house.join(two)
    house.redis.kill()
    question = ask(guest, "Without Redis?")
    wait(lambda: pending(host, question), 4)
    house.redis.start()
    wait(lambda: "live.redis_back" in house.servers[0].log.read_text(), 15)
    again = ask(guest, "With Redis again?")
    wait(lambda: pending(host, again), 4)


def test_a_killed_process_loses_nothing_and_its_people_go_on_in_the_other(house: House) -> None:
    one, two = house.servers
    host, guest = house.join(two.url, host=True), house.join(one.url, person=5)
    question = ask(guest, "Before the kill?")
    seen = max(guest.events["person"], default=0)
    one.kill()
    back = house.join(house.url, person=5, since={"public": 0, "person": max(0, seen - 1)}, transports=["websocket"])
    wait(lambda: question in {e["data"].get("id") for e in back.events["person"].values()}, 5)
    after = ask(back, "After the kill?")
    wait(lambda: pending(host, question) and pending(host, after), 5)
    with house.services.db.read() as session:
        asked = session.scalars(select(Question.id).where(Question.registration_id == house.world.people[5])).all()
    assert sorted(asked) == sorted([question, after]), "nothing lost, nothing doubled"
