"""Times as mails write them: in the recipient's zone by name with its offset, and in Sweden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date, format_time

from tourserver.core import clock
from tourserver.mail.catalogues import catalogue, language

# day before month, as everywhere but in the United States
_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class When:
    """A span of time in one zone: ``day`` and ``times`` for people; ``place`` and ``zone`` say whose."""

    day: str
    times: str
    place: str
    zone: str
    offset: str


def spans(starts_at: datetime, ends_at: datetime, zone_name: str, lang: str) -> list[When]:
    """The span in the recipient's zone and, when that is another, in Sweden; an unknown zone is Swedish."""
    own = zone_name if zone_name in clock.zone_names() else clock.SWEDEN
    names = [own] if own == clock.SWEDEN else [own, clock.SWEDEN]
    return [_span(starts_at, ends_at, name, lang) for name in names]


def _span(starts_at: datetime, ends_at: datetime, zone_name: str, lang: str) -> When:
    start, end = clock.local(starts_at, zone_name), clock.local(ends_at, zone_name)
    locale = _LOCALES.get(language(lang), language(lang))
    until = format_time(end.replace(tzinfo=None), "HH:mm", locale=locale)
    if end.date() != start.date():
        until = f"{format_date(end, 'long', locale=locale)}, {until}"
    place = catalogue(lang).gettext("Sweden") if zone_name == clock.SWEDEN else clock.place_label(zone_name)
    return When(
        day=format_date(start, "full", locale=locale),
        times=f"{format_time(start.replace(tzinfo=None), 'HH:mm', locale=locale)}–{until}",
        place=place,
        zone=zone_name,
        offset=clock.offset_label(starts_at, zone_name),
    )
