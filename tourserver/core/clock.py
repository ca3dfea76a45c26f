"""The one source of now, of time zones and of their offsets.

Zone rules come from the pinned ``tzdata`` package and never from the machine: system copies are stale more
often than not, and a wrong rule moves a session by an hour.
"""

from __future__ import annotations

import importlib.metadata
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tourserver.core.errors import Invalid
from tourserver.core.messages import N_

zoneinfo.reset_tzpath(())

SWEDEN = "Europe/Stockholm"
TZDATA_VERSION = importlib.metadata.version("tzdata")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC, as browsers count."""
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All IANA zone names of the pinned tzdata."""
    return frozenset(zoneinfo.available_timezones())


def zone(name: str) -> ZoneInfo:
    """The IANA zone called ``name``; raises :class:`Invalid` when there is none."""
    if name not in zone_names():
        raise Invalid(N_("There is no time zone “%(zone)s”. Choose one from the list."), field="zone", zone=name)
    return ZoneInfo(name)


def to_utc(local: datetime, zone_name: str, *, fold: int = 0) -> datetime:
    """The UTC moment of a naive wall time in a zone.

    A wall time that the clocks skip (02:30 on the night summer time starts) raises :class:`Invalid`; one that
    happens twice is taken as the first unless ``fold`` is 1.
    """
    if local.tzinfo is not None:
        raise ValueError("a local wall time has no tzinfo")
    aware = local.replace(tzinfo=zone(zone_name), fold=fold)
    utc = aware.astimezone(UTC)
    if utc.astimezone(zone(zone_name)).replace(tzinfo=None) != local:
        raise Invalid(
            N_(
                "%(time)s does not exist in %(zone)s: the clocks go forward that night. "
                "Choose a time before or after the change."
            ),
            field="local_start",
            time=local.strftime("%Y-%m-%d %H:%M"),
            zone=zone_name,
        )
    return utc


def is_ambiguous(local: datetime, zone_name: str) -> bool:
    """True when the wall time happens twice, in the night that the clocks go back."""
    first = local.replace(tzinfo=zone(zone_name), fold=0)
    second = local.replace(tzinfo=zone(zone_name), fold=1)
    return first.utcoffset() != second.utcoffset() and first.astimezone(UTC) < second.astimezone(UTC)


def local(moment: datetime, zone_name: str) -> datetime:
    """``moment`` (aware) as wall time in a zone."""
    return moment.astimezone(zone(zone_name))


def offset_label(moment: datetime, zone_name: str) -> str:
    """The zone's offset at that moment as people write it: ``UTC+1``, ``UTC−3:30``, ``UTC``."""
    offset = local(moment, zone_name).utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds() // 60)
    if minutes == 0:
        return "UTC"
    sign = "+" if minutes > 0 else "−"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def place_label(zone_name: str) -> str:
    """The place part of a zone name: ``America/Argentina/Salta`` → ``Salta``."""
    return zone_name.rsplit("/", 1)[-1].replace("_", " ")
