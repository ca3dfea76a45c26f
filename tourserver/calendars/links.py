"""Links that open a web calendar with the entry filled in.

The second choice, shown as such: such a copy does not follow changes, as it knows neither UID nor organiser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, urlencode

from tourserver.calendars.objects import Invitation
from tourserver.calendars.wording import describe
from tourserver.mail.addresses import web_address
from tourserver.mail.plain import one_line, several_lines, shorten

LONGEST = 1999
"""Characters; longer addresses are cut by some proxies and mail programs."""


@dataclass(frozen=True, slots=True)
class DeepLink:
    """One service's link; ``label`` is its name, the same in all languages."""

    service: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    text: str
    place: str
    start: datetime
    end: datetime


def deep_links(invitation: Invitation) -> tuple[DeepLink, ...]:
    """Google, Outlook (private and work accounts have a host each) and Yahoo; all under 2,000 characters."""
    services: tuple[tuple[str, str, Callable[[_Entry], str]], ...] = (
        ("google", "Google Calendar", _google),
        ("outlook", "Outlook.com", partial(_outlook, "live")),
        ("office", "Microsoft 365", partial(_outlook, "office")),
        ("yahoo", "Yahoo", _yahoo),
    )
    return tuple(DeepLink(service, label, _fit(address, invitation)) for service, label, address in services)


def _fit(address: Callable[[_Entry], str], invitation: Invitation) -> str:
    """The first of ever shorter forms that is short enough; the link to join is never cut."""
    url = ""
    for summary, title in ((2000, 200), (400, 200), (150, 100), (60, 60), (0, 30)):
        url = address(_entry(invitation, summary, title))
        if len(url) <= LONGEST:
            break
    return url


def _entry(invitation: Invitation, summary: int, title: int) -> _Entry:
    join = web_address(invitation.join_url)
    lines = describe(
        join_url=join,
        description=shorten(several_lines(invitation.description), summary) if summary else "",
        url=web_address(invitation.url) if invitation.url and summary else "",
        sound_url=one_line(invitation.sound_url),
        contact=one_line(f"{invitation.contact_name} {invitation.contact_email}") if summary else "",
        personal=invitation.personal,
        lang=invitation.language,
    )
    return _Entry(
        title=shorten(one_line(invitation.title), title),
        text="\n".join(lines),
        place=join,
        start=invitation.starts_at.astimezone(UTC),
        end=invitation.ends_at.astimezone(UTC),
    )


def _google(entry: _Entry) -> str:
    return _address(
        "https://calendar.google.com/calendar/render",
        action="TEMPLATE",
        text=entry.title,
        dates=f"{_basic(entry.start)}/{_basic(entry.end)}",
        details=entry.text,
        location=entry.place,
    )


def _outlook(host: str, entry: _Entry) -> str:
    # not …/deeplink/compose: that path failed for months, and it shows spaces as plus signs
    return _address(
        f"https://outlook.{host}.com/calendar/action/compose",
        rru="addevent",
        allday="false",
        subject=entry.title,
        startdt=entry.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        enddt=entry.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        body=entry.text,
        location=entry.place,
    )


def _yahoo(entry: _Entry) -> str:
    return _address(
        "https://calendar.yahoo.com/",
        v="60",
        title=entry.title,
        st=_basic(entry.start),
        et=_basic(entry.end),
        desc=entry.text,
        in_loc=entry.place,
    )


def _basic(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _address(base: str, **values: str) -> str:
    return f"{base}?{urlencode(values, quote_via=quote, safe='')}"
