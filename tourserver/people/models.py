"""Tables of people. Personal data lives here, in registrations' answers and in questions, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_security import RoleMixin, UserMixin
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tourserver.core import clock
from tourserver.core.db import Base, IdMixin, TimestampMixin


class Person(IdMixin, TimestampMixin, Base):
    """Somebody who registers. After erasure the id stays as a tombstone and the columns are empty."""

    __tablename__ = "person"

    # normalised: trimmed, domain in lower case and IDNA; the whole in lower case for comparing
    email: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="")
    # ISO 3166-1 alpha-2; "ZZ" when the person preferred not to say
    country: Mapped[str] = mapped_column(default="ZZ")
    language: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str] = mapped_column(default=clock.SWEDEN)
    erased_at: Mapped[datetime | None]


class Consent(IdMixin, Base):
    """That a person was shown, or agreed to, a text in force at that time."""

    __tablename__ = "consent"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    # such as "privacy_notice"
    kind: Mapped[str]
    # the version of the text
    version: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Role(RoleMixin):
    """Flask-Security wants a role class; rights are kept in grants (core/rights), so there is no table."""


class User(IdMixin, TimestampMixin, UserMixin, Base):  # type: ignore[misc] # its id is an int
    """A member of staff with a password."""

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    # Flask-Security's session identifier: a new one ends all sessions of the account
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(default="en")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

    # no roles of Flask-Security's kind
    roles: ClassVar[list[RoleMixin]] = []  # type: ignore[misc]


class StaffInvitation(IdMixin, Base):
    """An account that waits for its owner to choose a password."""

    __tablename__ = "staff_invitation"

    # normalised as in User
    email: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    # the grant that accepting gives, see core/rights
    role: Mapped[str]
    scope: Mapped[str]
    scope_id: Mapped[str] = mapped_column(default="")
    invited_by: Mapped[str]
    invited_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
