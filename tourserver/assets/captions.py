"""Caption files, read strictly: WebVTT (W3C, 2019) with cues that have a beginning, an end after it, and words."""

from __future__ import annotations

import re
from typing import Final

from tourserver.assets import refusals

_TIME: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+\S.*)?")


def check(content: bytes) -> int:
    """The number of cues; raises ``Invalid`` naming the line that can't be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusals.no_captions(content[: error.start].count(b"\n") + 1) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]) or "\0" in text:
        raise refusals.no_captions(1)
    cues, number, began = 0, 1, -1.0
    while number < len(lines):
        if not lines[number].strip():
            number += 1
            continue
        end = number
        while end < len(lines) and lines[end].strip():
            end += 1
        if not re.match(r"(NOTE|STYLE|REGION)([ \t]|$)", lines[number]):
            began = _cue(lines[number:end], number + 1, began)
            cues += 1
        number = end
    if cues == 0:
        raise refusals.no_captions(len(lines))
    return cues


def _cue(block: list[str], line: int, began: float) -> float:
    """When a cue begins, in seconds; not before the one above it."""
    timing = 0 if "-->" in block[0] else 1
    found = _TIMING.fullmatch(block[timing].strip()) if timing < len(block) else None
    if found is None or len(block) <= timing + 1 or any("-->" in words for words in block[timing + 1 :]):
        raise refusals.no_captions(line + min(timing, len(block) - 1))
    parts = [int(part or 0) for part in found.groups()]
    start, end = _seconds(parts[:4]), _seconds(parts[4:])
    if end <= start or start < began:
        raise refusals.no_captions(line + timing)
    return start


def _seconds(parts: list[int]) -> float:
    hours, minutes, seconds, thousandths = parts
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
