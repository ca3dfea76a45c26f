"""The public list of sessions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests.factories import make_session, make_site
from tourserver.core import clock
from tourserver.core.services import Services


def listed(client: FlaskClient, lang: str = "en") -> dict[str, str]:
    """Address of each listed session → its row's words."""
    page = BeautifulSoup(client.get(f"/{lang}/sessions").text, "html.parser")
    rows = {}
    for row in page.select(".session-row"):
        link = row.select_one(".session-row__title a")
        assert link is not None
        rows[str(link["href"])] = " ".join(row.get_text(" ").split())
    return rows


def test_the_list_has_live_sessions_first_then_coming_then_past(client: FlaskClient, app_services: Services) -> None:
    now = clock.now()
    with app_services.db.write() as session:
        make_session(session, slug="past", state="ended", starts_at=now - timedelta(days=3))
        make_session(session, slug="next", starts_at=now + timedelta(hours=1))
        make_session(session, slug="live", state="live", starts_at=now - timedelta(minutes=5))
        make_session(session, slug="later", starts_at=now + timedelta(days=9), sites=[make_site(session)])
    assert list(listed(client)) == [f"/en/sessions/{slug}" for slug in ("live", "next", "later", "past")]


def test_an_empty_list_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/en/sessions")
    assert page.status_code == 200
    assert "No session is planned at the moment" in page.text


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Asia/Shanghai", ["22:00", "Shanghai (UTC+8)", "15:00 Sweden"]),
        ("Africa/Casablanca", ["14:00", "Casablanca (UTC)", "15:00 Sweden"]),
        ("America/Bogota", ["09:00", "Bogota (UTC−5)", "15:00 Sweden"]),
        ("Asia/Kathmandu", ["19:45", "Kathmandu (UTC+5:45)", "15:00 Sweden"]),
        ("Europe/Stockholm", ["15:00", "Stockholm (UTC+1)"]),
    ],
)
def test_a_row_has_the_viewers_zone_by_name_with_its_offset_and_swedish_time(
    client: FlaskClient,
    app_services: Services,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    words: list[str],
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 25, tzinfo=UTC))
    with app_services.db.write() as session:
        make_session(session, slug="walk", starts_at=datetime(2026, 12, 10, 14, 0, tzinfo=UTC))
    client.set_cookie("tz", zone)
    row = listed(client)["/en/sessions/walk"]
    assert [word for word in words if word not in row] == []
    assert row.count("Sweden") == (zone != "Europe/Stockholm")


def test_an_unknown_zone_shows_swedish_time(client: FlaskClient, app_services: Services) -> None:
    with app_services.db.write() as session:
        make_session(session, slug="walk")
    client.set_cookie("tz", "Mars/Olympus")
    assert "Stockholm (UTC+" in listed(client)["/en/sessions/walk"]


def test_no_zone_hides_a_session(client: FlaskClient, app_services: Services) -> None:
    """Every IANA zone: all upcoming sessions are listed, in the same order."""
    now = clock.now()
    with app_services.db.write() as session:
        # around now and around midnight in either direction, where "today" differs most
        for number, hours in enumerate((0.01, 11, 13, 24 * 120)):
            zone = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Stockholm")[number % 3]
            make_session(session, slug=f"walk-{number}", starts_at=now + timedelta(hours=hours), zone=zone)
    expected = [f"/en/sessions/walk-{number}" for number in range(4)]
    for zone in sorted(clock.zone_names()):
        client.set_cookie("tz", zone)
        page = client.get("/en/sessions").text
        assert re.findall(r'__title"><a href="([^"]+)"', page) == expected, zone


def test_a_bare_path_leads_to_the_readers_language(client: FlaskClient) -> None:
    answer = client.get("/sessions", headers={"Accept-Language": "zh-CN, en;q=0.5"})
    assert (answer.status_code, answer.location) == (302, "/zh/sessions")
