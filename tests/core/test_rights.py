import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import factories
from tourserver.core import rights
from tourserver.core.audit import Audit
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
        rights.withdraw(session, alice, "host", "session", "s1", by=SYSTEM)
        with pytest.raises(Forbidden):
            rights.require(session, alice, "room.host", ROOM)


def test_the_same_grant_twice_is_refused_by_the_database(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "host", "session", "s1", by=SYSTEM)
        session.add(rights.Grant(user_id=alice.id, role="host", scope="session", scope_id="s1"))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_giving_and_taking_a_right_leaves_a_line_in_the_audit(services: Services, alice: Actor) -> None:
    with services.db.write() as session:
        rights.grant(session, alice, "admin", "global", by=SYSTEM)
        rights.withdraw(session, alice, "admin", "global", by=SYSTEM)
    with services.db.read() as session:
        lines = session.execute(select(Audit.verb, Audit.actor, Audit.thing_id).order_by(Audit.at)).all()
    assert [tuple(line) for line in lines] == [
        ("grant.give", "system", alice.id),
        ("grant.withdraw", "system", alice.id),
    ]


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


def test_of_many_people_those_who_can_are_found_at_once_as_each_would_be_alone(services: Services) -> None:
    with services.db.write() as session:
        actors = [Actor("user", factories.make_user(session, name=f"User {number}").id) for number in range(4)]
        roles = [
            ("admin", "global", ""),
            ("host", "session", "s1"),
            ("host", "session", "s2"),
            ("site_owner", "node", "n1"),
        ]
        for actor, (role, scope, scope_id) in zip(actors, roles, strict=True):
            rights.grant(session, actor, role, scope, scope_id, by=SYSTEM)
        thing = Thing("session", "s1", within=(("node", "n1"),))
        for verb in ("room.guide", "session.see", "site.change", "no.such.verb"):
            alone = {actor for actor in actors if rights.can(session, actor, verb, thing)}
            assert rights.who_can(session, actors, verb, thing) == alone
        assert "room.guide" in rights.verbs_of(session, actors[1], thing)
        assert rights.verbs_of(session, actors[2], thing) == frozenset()
