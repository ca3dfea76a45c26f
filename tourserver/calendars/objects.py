"""iCalendar objects of one person's part in one session: invitation, cancellation, file to download.

Pure functions of plain values: the same values give the same bytes. Times are written in UTC and nothing
else: with time zones in the file, half of the calendar programs use their own stale rules, an hour wrong.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from tourserver.calendars.wording import describe, describe_html
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.mail.addresses import mailto, web_address
from tourserver.mail.plain import one_line, several_lines

PRODID = "-//Smart City Sweden//Tourserver//EN"
MIME_TYPE = "text/calendar; charset=utf-8"
REMIND_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """All that an entry says. ``sequence`` and ``stamped_at`` change together, at each mailed change.

    ``personal``: the link to join lets in this person; otherwise it is one that anybody may have.
    """

    uid: str
    sequence: int
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    join_url: str
    organiser_name: str
    organiser_email: str
    attendee_name: str
    attendee_email: str
    language: str = "en"
    description: str = ""
    url: str = ""
    sound_url: str = ""
    contact_name: str = ""
    contact_email: str = ""
    personal: bool = True
    cancelled: bool = False


def new_uid(domain: str) -> str:
    """A UID for a new registration: random, so that it tells nothing about the person; ``domain`` is ours."""
    return f"{uuid.uuid4()}@{domain}"


def request(invitation: Invitation) -> bytes:
    """The invitation and each update of it, to be mailed (METHOD:REQUEST).

    Raises :class:`Invalid` for the organiser's own address: calendar programs take an entry whose attendee is
    its organiser for a meeting that the person called, and show no way to accept it.
    """
    event = _event(invitation)
    _add_details(event, invitation)
    event.add("status", "CONFIRMED")
    event.add_component(_alarm(invitation))
    event["attendee"] = _attendee(invitation)
    return _calendar("REQUEST", event)


def cancel(invitation: Invitation, *, withdrawn: bool = False) -> bytes:
    """Takes the entry out of the person's calendar again, to be mailed (METHOD:CANCEL).

    ``invitation`` has the next ``sequence``. With ``withdrawn`` only this person leaves a session that is
    held: STATUS is then left out (RFC 5546 3.2.5), as the event itself is not cancelled.
    """
    event = _event(invitation)
    if not withdrawn:
        event.add("status", "CANCELLED")
    event["attendee"] = _attendee(invitation)
    return _calendar("CANCEL", event)


def download(invitation: Invitation) -> bytes:
    """The same entry as a file to take into a calendar by hand (METHOD:PUBLISH).

    Not REQUEST: nobody answers a file, and calendar programs ask "accept?" or refuse when the reader's
    account is not the attendee. PUBLISH forbids ATTENDEE (RFC 5546 3.2.1). UID and SEQUENCE are those of the
    mailed invitation, so that taking both leaves one entry, and a later update finds it.
    """
    event = _event(invitation)
    _add_details(event, invitation)
    event.add("status", "CANCELLED" if invitation.cancelled else "CONFIRMED")
    if not invitation.cancelled:
        event.add_component(_alarm(invitation))
    return _calendar("PUBLISH", event)


def etag(content: bytes) -> str:
    """A strong entity tag for the bytes of a file, without its quotes."""
    return hashlib.sha256(content).hexdigest()[:32]


def _event(invitation: Invitation) -> Event:
    event = Event()
    event.add("uid", one_line(invitation.uid))
    event.add("dtstamp", _utc(invitation.stamped_at))
    event.add("sequence", invitation.sequence)
    event.add("dtstart", _utc(invitation.starts_at))
    event.add("dtend", _utc(invitation.ends_at))
    event.add("summary", one_line(invitation.title))
    organiser = vCalAddress(mailto(invitation.organiser_email))
    _name(organiser, invitation.organiser_name)
    event["organizer"] = organiser
    return event


def _add_details(event: Event, invitation: Invitation) -> None:
    join = web_address(invitation.join_url)
    words = describe(
        join_url=join,
        description=several_lines(invitation.description),
        url=web_address(invitation.url) if invitation.url else "",
        sound_url=one_line(invitation.sound_url),
        contact=one_line(f"{invitation.contact_name} {invitation.contact_email}"),
        personal=invitation.personal,
        lang=invitation.language,
    )
    event.add("location", join)
    event.add("description", "\n".join(words))
    # as TEXT, escaped: add() would leave the value of a property that it doesn't know as it is
    event["x-alt-desc"] = vText(describe_html(words), params={"FMTTYPE": "text/html"})
    event.add("conference", join, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    if invitation.url:
        event.add("url", web_address(invitation.url))
    event.add("transp", "OPAQUE")


def _alarm(invitation: Invitation) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one_line(invitation.title))
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm


def _attendee(invitation: Invitation) -> vCalAddress:
    if invitation.attendee_email.casefold() == invitation.organiser_email.casefold():
        raise Invalid(
            N_("%(address)s sends the invitations, so it can't be invited. Use another address."),
            field="email",
            address=invitation.attendee_email,
        )
    attendee = vCalAddress(mailto(invitation.attendee_email))
    _name(attendee, invitation.attendee_name)
    attendee.params.update(CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="TRUE")
    return attendee


def _name(address: vCalAddress, name: str) -> None:
    # a quote can't stand in a parameter, and its escape (RFC 6868) is shown raw by most programs
    cleaned = one_line(name).replace('"', "'").replace("^", "")
    if cleaned:
        address.params["CN"] = cleaned


def _calendar(method: str, event: Event) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).replace(microsecond=0)
