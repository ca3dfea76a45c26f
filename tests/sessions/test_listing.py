"""Which sessions visitors and staff find, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.factories import make_session, make_site, make_user
from tourserver.core import clock
from tourserver.core.errors import NotFound
from tourserver.core.rights import ANONYMOUS, Actor
from tourserver.core.services import Services
from tourserver.sessions import listing
from tourserver.sessions.models import ScheduledSession

HOUR = timedelta(hours=1)


def slugs(found: list[ScheduledSession]) -> list[str]:
    return [one.slug for one in found]


def place(session: Session, slug: str, hours: float, state: str = "scheduled", **values: Any) -> ScheduledSession:
    return make_session(session, slug=slug, starts_at=clock.now() + hours * HOUR, state=state, **values)


def test_visitors_find_public_sessions_in_their_place(services: Services) -> None:
    with services.db.write() as session:
        place(session, "tomorrow", 24)
        place(session, "soon", 1)
        place(session, "should-run", -0.5)
        place(session, "live", -0.2, "live")
        place(session, "live-longer", -3, "live")
        place(session, "nobody-opened", -2)
        place(session, "ended", -30, "ended")
        place(session, "ended-early", 2, "ended")
        place(session, "draft", 3, "draft")
        place(session, "unlisted", 3, visibility="unlisted")
        place(session, "unlisted-live", -0.1, "live", visibility="unlisted")
        place(session, "cancelled", 48, "cancelled")
        place(session, "cancelled-long-ago", -24 * 31, "cancelled")
    with services.db.read() as session:
        assert slugs(listing.live_now(session)) == ["live-longer", "live"]
        assert slugs(listing.upcoming(session)) == ["should-run", "soon", "tomorrow"]
        assert slugs(listing.past(session)) == ["cancelled", "ended-early", "nobody-opened", "ended"]
        assert slugs(listing.past(session, limit=2)) == ["cancelled", "ended-early"]


def test_many_planned_sessions_do_not_hide_the_past_ones(services: Services) -> None:
    with services.db.write() as session:
        for number in range(120):
            place(session, f"planned-{number}", 24 + number)
        place(session, "ended", -30, "ended")
    with services.db.read() as session:
        assert len(listing.upcoming(session)) == 120
        assert slugs(listing.past(session)) == ["ended"]


def test_a_session_of_twelve_hours_is_listed_until_it_ends(services: Services) -> None:
    with services.db.write() as session:
        place(session, "long", -11.9, duration_minutes=720)
        place(session, "over", -12.1, duration_minutes=720)
    with services.db.read() as session:
        assert slugs(listing.upcoming(session)) == ["long"]
        assert slugs(listing.past(session)) == ["over"]


def test_a_site_names_its_live_or_next_session(services: Services) -> None:
    with services.db.write() as session:
        site, other = make_site(session), make_site(session)
        place(session, "over", -5, sites=[site])
        place(session, "draft", 1, "draft", sites=[site])
        place(session, "unlisted", 2, sites=[site], visibility="unlisted")
        place(session, "later", 9, sites=[other, site])
        place(session, "next", 3, sites=[site])
        ids = site.id, other.id
    with services.db.read() as session:
        found = [listing.next_of_site(session, site_id) for site_id in (*ids, "unknown")]
        assert [one.slug if one else None for one in found] == ["next", "later", None]
    with services.db.write() as session:
        place(session, "live", -4, "live", sites=[session.get_one(type(site), ids[0])])
    with services.db.read() as session:
        live = listing.next_of_site(session, ids[0])
        assert live is not None
        assert live.slug == "live"


def test_drafts_are_not_there_for_visitors(services: Services) -> None:
    with services.db.write() as session:
        place(session, "draft", 3, "draft")
        place(session, "unlisted", 3, visibility="unlisted")
    with services.db.read() as session:
        assert listing.by_slug(session, "unlisted").slug == "unlisted"
        for slug in ("draft", "nothing"):
            with pytest.raises(NotFound):
                listing.by_slug(session, slug)


def test_staff_find_the_sessions_that_they_have_a_right_on(services: Services) -> None:
    with services.db.write() as session:
        mine = place(session, "mine", 3, "draft")
        place(session, "theirs", 4, "draft")
        host, admin, nobody = make_user(session, hosts=mine), make_user(session, admin=True), make_user(session)
    with services.db.read() as session:

        def found(user_id: str, verb: str) -> list[str]:
            return slugs(listing.for_staff(session, Actor("user", user_id), verb))

        assert found(host.id, "session.see") == ["mine"]
        assert found(host.id, "session.change") == []
        assert found(admin.id, "session.see") == ["theirs", "mine"]
        assert found(admin.id, "room.host") == []
        assert found(nobody.id, "session.see") == []
        assert listing.for_staff(session, ANONYMOUS, "session.see") == []


@pytest.mark.parametrize(
    "read",
    [
        listing.upcoming,
        listing.past,
        listing.live_now,
        lambda session: listing.for_staff(session, Actor("user", "x"), "session.see"),
    ],
)
def test_a_list_takes_as_many_queries_for_three_sessions_as_for_one(
    services: Services, read: Callable[[Session], list[ScheduledSession]]
) -> None:
    def queries() -> int:
        counted: list[str] = []

        def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            counted.append(statement)

        event.listen(services.db.engine, "before_cursor_execute", count)
        try:
            with services.db.read() as session:
                for one in read(session):
                    for entry in one.sites:
                        assert entry.site.node.name
                        assert entry.site.themes == []
        finally:
            event.remove(services.db.engine, "before_cursor_execute", count)
        return len(counted)

    def add(number: int) -> None:
        with services.db.write() as session:
            sites = [make_site(session), make_site(session)]
            for hours, state in ((5, "scheduled"), (-5, "ended"), (0, "live")):
                place(session, f"{state}-{number}", hours + number / 10, state, sites=sites)

    add(1)
    one = queries()
    add(2)
    add(3)
    assert queries() == one
