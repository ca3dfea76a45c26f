"""Officers reach the sites of their own node and no others: every address of the studio is asked, none is left out.

The addresses are taken from the application, so that one that is added later is asked as well; an argument that this
test has no value for fails it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests import factories
from tests.furnishing import furnish, leave_a_question
from tourserver.core import rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.people.models import User
from tourserver.sites.models import Node, Site
from tourserver.uploads import receivers

BY_LINK = {"people.enter", "welcome.enter"}
"""Addresses whose argument is a secret that says who one is: tests/people has them."""
NOT_MADE = {"tours_archive.download"}
"""Addresses of what the worker makes first: not there for the site's own reviewer either."""
META: dict[str, dict[str, Any]] = {"asset": {"kind": "picture"}}
"""What uploads of a purpose must say of themselves, where it is something."""


@dataclass
class World:
    """Two nodes with a site, a tour and one of everything each, and the officers of the second."""

    app: Flask
    services: Services
    own: Site
    foreign: Site
    values: dict[str, Any]
    officers: dict[str, User]

    def rules(self) -> Iterator[tuple[Rule, str]]:
        """Every address of the studio that names something, with each of its methods."""
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda one: one.rule):
            if rule.rule.startswith("/studio/") and rule.arguments and rule.endpoint not in BY_LINK:
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield rule, method

    def path(self, rule: Rule, method: str, **others: Any) -> str:
        slug = self.values["session" if rule.rule.startswith("/studio/sessions") else "site"]
        values = {**self.values, "slug": slug, **others}
        missing = rule.arguments - set(values)
        assert not missing, f"{rule.rule}: this test has no value for {missing}; give it one of the foreign site"
        wanted = {name: values[name] for name in rule.arguments}
        return str(self.app.url_map.bind("localhost").build(rule.endpoint, wanted, method=method))


@pytest.fixture
def world(app: Flask, app_services: Services) -> World:
    with app_services.db.write() as session:
        north = factories.make_node(session, name={"en": "North"}, second_reviewer=True)
        south = factories.make_node(session, name={"en": "South"}, second_reviewer=True)
        foreign, (quay, _hall) = factories.make_tour(
            session, app_services, node=north, slug="north-harbour", name={"en": "Northern harbour"}
        )
        own, _scenes = factories.make_tour(
            session, app_services, node=south, slug="south-harbour", name={"en": "Southern harbour"}
        )
        scheduled = factories.make_session(session, sites=[foreign], title={"en": "A northern walk"})
        colleague = factories.make_user(session, name="Nora North")
        actor = Actor("user", colleague.id)
        rights.grant(session, actor, "node_reviewer", "node", north.id, by=SYSTEM)
        furnished = furnish(session, app_services, foreign, quay, actor)
        registration = factories.make_registration(session, app_services, scheduled)
        officers = {}
        for role, scope, scope_id in (
            ("node_reviewer", "node", south.id),
            ("site_owner", "node", south.id),
            ("site_owner", "site", own.id),
        ):
            user = factories.make_user(session, name=f"{role} of the {scope}")
            rights.grant(session, Actor("user", user.id), role, scope, scope_id, by=SYSTEM)
            officers[f"{role} of the {scope}"] = user
        values = {
            "site": foreign.slug,
            "session": scheduled.slug,
            "scene_id": quay.id,
            "point_id": quay.hotspots[0].id,
            "user_id": colleague.id,
            "state": "withdrawn",
            "way": "up",
            "number": 0,
            **furnished,
            **leave_a_question(session, registration, colleague.id),
        }
    return World(app, app_services, own, foreign, values, officers)


OFFICERS = ["node_reviewer of the node", "site_owner of the node", "site_owner of the site"]


@pytest.mark.parametrize("who", OFFICERS)
def test_no_address_of_another_nodes_site_answers_an_officer(world: World, who: str) -> None:
    browser = factories.signed_in(world.app, world.officers[who])
    before = factories.row_counts(world.services.db)
    asked, wrong = 0, list[str]()
    for rule, method in world.rules():
        for kind in ("data", "json"):
            typed: dict[str, Any] = {kind: {}}
            answer = browser.open(world.path(rule, method), method=method, **typed)
            asked += 1
            if answer.status_code not in (403, 404):
                wrong.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status_code}")
    assert wrong == []
    assert asked > 60
    assert factories.row_counts(world.services.db) == before


def test_the_same_addresses_answer_the_sites_own_reviewer(world: World) -> None:
    """So that the refusals above come from the right and from nothing else."""
    with world.services.db.read() as session:
        colleague = session.get_one(User, world.values["user_id"])
    browser = factories.signed_in(world.app, colleague)
    refused = []
    for rule, method in world.rules():
        if rule.rule.startswith("/studio/sites/") and method == "GET" and rule.endpoint not in NOT_MADE:
            answer = browser.get(world.path(rule, method))
            if answer.status_code not in (200, 302, 303):
                refused.append(f"{rule.rule}: {answer.status_code}")
    assert refused == []


@pytest.mark.parametrize("who", OFFICERS)
def test_lists_show_an_officer_their_own_sites_only(world: World, who: str) -> None:
    browser = factories.signed_in(world.app, world.officers[who])
    seen = 0
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/studio") and not rule.arguments and "GET" in (rule.methods or ()):
            answer = browser.get(rule.rule)
            assert "Northern harbour" not in answer.text, rule.rule
            assert "north-harbour" not in answer.text, rule.rule
            assert "Nora North" not in answer.text, rule.rule
            seen += answer.status_code == 200
    assert seen >= 3
    assert "Southern harbour" in browser.get("/studio/sites").text


@pytest.mark.parametrize("who", OFFICERS)
def test_an_officer_can_neither_upload_to_nor_create_a_site_in_another_node(world: World, who: str) -> None:
    browser = factories.signed_in(world.app, world.officers[who])
    before = factories.row_counts(world.services.db)
    for purpose in sorted(receivers._receivers):
        for thing in (world.foreign.slug, world.foreign.id):
            meta = META.get(purpose, {})
            wanted = {"purpose": purpose, "thing": thing, "name": "a.jpg", "size": 100, "meta": meta}
            assert browser.post("/studio/uploads", json=wanted).status_code in (403, 404), (purpose, thing)
    typed = {"name-en": "New", "summary-en": "x", "node": world.values["node_slug"]}
    answer = browser.post("/studio/sites/new", data=typed)
    assert answer.status_code in (403, 422)
    assert "North" not in answer.text, "nodes of others are no choice"
    assert factories.row_counts(world.services.db) == before


def test_a_right_that_is_taken_away_or_a_site_that_moves_is_out_of_reach_at_the_next_click(world: World) -> None:
    user = world.officers["node_reviewer of the node"]
    browser = factories.signed_in(world.app, user)
    path = f"/studio/sites/{world.own.slug}/tour"
    assert browser.get(path).status_code == 200
    with world.services.db.write() as session:
        session.get_one(Site, world.own.id).node_id = world.foreign.node_id
    assert browser.get(path).status_code == 403
    with world.services.db.write() as session:
        session.get_one(Site, world.own.id).node_id = world.own.node_id
    assert browser.get(path).status_code == 200
    with world.services.db.write() as session:
        rights.withdraw(session, Actor("user", user.id), "node_reviewer", "node", world.own.node_id, by=SYSTEM)
        assert session.get(Node, world.own.node_id) is not None
    assert browser.get(path).status_code == 403
    assert browser.post(f"{path}/publish", data={}).status_code == 403
