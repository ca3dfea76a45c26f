"""A personal link on a second device: the same person, or a colleague under their own name, counted apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from tourserver.core.db import new_id
from tourserver.core.errors import Conflict
from tourserver.core.i18n import N_
from tourserver.live import events, texts
from tourserver.live.crew.models import Companion
from tourserver.live.models import Attendance
from tourserver.registration.models import Registration

NAME_LIMIT: Final = 120
MOST: Final = 20
"""Colleagues by one link; a larger group registers by itself."""


def say_who(
    session: Session, registration_id: str, connection: str, who: Literal["me", "colleague"], name: str
) -> Companion | None:
    """Note who uses the device behind a connection; gives the colleague, or None for the person themselves."""
    mine = (Attendance.connection == connection, Attendance.registration_id == registration_id)
    device = session.scalar(select(Attendance.device).where(*mine))
    if device is None:  # its line is gone; asked again when it is back
        raise Conflict(N_("Your line was cut just now. Say it again."))
    companion = None
    if who == "colleague":
        companion = _companion(session, registration_id, device, texts.clean(name, NAME_LIMIT, field="name"))
    session.execute(update(Attendance).where(*mine).values(companion_id=companion.id if companion else None))
    return companion


def _companion(session: Session, registration_id: str, device: str, name: str) -> Companion:
    count = select(func.count()).select_from(Companion).where(Companion.registration_id == registration_id)
    row = {"id": new_id(), "registration_id": registration_id, "device": device, "name": name}
    if (session.scalar(count) or 0) < MOST:
        events.insert_once(session, Companion, [row])
    known = (Companion.registration_id == registration_id, Companion.device == device)
    companion = session.scalar(select(Companion).where(*known).execution_options(populate_existing=True))
    if companion is None:
        raise Conflict(N_("So many colleagues use this link already. Register by yourself; it takes a minute."))
    companion.name = name
    session.flush()
    return companion


def of_devices(session: Session, devices: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Colleagues by registration and device: their id and name; a person's own devices are missing."""
    wanted = list(devices)
    if not wanted:
        return {}
    query = select(Companion.registration_id, Companion.device, Companion.id, Companion.name).where(
        tuple_(Companion.registration_id, Companion.device).in_(wanted)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(query)}


def forget(session: Session, *, person_id: str) -> None:
    """Empty the names of colleagues who used an erased person's links (receiver of ``person_erased``).

    That somebody was there, and is counted, stays.
    """
    mine = select(Registration.id).where(Registration.person_id == person_id)
    session.execute(
        update(Companion)
        .where(Companion.registration_id.in_(mine))
        .values(name="")
        .execution_options(synchronize_session=False)
    )
