"""The demo's sessions, people and questions; at each start untouched sessions move to now, so that one is live."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import clock, rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.demo.content import read
from tourserver.live import rooms
from tourserver.live.questions import asking
from tourserver.people import accounts
from tourserver.people.models import User
from tourserver.registration import signup
from tourserver.registration.models import Registration
from tourserver.sessions import schedule
from tourserver.sessions.models import ScheduledSession
from tourserver.sessions.schedule import Plan
from tourserver.sites.models import Site

LIVE = "live"


@dataclass(frozen=True)
class Admin:
    """The demo's administrator; the password only when it was made now."""

    email: str
    password: str | None


def load_staff(services: Services) -> Admin:
    """The administrator and the hosts, made at the first start."""
    people = read("people.json")
    email = people["admin"]["email"]
    with services.db.write() as session:
        if session.scalar(select(User.id).where(User.email == email)):
            return Admin(email, None)
        password = secrets.token_urlsafe(12)
        admin = _account(session, people["admin"], password)
        rights.grant(session, Actor("user", admin.id), "admin", "global", by=SYSTEM)
        for host in people["hosts"]:
            _account(session, host, secrets.token_urlsafe(24))  # they enter by the printed link only
        return Admin(email, password)


def _account(session: Session, entry: dict[str, Any], password: str) -> User:
    return accounts.create_user(session, email=entry["email"], name=entry["name"], password=password, actor=SYSTEM)


def load_sessions(services: Services) -> None:
    """The sessions that are not there yet, with their hosts; the live one with its delegates and questions."""
    people = read("people.json")
    for entry in read("sessions.json"):
        with services.db.write() as session:
            if session.scalar(select(ScheduledSession.id).where(ScheduledSession.slug == entry["slug"])):
                continue
            plan = _plan(session, entry)
            scheduled = schedule.create(session, plan, actor=SYSTEM, slug=entry["slug"], may_be_past=True)
            scheduled.demo_key = entry["key"]
            emails = [host["email"] for host in people["hosts"]]
            hosts = list(session.scalars(select(User.id).where(User.email.in_(emails)).order_by(User.email)))
            schedule.set_hosts(session, scheduled, hosts, actor=SYSTEM)
            if scheduled.ends_at <= clock.now():
                schedule.record_as_ended(session, scheduled, actor=SYSTEM)
            else:
                schedule.announce(session, scheduled, actor=SYSTEM)
        if entry["key"] == LIVE:
            with services.db.write() as session:
                _fill_room(session, services, people)


def _plan(session: Session, entry: dict[str, Any]) -> Plan:
    sites = dict(session.execute(select(Site.slug, Site.id).where(Site.slug.in_(entry["sites"]))).tuples().all())
    names = (
        "kind", "title", "summary", "languages", "zone", "duration_minutes", "capacity", "visibility", "sound_url",
        "contact_name", "contact_email",
    )  # fmt: skip
    starts_at = start_of(entry)
    return Plan(
        **{name: entry[name] for name in names},
        local_start=clock.local(starts_at, entry["zone"]).replace(tzinfo=None),
        fold=clock.local(starts_at, entry["zone"]).fold,
        site_ids=[sites[slug] for slug in entry["sites"]],
    )


def start_of(entry: dict[str, Any]) -> datetime:
    """The start of a described session, counted from now: minutes, or days and a wall time."""
    starts = entry["starts"]
    if "minutes" in starts:
        return (clock.now() + timedelta(minutes=starts["minutes"])).replace(second=0, microsecond=0)
    day = clock.local(clock.now(), entry["zone"]).date() + timedelta(days=starts["days"])
    return clock.to_utc(datetime.combine(day, time.fromisoformat(starts["local"])), entry["zone"])


def _fill_room(session: Session, services: Services, people: dict[str, Any]) -> None:
    scheduled = _live(session)
    assert scheduled is not None
    seats = [
        signup.register(session, services, scheduled, signup.SignUp(**delegate)).registration
        for delegate in people["delegates"]
    ]
    host = Actor("user", schedule.hosts(session, scheduled)[0])
    room = rooms.get_or_create(session, scheduled.id)
    rooms.open_room(session, room.id, actor=host)
    for entry in people["questions"]:
        asked = asking.ask(
            session,
            room.id,
            seats[entry["delegate"]].id,
            entry["text"],
            anonymous=entry["anonymous"],
            language=entry["language"],
        )
        if entry["state"] == "approved":
            asking.approve(session, room.id, asked.id, asked.revision, actor=host)


def _live(session: Session) -> ScheduledSession | None:
    return session.scalar(select(ScheduledSession).where(ScheduledSession.demo_key == LIVE))


def refresh(services: Services) -> None:
    """Move the sessions that nobody edited to their place counted from now, and open the live one's room."""
    entries = {entry["key"]: entry for entry in read("sessions.json")}
    with services.db.write() as session:
        for scheduled in session.scalars(select(ScheduledSession).where(ScheduledSession.demo_key.is_not(None))):
            schedule.move(session, scheduled, start_of(entries[scheduled.demo_key or ""]))
            if scheduled.state == "ended" and scheduled.demo_key != LIVE:
                scheduled.ended_at = scheduled.ends_at
        live = _live(session)
        if live is None:
            return
        room = rooms.get_or_create(session, live.id)
        if room.state == "ended":
            # the last run's tour was ended: this is a new day in the demo
            room.state, room.ended_at = "closed", None
            live.state, live.ended_at = "scheduled", None
            session.flush()
        rooms.open_room(session, room.id, actor=SYSTEM)


def host_of_live(session: Session, number: int = 0) -> User:
    """A host of the live session; 0 is the first."""
    scheduled = _live_or_first(session)
    return session.get_one(User, schedule.hosts(session, scheduled)[number])


def delegates_of_live(session: Session) -> list[Registration]:
    """The live session's registrations in the order they were made."""
    scheduled = _live_or_first(session)
    query = select(Registration).where(Registration.session_id == scheduled.id, Registration.state == "confirmed")
    return list(session.scalars(query.order_by(Registration.created_at, Registration.id)))


def live_slug(session: Session) -> str:
    """Address of the live session."""
    return _live_or_first(session).slug


def _live_or_first(session: Session) -> ScheduledSession:
    """The demo's live session, also when somebody edited it."""
    slug = next(entry["slug"] for entry in read("sessions.json") if entry["key"] == LIVE)
    return session.scalars(select(ScheduledSession).where(ScheduledSession.slug == slug)).one()
