"""Sessions: planned, changed, led by hosts. A time is a wall time in a zone; UTC follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights, signals
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor, Thing
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sites.catalogue import fold
from tourserver.sites.models import Site, SlugHistory

KINDS = ("webinar", "guided_tour")


@dataclass(kw_only=True)
class Plan:
    """What staff decide about a session."""

    kind: str
    title: Texts
    summary: Texts = field(default_factory=dict)
    languages: list[str] = field(default_factory=lambda: ["en"])
    local_start: datetime
    """Wall time in ``zone``, naive."""
    zone: str = clock.SWEDEN
    fold: int | None = None
    """Which of the two, where a wall time happens twice: 0 the first, 1 the second."""
    duration_minutes: int = 60
    capacity: int | None = None
    visibility: str = "public"
    sound_url: str = ""
    contact_name: str = ""
    contact_email: str = ""
    site_ids: list[str] = field(default_factory=list)


def thing(scheduled: ScheduledSession) -> Thing:
    """A session as rights see it."""
    return Thing("session", scheduled.id)


def create(
    session: Session, plan: Plan, *, actor: Actor, slug: str = "", may_be_past: bool = False
) -> ScheduledSession:
    """A new draft. ``may_be_past`` is for records of what has been (the demo's past webinar)."""
    starts_at = check(plan, may_be_past=may_be_past)
    scheduled = ScheduledSession(slug=slug or free_slug(session, plan.title), state="draft")
    _assign(session, scheduled, plan, starts_at)
    session.add(scheduled)
    session.flush()
    audit.record(session, actor, "session.create", "session", scheduled.id, after=audit.snapshot(scheduled))
    return scheduled


def change(session: Session, scheduled: ScheduledSession, plan: Plan, *, seen_revision: int, actor: Actor) -> None:
    """Save a session's form; raises :class:`Conflict` when somebody saved it since ``seen_revision``."""
    if scheduled.revision != seen_revision:
        raise Conflict(
            N_("Somebody else changed this session after you opened it. Both versions are shown; nothing is lost.")
        )
    moved = (plan.local_start, plan.zone) != (scheduled.local_start, scheduled.zone)
    starts_at = check(plan, may_be_past=not moved)
    before = audit.snapshot(scheduled)
    _assign(session, scheduled, plan, starts_at)
    scheduled.revision += 1
    scheduled.demo_key = None
    session.flush()
    audit.record(
        session, actor, "session.change", "session", scheduled.id, before=before, after=audit.snapshot(scheduled)
    )
    signals.session_changed.send(session, session_id=scheduled.id)


def announce(session: Session, scheduled: ScheduledSession, *, actor: Actor) -> None:
    """From draft to scheduled: the session is listed and people can register."""
    if scheduled.state != "draft":
        return
    if scheduled.ends_at <= clock.now():
        raise Invalid(N_("This session is over already. Give it a time to come."), field="date")
    _to(session, scheduled, "scheduled", actor)


def record_as_ended(session: Session, scheduled: ScheduledSession, *, actor: Actor) -> None:
    """A session that took place before it was entered here."""
    scheduled.ended_at = scheduled.ends_at
    _to(session, scheduled, "ended", actor)


def _to(session: Session, scheduled: ScheduledSession, state: str, actor: Actor) -> None:
    before = audit.snapshot(scheduled)
    scheduled.state = state
    scheduled.revision += 1
    session.flush()
    audit.record(
        session, actor, f"session.{state}", "session", scheduled.id, before=before, after=audit.snapshot(scheduled)
    )
    signals.session_changed.send(session, session_id=scheduled.id)


def set_hosts(session: Session, scheduled: ScheduledSession, user_ids: list[str], *, actor: Actor) -> None:
    """Exactly these members of staff may open and moderate the room."""
    before = hosts(session, scheduled)
    for user_id in before:
        if user_id not in user_ids:
            rights.withdraw(session, Actor("user", user_id), "host", "session", scheduled.id)
    for user_id in user_ids:
        rights.grant(session, Actor("user", user_id), "host", "session", scheduled.id, by=actor)
    changed = set(before) ^ set(user_ids)
    if changed:
        audit.record(session, actor, "session.hosts", "session", scheduled.id, before=before, after=user_ids)
    for user_id in sorted(changed):
        signals.grants_changed.send(session, user_id=user_id)


def hosts(session: Session, scheduled: ScheduledSession) -> list[str]:
    """Ids of the session's hosts."""
    return rights.users_with(session, "host", "session", scheduled.id)


def move(session: Session, scheduled: ScheduledSession, starts_at: datetime) -> None:
    """Put a demo session that nobody edited to another moment; leaves its revision alone."""
    scheduled.starts_at = starts_at
    scheduled.local_start = clock.local(starts_at, scheduled.zone).replace(tzinfo=None)
    scheduled.tzdata_version = clock.TZDATA_VERSION
    session.flush()


def check(plan: Plan, *, may_be_past: bool = False) -> datetime:
    """The UTC start of a plan; raises :class:`Invalid` with the field that is wrong."""
    if plan.kind not in KINDS:
        raise Invalid(N_("Choose what kind of session it is."), field="kind")
    if not any(plan.title.values()):
        raise Invalid(N_("Give the session a title in at least one language."), field="title")
    if not plan.languages:
        raise Invalid(N_("Choose at least one language that is spoken."), field="languages")
    if plan.visibility not in ("public", "unlisted"):
        raise Invalid(N_("Choose who can find the session."), field="visibility")
    if not 5 <= plan.duration_minutes <= 720:
        raise Invalid(N_("A session takes between 5 minutes and 12 hours."), field="duration_minutes")
    if plan.capacity is not None and not 1 <= plan.capacity <= 100_000:
        raise Invalid(N_("Leave the seats empty for no limit, or enter at least 1."), field="capacity")
    _check_link(plan.sound_url)
    starts_at = _start(plan)
    if starts_at <= clock.now() and not may_be_past:
        raise Invalid(N_("This time has passed. Choose one to come."), field="date")
    return starts_at


def _start(plan: Plan) -> datetime:
    try:
        first = clock.to_utc(plan.local_start, plan.zone)
    except Invalid as error:
        raise Invalid(error.message, field="zone" if error.field == "zone" else "time", **error.params) from error
    if not clock.is_ambiguous(plan.local_start, plan.zone):
        return first
    if plan.fold is None:
        raise Invalid(
            N_("%(time)s happens twice in %(zone)s: the clocks go back that night. Choose the first or the second."),
            field="fold",
            code="ambiguous_time",
            time=plan.local_start.strftime("%Y-%m-%d %H:%M"),
            zone=plan.zone,
        )
    return clock.to_utc(plan.local_start, plan.zone, fold=plan.fold)


def _check_link(url: str) -> None:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 500):
        raise Invalid(N_("The sound link must be a web address that begins with https://."), field="sound_url")


def _assign(session: Session, scheduled: ScheduledSession, plan: Plan, starts_at: datetime) -> None:
    for name in (
        "kind", "title", "summary", "languages", "local_start", "zone", "duration_minutes", "capacity", "visibility",
        "sound_url", "contact_name", "contact_email",
    ):  # fmt: skip
        setattr(scheduled, name, getattr(plan, name))
    scheduled.starts_at = starts_at
    scheduled.tzdata_version = clock.TZDATA_VERSION
    known = {entry.site_id: entry for entry in scheduled.sites}
    found = set(session.scalars(select(Site.id).where(Site.id.in_(plan.site_ids))))
    wanted = [site_id for site_id in dict.fromkeys(plan.site_ids) if site_id in found]
    scheduled.sites = [known.get(site_id) or SessionSite(site_id=site_id) for site_id in wanted]
    for position, entry in enumerate(scheduled.sites):
        entry.position = position


def free_slug(session: Session, title: Texts) -> str:
    """A free ASCII address made from a title; addresses that were ever used are never given again."""
    words = title.get("en") or title.get("sv") or ""
    base = re.sub(r"[^a-z0-9]+", "-", fold(words)).strip("-")[:60].strip("-") or "session"
    slug, number = base, 2
    while _taken(session, slug):
        slug, number = f"{base}-{number}", number + 1
    return slug


def _taken(session: Session, slug: str) -> bool:
    used = session.scalar(select(ScheduledSession.id).where(ScheduledSession.slug == slug))
    return used is not None or session.scalar(select(SlugHistory.id).where(SlugHistory.slug == slug)) is not None


def as_plan(scheduled: ScheduledSession) -> dict[str, Any]:
    """A session's values under the names of :class:`Plan`, for forms."""
    return {
        "kind": scheduled.kind,
        "title": scheduled.title,
        "summary": scheduled.summary,
        "languages": scheduled.languages,
        "zone": scheduled.zone,
        "duration_minutes": scheduled.duration_minutes,
        "capacity": scheduled.capacity,
        "visibility": scheduled.visibility,
        "sound_url": scheduled.sound_url,
        "contact_name": scheduled.contact_name,
        "contact_email": scheduled.contact_email,
        "site_ids": [entry.site_id for entry in scheduled.sites],
    }
