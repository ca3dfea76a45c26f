"""The session's form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from tourserver.core import clock
from tourserver.core.db import Texts
from tourserver.core.forms import RevisionField, TextsField
from tourserver.core.i18n import LANGUAGES, NATIVE_NAMES
from tourserver.people.models import User
from tourserver.sessions.models import ScheduledSession
from tourserver.sessions.plans import Plan
from tourserver.sessions.schedule import CANCEL_WORDS
from tourserver.sites.models import Site

FREE_PLACES = 3
"""Empty choices of a site at the end of the list; saving shows new ones."""


class _Ticks(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SessionForm(FlaskForm):
    """What, when, where to listen, who leads."""

    revision = RevisionField()
    kind = RadioField(
        _l("Kind"),
        [DataRequired()],
        choices=[SelectChoice("guided_tour", _l("Guided tour")), SelectChoice("webinar", _l("Webinar"))],
        default="guided_tour",
    )
    title = TextsField(_l("Title"), required=True)
    summary = TextsField(_l("What people will see and learn"), lines=True)
    slug = StringField(_l("Address of its page"), [Optional(), Length(max=80)])
    languages = _Ticks(_l("Languages spoken"), choices=[SelectChoice(code, NATIVE_NAMES[code]) for code in LANGUAGES])
    date = DateField(_l("Date"), [InputRequired()])
    time = TimeField(_l("Start"), [InputRequired()])
    zone = StringField(_l("Time zone"), [DataRequired(), Length(max=80)], default=clock.SWEDEN)
    fold = RadioField(
        _l("The clocks go back that night: which of the two?"),
        [Optional()],
        choices=[SelectChoice("0", _l("The first (summer time)")), SelectChoice("1", _l("The second (winter time)"))],
    )
    duration_minutes = IntegerField(_l("Minutes"), [InputRequired(), NumberRange(5, 720)], default=60)
    sites = FieldList(SelectField(_l("Site")), _l("Sites shown, in order"), max_entries=40)
    hosts = _Ticks(_l("Hosts: they open the room, guide and moderate"))
    sound_url = URLField(_l("Link to the sound (any meeting service)"), [Optional(), Length(max=500)])
    capacity = IntegerField(_l("Seats"), [Optional(), NumberRange(1, 100_000)])
    visibility = RadioField(
        _l("Who finds it"),
        choices=[
            SelectChoice("public", _l("Everybody: it is listed")),
            SelectChoice("unlisted", _l("Only people who have the address")),
        ],
        default="public",
    )
    contact_name = StringField(_l("Contact"), [Length(max=120)])
    contact_email = EmailField(_l("Contact's e-mail"), [Optional(), Length(max=254)])

    def offer(self, sites: list[Site], users: list[User], label: Callable[[Texts], str]) -> None:
        """Fill the choices; ends with free places for further sites when the form is shown and not sent."""
        if not self.is_submitted():
            for _ in range(FREE_PLACES):
                self.sites.append_entry("")
        for entry in self.sites:
            entry.choices = [SelectChoice("", "–"), *(SelectChoice(site.id, label(site.name)) for site in sites)]
        self.hosts.choices = [SelectChoice(user.id, user.name or user.email) for user in users]

    def fill(self, scheduled: ScheduledSession, hosts: list[str]) -> None:
        """Show what isn't a column: the start in parts, the revision, the hosts."""
        self.revision.data = str(scheduled.revision)
        self.date.data = scheduled.local_start.date()
        self.time.data = scheduled.local_start.time()
        if clock.is_ambiguous(scheduled.local_start, scheduled.zone):
            first = clock.to_utc(scheduled.local_start, scheduled.zone)
            self.fold.data = "0" if scheduled.starts_at == first else "1"
        self.hosts.data = hosts

    @property
    def seen_revision(self) -> int:
        """The revision that the form was opened with; 0, which never fits, when that was tampered with."""
        text: str = self.revision.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0

    def plan(self) -> Plan:
        """For the rules."""
        return Plan(
            kind=self.kind.data,
            title=self.title.texts,
            summary=self.summary.texts,
            languages=list(self.languages.data or []),
            local_start=datetime.combine(self.date.data, self.time.data),
            zone=_zone(self.zone.data),
            fold=int(self.fold.data) if self.fold.data in ("0", "1") else None,
            duration_minutes=self.duration_minutes.data,
            capacity=self.capacity.data,
            visibility=self.visibility.data,
            sound_url=self.sound_url.data or "",
            contact_name=self.contact_name.data or "",
            contact_email=self.contact_email.data or "",
            site_ids=[site_id for site_id in self.sites.data if site_id],
        )


class CancelForm(FlaskForm):
    """Calling a session off."""

    revision = RevisionField()
    words = TextAreaField(_l("What you want to say to those who registered"), [Optional(), Length(max=CANCEL_WORDS)])
    sure = BooleanField(_l("Call it off: everybody who registered is told at once"), [DataRequired()])

    @property
    def seen_revision(self) -> int:
        """See :class:`SessionForm`."""
        text: str = self.revision.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def _zone(typed: str) -> str:
    """A zone's name as IANA writes it, found without its capitals and by its place alone: “nairobi”."""
    wanted = typed.strip().replace(" ", "_").casefold()
    names = {name.casefold(): name for name in clock.zone_names()}
    places: dict[str, list[str]] = {}
    for name in clock.zone_names():
        places.setdefault(name.rsplit("/", 1)[-1].casefold(), []).append(name)
    by_place = places.get(wanted, [])
    return names.get(wanted) or (by_place[0] if len(by_place) == 1 else typed.strip())
