from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tourserver.core import clock
from tourserver.mail.moments import spans

ALL_ZONES = sorted(clock.zone_names())


@pytest.mark.parametrize(
    ("day", "zone", "times"),
    [
        ("2026-12-10", "Asia/Shanghai", "22:00–23:00"),
        ("2026-12-10", "Africa/Casablanca", "14:00–15:00"),
        ("2026-12-10", "America/Bogota", "09:00–10:00"),
        ("2027-03-30", "Asia/Shanghai", "21:00–22:00"),
        ("2027-03-30", "Africa/Casablanca", "13:00–14:00"),
        ("2027-03-30", "America/Bogota", "08:00–09:00"),
        # the United States change their clocks two weeks before and one week after Europe
        ("2027-03-16", "America/New_York", "10:00–11:00"),
        ("2027-03-30", "America/New_York", "09:00–10:00"),
        ("2027-11-02", "America/New_York", "10:00–11:00"),
        ("2027-11-16", "America/New_York", "09:00–10:00"),
    ],
)
def test_three_in_the_afternoon_in_stockholm_is(day: str, zone: str, times: str) -> None:
    starts_at = clock.to_utc(datetime.fromisoformat(f"{day} 15:00"), "Europe/Stockholm")
    own, sweden = spans(starts_at, starts_at + timedelta(hours=1), zone, "en")
    assert (own.times, own.zone) == (times, zone)
    assert (sweden.times, sweden.place) == ("15:00–16:00", "Sweden")


@settings(deadline=None)
@given(
    zone=st.sampled_from(ALL_ZONES),
    starts_at=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_every_zone_is_shown_by_name_with_its_offset_and_sweden_beside(zone: str, starts_at: datetime) -> None:
    found = spans(starts_at, starts_at + timedelta(hours=1), zone, "en")
    assert found[0].zone == zone
    assert found[-1].zone == clock.SWEDEN
    assert len(found) == (1 if zone == clock.SWEDEN else 2)
    for span in found:
        assert span.offset == clock.offset_label(starts_at, span.zone)
        assert span.times.startswith(clock.local(starts_at, span.zone).strftime("%H:%M–"))


def test_a_session_over_midnight_says_the_day_of_its_end() -> None:
    starts_at = datetime(2026, 12, 10, 15, 30, tzinfo=UTC)
    own, sweden = spans(starts_at, starts_at + timedelta(hours=1), "Asia/Shanghai", "en")
    assert own.times == "23:30–11 December 2026, 00:30"
    assert sweden.times == "16:30–17:30"


@pytest.mark.parametrize(
    ("lang", "day"),
    [("en", "Thursday, 10 December 2026"), ("sv", "torsdag 10 december 2026"), ("zh_Hans", "2026年12月10日星期四")],
)
def test_days_are_written_in_the_language(lang: str, day: str) -> None:
    starts_at = datetime(2026, 12, 10, 14, tzinfo=UTC)
    assert spans(starts_at, starts_at + timedelta(hours=1), clock.SWEDEN, lang)[0].day == day
