"""What people type."""

from __future__ import annotations

import pytest

from tourserver.core.errors import Invalid
from tourserver.live.texts import clean, language_of


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Why?  ", "Why?"),
        ("two\r\nlines", "two\nlines"),
        ("a\tb", "a b"),
        ("e\u0301", "é"),
        ("你好?", "你好?"),
        ("مرحبا؟", "مرحبا؟"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("👩‍🔬", "👩‍🔬"),
    ],
)
def test_text_is_trimmed_and_normalised(typed: str, kept: str) -> None:
    assert clean(typed, 100, field="text") == kept


@pytest.mark.parametrize("typed", ["", "   ", "\n\n", "\u200b", "\u200b \u200d"])
def test_text_that_shows_nothing_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="Write something"):
        clean(typed, 100, field="text")


@pytest.mark.parametrize("typed", ["a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\ud800b", "a\u202eb"])
def test_control_characters_are_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="control characters") as caught:
        clean(typed, 100, field="text")
    assert caught.value.field == "text"


def test_the_limit_counts_characters_after_trimming() -> None:
    assert len(clean(" " + "å" * 1000 + " ", 1000, field="text")) == 1000
    with pytest.raises(Invalid, match="1001 characters; 1000 fit"):
        clean("å" * 1001, 1000, field="text")


@pytest.mark.parametrize(
    ("typed", "usual", "language"),
    [
        ("How tall is the crane?", "en", "en"),
        ("Hur hög är kranen?", "sv", "sv"),
        ("起重机有多高？", "en", "zh"),
        ("起重机有多高？", "zh_Hans", "zh_Hans"),
        ("Hammarby Sjöstad 的起重机有多高？请再说一遍", "en", "zh"),
        ("クレーンの高さは何メートルですか", "en", "ja"),
        ("크레인은 얼마나 높습니까?", "sv", "ko"),
        ("كم يبلغ ارتفاع الرافعة؟", "en", "ar"),
        ("ارتفاع این جرثقیل چقدر است؟ پنج متر؟", "en", ""),
        ("Какой высоты кран?", "en", ""),
        ("Πόσο ψηλός είναι ο γερανός;", "en", "el"),
        ("How tall is the crane?", "zh_Hans", "en"),
        ("How tall is the crane?", "sv", "en"),
        ("Hur hög är kranen?", "en", "sv"),
        ("Quelle est la hauteur de la grue ?", "en", "fr"),
        ("COMBIEN ÇA COÛTE ?", "en", "fr"),
        ("¿Cuánto mide la grúa y quién la paga?", "en", "es"),
        ("Qual é a altura do guindaste?", "en", "pt"),
        ("Wie hoch ist der Kran?", "en", "de"),
        ("Vinç ne kadar yüksek?", "en", ""),
        ("Jak wysoki jest dźwig?", "sv", ""),
        ("Kranar?", "en", ""),
        ("2 × 3 = 6?", "en", "en"),
    ],
)
def test_a_questions_language_is_its_writers_unless_the_letters_say_otherwise(
    typed: str, usual: str, language: str
) -> None:
    assert language_of(typed, usual) == language
