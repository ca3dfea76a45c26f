"""Accounts of the staff: made, locked, given passwords and, in the demo, one-time links."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import timedelta
from urllib.parse import quote

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock
from tourserver.core.errors import Conflict, Gone, Invalid
from tourserver.core.i18n import LANGUAGES, N_
from tourserver.core.rights import Actor
from tourserver.core.services import Services
from tourserver.people.emails import normalise
from tourserver.people.models import User
from tourserver.people.names import one_line

_hasher = PasswordHasher()  # argon2id with the library's parameters (RFC 9106, low memory)

MIN_PASSWORD = 12
MAX_PASSWORD = 1000
"""Characters. The upper limit only keeps a request from making the server hash a novel."""
ENTER = "enter"
"""Purpose of the one-time links that sign a member of staff in."""
LINK_LIFE = timedelta(hours=12)


def create_user(session: Session, *, email: str, name: str, password: str, language: str = "en", actor: Actor) -> User:
    """A new account that may sign in; what it may do are grants. Raises Conflict and Invalid with their field."""
    email, name = normalise(email), one_line(name, 120)
    if not name:
        raise Invalid(N_("Enter the person's name: delegates see it in the room."), field="name")
    if language not in LANGUAGES:
        raise Invalid(N_("Choose a language from the list."), field="language")
    if find_user(session, email):
        raise Conflict(N_("There is an account with this e-mail already."), field="email")
    user = User(email=email, name=name, language=language, active=True, fs_uniquifier=uuid.uuid4().hex)
    set_password(user, password)
    session.add(user)
    session.flush()
    audit.record(session, actor, "staff.create", "user", user.id, after={"email": email, "name": user.name})
    return user


def find_user(session: Session, email: str) -> User | None:
    """The account with this address, locked or not."""
    return session.scalar(select(User).where(User.email == normalise(email)))


def active_users(session: Session) -> list[User]:
    """Staff who may sign in, by name."""
    return list(session.scalars(select(User).where(User.active).order_by(User.name, User.email)))


def set_password(user: User, password: str) -> None:
    """Store a new password as an argon2id hash; all sessions of the account end."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            N_("The password needs at least %(count)s characters; a few words in a row are good."),
            field="password",
            count=MIN_PASSWORD,
        )
    if len(password) > MAX_PASSWORD:
        raise Invalid(N_("The password may have at most %(count)s characters."), field="password", count=MAX_PASSWORD)
    # as Flask-Security normalises what is typed when signing in: one keyboard sends å, another a and a ring
    user.password = _hasher.hash(unicodedata.normalize("NFKD", password))
    user.fs_uniquifier = uuid.uuid4().hex


def set_active(user: User, active: bool) -> None:
    """Let somebody sign in or not; locking somebody out ends all sessions of the account."""
    if user.active and not active:
        user.fs_uniquifier = uuid.uuid4().hex
    user.active = active


def one_time_link(services: Services, session: Session, user: User, to: str) -> str:
    """The path of a fresh link that signs ``user`` in once, within twelve hours, and leads to ``to``."""
    token = services.tokens.issue_once(session, ENTER, user.id, clock.now() + LINK_LIFE)
    return f"/studio/enter/{token}?next={quote(to)}"


def use_link(services: Services, session: Session, token: str) -> User:
    """Whom a one-time link signs in; it is used up. Raises NotFound and Gone."""
    user = session.get(User, services.tokens.use_once(session, ENTER, token))
    if user is None or not user.active:
        raise Gone(N_("This account may not sign in."))
    return user
