"""Strangers' texts, which may be HTML, as the plain lines and the Markdown that staff write here."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from tourserver.core.errors import Invalid
from tourserver.people.names import one_line
from tourserver.tours import wording
from tourserver.tours.hotspots import safe_url

_MOST_HTML: Final = 40_000
_MOST_TAGS: Final = 1_000
"""More signs of tags than these are cut out without being read: the library takes quadratic time for broken ones."""

_SILENT: Final = frozenset({"script", "style", "head", "title", "template", "iframe", "object", "noscript"})
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "ul", "ol", "table", "tr", "blockquote", "hr", "dl", "dd"}
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MARKS: Final = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
_SPECIAL: Final = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_LINE_START: Final = re.compile(r"^([ \t]*)([#>+=|~-]|\d{1,9}(?=[.)]))", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(r"<[a-zA-Z/!]")


def to_plain(html: str) -> str:
    """One line without tags."""
    return one_line(_read(html, _Plain()), _MOST_HTML)


def to_markdown(html: str) -> str:
    """Markdown that says the same: emphasis, links to the web and mail, lists and paragraphs stay, all else is text.

    What in plain text only looks like Markdown is escaped, so that it is shown as it was.
    """
    text = _read(html, _Marked())
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def shorten(text: str, most: int) -> str:
    """A text of at most ``most`` characters, cut between words where there are any."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    between = cut.rfind(" ")
    return (cut[:between] if between > most // 2 else cut).rstrip(" ,;:.-–") + "…"


def line(text: str) -> tuple[str, bool]:
    """A title or name as it is stored, and whether it had to be shortened."""
    cleaned = one_line(text, len(text) * 2)
    return shorten(cleaned, wording.LINE), len(cleaned) > wording.LINE


def paragraphs(text: str) -> tuple[str, bool]:
    """A longer text as it is stored, and whether it had to be shortened."""
    try:
        return wording.paragraphs(text, "body"), False
    except Invalid:
        return wording.paragraphs(text[: wording.PARAGRAPHS - 1].rstrip() + "…", "body"), True


def _read(html: str, reader: _Reader) -> str:
    text = _COMMENT.sub("", html[:_MOST_HTML]).replace("<!", "&lt;!")
    if text.count("<") > _MOST_TAGS:
        text = re.sub(r"<[^<>]*>", " ", text).replace("<", "&lt;")
    reader.keeps_lines = not _TAG.search(text)
    reader.feed(text)
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    """Collects text; a stack of what is open, each with what it has collected."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.keeps_lines = False
        self._silent = 0
        self._open: list[tuple[str, str, list[str]]] = [("", "", [])]

    def result(self) -> str:
        """All that was said, once everything is closed."""
        while len(self._open) > 1:
            self._end()
        return "".join(self._open[0][2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif not self._silent:
            self.begin(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT and not self._silent:
            self.begin(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS or tag in _HEADINGS or tag == "li":
            self.say(self.gap())
        if any(name == tag for name, _, _ in self._open[1:]):
            while self._end() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.say(self.text(data if self.keeps_lines else re.sub(r"\s+", " ", data)))

    def say(self, text: str) -> None:
        """Add to what is open."""
        self._open[-1][2].append(text)

    def open(self, tag: str, extra: str = "") -> None:
        """Collect apart until the tag ends."""
        self._open.append((tag, extra, []))

    def _end(self) -> str:
        tag, extra, parts = self._open.pop()
        self.say(self.whole(tag, extra, "".join(parts)))
        return tag

    def begin(self, tag: str, attrs: dict[str, str | None]) -> None:
        """A tag that counts."""
        if tag == "br" or tag in _BLOCKS or tag in _HEADINGS or tag == "li":
            self.say(self.gap())
        elif tag == "img" and attrs.get("alt"):
            self.say(self.text(attrs["alt"] or ""))

    def gap(self) -> str:
        """What parts two blocks."""
        return " "

    def text(self, data: str) -> str:
        """Words of the page."""
        return data

    def whole(self, tag: str, extra: str, inner: str) -> str:
        """What a tag that was collected apart becomes."""
        return inner


class _Plain(_Reader):
    """Words alone."""


class _Marked(_Reader):
    """Markdown."""

    def begin(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag in _MARKS or tag == "a":
            if all(name != tag for name, _, _ in self._open):  # one within itself says nothing more
                self.open(tag, _address(attrs.get("href") or ""))
        elif tag == "br":
            self.say("\n\n")
        elif tag in _HEADINGS:
            self.say("\n\n### ")
        elif tag == "li":
            self.say("\n- ")
        else:
            super().begin(tag, attrs)

    def gap(self) -> str:
        return "\n\n"

    def text(self, data: str) -> str:
        escaped = _SPECIAL.sub(lambda found: "\\" + found[0], data)
        return (
            _LINE_START.sub(lambda found: _escape_start(found[1], found[2]), escaped) if self._at_start() else escaped
        )

    def _at_start(self) -> bool:
        """Whether what comes next may be taken for a mark at the beginning of a line."""
        said = "".join(self._open[-1][2][-3:])
        return self.keeps_lines or not said.strip(" ") or said.endswith("\n")

    def whole(self, tag: str, extra: str, inner: str) -> str:
        words = inner.strip()
        if not words or "\n" in words:
            return inner
        before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
        if tag == "a":
            return f"{before}[{words}]({extra}){after}" if extra else inner
        if tag == "code":
            return inner
        return before + _MARKS[tag] + words + _MARKS[tag] + after


def _escape_start(indent: str, mark: str) -> str:
    return indent + (mark + "\\" if mark[0].isdigit() else "\\" + mark)


def _address(href: str) -> str:
    """Where a link may lead, in a form that ends at its bracket; "" for what isn't followed."""
    try:
        address = safe_url(href)
    except Invalid:
        return ""
    return "".join(f"%{ord(letter):02X}" if letter in "() <>" else letter for letter in address)
