from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.mail.smtp import Post, serving
from tourserver.core import clock
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage

Rows = Callable[[], list[OutboxMessage]]


def configured(services: Services, **changes: Any) -> Services:
    """The same installation with a public address and other settings."""
    settings = services.settings.model_copy(update={"public_url": "https://tours.example.org", **changes})
    return replace(services, settings=settings)


@pytest.fixture
def post() -> Post:
    """A mail server that takes everything, until it is told otherwise."""
    return Post()


@pytest.fixture
def mailing(services: Services, post: Post) -> Iterator[Services]:
    """An installation on each database whose mail goes to ``post``."""
    with serving(post) as port:
        yield configured(services, smtp_url=f"smtp://127.0.0.1:{port}", mail_from="Tours <tours@example.org>")


@pytest.fixture
def rows(services: Services) -> Rows:
    """All messages of the outbox, in the order of queueing."""

    def read() -> list[OutboxMessage]:
        with services.db.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id)))

    return read


class Watch:
    """A clock that is set forward by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._real = clock.now

    def now(self) -> datetime:
        return self._real() + self.ahead


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found = Watch()
    monkeypatch.setattr(clock, "now", found.now)
    return found
