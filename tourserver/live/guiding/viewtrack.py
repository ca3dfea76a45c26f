"""The guide's view: taken from who holds the token, the newest handed on, all of it kept for the replay."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tourserver.core import clock, rights
from tourserver.live import access, rooms
from tourserver.live.guiding.guide import View
from tourserver.live.guiding.models import ViewChunk
from tourserver.live.models import Room

CHUNK_SECONDS: Final = 10.0
LAG_MS: Final = 1500
"""A frame may be this old by the guide's estimate of our clock; more is a clock that is off."""
CHECKED_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the guide looked at an instant of the server's clock, milliseconds."""

    view: View
    t: int
    by: str

    def json(self) -> dict[str, Any]:
        """As clients read it."""
        return {**self.view.json(), "t": self.t, "by": self.by}

    def stored(self) -> dict[str, Any]:
        """As the room's row keeps it: without a name."""
        return {**self.view.json(), "t": self.t}


@dataclass(slots=True)
class Track:
    """What one process knows of a room's view."""

    newest: Frame | None = None
    sent: int = 0
    saved: int = 0
    guide: str | None = None
    scenes: frozenset[str] = frozenset()
    checked: float = float("-inf")
    samples: list[Frame] = field(default_factory=list)
    chunk_began: float = 0.0
    # chunks of guides before this one, not written yet
    closed: list[tuple[str | None, list[Frame]]] = field(default_factory=list)


@dataclass(slots=True)
class Due:
    """What is to be written of a room: the view, if it is new, and finished chunks by guide."""

    room_id: str
    view: Frame | None
    chunks: list[tuple[str | None, list[Frame]]]


def may_guide(session: Session, room_id: str) -> tuple[str | None, frozenset[str]]:
    """Whose frames count at this moment, and the scenes they may name."""
    room = session.get(Room, room_id)
    if room is None or room.state != "open" or room.guide_actor is None:
        return None, frozenset()
    actor = rights.Actor.of(room.guide_actor)
    if not rights.can(session, actor, "room.guide", access.thing(room.session_id)):
        return None, frozenset()
    return room.guide_actor, rooms.scenes(session, room)


class ViewTracks:
    """The views of the rooms that this process has connections in."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tracks: dict[str, Track] = {}

    def track(self, room_id: str) -> Track:
        """A room's track."""
        with self._lock:
            return self._tracks.setdefault(room_id, Track())

    def forget_guide(self, room_id: str) -> None:
        """The token or the room changed: ask the database at the next frame."""
        self.track(room_id).checked = float("-inf")

    def is_stale(self, room_id: str) -> bool:
        """Whether the holder of the token has to be asked for again."""
        return time.monotonic() - self.track(room_id).checked > CHECKED_SECONDS

    def checked(self, room_id: str, guide: str | None, scenes: frozenset[str]) -> None:
        """What the database says of the token."""
        track = self.track(room_id)
        with self._lock:
            if guide != track.guide and track.samples:
                track.closed.append((track.guide, track.samples))
                track.samples = []
            track.guide, track.scenes, track.checked = guide, scenes, time.monotonic()

    def is_led_by(self, room_id: str, actor: str, scene: str | None) -> bool:
        """Whether this is the guide, as far as was asked, and the scene, if any, one of the room's."""
        track = self.track(room_id)
        return track.guide == actor and (scene is None or scene in track.scenes)

    def accept(self, room_id: str, actor: str, view: View, t: float, by: str) -> bool:
        """Take a frame from the guide; False from anybody else or for a scene that isn't shown here.

        ``t`` is the guide's estimate of our clock. It gives frames their distance in time, so it is kept
        where it is plausible: never in the future, never long ago, never before the frame before.
        """
        track = self.track(room_id)
        if track.guide != actor or view.scene not in track.scenes:
            return False
        present = clock.milliseconds(clock.now())
        stamp = round(min(max(t, present - LAG_MS), present))
        with self._lock:
            if track.newest is not None:
                stamp = max(stamp, track.newest.t + 1)
            track.newest = Frame(view, stamp, by)
            if not track.samples:
                track.chunk_began = time.monotonic()
            track.samples.append(track.newest)
        return True

    def learn(self, room_id: str, stored: dict[str, Any] | None, by: str) -> None:
        """A view that another process, or a reliable change of scene, wrote to the room."""
        if stored is None:
            return
        frame = Frame(View(stored["scene"], stored["yaw"], stored["pitch"], stored["fov"]), stored["t"], by)
        with self._lock:
            track = self.track(room_id)
            if track.newest is None or frame.t > track.newest.t:
                track.newest = frame
                track.saved = frame.t

    def keep_to(self, room_id: str, scenes: frozenset[str]) -> None:
        """The room shows these scenes from now on: a view of another one is nobody's place any more."""
        track = self.track(room_id)
        with self._lock:
            track.scenes = scenes
            if track.newest is not None and track.newest.view.scene not in scenes:
                track.newest = None

    def has_unsent(self, room_id: str) -> bool:
        """Whether :meth:`take_unsent` would give something."""
        track = self._tracks.get(room_id)
        return track is not None and track.newest is not None and track.newest.t > track.sent

    def take_unsent(self, room_id: str) -> Frame | None:
        """The newest frame, when it was not handed on yet."""
        track = self.track(room_id)
        frame = track.newest
        if frame is None or frame.t <= track.sent:
            return None
        track.sent = frame.t
        return frame

    def newest(self, room_id: str) -> Frame | None:
        """The newest frame."""
        track = self._tracks.get(room_id)
        return track.newest if track else None

    def drop(self, rooms_in_use: set[str]) -> None:
        """Forget rooms that nobody here is in, once what they hold is written."""
        with self._lock:
            for room_id in [one for one in self._tracks if one not in rooms_in_use]:
                track = self._tracks[room_id]
                if not track.samples and not track.closed and not _unsaved(track):
                    del self._tracks[room_id]

    def is_due(self, *, everything: bool = False) -> bool:
        """Whether :meth:`take_due` would give something."""
        present = time.monotonic()
        with self._lock:
            return any(
                _unsaved(track) or track.closed or _full(track, present, everything) for track in self._tracks.values()
            )

    def take_due(self, *, everything: bool = False) -> list[Due]:
        """Per room: the view, if it is new, and the chunks that are full (or all)."""
        present = time.monotonic()
        due: list[Due] = []
        with self._lock:
            for room_id, track in sorted(self._tracks.items()):
                view = track.newest if _unsaved(track) else None
                chunks, track.closed = track.closed, []
                if _full(track, present, everything):
                    chunks.append((track.guide, track.samples))
                    track.samples = []
                if view is not None:
                    track.saved = view.t
                if view is not None or chunks:
                    due.append(Due(room_id, view, chunks))
        return due

    def give_back(self, due: list[Due]) -> None:
        """Writing failed: keep the chunks for the next time, and write the view again or what is newer by then."""
        with self._lock:
            for one in due:
                track = self.track(one.room_id)
                track.closed[:0] = one.chunks
                # a guide that stands still sends no newer one
                if one.view is not None and track.saved == one.view.t:
                    track.saved = one.view.t - 1


def _unsaved(track: Track) -> bool:
    return track.newest is not None and track.newest.t > track.saved


def _full(track: Track, present: float, everything: bool) -> bool:
    return bool(track.samples) and (everything or present - track.chunk_began >= CHUNK_SECONDS)


def write(session: Session, due: list[Due]) -> None:
    """Store views and chunks; a view never replaces a newer one. A rehearsal leaves no track for a replay."""
    unkept = select(Room.id).where(Room.id.in_([one.room_id for one in due]), Room.name == "rehearsal")
    rehearsals = set(session.scalars(unkept))
    for one in due:
        if one.view is not None:
            known = session.scalar(select(Room.view).where(Room.id == one.room_id).with_for_update())
            if known is None or known["t"] < one.view.t:
                session.execute(update(Room).where(Room.id == one.room_id).values(view=one.view.stored()))
        if one.room_id not in rehearsals:
            session.add_all(chunk(one.room_id, guide, samples) for guide, samples in one.chunks)


def chunk(room_id: str, guide: str | None, samples: list[Frame]) -> ViewChunk:
    """Samples as a row: scenes by index, times and angles as differences to the sample before, in 0.01°."""
    scenes = list(dict.fromkeys(sample.view.scene for sample in samples))
    deltas: list[list[int]] = []
    before = [samples[0].t, 0, 0, 0]
    shown = -1
    for sample in samples:
        view = sample.view
        now = [sample.t, round(view.yaw * 100), round(view.pitch * 100), round(view.fov * 100)]
        index = scenes.index(view.scene)
        step, yaw, pitch, fov = (new - old for new, old in zip(now, before, strict=True))
        deltas.append([step, -1 if index == shown else index, yaw, pitch, fov])
        before, shown = now, index
    return ViewChunk(
        room_id=room_id,
        guide_actor=guide,
        started_ms=samples[0].t,
        scenes=scenes,
        samples={"version": 1, "deltas": deltas},
    )


def samples_of(row: ViewChunk) -> list[Frame]:
    """The frames of a stored chunk, to a hundredth of a degree; without names."""
    frames: list[Frame] = []
    t, yaw, pitch, fov = row.started_ms, 0, 0, 0
    scene = ""
    for step, index, turn, tilt, zoom in row.samples["deltas"]:
        t, yaw, pitch, fov = t + step, yaw + turn, pitch + tilt, fov + zoom
        scene = row.scenes[index] if index >= 0 else scene
        frames.append(Frame(View(scene, yaw / 100, pitch / 100, fov / 100), t, ""))
    return frames
