"""The words of a calendar entry around its links, in the person's language."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from tourserver.mail.catalogues import catalogue

_LINK = re.compile(r"https?://\S+")


def describe(
    *, join_url: str, description: str, url: str, sound_url: str, contact: str, personal: bool, lang: str
) -> list[str]:
    """The lines of the entry's text; the first is the link to join alone: phones make it a button."""
    gettext = catalogue(lang).gettext
    lines = [join_url]
    if personal:
        lines.append(gettext("This link is yours alone: it lets you in under your name."))
    lines.append("")
    if description:
        lines += [*description.split("\n"), ""]
    if sound_url:
        lines.append(gettext("Sound: %(url)s") % {"url": sound_url})
    if url:
        lines.append(gettext("About the session: %(url)s") % {"url": url})
    if contact:
        lines.append(gettext("Contact: %(contact)s") % {"contact": contact})
    while not lines[-1]:
        lines.pop()
    return lines


def describe_html(lines: list[str]) -> str:
    """The same lines as HTML, for programs that read it: paragraphs and links, nothing from elsewhere."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(_linked(line))
        elif paragraphs[-1]:
            paragraphs.append([])
    body = "".join(f"<p>{'<br>'.join(paragraph)}</p>" for paragraph in paragraphs if paragraph)
    return f"<!DOCTYPE html><html><body>{body}</body></html>"


def _linked(line: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(line):
        parts.append(escape(line[end : found.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(found.group()))
        end = found.end()
    parts.append(escape(line[end:]))
    return "".join(parts)
