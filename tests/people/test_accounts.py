"""Accounts of the staff, on both databases."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from tourserver.core import clock
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Gone, Invalid, NotFound
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.people import accounts
from tourserver.people.models import User

PASSWORD = "en lång svensk mening"


@pytest.fixture
def anna(services: Services) -> User:
    with services.db.write() as session:
        user = accounts.create_user(
            session, email=" Anna@Example.org", name=" Anna\nBerg", password=PASSWORD, actor=SYSTEM
        )
    return user


def test_an_account_is_stored_clean_with_an_argon2id_hash_and_an_audit_row(services: Services, anna: User) -> None:
    with services.db.read() as session:
        user = accounts.find_user(session, "ANNA@example.org")
        assert user is not None
        assert (user.email, user.name, user.active) == ("anna@example.org", "Anna Berg", True)
        assert (user.password or "").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert [row.verb for row in session.scalars(select(Audit))] == ["staff.create"]


def test_a_second_account_with_the_same_e_mail_is_refused(services: Services, anna: User) -> None:
    with services.db.write() as session, pytest.raises(Conflict, match="already") as caught:
        accounts.create_user(session, email="anna@EXAMPLE.org", name="Bo", password=PASSWORD, actor=SYSTEM)
    assert caught.value.field == "email"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"name": "\x00 "}, "name"),
        ({"email": "bo"}, "email"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_what_an_account_cannot_have_is_refused_with_its_field(
    services: Services, changed: dict[str, str], field: str
) -> None:
    values = {"email": "bo@example.org", "name": "Bo", "password": PASSWORD, "language": "sv", **changed}
    with services.db.write() as session, pytest.raises(Invalid) as caught:
        accounts.create_user(session, actor=SYSTEM, **values)
    assert caught.value.field == field


def test_a_new_password_and_a_locked_account_end_all_sessions(services: Services, anna: User) -> None:
    marks = [anna.fs_uniquifier]
    with services.db.write() as session:
        user = session.get_one(User, anna.id)
        accounts.set_password(user, PASSWORD + "!")
        marks.append(user.fs_uniquifier)
        accounts.set_active(user, False)
        marks.append(user.fs_uniquifier)
        assert accounts.active_users(session) == []
        accounts.set_active(user, True)
        assert user.fs_uniquifier == marks[-1]
    assert len(set(marks)) == 3


def test_a_one_time_link_signs_in_once_and_leads_to_the_path(services: Services, anna: User) -> None:
    with services.db.write() as session:
        path = accounts.one_time_link(services, session, anna, "/host/harbour?a=1&b=2")
    token, _, after = path.removeprefix("/studio/enter/").partition("?")
    assert after == "next=/host/harbour%3Fa%3D1%26b%3D2"
    with services.db.write() as session:
        assert accounts.use_link(services, session, token).id == anna.id
    with services.db.write() as session, pytest.raises(Gone):
        accounts.use_link(services, session, token)


def test_a_one_time_link_of_a_locked_account_is_refused(services: Services, anna: User) -> None:
    with services.db.write() as session:
        user = session.get_one(User, anna.id)
        token = accounts.one_time_link(services, session, user, "/studio").split("/")[-1].split("?")[0]
        accounts.set_active(user, False)
    with services.db.write() as session, pytest.raises((Gone, NotFound)):
        accounts.use_link(services, session, token)


def test_a_one_time_link_ends_after_twelve_hours(
    services: Services, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with services.db.write() as session:
        token = accounts.one_time_link(services, session, anna, "/").removeprefix("/studio/enter/").split("?")[0]
    later = clock.now() + accounts.LINK_LIFE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with services.db.write() as session, pytest.raises(Gone):
        accounts.use_link(services, session, token)


def test_hashing_a_password_takes_long_enough_to_slow_guessing(anna: User) -> None:
    began = time.perf_counter()
    accounts.set_password(anna, PASSWORD)
    assert time.perf_counter() - began > 0.005
