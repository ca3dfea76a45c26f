"""The JSON face of uploads: begun by POST, filled by PUT piece by piece, finished by POST, dropped by DELETE.

Every answer is JSON. The right to the thing is asked for at every request, and an upload is its owner's alone.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request, url_for
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from tourserver.core import web
from tourserver.core.errors import Conflict, TourserverError
from tourserver.core.strict import Nothing, parse
from tourserver.uploads import assembling, receivers, refusals, rules
from tourserver.uploads.forms import Begin
from tourserver.uploads.models import Upload, UploadChunk

uploads_bp = Blueprint("uploads", __name__, url_prefix="/studio/uploads")

DIGEST_HEADER: Final = "X-Chunk-SHA256"
_BLOCK: Final = 64 * 1024


@uploads_bp.errorhandler(TourserverError)
def _told(error: TourserverError) -> tuple[Response, int]:
    """An error as JSON, with what a conflict adds, such as the missing numbers."""
    told: dict[str, Any] = {"code": error.code, "message": web.message(error)}
    if isinstance(error, Conflict) and error.state:
        told.update(error.state)
    return jsonify({"error": told}), error.status


@uploads_bp.get("")
@web.staff_required("studio.see")
def mine() -> Response:
    """What the person began and did not end, and a fresh token for a page that was open for long."""
    with web.db().read() as session:
        purpose, thing = request.args.get("purpose", ""), request.args.get("thing", "")
        found = rules.unfinished(session, web.current_actor(), purpose=purpose, thing=thing)
        listed = [_state(session, upload) for upload in found]
    return _fresh({"uploads": listed, "csrf": generate_csrf()})


@uploads_bp.post("")
@web.staff_required("studio.see")
def begin() -> tuple[Response, int]:
    """A place for a file. Refused before a byte of it is sent when it is too large, or one too many."""
    wish = parse(Begin, request.get_json(silent=True))
    receiver = receivers.of(wish.purpose)
    parse(receiver.meta, wish.meta)
    services, actor = web.services(), web.current_actor()
    with assembling.minding_the_disk(), services.db.write() as session:
        receiver.allow(session, actor, wish.thing)
        upload = rules.begin(
            session,
            actor,
            purpose=wish.purpose,
            thing=wish.thing,
            name=wish.name,
            size=wish.size,
            most_bytes=receiver.most_bytes(services),
            digest=wish.digest,
            meta=wish.meta,
        )
        state = _state(session, upload)
    return _fresh(state), 201


@uploads_bp.get("/<upload_id>")
@web.staff_required("studio.see")
def show(upload_id: str) -> Response:
    """How far an upload is."""
    with web.db().read() as session:
        upload = _allowed(session, upload_id)
        if upload.state == "gone":
            raise rules.refusal(upload) or refusals.gone()
        return _fresh(_state(session, upload))


@uploads_bp.put("/<upload_id>/chunks/<int:number>")
@web.staff_required("studio.see")
def put_chunk(upload_id: str, number: int) -> Response:
    """One piece. Sent again it is fine; with other bytes it is a conflict."""
    with web.db().read() as session:
        upload = _allowed(session, upload_id)
        rules.must_take(upload)
        expected = rules.chunk_size(upload, number)
    content, digest = _body(expected)
    chunk = UploadChunk(upload_id=upload_id, number=number, bytes=expected, digest=digest)
    new = assembling.take_chunk(web.services(), web.current_actor(), upload_id, chunk, content)
    return _fresh({"number": number, "digest": digest, "new": new})


def _body(expected: int) -> tuple[bytes, str]:
    """The request's bytes and their SHA-256. Never more than ``expected`` and one are read.

    A browser outside of a secure context can't make digests: then the header is absent and the size alone counts.
    """
    if request.content_length is not None and request.content_length != expected:
        raise refusals.wrong_size(expected)
    content, digest = bytearray(), hashlib.sha256()
    while block := request.stream.read(min(_BLOCK, expected + 1 - len(content))):
        content += block
        digest.update(block)
        time.sleep(0)  # under eventlet others get their turn between two blocks
    if len(content) != expected:
        raise refusals.wrong_size(expected)
    declared = request.headers.get(DIGEST_HEADER)
    if declared is not None and declared.lower() != digest.hexdigest():
        raise refusals.wrong_digest()
    return bytes(content), digest.hexdigest()


@uploads_bp.post("/<upload_id>/finish")
@web.staff_required("studio.see")
def finish(upload_id: str) -> Response:
    """Give the whole file to whom it is for; asked again, the same answer."""
    if request.content_length:
        parse(Nothing, request.get_json(silent=True))
    return _fresh(assembling.finish(web.services(), web.current_actor(), upload_id))


@uploads_bp.delete("/<upload_id>")
@web.staff_required("studio.see")
def drop(upload_id: str) -> tuple[str, int]:
    """Cancel, and free the space."""
    assembling.drop(web.services(), web.current_actor(), upload_id)
    return "", 204


def _allowed(session: Session, upload_id: str) -> Upload:
    actor = web.current_actor()
    upload = rules.own(session, actor, upload_id)
    receivers.of(upload.purpose).allow(session, actor, upload.thing_id)
    return upload


def _state(session: Session, upload: Upload) -> dict[str, Any]:
    pieces = rules.chunks(session, upload)
    return {
        "id": upload.id,
        "purpose": upload.purpose,
        "thing": upload.thing_id,
        "name": upload.name,
        "meta": upload.meta,
        "size": upload.size,
        "chunk_bytes": upload.chunk_bytes,
        "chunks": rules.chunk_count(upload),
        "state": upload.state,
        "received": [piece.number for piece in pieces],
        # by these a file that is chosen again is known to be the same
        "first_digest": next((piece.digest for piece in pieces if piece.number == 0), None),
        "result": upload.result if upload.state == "used" else None,
        "expires": upload.expires_at.isoformat(),
        "location": url_for("uploads.show", upload_id=upload.id),
    }


def _fresh(answer: dict[str, Any]) -> Response:
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response
