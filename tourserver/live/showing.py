"""Tour documents on their way to pages: who shows which revisions, and who has to be sent newer ones.

Events hold ids. When one says that the room's tours are others than before, the tail has the documents brought to
each connection in its language, ahead of the event itself. A page that comes back says which tours it has.
"""

from __future__ import annotations

from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core.db import Database
from tourserver.live import rooms, snapshots
from tourserver.live.guiding.viewtrack import ViewTracks
from tourserver.live.members import Connection, Members
from tourserver.live.models import Room
from tourserver.live.transport import Message, Transport
from tourserver.sites.models import Site

log = structlog.get_logger()

TOURS_CHANGE: Final = frozenset({"room.opened", "tour.changed"})
"""Kinds of events after which pages may show other tours than they should."""


class Showing:
    """One for each process."""

    def __init__(
        self,
        db: Database,
        transport: Transport,
        members: Members,
        tracks: ViewTracks,
        build: snapshots.TourBuilder,
    ) -> None:
        self._db = db
        self._transport = transport
        self._members = members
        self._tracks = tracks
        self._tours = snapshots.Tours(build)
        # what was brought to a room's connections last: ids of revisions
        self._brought: dict[str, tuple[str, ...]] = {}

    def documents(self, session: Session, room: Room, connection: Connection) -> list[dict[str, Any]]:
        """The documents of a room's tours for one connection, which is about to be sent them."""
        connection.tours, found = self._tours.documents(session, room, connection.caller.language)
        return found

    def has_all(self, session: Session, room: Room, connection: Connection, marks: list[str]) -> bool:
        """Whether a page that says it shows these tours (``site@number``) shows what it should."""
        shown = rooms.tours(session, room)
        query = select(Site.id, Site.slug).where(Site.id.in_([one.site_id for one in shown]))
        slugs = {row[0]: row[1] for row in session.execute(query)}
        if marks != [f"{slugs[one.site_id]}@{one.number}" for one in shown]:
            return False
        connection.tours = tuple(one.id for one in shown)
        return True

    def bring(self, room_id: str) -> None:
        """The room's tours changed: send the documents to all who were sent others."""
        try:
            connections = self._members.in_room(room_id)
            with self._db.read() as session:
                snapshots.consistent(session)
                room = rooms.get(session, room_id)
                scenes = rooms.scenes(session, room)
                languages = {connection.caller.language for connection in connections}
                found = {lang: self._tours.documents(session, room, lang) for lang in sorted(languages)}
            self._tracks.keep_to(room_id, scenes)
            if found:
                self._brought[room_id] = next(iter(found.values()))[0]
            messages = {lang: Message("tours", {"tour": documents}) for lang, (_ids, documents) in found.items()}
            for connection in connections:
                shown, _documents = found[connection.caller.language]
                if connection.tours != shown:
                    self._transport.send_to(connection.sid, messages[connection.caller.language])
                    connection.tours = shown
        except Exception:  # the events are to be sent all the same
            log.exception("live.tours_failed", room=room_id)

    def check(self, connection: Connection) -> None:
        """Once a connection was sent its first messages: they may be older than what was brought meanwhile."""
        if connection.tours != self._brought.get(connection.room_id, connection.tours):
            self.bring(connection.room_id)

    def forget(self, rooms_in_use: set[str]) -> None:
        """Drop what is known of rooms that nobody here is in."""
        for room_id in [one for one in self._brought if one not in rooms_in_use]:
            self._brought.pop(room_id, None)
