"""Who needs a picture. Higher nouns tell it here, since this folder may not ask them; wiring.py shows all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, or_
from sqlalchemy.orm import Session

from tourserver.panoramas.models import Panorama

Used = Callable[[Session], Select[Any]]
"""A query of the ids of all pictures that a noun needs now; one column, which may be null."""

Release = Callable[[Session, str], None]
"""Lets go of a picture, by its id, that is about to be freed: takes away rows that name it and don't need it."""

_used: list[Used] = []
_release: list[Release] = []


def register(used: Used, *, release: Release | None = None) -> None:
    """Tell that a noun needs the pictures that ``used`` selects; registering twice is the same as once."""
    if used not in _used:
        _used.append(used)
    if release is not None and release not in _release:
        _release.append(release)


def needed(session: Session) -> ColumnElement[bool]:
    """Whether a row of ``Panorama`` is needed by anybody: a condition for queries.

    Raises ``LookupError`` when nobody told anything: then the program isn't wired, and nothing may be freed.
    """
    if not _used:
        raise LookupError("No use of pictures is registered; wiring.py does it.")
    return or_(*(Panorama.id.in_(_known(used(session))) for used in _used))


def release(session: Session, panorama_id: str) -> None:
    """Have every noun let go of a picture."""
    for let_go in _release:
        let_go(session, panorama_id)


def _known(query: Select[Any]) -> Select[Any]:
    """Without nulls: nothing is outside of a set that has one."""
    (column,) = query.selected_columns
    return query.where(column.is_not(None))
