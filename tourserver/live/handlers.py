"""Socket.IO's face of the live rooms: parse, call one thing, answer. No handler ever raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import structlog
from flask import Flask
from flask_babel import force_locale
from flask_socketio import ConnectionRefusedError as Refused
from socketio import Server
from werkzeug.http import parse_cookie

from tourserver.core import clock, i18n, web
from tourserver.core.errors import Conflict, Forbidden, NotFound, RateLimited, TourserverError, Unavailable
from tourserver.core.i18n import N_
from tourserver.live import access, events
from tourserver.live.commands import SeatLostError
from tourserver.live.engine import Engine, Number
from tourserver.live.faces import Faces
from tourserver.live.forms import Strict, parse
from tourserver.live.members import Connection
from tourserver.live.transport import NAMESPACE
from tourserver.live.volatile import VOLATILE

log = structlog.get_logger()

FAREWELL_SECONDS: Final = 0.05


class Range(Strict):
    """``range``: what a client missed."""

    channel: Literal["public", "person", "staff"]
    after: Number


class Handlers:
    """The events of the namespace."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        # said to whoever floods, again and again: put into words once for each language
        self._too_much: dict[str, dict[str, Any]] = {}

    def register(self, server: Server) -> None:
        """Tell Socket.IO."""
        for event in ("connect", "disconnect", "command", "range", "ping_clock"):
            server.on(event, getattr(self, event), namespace=NAMESPACE)
        for event in VOLATILE:
            server.on(event, self._hear(event), namespace=NAMESPACE)

    # --- coming and going

    def connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Let a client in or say why not."""
        cookies = parse_cookie(environ)
        wished = i18n.parse_language(cookies.get(web.LANG_COOKIE))
        try:
            self._engine.join(sid, auth, wished)
        except TourserverError as error:
            header = environ.get("HTTP_ACCEPT_LANGUAGE")
            language = wished or i18n.from_accept_language(header) or "en"
            raise self._refusal(error, language) from None
        except Exception:
            log.exception("live.join_failed")
            passing = Unavailable(N_("The room can't be reached right now. It is tried again."))
            raise self._refusal(passing, wished or "en") from None

    def _refusal(self, error: TourserverError, language: str) -> Refused:
        text = self.translate(error, language)
        return Refused(text, {"code": error.code, "message": text})

    def disconnect(self, sid: str, reason: str = "") -> None:
        """Clean up after a client."""
        try:
            self._engine.leave(sid)
        except Exception:  # the heartbeat closes the row later
            self._engine.pulse.goodbye_failed = True
            log.exception("live.leave_failed")

    # --- asking

    def command(self, sid: str, sent: Any = None, *more: Any) -> dict[str, Any]:
        """Do a command once; the acknowledgement carries its result or why not."""
        connection = self._engine.members.get(sid)
        if connection is None:
            return self._refuse(_not_here(), "en")
        language = connection.caller.language
        try:
            if more:
                raise Forbidden(N_("A command is one object."), code="invalid")
            if not connection.commands.take():
                return self._refuse_flood(language)
            result = self._engine.execute(connection.caller, sent)
            self._engine.pulse.recount(connection.room_id)
            return {"ok": True, "result": result}
        except SeatLostError as lost:
            self._engine.transport.spawn(self._say_farewell, connection, lost.reason)
            return self._refuse(Forbidden(lost.reason.message, **lost.reason.params), language)
        except TourserverError as error:
            return self._refuse(error, language)
        except Exception:
            log.exception("live.command_failed")
            return self._refuse(Unavailable(N_("This could not be done right now. Try again in a moment.")), language)

    def range(self, sid: str, sent: Any = None, *_more: Any) -> dict[str, Any]:
        """A page of what a client missed."""
        connection = self._engine.members.get(sid)
        nothing: dict[str, Any] = {"events": [], "more": False}
        if connection is None:
            return nothing | self._refuse(_not_here(), "en")
        try:
            wanted = parse(Range, sent)
            if wanted.channel not in connection.channels:
                raise NotFound(N_("You don't hear this channel."), field="channel")
            if not connection.ranges.take():
                return nothing | self._refuse_flood(connection.caller.language)
            with self._engine.services.db.read() as session:
                access.check(session, self._engine.services.tokens, connection.caller.ticket)
                page = events.read(session, connection.channels[wanted.channel], wanted.after, events.PAGE + 1)
                shown = Faces(session).events(page[: events.PAGE], wanted.channel)
            return {"events": shown, "more": len(page) > events.PAGE}
        except TourserverError as error:
            return nothing | self._refuse(error, connection.caller.language)
        except Exception:
            log.exception("live.range_failed")
            return nothing | self._refuse(Unavailable(N_("Try again in a moment.")), connection.caller.language)

    def ping_clock(self, sid: str, *_sent: Any) -> dict[str, Any]:
        """The server's clock."""
        connection = self._engine.members.get(sid)
        if connection is None:
            return self._refuse(_not_here(), "en")
        if not connection.pings.take():
            return self._refuse_flood(connection.caller.language)
        return {"now": clock.milliseconds(clock.now())}

    # --- what only the newest of counts

    def _hear(self, event: str) -> Callable[..., None]:
        """A handler without an answer: what may not be, is too much or makes no sense is ignored and counted."""
        take = VOLATILE[event]

        def heard(sid: str, sent: Any = None, *_more: Any) -> None:
            connection = self._engine.members.get(sid)
            if connection is None:
                return
            try:
                taken = take(self._engine, connection, sent)
            except TourserverError:
                taken = False
            except Exception:
                log.exception("live.volatile_failed", kind=event)
                taken = False
            if not taken:
                connection.ignored += 1

        return heard

    # --- words

    def translate(self, error: TourserverError, language: str) -> str:
        """An error's text in the client's language."""
        with self._app.app_context(), force_locale(language):
            return web.message(error)

    def _refuse(self, error: TourserverError, language: str) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "code": error.code,
            "message": self.translate(error, language),
            "field": error.field,
        }
        if isinstance(error, Conflict) and error.state is not None:
            answer["state"] = error.state
        return {"ok": False, "error": answer}

    def _refuse_flood(self, language: str) -> dict[str, Any]:
        if language not in self._too_much:
            too_much = RateLimited(N_("That was too much at once. Wait a moment and try again."))
            self._too_much[language] = self._refuse(too_much, language)
        return self._too_much[language]

    def _say_farewell(self, connection: Connection, reason: TourserverError) -> None:
        self._engine.transport.sleep(FAREWELL_SECONDS)  # the acknowledgement goes first
        self._engine.remove(connection, reason)


def _not_here() -> Forbidden:
    return Forbidden(N_("You aren't in the room any more."))
