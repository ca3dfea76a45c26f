"""Accounts of the staff."""

from __future__ import annotations

import uuid

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.people.emails import normalise
from tourserver.people.models import User

_hasher = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low memory)

MIN_PASSWORD = 12
ENTER = "enter"
"""Purpose of the one-time links that sign a member of staff in."""


def create_user(
    session: Session, *, email: str, name: str, password: str, language: str = "en", actor: Actor
) -> User:
    """A new account that may sign in; what it may do are grants. Raises Conflict and Invalid with their field."""
    email = normalise(email)
    if session.scalar(select(User.id).where(User.email == email)):
        raise Conflict(N_("There is an account with this e-mail already."), field="email")
    user = User(email=email, name=name.strip(), language=language, active=True, fs_uniquifier=uuid.uuid4().hex)
    set_password(user, password)
    session.add(user)
    session.flush()
    audit.record(session, actor, "staff.create", "user", user.id, after={"email": email, "name": user.name})
    return user


def set_password(user: User, password: str) -> None:
    """Store a new password as an argon2id hash; all sessions of the account end."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            N_("The password needs at least %(count)s characters; a few words in a row are good."),
            field="password",
            count=MIN_PASSWORD,
        )
    user.password = _hasher.hash(password)
    user.fs_uniquifier = uuid.uuid4().hex


def set_active(user: User, active: bool) -> None:
    """Let somebody sign in or not; locking somebody out ends all sessions of the account."""
    if user.active and not active:
        user.fs_uniquifier = uuid.uuid4().hex
    user.active = active
