"""The web process on PostgreSQL, where greenlets give way inside transactions: many clients at once."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text

from tests import postgres
from tests.live.client import Client, wait
from tests.live.factories import host_of, make_world, open_room, person_of, signed_ticket
from tests.servers import start_server
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.live.questions.models import Question, QuestionVote


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_dozen_people_ask_and_vote_at_once_and_all_see_the_same(
    mode: str, tmp_path: Path, postgres_cluster: Path
) -> None:
    name = f"live_{uuid.uuid4().hex[:12]}"
    admin = create_engine(postgres.url(postgres_cluster, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_tourserver"))
    admin.dispose()
    settings = Settings(data=tmp_path / "data", database_url=postgres.url(postgres_cluster, name), log_format="json")
    settings.data.mkdir()
    services = Services.start(settings)
    with services.db.write() as session:
        world = make_world(session, people=12)
    open_room(services, world)
    tickets = [signed_ticket(services, world, person_of(world, number)) for number in range(12)]
    with start_server(settings, async_mode=mode) as server:
        crew = Client(server.url, signed_ticket(services, world, host_of(world)))
        guests = [Client(server.url, ticket) for ticket in tickets]
        for guest in guests:
            guest.wait_for("joined")
        _all_at_once(guests, "question.ask", text="Why?", anonymous=False)
        asked = [event["data"]["question"]["id"] for event in _staff(crew, 12)]
        for question in asked:
            crew.do("question.approve", question=question, revision=1)
        _all_at_once(guests, "question.vote", question=asked[0])
        wait(lambda: all(len(client.events["public"]) == 12 for client in [crew, *guests]), 10)
        for client in [crew, *guests]:
            public = [seq for channel, seq in client.arrivals if channel == "public"]
            assert public == list(range(2, 14))
        wait(lambda: any(data.get("tallies", {}).get(asked[0]) == 12 for heard, data in crew.heard if heard == "heads"))
        with ThreadPoolExecutor() as pool:
            list(pool.map(Client.close, [crew, *guests]))
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Question)) == 12
        assert session.scalar(select(func.count()).select_from(QuestionVote)) == 12
    services.close()


def _staff(crew: Client, count: int) -> list[dict[str, Any]]:
    return wait(lambda: list(crew.events["staff"].values()) if len(crew.events["staff"]) == count else None, 10)


def _all_at_once(clients: list[Client], command: str, **args: Any) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=_one, args=(client, command, args, answers)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * len(clients)


def _one(client: Client, command: str, args: dict[str, Any], answers: list[bool]) -> None:
    answers.append(client.command(command, **args)["ok"])
