"""The start page and a session's page say what waits for whoever reads them, and what was withdrawn."""

from __future__ import annotations

from flask import Flask

from tests import factories
from tourserver.core import rights
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.people.models import User
from tourserver.tours import history, review


def officer_of(services: Services, node_id: str, role: str, name: str) -> User:
    with services.db.write() as session:
        user = factories.make_user(session, name=name)
        rights.grant(session, Actor("user", user.id), role, "node", node_id, by=SYSTEM)
        return user


def test_each_sees_what_they_can_do_something_about(app: Flask, app_services: Services) -> None:
    with app_services.db.write() as session:
        north, south = (factories.make_node(session, second_reviewer=True) for _ in range(2))
        site, _scenes = factories.make_tour(session, node=north, slug="harbour", name={"en": "Harbour"})
    officer = officer_of(app_services, north.id, "site_owner", "Olle")
    colleague = officer_of(app_services, north.id, "site_owner", "Cecilia")
    reviewer = officer_of(app_services, north.id, "node_reviewer", "Rut")
    stranger = officer_of(app_services, south.id, "node_reviewer", "Stig")

    def shown(user: User) -> str:
        page = factories.signed_in(app, user).get("/studio")
        assert page.status_code == 200
        if "Tours that wait for you" not in page.text:
            return ""
        return "review" if "To be reviewed" in page.text else "mend"

    assert [shown(user) for user in (officer, colleague, reviewer, stranger)] == ["", "", "", ""]
    with app_services.db.write() as session:
        actor = Actor("user", officer.id)
        made = review.submit(session, site, confirmed=review.CONFIRMATIONS, actor=actor)
    assert [shown(user) for user in (officer, colleague, reviewer, stranger)] == ["", "", "review", ""]
    with app_services.db.write() as session:
        review.send_back(session, made.id, reason="Say where", actor=Actor("user", reviewer.id))
    assert [shown(user) for user in (officer, colleague, reviewer, stranger)] == ["mend", "mend", "", ""]
    with app_services.db.write() as session:
        review.submit(session, site, confirmed=review.CONFIRMATIONS, actor=Actor("user", reviewer.id))
    assert [shown(user) for user in (officer, colleague, reviewer, stranger)] == ["", "", "", ""], "nobody else may"


def test_a_withdrawn_scene_is_told_to_hosts_and_on_the_sessions_page(app: Flask, app_services: Services) -> None:
    with app_services.db.write() as session:
        site, (_quay, hall) = factories.make_tour(session, name={"en": "Harbour"})
        scheduled = factories.make_session(session, sites=[site])
        host = factories.make_user(session, hosts=scheduled)
    host_page, admin = factories.signed_in(app, host), factories.administrator(app)
    assert "is withdrawn since" not in host_page.get("/studio").text
    with app_services.db.write() as session:
        history.withdraw_scene(session, site, hall.id, reason="A face can be seen", actor=SYSTEM)
    for page in (host_page.get("/studio"), admin.get(f"/studio/sessions/{scheduled.slug}")):
        assert "The scene “Hall” of “Harbour” is withdrawn since" in page.text
        assert "A face can be seen" in page.text
