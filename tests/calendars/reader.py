"""Reads calendar objects with ical.js, which shares no code with what wrote them; and lines by hand."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name("parse.mjs")


@dataclass(frozen=True)
class Property:
    """One property as ical.js read it."""

    type: str
    parameters: dict[str, str]
    value: str


@dataclass(frozen=True)
class Component:
    """A component with its properties by lower-case name."""

    name: str
    properties: dict[str, list[Property]]
    components: list[Component]

    def one(self, name: str) -> Property:
        """The only property of that name."""
        (found,) = self.properties[name]
        return found

    @property
    def event(self) -> Component:
        """The only event of a calendar."""
        (found,) = (part for part in self.components if part.name == "vevent")
        return found


def read_all(contents: list[bytes]) -> list[Component]:
    """Read calendar objects; fails when one is no calendar."""
    given = json.dumps([content.decode() for content in contents])
    done = subprocess.run(["node", _SCRIPT], input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [_component(entry) for entry in json.loads(done.stdout)]


def read(content: bytes) -> Component:
    """Read one."""
    return read_all([content])[0]


def _component(entry: dict[str, Any]) -> Component:
    properties = {name: [Property(**found) for found in values] for name, values in entry["properties"].items()}
    return Component(entry["name"], properties, [_component(part) for part in entry["components"]])


def unfolded(content: bytes) -> list[str]:
    """Content lines (RFC 5545 3.1), each decoded by itself: fails when a character was cut in two."""
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    lines: list[str] = []
    for line in content[:-2].split(b"\r\n"):
        assert len(line) <= 75
        text = line.decode()
        if text.startswith(" "):
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def unescaped(value: str) -> str:
    """A TEXT value (RFC 5545 3.3.11) as it was meant."""
    result, rest = "", iter(value)
    for char in rest:
        if char == "\\":
            following = next(rest)
            result += "\n" if following in "nN" else following
        else:
            result += char
    return result
