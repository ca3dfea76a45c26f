"""What Socket.IO's libraries say of broken messages, in one quiet line each and not without end.

Anybody can open a line and send nonsense; the libraries then log a traceback as an error, with a handler of their
own. Our handlers catch and log their errors themselves, so what arrives here is about what a client sent.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from types import TracebackType
from typing import Final

from tourserver.core.ratelimit import TokenBucket

LINES_PER_SECOND: Final = 0.2
LINES_AT_ONCE: Final = 10.0
WRITTEN_OUT: Final = "Traceback (most recent call last)"


class OneLine(logging.Filter):
    """Turns tracebacks into a line that says what was wrong and where it was noticed; leaves out the flood."""

    def __init__(self) -> None:
        super().__init__()
        self._brake = TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if not self._brake.take():
            return False
        if record.exc_info and record.exc_info[0] is not None:
            # the error's own text may hold what the client sent
            record.msg = f"live.malformed_message {record.exc_info[0].__name__} at {_place(record.exc_info[2])}"
            record.args = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        elif (text := record.getMessage()).find(WRITTEN_OUT) >= 0:  # werkzeug hands over its own as a text
            record.msg, record.args = f"live.malformed_message {_kind(text)} at {_last_place(text)}", None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _place(traceback: TracebackType | None) -> str:
    """File and line of the innermost step."""
    if traceback is None:
        return "?"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"


def _kind(text: str) -> str:
    """The class of the error at the end of a traceback that was written out."""
    kinds = re.findall(r"^(\w[\w.]*)(?::|$)", text, flags=re.MULTILINE)
    return kinds[-1] if kinds else "?"


def _last_place(text: str) -> str:
    """File and line of the innermost step of a traceback that was written out."""
    places = re.findall(r'^  File "([^"\n]+)", line (\d+)', text, flags=re.MULTILINE)
    return f"{Path(places[-1][0]).name}:{places[-1][1]}" if places else "?"


def quieten_server() -> None:
    """The same for what the server on threads says of lines that broke off in the middle of something."""
    found = logging.getLogger("werkzeug")
    if not any(isinstance(known, OneLine) for known in found.filters):
        found.addFilter(OneLine())


def logger() -> logging.Logger:
    """The logger to be handed to Socket.IO and Engine.IO; below warnings they would log what people send."""
    found = logging.getLogger("tourserver.live.lines")
    found.setLevel(logging.WARNING)
    if not any(isinstance(known, OneLine) for known in found.filters):
        found.addFilter(OneLine())
    return found
