"""A server that is stopped leaves nothing behind in memory or open in the database."""

from __future__ import annotations

from sqlalchemy import func, select

from tests.live.client import Client, wait
from tests.live.factories import host_of, make_world, open_room, person_of, signed_ticket
from tests.servers import Server
from tourserver.core.services import Services
from tourserver.live.guiding.models import ViewChunk
from tourserver.live.models import Attendance


def test_the_view_is_kept_and_attendance_closed_when_the_server_stops(live_server: Server) -> None:
    services = Services.start(live_server.settings)
    with services.db.write() as session:
        world = make_world(session)
    open_room(services, world)
    guest = Client(live_server.url, signed_ticket(services, world, person_of(world)))
    crew = Client(live_server.url, signed_ticket(services, world, host_of(world)))
    crew.wait_for("joined")
    guest.wait_for("joined")
    crew.do("guide.take")
    crew.view(world.scenes[0], 7)
    wait(lambda: guest.views)
    live_server.process.terminate()
    assert live_server.process.wait(10) == 0
    guest.close()
    crew.close()
    with services.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ViewChunk)) == 1
        ended = session.scalars(select(Attendance.ended_at)).all()
    services.close()
    assert len(ended) == 2
    assert all(moment is not None for moment in ended)
