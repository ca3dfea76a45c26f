"""The few errors that rules raise. Each knows its HTTP status and a code that clients may rely on.

The message is an English gettext id with ``%(name)s`` places; it is translated where it is shown, so that
rules stay free of request and language.
"""

from typing import Any, ClassVar


class TourserverError(Exception):
    """Base of all errors that a person may be shown."""

    status: ClassVar[int] = 500
    code: str = "error"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None, **params: Any) -> None:
        self.message = message
        self.field = field
        self.params = params
        if code is not None:
            self.code = code
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The message in English, for logs and the command line."""
        return self.message % self.params if self.params else self.message


class Invalid(TourserverError):
    """What was sent can't be taken; ``field`` names the form field or argument."""

    status = 422
    code = "invalid"


class SignedOut(TourserverError):
    """Nobody is signed in, or no longer; for programs, since pages send people to the form."""

    status = 401
    code = "signed_out"


class Forbidden(TourserverError):
    """The actor is known (or anonymous) and may not do this."""

    status = 403
    code = "forbidden"


class NotFound(TourserverError):
    """There is no such thing, or the actor may not know of it."""

    status = 404
    code = "not_found"


class Conflict(TourserverError):
    """Somebody else changed the thing first; ``state`` carries its present form."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, state: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.state = state


class Gone(TourserverError):
    """It was here once: a replaced link, a withdrawn site, an ended room."""

    status = 410
    code = "gone"


class RateLimited(TourserverError):
    """Too many at once; nothing was stored, and it may be tried again."""

    status = 429
    code = "rate_limited"


class Unavailable(TourserverError):
    """A part of the server does not answer; it may be tried again later."""

    status = 503
    code = "unavailable"
