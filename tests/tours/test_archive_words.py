"""Strangers' HTML becomes plain lines and Markdown that say the same and do nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourserver.core.markdown import to_html
from tourserver.tours.archive import words


@pytest.mark.parametrize(
    ("html", "markdown", "plain"),
    [
        ("Built in 1954", "Built in 1954", "Built in 1954"),
        ("A <b>bold </b>word", "A **bold** word", "A bold word"),
        ("<strong><em>x</em></strong>", "***x***", "x"),
        ("Tom &amp; Eva &lt;3", "Tom & Eva \\<3", "Tom & Eva <3"),
        ("one<br>two", "one\n\ntwo", "one two"),
        ("<h2>Head</h2><p>a</p><ul><li>b<li>c</ul>", "### Head\n\na\n\n- b\n- c", "Head a b c"),
        ('<a href="https://x.org/a(b)">here</a>', "[here](https://x.org/a%28b%29)", "here"),
        ("<a href='javascript:alert(1)'>here</a>", "here", "here"),
        ("<a href='data:text/html,x'>here</a>", "here", "here"),
        ("a<script>alert(1)</script>b<style>p{}</style>", "ab", "ab"),
        ("a <!-- hidden --> b <!-- open", "a  b", "a b"),
        ("<img src=x onerror=alert(1) alt='the hall'>", "the hall", "the hall"),
        ("5 * 3 * 2 = 30", "5 \\* 3 \\* 2 = 30", "5 * 3 * 2 = 30"),
        ("file_name and _this_", "file_name and \\_this\\_", "file_name and _this_"),
        ("1. January\n- dash\n# hash", "1\\. January\n\\- dash\n\\# hash", "1. January - dash # hash"),
        ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<iframe src=x>inner</iframe>after", "after", "after"),
        ("</b></b>x</p>", "x", "x"),
    ],
)
def test_what_html_says_is_kept(html: str, markdown: str, plain: str) -> None:
    assert re.sub(r"\n{2,}", "\n\n", words.to_markdown(html)) == markdown
    assert words.to_plain(html) == plain


@given(st.text(alphabet="<>/ab!-[]()*_`#&; \n\"'=:1.", max_size=200))
def test_nothing_that_comes_out_can_do_anything(html: str) -> None:
    shown = to_html(words.to_markdown(html))
    assert set(re.findall(r"</?([a-z0-9]+)", shown)) <= {
        "p", "em", "strong", "a", "ul", "ol", "li", "h3", "h4", "br", "blockquote", "code", "table", "tr", "td", "th",
    }  # fmt: skip
    assert not re.search(r'href="(?!https?:|mailto:)', shown)
    assert "\n" not in words.to_plain(html)


@given(st.text(alphabet="ab *_`[]()#->+=|~1.\\", max_size=60).map(str.strip))
def test_plain_text_that_looks_like_markdown_is_shown_as_it_was(text: str) -> None:
    shown = re.sub(r"<[^>]+>", "", to_html(words.to_markdown(text)))
    unescaped = shown.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
    assert "".join(unescaped.split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["<!--", "<a ", "</b>", "<b>", "<a></b>", "&#", "<script>", "<p>", "x<"])
def test_endless_html_ends_soon(piece: str) -> None:
    words.to_markdown(piece * (100_000 // len(piece)))  # the suite's time limit is the test


@pytest.mark.parametrize(
    ("text", "most", "short"), [("abc", 3, "abc"), ("one two three", 9, "one two…"), ("x" * 9, 5, "xxxx…")]
)
def test_long_texts_are_cut_between_words(text: str, most: int, short: str) -> None:
    assert words.shorten(text, most) == short
