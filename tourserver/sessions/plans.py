"""What staff decide about a session, and the rules that it must hold to.

A time is a wall time in a zone; UTC follows from it by the zone's rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from tourserver.core import clock
from tourserver.core.db import Texts
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.people.emails import normalise
from tourserver.people.names import one_line

KINDS = ("webinar", "guided_tour")
TITLE_LENGTH, SUMMARY_LENGTH = 200, 2000
YEARS = range(2000, 2101)


@dataclass(kw_only=True)
class Plan:
    """A session's values. Texts and lines are cleaned when it is made."""

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
    """Seats; None is no limit."""
    visibility: str = "public"
    sound_url: str = ""
    contact_name: str = ""
    contact_email: str = ""
    site_ids: list[str] = field(default_factory=list)
    """The sites shown, in order."""

    def __post_init__(self) -> None:
        lines = {lang: one_line(text, len(text)) for lang, text in self.title.items()}
        self.title = {lang: text for lang, text in lines.items() if text}
        self.summary = {lang: text.strip() for lang, text in self.summary.items() if text.strip()}
        self.contact_name = one_line(self.contact_name, 120)
        self.contact_email = self.contact_email.strip()
        self.sound_url = self.sound_url.strip()


def check(plan: Plan) -> datetime:
    """The UTC start of a plan; raises :class:`Invalid` with the field that is wrong."""
    if plan.kind not in KINDS:
        raise Invalid(N_("Choose what kind of session it is."), field="kind")
    if not plan.title:
        raise Invalid(N_("Give the session a title in at least one language."), field="title")
    if any(len(text) > TITLE_LENGTH for text in plan.title.values()):
        raise Invalid(N_("A title has at most %(count)s characters."), field="title", count=TITLE_LENGTH)
    if any(len(text) > SUMMARY_LENGTH for text in plan.summary.values()):
        raise Invalid(N_("The summary has at most %(count)s characters."), field="summary", count=SUMMARY_LENGTH)
    if not plan.languages:
        raise Invalid(N_("Choose at least one language that is spoken."), field="languages")
    if plan.visibility not in ("public", "unlisted"):
        raise Invalid(N_("Choose who can find the session."), field="visibility")
    if not 5 <= plan.duration_minutes <= 720:
        raise Invalid(N_("A session takes between 5 minutes and 12 hours."), field="duration_minutes")
    if plan.capacity is not None and not 1 <= plan.capacity <= 100_000:
        raise Invalid(N_("Leave the seats empty for no limit, or enter at least 1."), field="capacity")
    if not is_web_address(plan.sound_url):
        raise Invalid(N_("The sound link must be a web address that begins with https://."), field="sound_url")
    if plan.contact_email:
        _check_contact(plan.contact_email)
    return start(plan)


def refuse_past(starts_at: datetime) -> None:
    """Raise :class:`Invalid` for a start that has passed."""
    if starts_at <= clock.now():
        raise Invalid(N_("This time has passed. Choose one to come."), field="date")


def start(plan: Plan) -> datetime:
    """The UTC start. Refuses a wall time that the clocks skip, asks which one where it happens twice."""
    if plan.local_start.year not in YEARS:
        raise Invalid(N_("Check the year."), field="date")
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


def is_web_address(url: str) -> bool:
    """An http(s) address with a host, without spaces and without a password in it; empty is fine too."""
    if not url:
        return True
    try:
        parts = urlsplit(url)
        host, login = parts.hostname, parts.username or parts.password
    except ValueError:
        return False
    clean = url.isprintable() and " " not in url and "\\" not in url and len(url) <= 500
    return clean and parts.scheme in ("http", "https") and bool(host) and not login


def _check_contact(address: str) -> None:
    try:
        normalise(address)
    except Invalid as error:
        raise Invalid(error.message, field="contact_email") from error
