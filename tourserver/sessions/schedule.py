"""Sessions: planned, changed, announced, led by hosts. What a plan must hold to is in plans.py."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, rights, signals
from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import SYSTEM, Actor, Thing
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession, SessionSite
from tourserver.sessions.plans import Plan, check, refuse_past
from tourserver.sites.catalogue import fold
from tourserver.sites.models import Site, SlugHistory

CANCEL_WORDS = 1000

__all__ = [
    "Plan",
    "announce",
    "as_form",
    "cancel",
    "change",
    "create",
    "hosts",
    "lock",
    "move",
    "rename",
    "set_hosts",
    "thing",
]


def thing(scheduled: ScheduledSession) -> Thing:
    """A session as rights see it."""
    return Thing("session", scheduled.id)


def lock(session: Session, session_id: str) -> ScheduledSession:
    """The session's row as it is now, held until the transaction ends, so that changes come one after the other.

    On PostgreSQL by FOR NO KEY UPDATE, which lets rows that only point to the session be written meanwhile; on SQLite
    the writing transaction is alone anyway.
    """
    query = select(ScheduledSession).where(ScheduledSession.id == session_id)
    return session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).one()


def create(
    session: Session, plan: Plan, *, actor: Actor, slug: str = "", may_be_past: bool = False
) -> ScheduledSession:
    """A new draft. ``may_be_past`` is for records of what has been (the demo's past webinar)."""
    starts_at = check(plan)
    if not may_be_past:
        refuse_past(starts_at)
    if slug:
        _check_slug(session, slug)
    scheduled = ScheduledSession(slug=slug or free_slug(session, plan.title), state="draft")
    _assign(session, scheduled, plan, starts_at)
    session.add(scheduled)
    session.flush()
    audit.record(session, actor, "session.create", "session", scheduled.id, after=audit.snapshot(scheduled))
    return scheduled


def change(session: Session, scheduled: ScheduledSession, plan: Plan, *, seen_revision: int, actor: Actor) -> bool:
    """Save a session's form; tells whether its start moved.

    Raises :class:`Conflict` when somebody saved it since ``seen_revision``, :class:`Invalid` with the field.
    """
    scheduled = lock(session, scheduled.id)
    if scheduled.revision != seen_revision:
        raise Conflict(
            N_("Somebody else changed this session after you opened it. Both versions are shown; nothing is lost.")
        )
    if scheduled.state == "cancelled":
        raise Conflict(N_("This session was called off. Plan a new one instead."))
    starts_at = check(plan)
    moved = starts_at != scheduled.starts_at
    if moved and scheduled.state not in ("draft", "scheduled"):
        raise Invalid(N_("The session has begun: its start stays as it is."), field="time")
    if moved:
        refuse_past(starts_at)
    before = audit.snapshot(scheduled)
    _assign(session, scheduled, plan, starts_at)
    scheduled.revision += 1
    scheduled.demo_key = None
    session.flush()
    audit.record(
        session, actor, "session.change", "session", scheduled.id, before=before, after=audit.snapshot(scheduled)
    )
    signals.session_changed.send(session, session_id=scheduled.id)
    return moved


def rename(session: Session, scheduled: ScheduledSession, slug: str, *, actor: Actor) -> None:
    """Give a session another address; the old one leads to it for good."""
    if slug == scheduled.slug:
        return
    _check_slug(session, slug)
    before = audit.snapshot(scheduled)
    session.add(SlugHistory(kind="session", slug=scheduled.slug, thing_id=scheduled.id, ended_at=clock.now()))
    scheduled.slug = slug
    scheduled.demo_key = None
    session.flush()
    audit.record(
        session, actor, "session.rename", "session", scheduled.id, before=before, after=audit.snapshot(scheduled)
    )


def announce(session: Session, scheduled: ScheduledSession, *, actor: Actor) -> None:
    """From draft to scheduled: the session is listed and people can register."""
    if scheduled.state != "draft":
        return
    if scheduled.ends_at <= clock.now():
        raise Invalid(N_("This session is over already. Give it a time to come."), field="date")
    if not hosts(session, scheduled):
        raise Invalid(N_("Choose at least one host: nobody else can open the room."), field="hosts")
    if scheduled.kind == "guided_tour" and not scheduled.sites:
        raise Invalid(N_("Choose at least one site: a guided tour needs a place to go."), field="sites")
    _to(session, scheduled, "scheduled", actor)


def cancel(session: Session, scheduled: ScheduledSession, words: str, *, seen_revision: int, actor: Actor) -> None:
    """Call a session off; everybody who registered is told, with ``words`` (at most 1,000 characters) if there are any.

    Raises :class:`Conflict` when it was changed since ``seen_revision``, or is over, or called off already.
    """
    scheduled = lock(session, scheduled.id)
    words = words.replace("\r\n", "\n").strip()
    if len(words) > CANCEL_WORDS:
        raise Invalid(
            N_("The message has %(length)s characters; %(limit)s fit."),
            field="words",
            length=len(words),
            limit=CANCEL_WORDS,
        )
    if scheduled.state not in ("scheduled", "live"):
        raise Conflict(N_("Only a session that is announced and not over can be called off."))
    if scheduled.revision != seen_revision:
        raise Conflict(
            N_("Somebody changed this session after you opened it. Look at it again before you call it off.")
        )
    scheduled.cancelled_words = words
    scheduled.demo_key = None
    _to(session, scheduled, "cancelled", actor)


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
    known = set(session.scalars(select(User.id).where(User.id.in_(user_ids), User.active)))
    before, after = hosts(session, scheduled), [user_id for user_id in dict.fromkeys(user_ids) if user_id in known]
    if not after and scheduled.state in ("scheduled", "live"):
        raise Invalid(N_("Choose at least one host: nobody else can open the room."), field="hosts")
    changed = sorted(set(before) ^ set(after))
    if not changed:
        return
    for user_id in changed:
        subject = Actor("user", user_id)
        if user_id in after:
            rights.grant(session, subject, "host", "session", scheduled.id, by=actor)
        else:
            rights.withdraw(session, subject, "host", "session", scheduled.id, by=actor)
    scheduled.demo_key = None if actor.kind == "user" else scheduled.demo_key
    audit.record(session, actor, "session.hosts", "session", scheduled.id, before=before, after=after)
    for user_id in changed:
        signals.grants_changed.send(session, user_id=user_id)


def hosts(session: Session, scheduled: ScheduledSession) -> list[str]:
    """Ids of the session's hosts."""
    return rights.users_with(session, "host", "session", scheduled.id)


def move(session: Session, scheduled: ScheduledSession, starts_at: datetime) -> None:
    """Put a demo session that nobody edited to another moment; leaves its revision alone."""
    if starts_at == scheduled.starts_at:
        return
    before = audit.snapshot(scheduled)
    scheduled.starts_at = starts_at
    scheduled.local_start = clock.local(starts_at, scheduled.zone).replace(tzinfo=None, fold=0)
    scheduled.tzdata_version = clock.TZDATA_VERSION
    session.flush()
    audit.record(
        session, SYSTEM, "session.move", "session", scheduled.id, before=before, after=audit.snapshot(scheduled)
    )
    signals.session_changed.send(session, session_id=scheduled.id)


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
    """A free ASCII address made from the English title; addresses that were ever used are never given again."""
    words = title.get("en") or title.get("sv") or ""
    base = re.sub(r"[^a-z0-9]+", "-", fold(words)).strip("-")[:60].strip("-") or "session"
    slug, number = base, 2
    while _taken(session, slug):
        slug, number = f"{base}-{number}", number + 1
    return slug


def _check_slug(session: Session, slug: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 80:
        raise Invalid(N_("An address has small letters, digits and single hyphens only."), field="slug")
    if _taken(session, slug):
        raise Invalid(N_("This address is or was used by another session. Choose another."), field="slug")


def _taken(session: Session, slug: str) -> bool:
    used = session.scalar(select(ScheduledSession.id).where(ScheduledSession.slug == slug))
    return used is not None or session.scalar(select(SlugHistory.id).where(SlugHistory.slug == slug)) is not None


def as_form(scheduled: ScheduledSession) -> dict[str, Any]:
    """A session's values under the names of the form's fields."""
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
        "sites": [entry.site_id for entry in scheduled.sites],
        "slug": scheduled.slug,
    }
