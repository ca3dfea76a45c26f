from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourserver.core import clock
from tourserver.core.errors import Invalid

GAP = datetime(2027, 3, 28, 2, 30)
TWICE = datetime(2026, 10, 25, 2, 30)


def test_a_time_that_the_clocks_skip_is_refused_with_what_to_do() -> None:
    with pytest.raises(Invalid) as caught:
        clock.to_utc(GAP, "Europe/Stockholm")
    assert caught.value.field == "local_start"
    assert caught.value.text == (
        "2027-03-28 02:30 does not exist in Europe/Stockholm: the clocks go forward that night. "
        "Choose a time before or after the change."
    )


def test_a_time_that_happens_twice_is_told_apart_by_fold() -> None:
    assert clock.is_ambiguous(TWICE, "Europe/Stockholm")
    assert clock.to_utc(TWICE, "Europe/Stockholm") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.to_utc(TWICE, "Europe/Stockholm", fold=1) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_ordinary_time_is_not_ambiguous_and_neither_is_a_gap() -> None:
    assert not clock.is_ambiguous(datetime(2026, 12, 10, 15), "Europe/Stockholm")
    assert not clock.is_ambiguous(GAP, "Europe/Stockholm")


@pytest.mark.parametrize(
    ("day", "zone", "hour"),
    [
        ("2026-12-10", "Asia/Shanghai", 22),
        ("2026-12-10", "Africa/Casablanca", 14),
        ("2026-12-10", "America/Bogota", 9),
        ("2027-03-30", "Asia/Shanghai", 21),
        ("2027-03-30", "Africa/Casablanca", 13),
        ("2027-03-30", "America/Bogota", 8),
    ],
)
def test_fifteen_in_stockholm_is_known_in_other_places(day: str, zone: str, hour: int) -> None:
    moment = clock.to_utc(datetime.fromisoformat(f"{day}T15:00"), "Europe/Stockholm")
    assert clock.local(moment, zone).hour == hour


def test_offsets_are_written_as_people_write_them() -> None:
    winter = datetime(2026, 12, 10, 14, tzinfo=UTC)
    assert clock.offset_label(winter, "Europe/Stockholm") == "UTC+1"
    assert clock.offset_label(winter, "Asia/Kolkata") == "UTC+5:30"
    assert clock.offset_label(winter, "America/St_Johns") == "UTC−3:30"
    assert clock.offset_label(winter, "Africa/Casablanca") == "UTC"


def test_an_unknown_zone_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="no time zone “Mars/Olympus”"):
        clock.zone("Mars/Olympus")


@given(
    st.sampled_from(sorted(clock.zone_names())),
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1)),
)
def test_wall_time_and_utc_agree_in_every_zone(zone: str, wall: datetime) -> None:
    wall = wall.replace(microsecond=0, fold=0)
    try:
        utc = clock.to_utc(wall, zone)
    except Invalid:
        day = timedelta(days=1)
        before, after = clock.to_utc(wall - day, zone), clock.to_utc(wall + day, zone)
        assert after - before != 2 * day, "only a night in which the clocks change may have a gap"
        return
    assert clock.local(utc, zone).replace(tzinfo=None, fold=0) == wall
