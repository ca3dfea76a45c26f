"""Who takes finished files, by purpose. Higher floors register; the upload knows none of them.

::

    @receiver("panorama", allow=may_add, most_bytes=cap, meta=PanoramaMeta)
    def receive(services, upload, path, actor):
        ...look at the file, slowly, without a transaction...
        with once(services, upload) as use:
            ...write rows with use.session...
            use.answer = {"location": "..."}
        return use.answer

``path`` is the assembled file in a scratch folder that is removed afterwards; it may be moved away. By then
``upload.digest`` is the SHA-256 of the whole, hex. ``Invalid`` refuses the file for good, and a repeated finish
says the same; every other error leaves the upload as it is, to be finished again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tourserver.core.actors import Actor
from tourserver.core.services import Services
from tourserver.core.strict import Nothing, Strict
from tourserver.uploads import refusals, rules
from tourserver.uploads.models import Upload

Receive = Callable[[Services, Upload, Path, Actor], dict[str, Any]]
Allow = Callable[[Session, Actor, str], None]


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is asked of whoever takes files of one purpose."""

    purpose: str
    receive: Receive
    # raises Forbidden, NotFound or Invalid unless the actor may add such a file to the thing now
    allow: Allow
    # the largest file that is taken, bytes
    most_bytes: Callable[[Services], int]
    # what else the client may say about the file
    meta: type[Strict]


_receivers: dict[str, Receiver] = {}


def receiver(
    purpose: str, *, allow: Allow, most_bytes: Callable[[Services], int], meta: type[Strict] = Nothing
) -> Callable[[Receive], Receive]:
    """Register the function that takes files of ``purpose``."""

    def register(function: Receive) -> Receive:
        _receivers[purpose] = Receiver(purpose, function, allow, most_bytes, meta)
        return function

    return register


def of(purpose: str) -> Receiver:
    """The receiver of a purpose; raises Invalid when there is none."""
    found = _receivers.get(purpose)
    if found is None:
        raise refusals.unknown_purpose()
    return found


@dataclass
class Use:
    """A transaction in which an upload becomes something; ``answer`` is what the client is told, now and again."""

    session: Session
    answer: dict[str, Any] = field(default_factory=dict)


@contextmanager
def once(services: Services, upload: Upload) -> Iterator[Use]:
    """A writing transaction in which the file is used up: what it makes is made once, whoever finishes and dies when.

    Raises :class:`refusals.Used` inside the receiver when another request was quicker; it is not to be caught.
    """
    with services.db.write() as session:
        row = rules.hold(session, upload.id)
        if row.state == "used":
            raise refusals.Used(row.result or {})
        if row.state == "gone":
            raise refusals.gone()
        use = Use(session)
        yield use
        row.state, row.result = "used", use.answer
