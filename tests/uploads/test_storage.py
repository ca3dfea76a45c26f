"""Uploads on full disks, and in buckets that several web processes share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests import factories
from tests.panoramas.disks import on_a_small_disk
from tests.uploads.sending import pieces, sha256
from tourserver.core.actors import Actor
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.uploads import assembling, rules, upkeep
from tourserver.uploads.models import Upload, UploadChunk


def test_a_full_disk_is_said_in_words_and_the_upload_goes_on_when_there_is_space(tmp_path: Path) -> None:
    done = on_a_small_disk(tmp_path, 24_000, '"$PYTHON" -m tests.uploads.full_disk data 2>/dev/null')
    words = "The disk of the server is full. What arrived is kept; the upload goes on when there is space."
    full = [507, "disk_full", words]
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"outcome": full, "pieces": 1, "scratch": 0},
        {"outcome": True, "pieces": 2, "scratch": 0},
        {"outcome": full, "pieces": 3, "scratch": 0},
        {"outcome": True, "pieces": 0, "scratch": 0},
    ]


def test_pieces_go_through_whatever_storage_is_set_so_that_several_processes_share_them(
    settings: Settings, storage_url: str, received: list[str]
) -> None:
    settings = settings.model_copy(update={"storage_url": storage_url})
    one, other = Services.start(settings), Services.start(settings)
    content = bytes(range(256)) * 3
    try:
        with one.db.write() as session:
            actor = Actor("user", factories.make_user(session, admin=True).id)
            wish: dict[str, Any] = {
                "purpose": "note",
                "thing": "",
                "name": "n",
                "size": len(content),
                "most_bytes": 1000,
            }
            uploads = [rules.begin(session, actor, chunk_bytes=300, **wish).id for _ in range(2)]
        for upload in uploads:
            for number, piece in enumerate(pieces(content, 300)):
                chunk = UploadChunk(upload_id=upload, number=number, bytes=len(piece), digest=sha256(piece))
                services = (one, other)[number % 2]
                assert assembling.take_chunk(services, actor, upload, chunk, piece)
        with one.db.read() as session:
            keys = [rules.chunk_key(chunk.upload_id, chunk) for chunk in session.scalars(select(UploadChunk))]
        assert all(other.storage.exists(key) for key in keys)
        assert assembling.finish(other, actor, uploads[0])["digest"] == sha256(content) == received[0]
        with one.db.write() as session:
            upload_row = session.get_one(Upload, uploads[1])
            upload_row.expires_at = upload_row.created_at
        upkeep.remove_expired(one)
        assert not any(one.storage.exists(key) for key in keys)
    finally:
        one.close()
        other.close()
