import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from tourserver.core import migrate
from tourserver.core.db import Base, after_commit, new_id
from tourserver.core.preferences import Preference, get, put
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.people.models import Person


def test_moments_come_back_in_utc_and_naive_ones_are_refused(services: Services) -> None:
    shanghai = timezone(timedelta(hours=8))
    with services.db.write() as session:
        person = Person(email="a@example.org", erased_at=datetime(2026, 12, 10, 22, tzinfo=shanghai))
        session.add(person)
    with services.db.read() as session:
        found = session.get_one(Person, person.id).erased_at
        assert found == datetime(2026, 12, 10, 14, tzinfo=UTC)
        assert found.tzinfo is UTC
    with services.db.read() as session:
        session.add(Person(erased_at=datetime(2026, 12, 10)))
        with pytest.raises(StatementError, match="needs a time zone"):
            session.flush()


def test_a_block_that_raises_leaves_nothing_and_calls_nobody(services: Services) -> None:
    called: list[str] = []

    def half() -> None:
        with services.db.write() as session:
            put(session, "a", "1")
            after_commit(session, lambda: called.append("committed"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with services.db.write() as session:
        assert get(session, "a") == ""
        put(session, "a", "2")
        after_commit(session, lambda: called.append("second"))
    assert called == ["second"]


def test_parallel_blocks_that_read_and_then_write_wait_for_each_other(services: Services) -> None:
    with services.db.write() as session:
        put(session, "count", "0")
    errors: list[Exception] = []

    def add() -> None:
        try:
            for _ in range(10):
                with services.db.write() as session:
                    row = session.scalars(select(Preference).where(Preference.name == "count").with_for_update()).one()
                    row.value = str(int(row.value) + 1)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with services.db.read() as session:
        assert get(session, "count") == "40"


def test_foreign_keys_are_enforced(services: Services) -> None:
    from tourserver.people.models import Consent

    with services.db.write() as session:
        session.add(Consent(person_id="nobody", kind="privacy_notice", version="1"))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_there_is_one_head_and_a_migrated_database_has_exactly_the_tables(database_settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from tourserver.core.migrate import _engine

    assert len(migrate.heads()) == 1
    engine = _engine(database_settings.sqlalchemy_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_migrating_down_and_up_again_works(database_settings: Settings) -> None:
    url = database_settings.sqlalchemy_url
    migrate.downgrade(url, "base")
    assert migrate.current(url) is None
    migrate.upgrade(url)
    assert migrate.is_current(url)


@given(st.integers(min_value=2, max_value=50))
def test_ids_are_unique_well_formed_and_in_the_order_of_their_making(count: int) -> None:
    made = [new_id() for _ in range(count)]
    assert len(set(made)) == count
    assert made == sorted(made)
    assert all(len(one) == 32 and one[12] == "7" and one[16] in "89ab" for one in made)


def test_ids_stay_in_order_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr("tourserver.core.db.time.time_ns", lambda: 0)
    assert [before, *sorted(late := [new_id(), new_id()])] == [before, *late]
    assert before < late[0]
