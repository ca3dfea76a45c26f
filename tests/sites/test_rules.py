"""Sites made, changed, renamed, published and withdrawn, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.sites import catalogue, rules
from tourserver.sites.models import Site


def test_a_new_site_is_a_draft_with_a_plain_address_and_an_audit_row(services: Services) -> None:
    with services.db.write() as session:
        node = factories.make_node(session)
        site = rules.create(session, actor=SYSTEM, name={"en": "Åkerdalen: Biogas & Café!"}, node=node)
        assert (site.slug, site.state, site.revision) == ("akerdalen-biogas-cafe", "draft", 1)
        assert list(session.scalars(select(Audit.verb))) == ["site.create"]


def test_an_address_is_made_of_any_name_and_never_hides_a_page_of_the_studio(services: Services) -> None:
    made = {"中文": "site", "New": "new-2", "---": "site", "x" * 90: "x" * 60, "½ Öl": "1-2-ol"}
    with services.db.read() as session:
        assert {name: rules.slug_for(session, name) for name in made} == made


def test_an_address_that_was_ever_used_is_never_given_again(services: Services) -> None:
    with services.db.write() as session:
        node = factories.make_node(session)
        first = rules.create(session, actor=SYSTEM, name={"en": "Harbour"}, node=node)
        rules.rename(session, first, "port", actor=SYSTEM)
        second = rules.create(session, actor=SYSTEM, name={"en": "Harbour"}, node=node)
        assert second.slug == "harbour-2"
        for taken in ("harbour", "port", "harbour-2"):
            with pytest.raises(Invalid) as caught:
                rules.create(session, actor=SYSTEM, name={"en": "x"}, node=node, slug=taken)
            assert caught.value.field == "slug"
        with pytest.raises(Invalid):
            rules.rename(session, second, "harbour", actor=SYSTEM)
        assert catalogue.renamed(session, "site", "harbour") == first.id


def test_an_address_that_is_no_address_is_refused(services: Services) -> None:
    with services.db.write() as session:
        node = factories.make_node(session)
        for slug in ("Harbour", "a--b", "-a", "a/b", "../x", "å", "a b", "new"):
            with pytest.raises(Invalid) as caught:
                rules.create(session, actor=SYSTEM, name={"en": "x"}, node=node, slug=slug)
            assert caught.value.field == "slug", slug


def test_a_site_without_a_name_or_off_the_globe_is_refused(services: Services) -> None:
    refused: list[tuple[str, dict[str, Any]]] = [
        ("name", {"name": {}}),
        ("name", {"name": {"en": ""}}),
        ("latitude", {"latitude": 59.3}),
        ("latitude", {"longitude": 18.0}),
        ("latitude", {"latitude": 91.0, "longitude": 18.0}),
        ("longitude", {"latitude": 59.3, "longitude": 181.0}),
        ("latitude", {"latitude": float("nan"), "longitude": 18.0}),
    ]
    with services.db.write() as session:
        node = factories.make_node(session)
        for field, values in refused:
            with pytest.raises(Invalid) as caught:
                rules.create(session, actor=SYSTEM, node=node, **{"name": {"en": "x"}, **values})
            assert caught.value.field == field, values


def test_a_save_that_did_not_see_the_last_one_is_refused(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session, state="draft")
        rules.change(session, site, {"place": "Umeå"}, themes=None, seen_revision=1, actor=SYSTEM)
        assert (site.place, site.revision) == ("Umeå", 2)
        with pytest.raises(Conflict, match="Both versions"):
            rules.change(session, site, {"place": "Malmö"}, themes=None, seen_revision=1, actor=SYSTEM)
        assert site.place == "Umeå"


def test_columns_that_a_form_has_no_business_with_are_refused(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session, state="draft")
        for name in ("state", "slug", "id", "revision"):
            with pytest.raises(ValueError, match=name):
                rules.change(session, site, {name: "x"}, themes=None, seen_revision=1, actor=SYSTEM)


def test_a_site_needs_its_result_in_one_sentence_to_be_published(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session, state="draft", summary={})
        with pytest.raises(Invalid, match="one sentence") as caught:
            rules.set_state(session, site, "published", actor=SYSTEM)
        assert caught.value.field == "summary"
        assert site.state == "draft"


def test_a_site_goes_from_draft_to_published_to_withdrawn_and_back(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session, state="draft")
        with pytest.raises(Invalid):
            rules.set_state(session, site, "withdrawn", actor=SYSTEM)
        for state in ("published", "published", "withdrawn", "published"):
            rules.set_state(session, site, state, actor=SYSTEM)
            assert site.state == state
        with pytest.raises(Invalid):
            rules.set_state(session, site, "draft", actor=SYSTEM)
        verbs = list(session.scalars(select(Audit.verb).where(Audit.thing_id == site.id).order_by(Audit.at, Audit.id)))
        assert verbs == ["site.create", "site.published", "site.withdrawn", "site.published"]
        assert session.get_one(Site, site.id).revision == 4
