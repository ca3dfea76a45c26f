"""Values that staff change while the server runs, such as its public address: one row each."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, Session, mapped_column

from tourserver.core.db import Base


class Preference(Base):
    """A named value."""

    __tablename__ = "preference"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def get(session: Session, name: str, default: str = "") -> str:
    """The saved value, or ``default``."""
    row = session.get(Preference, name)
    return row.value if row else default


def put(session: Session, name: str, value: str) -> None:
    """Save a value."""
    row = session.get(Preference, name)
    if row:
        row.value = value
    else:
        session.add(Preference(name=name, value=value))
    session.flush()
