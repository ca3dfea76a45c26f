"""Compares bytes with a file that was read and found right; ``UPDATE_GOLDEN=1`` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def check(name: str, content: bytes) -> None:
    """Fails when ``content`` isn't that of ``tests/golden/NAME``."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    expected = path.read_bytes().decode()
    assert content.decode() == expected, f"{name} has changed; if it is right so: UPDATE_GOLDEN=1 pytest …"
