"""Run inside a small disk by the tests: ``python -m tests.uploads.full_disk DATA``.

Uploads a file while the disk fills up, at a piece and at putting the whole together, and again when there is space;
prints a JSON line of what each try came to.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tests.uploads.sending import files, pieces, sha256
from tourserver import models
from tourserver.core import logs, migrate
from tourserver.core.errors import TourserverError
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.uploads import assembling, receivers, rules
from tourserver.uploads.models import Upload, UploadChunk

assert models.Base.metadata.tables
CONTENT = os.urandom(3 * rules.CHUNK_BYTES)


def allow(_session: Session, _actor: Actor, _thing: str) -> None:
    """Everybody may."""


@receivers.receiver("note", allow=allow, most_bytes=lambda _services: 10**8)
def receive(_services: Services, _upload: Upload, path: Path, _actor: Actor) -> dict[str, Any]:
    """Tell what arrived."""
    return {"digest": hashlib.sha256(path.read_bytes()).hexdigest()}


def tell(services: Services, outcome: Any) -> None:
    """Print a line."""
    scratch = len(list((services.settings.files / "scratch").iterdir()))
    print(json.dumps({"outcome": outcome, "pieces": len(files(services)), "scratch": scratch}))


def tried(services: Services, work: Any) -> None:
    """Do it and tell how it ended."""
    try:
        outcome = work()
    except TourserverError as error:
        outcome = [error.status, error.code, error.text]
    tell(services, outcome)


def main(data: Path) -> None:
    """See above."""
    settings = Settings(data=data)
    data.mkdir()
    logs.configure(settings)
    migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    wish: dict[str, Any] = {"purpose": "note", "thing": "", "name": "n", "size": len(CONTENT), "most_bytes": 10**8}
    with services.db.write() as session:
        upload = rules.begin(session, SYSTEM, **wish).id

    def put(number: int) -> bool:
        piece = pieces(CONTENT)[number]
        chunk = UploadChunk(upload_id=upload, number=number, bytes=len(piece), digest=sha256(piece))
        return assembling.take_chunk(services, SYSTEM, upload, chunk, piece)

    def finish() -> bool:
        return bool(assembling.finish(services, SYSTEM, upload)["digest"] == sha256(CONTENT))

    ballast = data / "ballast"

    def fill() -> None:
        state = os.statvfs(data)
        ballast.write_bytes(bytes(max(0, state.f_bavail * state.f_frsize - 600 * 1024)))

    put(0)
    fill()
    tried(services, lambda: put(1))
    ballast.unlink()
    tried(services, lambda: put(1))
    put(2)
    fill()
    tried(services, finish)
    ballast.unlink()
    tried(services, finish)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
