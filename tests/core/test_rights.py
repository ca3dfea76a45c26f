import pytest

from tourserver.core import rights
from tourserver.core.errors import Forbidden
from tourserver.core.rights import ANONYMOUS, EVERYTHING, SYSTEM, Actor, Thing
from tourserver.core.services import Services
from tourserver.people.models import User


@pytest.fixture
def alice(services: Services) -> Actor:
    with services.db.write() as session:
        user = User(email="alice@example.org", name="Alice", fs_uniquifier="a")
        session.add(user)
        session.flush()
        return Actor("user", user.id)


ROOM = Thing("session", "s1")
OTHER_ROOM = Thing("session", "s2")


def test_a_host_leads_the_own_session_and_no_other(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "host", "session", "s1", by=SYSTEM)
        assert rights.can(session, alice, "room.host", ROOM)
        assert not rights.can(session, alice, "room.host", OTHER_ROOM)
        assert not rights.can(session, alice, "session.change", ROOM)


def test_an_administrator_changes_everything_but_leads_no_room(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "admin", "global", by=SYSTEM)
        assert rights.can(session, alice, "session.change", ROOM)
        assert rights.can(session, alice, "staff.change", EVERYTHING)
        assert not rights.can(session, alice, "room.host", ROOM)


def test_a_right_that_was_taken_away_is_gone(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "host", "session", "s1", by=SYSTEM)
        rights.grant(session, alice, "host", "session", "s1", by=SYSTEM)  # twice is once
        rights.withdraw(session, alice, "host", "session", "s1")
        with pytest.raises(Forbidden):
            rights.require(session, alice, "room.host", ROOM)


def test_nobody_known_may_do_nothing(services: Services) -> None:
    with services.db.read() as session:
        assert not rights.can(session, ANONYMOUS, "studio.see")
        assert not rights.can_somewhere(session, ANONYMOUS, "studio.see")
        assert not rights.can(session, Actor("registration", "r1"), "room.host", ROOM)


def test_a_grant_on_a_node_covers_its_sites(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "admin", "node", "n1", by=SYSTEM)
        assert rights.can(session, alice, "site.change", Thing("site", "x", (("node", "n1"),)))
        assert not rights.can(session, alice, "site.change", Thing("site", "y", (("node", "n2"),)))
