"""Which other sites may show our tours in their pages: origins that an administrator allowed, one preference."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup
from sqlalchemy.orm import Session

from tourserver.core import audit, preferences, rights
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.rights import Actor
from tourserver.core.services import is_loopback

PREFERENCE: Final = "embed_origins"
MOST: Final = 50

_NAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_USUAL_PORTS: Final = {"https": 443, "http": 80}


def allowed(session: Session) -> list[str]:
    """The allowed origins, in the order they were written; none unless somebody allowed some."""
    found: list[str] = json.loads(preferences.get(session, PREFERENCE, "[]"))
    return found


def allow(session: Session, lines: str, *, actor: Actor) -> list[str]:
    """Save the allowed origins, one a line, instead of those before; gives them.

    Raises :class:`Invalid` with the line that can't be taken, and :class:`Forbidden`.
    """
    rights.require(session, actor, "embed.change")
    origins = list(dict.fromkeys(check_origin(line) for line in lines.splitlines() if line.strip()))
    if len(origins) > MOST:
        raise Invalid(N_("At most %(count)s sites can be allowed."), field="origins", count=MOST)
    before = allowed(session)
    if origins != before:
        preferences.put(session, PREFERENCE, json.dumps(origins))
        audit.record(session, actor, "embed.change", "preference", PREFERENCE, before=before, after=origins)
    return origins


def check_origin(line: str) -> str:
    """An origin as browsers write it: https://name[:port], or http on this machine. Raises :class:`Invalid`."""
    text = line.strip().rstrip("/")
    shown = line.strip()[:100]
    try:
        parts = urlsplit(text)
        port = parts.port
        # names such as räksmörgås.example travel as xn--…
        name = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:  # brackets that don't close, a port that is none, a name that can't be
        raise _wrong(shown) from error
    scheme = parts.scheme.lower()
    if "*" in text:
        raise Invalid(N_("“%(line)s”: write every name in full; * is not allowed."), field="origins", line=shown)
    if scheme not in _USUAL_PORTS or not _NAME.fullmatch(name) or len(name) > 253:
        raise _wrong(shown)
    if parts.path or parts.query or parts.fragment or parts.username is not None or "?" in text or "#" in text:
        raise Invalid(
            N_("“%(line)s”: write only the beginning of the address, such as https://www.example.org."),
            field="origins",
            line=shown,
        )
    origin = f"{scheme}://{name}" + (f":{port}" if port not in (None, _USUAL_PORTS[scheme]) else "")
    if scheme == "http" and not is_loopback(origin):
        raise Invalid(N_("“%(line)s”: the address must begin with https://."), field="origins", line=shown)
    return origin


def _wrong(line: str) -> Invalid:
    return Invalid(
        N_("“%(line)s” is no address of a site. Write it as in https://www.example.org."), field="origins", line=line
    )


def snippet(address: str, title: str) -> str:
    """The HTML that shows a tour in another page. ``address`` of the embed page, ``title`` for screen readers."""
    return str(
        Markup(
            '<iframe src="{}" title="{}" width="960" height="600" loading="lazy"\n'
            '        allow="fullscreen; gyroscope; accelerometer; web-share; clipboard-write" allowfullscreen></iframe>'
        ).format(address, title)
    )
