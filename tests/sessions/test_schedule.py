"""The rules of sessions, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import make_site, make_user
from tourserver.core import clock, rights, signals
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.core.signals import Signal
from tourserver.sessions import listing, schedule
from tourserver.sessions.models import ScheduledSession
from tourserver.sessions.plans import Plan

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
STAFF = Actor("user", "somebody")


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def plan(**values: Any) -> Plan:
    standard: dict[str, Any] = {
        "kind": "webinar",
        "title": {"en": "Heat from the harbour", "sv": "Värme från hamnen"},
        "local_start": datetime(2026, 12, 10, 15, 0),
    }
    return Plan(**{**standard, **values})


# --- times ------------------------------------------------------------------------------------------------------


def test_a_session_keeps_its_wall_time_its_zone_the_moment_and_the_rules_version(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF).id
    with services.db.read() as session:
        found = session.get_one(ScheduledSession, made)
        assert found.local_start == datetime(2026, 12, 10, 15, 0)
        assert found.zone == "Europe/Stockholm"
        assert found.starts_at == datetime(2026, 12, 10, 14, 0, tzinfo=UTC)
        assert found.tzdata_version == clock.TZDATA_VERSION
        assert (found.state, found.revision, found.demo_key) == ("draft", 1, None)


def test_a_time_that_the_clocks_skip_is_refused_with_the_reason(services: Services) -> None:
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        schedule.create(session, plan(local_start=datetime(2027, 3, 28, 2, 30)), actor=STAFF)
    assert caught.value.field == "time"
    assert caught.value.text == (
        "2027-03-28 02:30 does not exist in Europe/Stockholm: the clocks go forward that night. "
        "Choose a time before or after the change."
    )


def test_a_time_that_happens_twice_is_asked_about_and_then_taken(services: Services) -> None:
    twice = plan(local_start=datetime(2027, 10, 31, 2, 30))
    with services.db.write() as session:
        with pytest.raises(Invalid) as caught:
            schedule.create(session, twice, actor=STAFF)
        assert (caught.value.field, caught.value.code) == ("fold", "ambiguous_time")
        assert caught.value.text == (
            "2027-10-31 02:30 happens twice in Europe/Stockholm: the clocks go back that night. "
            "Choose the first or the second."
        )
        starts = [schedule.create(session, replace(twice, fold=fold), actor=STAFF).starts_at for fold in (0, 1)]
    assert starts == [datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1)]


def test_a_session_in_the_past_is_refused(services: Services) -> None:
    with services.db.write() as session:
        with pytest.raises(Invalid, match="This time has passed") as caught:
            schedule.create(session, plan(local_start=datetime(2026, 11, 25, 13, 0)), actor=STAFF)
        assert caught.value.field == "date"
        schedule.create(session, plan(local_start=datetime(2026, 11, 25, 13, 1)), actor=STAFF)


def test_a_record_of_what_has_been_may_be_in_the_past(services: Services) -> None:
    with services.db.write() as session:
        was = plan(local_start=datetime(2026, 10, 1, 13, 0))
        made = schedule.create(session, was, actor=SYSTEM, may_be_past=True)
        schedule.record_as_ended(session, made, actor=SYSTEM)
        assert (made.state, made.ended_at) == ("ended", made.ends_at)


# --- what a plan must hold to -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "party"}, "kind"),
        ({"title": {}}, "title"),
        ({"title": {"en": " \r\n"}}, "title"),
        ({"title": {"sv": "x" * 201}}, "title"),
        ({"summary": {"en": "x" * 2001}}, "summary"),
        ({"languages": []}, "languages"),
        ({"visibility": "secret"}, "visibility"),
        ({"duration_minutes": 4}, "duration_minutes"),
        ({"duration_minutes": 721}, "duration_minutes"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 100_001}, "capacity"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"local_start": datetime(1, 1, 1)}, "date"),
        ({"local_start": datetime(9999, 12, 31, 23, 59), "zone": "America/Bogota"}, "date"),
        ({"contact_email": "somewhere"}, "contact_email"),
        ({"sound_url": "javascript:alert(1)"}, "sound_url"),
        ({"sound_url": "ftp://example.org/x"}, "sound_url"),
        ({"sound_url": "https://"}, "sound_url"),
        ({"sound_url": "https://user:secret@example.org/"}, "sound_url"),
        ({"sound_url": "https://example.org/a b"}, "sound_url"),
        ({"sound_url": "https://[::1"}, "sound_url"),
        ({"sound_url": "https://example.org/\nX-Evil: 1"}, "sound_url"),
        ({"sound_url": "https://example.org/" + "x" * 500}, "sound_url"),
    ],
)
def test_what_a_session_cannot_be_is_refused_with_its_field(
    services: Services, values: dict[str, Any], field: str
) -> None:
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        schedule.create(session, plan(**values), actor=STAFF)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "url", ["", "https://meet.example.org/room?x=1#y", "http://192.0.2.1:8080/", " https://a.example "]
)
def test_any_meeting_services_address_is_taken(services: Services, url: str) -> None:
    with services.db.write() as session:
        assert schedule.create(session, plan(sound_url=url), actor=STAFF).sound_url == url.strip()


def test_titles_and_names_are_kept_as_one_clean_line(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(
            session,
            plan(title={"en": " Heat\r\nBcc: all ", "sv": ""}, contact_name="Anna\nBerg", summary={"en": "\n"}),
            actor=STAFF,
        )
        assert (made.title, made.contact_name, made.summary) == ({"en": "Heat Bcc: all"}, "Anna Berg", {})


def test_sites_are_shown_in_the_order_given_each_once(services: Services) -> None:
    with services.db.write() as session:
        sites = [make_site(session) for _ in range(3)]
        wanted = [sites[2].id, sites[0].id, sites[2].id, "unknown"]
        made = schedule.create(session, plan(site_ids=wanted), actor=STAFF)
        assert [entry.site_id for entry in made.sites] == [sites[2].id, sites[0].id]
        again = replace(plan(), site_ids=[sites[0].id, sites[1].id, sites[2].id])
        schedule.change(session, made, again, seen_revision=1, actor=STAFF)
        made_id = made.id
    with services.db.read() as session:
        found = session.get_one(ScheduledSession, made_id)
        assert [entry.site_id for entry in found.sites] == [site.id for site in sites]


# --- addresses --------------------------------------------------------------------------------------------------


def test_the_address_is_made_of_the_english_title_and_never_given_twice(services: Services) -> None:
    with services.db.write() as session:
        slugs = [schedule.create(session, plan(), actor=STAFF).slug for _ in range(3)]
        assert slugs == ["heat-from-the-harbour", "heat-from-the-harbour-2", "heat-from-the-harbour-3"]
        assert schedule.create(session, plan(title={"sv": "Åk över ön"}), actor=STAFF).slug == "ak-over-on"
        assert schedule.create(session, plan(title={"zh_Hans": "港口"}), actor=STAFF).slug == "session"


def test_an_old_address_leads_to_the_session_and_is_not_given_again(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        schedule.rename(session, made, "harbour-heat", actor=STAFF)
        schedule.rename(session, made, "harbour-heat", actor=STAFF)
        found = listing.renamed(session, "heat-from-the-harbour")
        assert found is made
        assert schedule.create(session, plan(), actor=STAFF).slug == "heat-from-the-harbour-2"
        for bad in ("heat-from-the-harbour", "harbour-heat-", "Hafen", "å", "a--b", "x" * 81):
            with pytest.raises(Invalid) as caught:
                schedule.rename(session, made, bad, actor=STAFF)
            assert caught.value.field == "slug"


# --- changes ----------------------------------------------------------------------------------------------------


def test_a_change_counts_the_revision_announces_itself_and_ends_the_demos_care(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def listen(_session: object, session_id: str) -> None:
        heard.append(session_id)

    monkeypatch.setattr(signals, "session_changed", Signal("session_changed"))
    signals.session_changed.connect(listen)
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=SYSTEM)
        made.demo_key = "live"
        moved = schedule.change(session, made, plan(title={"en": "New"}), seen_revision=1, actor=STAFF)
        assert not moved
        assert (made.revision, made.slug) == (2, "heat-from-the-harbour")
        assert not made.demo_key
        later = plan(local_start=datetime(2026, 12, 10, 16, 0))
        assert schedule.change(session, made, later, seen_revision=2, actor=STAFF)
        assert made.id in heard
        verbs = list(session.scalars(select(Audit.verb).where(Audit.thing_id == made.id).order_by(Audit.id)))
        assert verbs == ["session.create", "session.change", "session.change"]


def test_a_stale_save_is_refused_and_overwrites_nothing(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        schedule.change(session, made, plan(title={"en": "Theirs"}), seen_revision=1, actor=STAFF)
        with pytest.raises(Conflict, match="nothing is lost"):
            schedule.change(session, made, plan(title={"en": "Mine"}), seen_revision=1, actor=STAFF)
        assert made.title == {"en": "Theirs"}


def test_of_two_who_save_at_the_same_time_one_gets_a_conflict(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF).id
    outcomes: list[str] = []
    gate = threading.Barrier(8)

    def save(number: int) -> None:
        gate.wait()
        try:
            with services.db.write() as session:
                mine = session.get_one(ScheduledSession, made)
                schedule.change(session, mine, plan(title={"en": f"{number}"}), seen_revision=1, actor=STAFF)
            outcomes.append("saved")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["conflict"] * 7 + ["saved"]


def test_texts_of_a_past_session_can_be_mended_but_it_cannot_be_moved_into_the_past(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 11, tzinfo=UTC))
        schedule.change(session, made, plan(title={"en": "Mended"}), seen_revision=1, actor=STAFF)
        earlier = plan(local_start=datetime(2026, 12, 9, 15, 0))
        with pytest.raises(Invalid, match="passed"):
            schedule.change(session, made, earlier, seen_revision=2, actor=STAFF)


@pytest.mark.parametrize("state", ["live", "ended"])
def test_the_start_of_a_session_that_has_begun_stays(services: Services, state: str) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        made.state = state
        schedule.change(session, made, plan(duration_minutes=90), seen_revision=1, actor=STAFF)
        later = plan(local_start=datetime(2026, 12, 10, 16, 0))
        with pytest.raises(Invalid, match="has begun") as caught:
            schedule.change(session, made, later, seen_revision=2, actor=STAFF)
        assert caught.value.field == "time"


def test_the_demo_moves_a_session_without_counting_a_revision(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=SYSTEM)
        schedule.move(session, made, NOW - timedelta(minutes=5))
        assert made.starts_at == NOW - timedelta(minutes=5)
        assert made.local_start == datetime(2026, 11, 25, 12, 55)
        assert made.revision == 1


# --- hosts and states -------------------------------------------------------------------------------------------


def test_hosts_are_grants_on_the_session_and_changes_are_announced(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def listen(_session: object, user_id: str) -> None:
        heard.append(user_id)

    monkeypatch.setattr(signals, "grants_changed", Signal("grants_changed"))
    signals.grants_changed.connect(listen)
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        anna, bo = make_user(session), make_user(session)
        away = make_user(session, active=False)
        schedule.set_hosts(session, made, [anna.id, bo.id, anna.id, away.id, "nobody"], actor=STAFF)
        assert schedule.hosts(session, made) == [anna.id, bo.id]
        assert sorted(heard) == sorted([anna.id, bo.id])
        schedule.set_hosts(session, made, [bo.id, anna.id], actor=STAFF)
        assert len(heard) == 2, "nothing changed"
        schedule.set_hosts(session, made, [bo.id], actor=STAFF)
        assert heard[2:] == [anna.id]
        here = schedule.thing(made)
        assert not rights.can(session, Actor("user", anna.id), "room.host", here)
        assert rights.can(session, Actor("user", bo.id), "room.host", here)


def test_a_session_is_announced_once_it_has_a_host_and_a_tour_has_a_place(services: Services) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(kind="guided_tour"), actor=STAFF)
        with pytest.raises(Invalid, match="at least one host") as caught:
            schedule.announce(session, made, actor=STAFF)
        assert caught.value.field == "hosts"
        schedule.set_hosts(session, made, [make_user(session).id], actor=STAFF)
        with pytest.raises(Invalid, match="at least one site") as caught:
            schedule.announce(session, made, actor=STAFF)
        assert caught.value.field == "sites"
        site = make_site(session)
        schedule.change(session, made, plan(kind="guided_tour", site_ids=[site.id]), seen_revision=1, actor=STAFF)
        schedule.announce(session, made, actor=STAFF)
        schedule.announce(session, made, actor=STAFF)
        assert made.state == "scheduled"
        with pytest.raises(Invalid, match="at least one host"):
            schedule.set_hosts(session, made, [], actor=STAFF)


def test_a_session_that_is_over_is_not_announced(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with services.db.write() as session:
        made = schedule.create(session, plan(), actor=STAFF)
        schedule.set_hosts(session, made, [make_user(session).id], actor=STAFF)
        monkeypatch.setattr(clock, "now", lambda: made.ends_at)
        with pytest.raises(Invalid, match="over already"):
            schedule.announce(session, made, actor=STAFF)
