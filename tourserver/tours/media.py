"""Tiles, the small whole picture and posters, over HTTP.

A tile must cost little: no query, no look at the session's cookie, and one request to the storage. So what has to be
known for it, which pictures are withheld and which have WebP tiles, is kept in the process for a short time.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

from flask import Blueprint, Response, current_app, redirect, request
from flask.blueprints import BlueprintSetupState

from tourserver.core import media, rights, web
from tourserver.core.db import Database
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.core.storage import TREE_MARK, Storage
from tourserver.tours import public_files, withholding

bp = Blueprint("media", __name__)

WITHHELD_SECONDS: Final = 5.0
WEBP_SECONDS: Final = 60.0
WEBP_PICTURES: Final = 10_000

_DIGEST = re.compile(r"[0-9a-f]{64}")
_POSTER = re.compile(r"[0-9a-f]{64}-[0-9a-f]{12}(-large|-thumb)?")


@bp.get("/media/panoramas/<string(length=64):digest>/<int:level>/<int:col>_<int:row>.jpg")
def tile(digest: str, level: int, col: int, row: int) -> Response:
    """One tile of a picture whose hash one knows."""
    return _picture(digest, f"{level}/{col}_{row}")


@bp.get("/media/panoramas/<string(length=64):digest>/base.jpg")
def base(digest: str) -> Response:
    """The whole picture, small: shown until the tiles arrive."""
    return _picture(digest, "base")


@bp.get("/media/posters/<name>.jpg")
def poster(name: str) -> Any:
    """The start view as a flat picture; until the worker has made it, the small whole picture stands in."""
    if not _POSTER.fullmatch(name):
        raise _no_picture()
    private = _for_staff_alone(name[:64])
    if media.accepts("image/webp", request.accept_mimetypes):
        with suppress(NotFound):  # of the first release there are JPEGs alone
            return _send(f"posters/{name}.webp", "image/webp", private)
    try:
        return _send(f"posters/{name}.jpg", "image/jpeg", private)
    except NotFound:
        answer = redirect(f"/media/panoramas/{name[:64]}/base.jpg", 302)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _picture(digest: str, name: str) -> Response:
    """A file of a picture: as WebP where the client names it and it was made, as JPEG otherwise; one address."""
    if not _DIGEST.fullmatch(digest):
        raise _no_picture()
    private = _for_staff_alone(digest)
    webp = media.accepts("image/webp", request.accept_mimetypes) and _known().webp.has(digest)
    if webp:
        with suppress(NotFound):
            return _send(f"panoramas-webp/{digest}/{name}.webp", "image/webp", private)
    try:
        answer = _send(f"panoramas/{digest}/{name}.jpg", "image/jpeg", private)
    except NotFound as error:
        raise _no_picture() from error
    if webp:  # and not for any address that somebody made up
        _known().webp.forget(digest)
    return answer


def _send(key: str, media_type: str, private: bool) -> Response:
    return media.send_stored(key, media_type, immutable=True, private=private, vary="Accept")


def _for_staff_alone(digest: str) -> bool:
    """Whether the picture may be kept nowhere, being withheld; raises :class:`NotFound` when the public asks for it."""
    withheld, in_rooms = _known().withheld.hashes()
    if digest not in withheld:
        return False
    if digest in in_rooms:
        return True  # shown as long as the room is open, and kept nowhere
    with web.db().read() as session:
        if not rights.can_somewhere(session, web.current_actor(), "studio.see"):
            raise _no_picture()
    return True


def _no_picture() -> NotFound:
    return NotFound(N_("There is no such picture."))


class Withheld:
    """The hashes of withheld pictures and of those that open rooms still show, read every few seconds."""

    def __init__(self, db: Database, seconds: float = WITHHELD_SECONDS) -> None:
        self._db, self._seconds = db, seconds
        self._hashes: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def hashes(self) -> tuple[frozenset[str], frozenset[str]]:
        """All of them, and those that rooms show, at most five seconds old. Raises when the database is away."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._seconds:
                began = time.monotonic()
                with self._db.read() as session:
                    withheld = withholding.hashes(session)
                    self._hashes = withheld, public_files.withheld_in_open_rooms(session) if withheld else withheld
                self._read_at = began
            return self._hashes


class WebpTrees:
    """Which pictures have WebP tiles: their trees appear whole, so a picture is looked up and not each tile."""

    def __init__(self, storage: Storage, seconds: float = WEBP_SECONDS, most: int = WEBP_PICTURES) -> None:
        self._storage, self._seconds, self._most = storage, seconds, most
        self._found: OrderedDict[str, tuple[bool, float]] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, digest: str) -> bool:
        """As it was at most a minute ago."""
        with self._lock:
            there, until = self._found.get(digest, (False, 0.0))
        if time.monotonic() >= until:
            there = self._storage.exists(f"panoramas-webp/{digest}/{TREE_MARK}")
            self._remember(digest, there)
        return there

    def forget(self, digest: str) -> None:
        """It was not there after all: its tiles were removed meanwhile."""
        self._remember(digest, False)

    def _remember(self, digest: str, there: bool) -> None:
        with self._lock:
            self._found[digest] = (there, time.monotonic() + self._seconds)
            self._found.move_to_end(digest)
            while len(self._found) > self._most:
                self._found.popitem(last=False)


class Known:
    """Both, of one running application."""

    def __init__(self, db: Database, storage: Storage) -> None:
        self.withheld, self.webp = Withheld(db), WebpTrees(storage)


@bp.record_once
def _start(state: BlueprintSetupState) -> None:
    services: Services = state.app.extensions["tourserver"]
    state.app.extensions["tourserver_media"] = Known(services.db, services.storage)


def _known() -> Known:
    found: Known = current_app.extensions["tourserver_media"]
    return found
