"""Markdown to safe HTML: CommonMark by markdown-it, sanitised by nh3. Used for all texts that staff write."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
_TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "code", "h3", "h4", "table", "thead", "tbody"}
_TAGS |= {"tr", "th", "td"}


def to_html(source: str) -> str:
    """Sanitised HTML; headings start at the third level, links open safely and only to the web or mail."""
    html = _parser.render(source)
    for level in (4, 3, 2, 1):
        deeper = min(level + 2, 4)
        html = html.replace(f"<h{level}>", f"<h{deeper}>").replace(f"</h{level}>", f"</h{deeper}>")
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
