"""The session's form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TimeField,
    URLField,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from tourserver.core import clock
from tourserver.core.forms import TextsField
from tourserver.core.i18n import LANGUAGES, NATIVE_NAMES
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession
from tourserver.sessions.schedule import Plan
from tourserver.sites.models import Site


class _Ticks(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SessionForm(FlaskForm):
    """What, when, where to listen, who leads."""

    revision = HiddenField(default="0")
    kind = RadioField(
        _l("Kind"),
        [DataRequired()],
        choices=[("guided_tour", _l("Guided tour")), ("webinar", _l("Webinar"))],
        default="guided_tour",
    )
    title = TextsField(_l("Title"), required=True)
    summary = TextsField(_l("What people will see and learn"), lines=True)
    languages = _Ticks(_l("Languages spoken"), choices=[(code, NATIVE_NAMES[code]) for code in LANGUAGES])
    date = DateField(_l("Date"), [InputRequired()])
    time = TimeField(_l("Start"), [InputRequired()])
    zone = StringField(_l("Time zone"), [DataRequired(), Length(max=80)], default=clock.SWEDEN)
    fold = RadioField(
        _l("The clocks go back that night: which of the two?"),
        [Optional()],
        choices=[("0", _l("The first (summer time)")), ("1", _l("The second (winter time)"))],
    )
    duration_minutes = IntegerField(_l("Minutes"), [InputRequired(), NumberRange(5, 720)], default=60)
    sites = _Ticks(_l("Sites shown"))
    site_order = StringField(_l("Order of the sites"), [Optional(), Length(max=2000)])
    hosts = _Ticks(_l("Hosts: they open the room, guide and moderate"))
    sound_url = URLField(_l("Link to the sound (any meeting service)"), [Optional(), Length(max=500)])
    capacity = IntegerField(_l("Seats"), [Optional(), NumberRange(1, 100_000)])
    visibility = RadioField(
        _l("Who finds it"),
        choices=[("public", _l("Everybody: it is listed")), ("unlisted", _l("Only people who have the address"))],
        default="public",
    )
    contact_name = StringField(_l("Contact"), [Length(max=120)])
    contact_email = EmailField(_l("Contact's e-mail"), [Optional(), Email(), Length(max=254)])

    def offer(self, sites: list[Site], users: list[User], label: Any) -> None:
        """Fill the choices."""
        self.sites.choices = [(site.slug, label(site.name)) for site in sites]
        self.hosts.choices = [(user.id, user.name or user.email) for user in users]

    def fill(self, scheduled: ScheduledSession, hosts: list[str]) -> None:
        """Show a session as it is."""
        self.revision.data = str(scheduled.revision)
        self.date.data = scheduled.local_start.date()
        self.time.data = scheduled.local_start.time()
        if clock.is_ambiguous(scheduled.local_start, scheduled.zone):
            first = clock.to_utc(scheduled.local_start, scheduled.zone)
            self.fold.data = "0" if scheduled.starts_at == first else "1"
        self.sites.data = [entry.site.slug for entry in scheduled.sites]
        self.site_order.data = ", ".join(entry.site.slug for entry in scheduled.sites)
        self.hosts.data = hosts

    def plan(self, sites: list[Site]) -> Plan:
        """For the rules."""
        ids = {site.slug: site.id for site in sites}
        return Plan(
            kind=self.kind.data,
            title=self.title.texts,
            summary=self.summary.texts,
            languages=list(self.languages.data or []),
            local_start=datetime.combine(self.date.data, self.time.data),
            zone=self.zone.data.strip(),
            fold=int(self.fold.data) if self.fold.data in ("0", "1") else None,
            duration_minutes=self.duration_minutes.data,
            capacity=self.capacity.data,
            visibility=self.visibility.data,
            sound_url=(self.sound_url.data or "").strip(),
            contact_name=(self.contact_name.data or "").strip(),
            contact_email=(self.contact_email.data or "").strip(),
            site_ids=[ids[slug] for slug in self._ordered_sites() if slug in ids],
        )

    def _ordered_sites(self) -> list[str]:
        """Ticked sites, first those that the order names."""
        ticked = list(self.sites.data or [])
        named = [slug.strip() for slug in (self.site_order.data or "").split(",")]
        return [slug for slug in named if slug in ticked] + [slug for slug in ticked if slug not in named]
