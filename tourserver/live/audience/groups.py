"""Who is there by country and organisation, for the crew: numbers, never addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.live import presence
from tourserver.live.models import Attendance
from tourserver.registration.models import Registration


def here(session: Session, room_id: str) -> list[dict[str, Any]]:
    """By country and organisation the persons who are there and the people at their screens, most first.

    A person's devices may stand in one room: their people are counted where most are seen, as :func:`presence.count`.
    """
    people = (
        select(Attendance.registration_id, Attendance.companion_id, func.max(Attendance.headcount).label("heads"))
        .where(Attendance.room_id == room_id, presence.is_open(), Attendance.crew.is_(False))
        .group_by(Attendance.registration_id, Attendance.companion_id)
        .subquery()
    )
    query = (
        select(Registration.country, Registration.organisation, func.count(), func.sum(people.c.heads))
        .join(people, people.c.registration_id == Registration.id)
        .group_by(Registration.country, Registration.organisation)
    )
    rows = [
        {
            "country": None if country == "ZZ" else country,
            "organisation": organisation,
            "persons": persons,
            "heads": int(heads),
        }
        for country, organisation, persons, heads in session.execute(query)
    ]
    return sorted(rows, key=lambda row: (-row["heads"], row["country"] or "", row["organisation"]))
