"""Countries, named and sorted in the page's language."""

from __future__ import annotations

import pytest

from tourserver.core.errors import Invalid
from tourserver.core.i18n import LANGUAGES
from tourserver.people import countries


def names(lang: str) -> list[str]:
    return [name for _code, name in countries.choices(lang)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_country_of_iso_3166_has_a_name_in_every_language(lang: str) -> None:
    found = dict(countries.choices(lang))
    assert set(found) == countries.codes()
    assert len(found) == 249
    assert all(name.strip() and name != code for code, name in found.items())
    assert len(set(found.values())) == len(found)


def test_english_readers_find_accents_where_the_plain_letter_stands() -> None:
    found = names("en")
    assert found[0] == "Afghanistan"
    assert found.index("Åland Islands") == 1
    assert found.index("Côte d’Ivoire") < found.index("Croatia")


def test_swedish_readers_find_their_letters_after_z() -> None:
    found = names("sv")
    assert found[-3:] == ["Åland", "Österrike", "Östtimor"]
    assert found.index("Zimbabwe") < found.index("Åland")


def test_chinese_readers_find_common_characters_by_their_sound() -> None:
    found = names("zh_Hans")
    order = ["阿根廷", "德国", "法国", "美国", "日本", "瑞典", "中国"]
    assert [name for name in found if name in order] == order


def test_prefer_not_to_say_is_taken_and_is_no_country() -> None:
    assert countries.check("zz") == countries.UNDISCLOSED
    assert countries.UNDISCLOSED not in countries.codes()
    assert countries.name("ZZ", "en") == ""


def test_codes_are_taken_in_small_letters_too() -> None:
    assert countries.check(" se ") == "SE"


@pytest.mark.parametrize("code", ["", "XX", "SWE", "Sweden", "EU"])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="Choose a country") as caught:
        countries.check(code)
    assert caught.value.field == "country"


def test_names_follow_the_language() -> None:
    assert [countries.name("SE", lang) for lang in LANGUAGES] == ["Sweden", "Sverige", "瑞典"]
