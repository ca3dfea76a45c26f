from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tourserver.core import preferences
from tourserver.core.actors import Actor
from tourserver.core.errors import Forbidden, Invalid
from tourserver.core.services import Services
from tourserver.uploads import receivers
from tourserver.uploads.models import Upload


@pytest.fixture
def owner(services: Services) -> Actor:
    with services.db.write() as session:
        user = factories.make_user(session, admin=True)
        return Actor("user", user.id)


@pytest.fixture
def received() -> Iterator[list[str]]:
    """SHA-256 of the files that a receiver for purpose “note” was given; it counts them in a preference."""
    given: list[str] = []

    def allow(_session: Session, _actor: Actor, thing: str) -> None:
        if thing == "forbidden":
            raise Forbidden("no")

    @receivers.receiver("note", allow=allow, most_bytes=lambda _services: 1000)
    def receive(services: Services, upload: Upload, path: Path, actor: Actor) -> dict[str, Any]:
        content = path.read_bytes()
        given.append(hashlib.sha256(content).hexdigest())
        if content.startswith(b"bad"):
            raise Invalid("It begins with %(word)s.", field="file", code="bad_word", word="bad")
        with receivers.once(services, upload) as use:
            made = int(preferences.get(use.session, "made") or "0") + 1
            preferences.put(use.session, "made", str(made))
            use.answer = {"number": made, "digest": upload.digest, "by": actor.reference}
        return use.answer

    yield given
    receivers._receivers.pop("note")
