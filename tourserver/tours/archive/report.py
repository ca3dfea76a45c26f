"""What an import took, changed and left, line by line, in words that can be translated when they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["taken", "changed", "left"]
MOST_LINES: Final = 500
_MOST_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. ``message`` is a gettext id with places for ``params``; ``where`` names a scene, "" the tour."""

    kind: Kind
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    where: str = ""

    def json(self) -> dict[str, Any]:
        """As the job keeps it."""
        return {"kind": self.kind, "message": self.message, "params": self.params, "where": self.where}

    def text(self, translate: Callable[[str], str] = str) -> str:
        """In words; ``translate`` is gettext for a page."""
        return translate(self.message) % self.params if self.params else translate(self.message)


@dataclass
class Report:
    """All findings of one import, and how much came in."""

    format: str = ""
    source: str = ""
    scenes: int = 0
    points: int = 0
    lines: list[Line] = field(default_factory=list)
    # lines beyond the most that are kept
    unsaid: int = 0

    def taken(self, message: str, where: str = "", **params: Any) -> None:
        """Something came in that deserves a word."""
        self._add("taken", message, where, params)

    def changed(self, message: str, where: str = "", **params: Any) -> None:
        """Something came in otherwise than it was."""
        self._add("changed", message, where, params)

    def left(self, message: str, where: str = "", **params: Any) -> None:
        """Something did not come in."""
        self._add("left", message, where, params)

    def of(self, kind: Kind) -> Iterator[Line]:
        """The lines of a kind, in the order of the tour."""
        return (line for line in self.lines if line.kind == kind)

    def json(self) -> dict[str, Any]:
        """As the job keeps it."""
        return {
            "format": self.format,
            "source": self.source,
            "scenes": self.scenes,
            "points": self.points,
            "lines": [line.json() for line in self.lines],
            "unsaid": self.unsaid,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """The opposite of :meth:`json`."""
        lines = [Line(**line) for line in data["lines"]]
        return cls(data["format"], data["source"], data["scenes"], data["points"], lines, data["unsaid"])

    def _add(self, kind: Kind, message: str, where: str, params: dict[str, Any]) -> None:
        if len(self.lines) >= MOST_LINES:
            self.unsaid += 1
            return
        shown = {name: _shown(value) for name, value in params.items()}
        self.lines.append(Line(kind, message, shown, _shown(where)))


def _shown(value: Any) -> Any:
    """A stranger's text, storable and not endless."""
    if not isinstance(value, str):
        return value
    clean = "".join(letter if letter.isprintable() else " " for letter in value).strip()
    return clean if len(clean) <= _MOST_SHOWN else clean[: _MOST_SHOWN - 1] + "…"
