"""The six regional nodes and the themes of the commission, which every installation starts with."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core.paths import resource
from tourserver.sites.models import Node, Theme


def nodes_and_themes(session: Session) -> None:
    """Add the nodes and themes that are not there yet; what staff changed stays."""
    folder = resource("panoramas") / "demo"
    for table, file in ((Node, "nodes.json"), (Theme, "themes.json")):
        known = set(session.scalars(select(table.slug)))
        entries: list[dict[str, Any]] = json.loads((folder / file).read_text(encoding="utf-8"))
        for position, entry in enumerate(entries):
            if entry["slug"] not in known:
                extra = {"icon": entry["icon"]} if table is Theme else {}
                session.add(table(slug=entry["slug"], name=entry["name"], position=position, **extra))
    session.flush()
