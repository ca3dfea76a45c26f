"""What visitors find, on both databases."""

from __future__ import annotations

import pytest

from tests import factories
from tourserver.core.errors import Gone, NotFound
from tourserver.core.services import Services
from tourserver.sites import catalogue
from tourserver.sites.catalogue import Filters

SJOSTADEN = {"en": "Lake Town", "sv": "Sjöstaden", "zh_Hans": "湖城"}


@pytest.fixture
def filled(services: Services) -> Services:
    """Three published sites and a draft."""
    with services.db.write() as session:
        north = factories.make_node(session, slug="umea", name={"en": "Umeå", "zh_Hans": "于默奥"})
        south = factories.make_node(session, slug="malmo", name={"en": "Malmö"})
        heat = factories.make_theme(session, slug="energy", name={"en": "Energy", "sv": "Energi"}, icon="zap")
        make = factories.make_site
        make(session, name=SJOSTADEN, node=north, themes=[heat], body={"en": "Vacuum pipes take the waste."})
        make(session, name={"en": "Zinc works", "sv": "Ångverket"}, node=south, themes=[heat])
        make(session, name={"en": "Café depot"}, node=south, place="Örebro")
        make(session, name={"en": "Secret"}, node=south, state="draft")
    return services


def names(services: Services, lang: str = "en", **filters: str) -> list[str]:
    with services.db.read() as session:
        return [site.name["en"] for site in catalogue.find(session, Filters(**filters), lang)]


def test_words_are_found_in_any_language_without_accents_case_or_order(filled: Services) -> None:
    for words in ("sjo", "SJÖSTADEN", "sjo\u0308staden", "lake town", "town lake", "湖城", "于默奥", "vacuum WASTE"):
        assert names(filled, words=words) == ["Lake Town"], words
    for words in ("cafe", "orebro", "ＣＡＦＥ", "caf\u00e9"):
        assert names(filled, words=words) == ["Café depot"], words


def test_drafts_and_what_fits_nothing_are_not_found(filled: Services) -> None:
    for words in ("secret", "lake energy malmo", "%", "_", "' OR 1=1 --"):
        assert names(filled, words=words) == [], words


def test_filters_narrow_the_list_together(filled: Services) -> None:
    assert names(filled, theme="energy") == ["Lake Town", "Zinc works"]
    assert names(filled, node="malmo") == ["Café depot", "Zinc works"]
    assert names(filled, theme="energy", node="malmo") == ["Zinc works"]
    assert names(filled, theme="energy", node="malmo", words="lake") == []
    assert names(filled, theme="nothing") == []


def test_names_are_sorted_as_readers_of_the_language_look_for_them(filled: Services) -> None:
    assert names(filled) == ["Café depot", "Lake Town", "Zinc works"]
    assert names(filled, "sv") == ["Café depot", "Lake Town", "Zinc works"], "Sjöstaden before Ångverket"


def test_a_draft_is_not_there_and_a_withdrawn_site_is_gone(services: Services) -> None:
    with services.db.write() as session:
        draft = factories.make_site(session, state="draft").slug
        withdrawn = factories.make_site(session, state="withdrawn").slug
    with services.db.read() as session:
        for slug in (draft, "nowhere"):
            with pytest.raises(NotFound):
                catalogue.visible(session, slug)
        with pytest.raises(Gone):
            catalogue.visible(session, withdrawn)
