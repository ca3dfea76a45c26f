import stat
from datetime import timedelta
from pathlib import Path

import pytest

from tourserver.core import clock
from tourserver.core.errors import Gone, NotFound
from tourserver.core.services import Services
from tourserver.core.tokens import KeyRing, LinkTokens


def test_a_link_stays_the_same_until_it_is_revoked(services: Services) -> None:
    with services.db.write() as session:
        first = services.tokens.issue(session, "join", "r1")
        assert services.tokens.issue(session, "join", "r1") == first
        assert services.tokens.lookup(session, "join", first) == "r1"
        services.tokens.revoke(session, "join", "r1")
        second = services.tokens.issue(session, "join", "r1")
        assert second != first
        assert services.tokens.lookup(session, "join", second) == "r1"
        with pytest.raises(Gone, match=r"This link was replaced\. Get a new one by mail\."):
            services.tokens.lookup(session, "join", first)


def test_a_made_up_or_foreign_link_is_broken(services: Services) -> None:
    with services.db.write() as session:
        token = services.tokens.issue(session, "join", "r1")
        for purpose, wrong in (("join", token[:-1]), ("join", "nonsense"), ("feed", token)):
            with pytest.raises(NotFound, match="incomplete or broken"):
                services.tokens.lookup(session, purpose, wrong)


def test_a_one_time_link_works_once(services: Services) -> None:
    with services.db.write() as session:
        token = services.tokens.issue_once(session, "sign-in", "u1", clock.now() + timedelta(minutes=5))
        assert services.tokens.use_once(session, "sign-in", token) == "u1"
        with pytest.raises(Gone):
            services.tokens.use_once(session, "sign-in", token)


def test_an_expired_one_time_link_is_refused(services: Services) -> None:
    with services.db.write() as session:
        token = services.tokens.issue_once(session, "sign-in", "u1", clock.now() - timedelta(seconds=1))
        with pytest.raises(Gone):
            services.tokens.use_once(session, "sign-in", token)


def test_old_links_go_on_after_the_key_ring_was_rotated(services: Services) -> None:
    ring = services.keys
    with services.db.write() as session:
        old = services.tokens.issue(session, "join", "r1")
        rotated = LinkTokens(KeyRing(ring.secret_key, ring.password_salt, (("new", b"k" * 32), *ring.link_keys)))
        assert rotated.issue(session, "join", "r1") == old
        assert rotated.lookup(session, "join", old) == "r1"


def test_taking_a_key_away_ends_its_links_and_new_ones_are_made(services: Services) -> None:
    ring = services.keys
    with services.db.write() as session:
        old = services.tokens.issue(session, "join", "r1")
        without = LinkTokens(KeyRing(ring.secret_key, ring.password_salt, (("new", b"k" * 32),)))
        with pytest.raises(Gone):
            without.lookup(session, "join", old)
        assert without.version(session, "join", "r1") == 0
        fresh = without.issue(session, "join", "r1")
        assert fresh != old
        assert without.lookup(session, "join", fresh) == "r1"


def test_the_keys_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first = KeyRing.load(tmp_path)
    assert KeyRing.load(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
