"""Inviting officers, and giving and taking rights, by the studio's pages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.mail.samples import parsed
from tourserver.core import preferences, rights
from tourserver.core.audit import Audit
from tourserver.core.rights import Grant
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage
from tourserver.people import invitations
from tourserver.people.models import StaffInvitation, User
from tourserver.sites.models import Node, Site
from tourserver.studio import letters

STAFF = "/studio/staff"


@pytest.fixture
def admin(app_services: Services) -> User:
    with app_services.db.write() as session:
        return factories.make_user(session, admin=True, name="Anna")


@pytest.fixture
def browser(app: Flask, admin: User) -> FlaskClient:
    return factories.signed_in(app, admin)


@pytest.fixture
def node(app_services: Services) -> Node:
    with app_services.db.write() as session:
        return factories.make_node(session, name={"en": "Umeå"}, slug="umea")


@pytest.fixture
def public(app_services: Services) -> None:
    """Mail may leave."""
    with app_services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Tours <tours@example.org>")


def invite(browser: FlaskClient, **values: str) -> Any:
    typed = {"name": "Olle Ek", "email": "olle@example.org", "language": "en", "role": "site_owner", **values}
    return browser.post(f"{STAFF}/invitations", data={f"invite-{name}": value for name, value in typed.items()})


def mails(services: Services) -> list[OutboxMessage]:
    with services.db.read() as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.revision)))


def link_of(mail: OutboxMessage) -> str:
    body = parsed(mail.content).get_body(("plain",))
    assert body is not None
    return next(line for line in str(body.get_content()).splitlines() if "/studio/welcome/" in line)


def rows(services: Services) -> list[StaffInvitation]:
    with services.db.read() as session:
        return list(session.scalars(select(StaffInvitation).order_by(StaffInvitation.invited_at)))


def test_an_invitation_leaves_by_mail_with_a_link_that_works(
    app: Flask, browser: FlaskClient, admin: User, app_services: Services, node: Node, public: None
) -> None:
    answer = invite(browser, scope=f"node:{node.id}")
    assert (answer.status_code, answer.location) == (302, STAFF)
    (mail,) = mails(app_services)
    assert (mail.recipient, mail.state, mail.kind) == ("olle@example.org", "queued", "staff_invitation")
    assert "Anna invites you" in str(parsed(mail.content))
    link = link_of(mail)
    assert link.startswith("https://tours.example.org/studio/welcome/")
    page = browser.get(STAFF).text
    assert "Waits for an answer" in page
    assert "Umeå" in page
    stranger = app.test_client()
    assert stranger.get(link.removeprefix("https://tours.example.org")).status_code == 303
    assert (
        stranger.post("/studio/welcome", data={"name": "Olle", "password": "a good long password"}).status_code == 303
    )
    page = browser.get(STAFF).text
    assert "Accepted" in page
    assert "Send a new link" not in page
    with app_services.db.read() as session:
        (invited,) = session.scalars(select(Audit).where(Audit.verb == "staff.invite"))
        (given,) = session.scalars(select(Audit).where(Audit.verb == "grant.give", Audit.actor == f"user:{admin.id}"))
        assert invited.actor == f"user:{admin.id}"
        assert given.thing_kind == "user"


def test_a_new_link_replaces_the_old_one_and_a_withdrawn_one_says_so(
    app: Flask, browser: FlaskClient, app_services: Services, node: Node, public: None
) -> None:
    invite(browser, scope=f"node:{node.id}")
    (row,) = rows(app_services)
    assert browser.post(f"{STAFF}/invitations/{row.id}/renew").status_code == 302
    first, second = (link_of(mail).removeprefix("https://tours.example.org") for mail in mails(app_services))
    assert first != second
    assert "This link was replaced." in app.test_client().get(first).text
    assert app.test_client().get(second).status_code == 303
    assert browser.post(f"{STAFF}/invitations/{row.id}/revoke").status_code == 302
    assert "This invitation was withdrawn." in app.test_client().get(second).text
    said = browser.post(f"{STAFF}/invitations/{row.id}/renew", follow_redirects=True).text
    assert "This invitation was withdrawn." in said
    assert len(mails(app_services)) == 2
    for what in ("renew", "revoke"):
        assert browser.post(f"{STAFF}/invitations/nothing/{what}").status_code == 404


def test_an_invitation_that_may_not_leave_says_why_and_leaves_once_it_may(
    browser: FlaskClient, app_services: Services, node: Node
) -> None:
    invite(browser, scope=f"node:{node.id}")
    (mail,) = mails(app_services)
    assert mail.state == "held"
    assert "No sender is set." in browser.get(STAFF).text
    letters.renew_held(app_services)
    assert mails(app_services)[0].state == "held"
    with app_services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Tours <tours@example.org>")
    letters.renew_held(app_services)
    (mail,) = mails(app_services)
    assert mail.state == "queued"
    assert link_of(mail).startswith("https://tours.example.org/studio/welcome/")


def test_a_held_mail_of_a_withdrawn_invitation_is_given_up(
    browser: FlaskClient, app_services: Services, node: Node
) -> None:
    invite(browser, scope=f"node:{node.id}")
    browser.post(f"{STAFF}/invitations/{rows(app_services)[0].id}/revoke")
    with app_services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Tours <tours@example.org>")
    letters.renew_held(app_services)
    assert mails(app_services)[0].state == "dead"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"role": "admin"}, "This role can&#39;t be given there."),
        ({"role": "node_reviewer", "scope": "global:"}, "This role can&#39;t be given there."),
        ({"role": "host"}, "Not a valid choice"),
        ({"scope": "node:nothing"}, "Not a valid choice"),
        ({"scope": "session:1"}, "Not a valid choice"),
        ({"email": "olle"}, "Invalid email address"),
        ({"name": " "}, "This field is required"),
        ({"language": "tlh"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_invited_is_refused_and_what_was_typed_is_kept(
    browser: FlaskClient, app_services: Services, node: Node, values: dict[str, str], words: str
) -> None:
    before = factories.row_counts(app_services.db)
    answer = invite(browser, **{"scope": f"node:{node.id}", **values})
    assert answer.status_code == 422
    assert words in answer.text
    kept = "Olle Ek" if "name" not in values else "olle@example.org"
    assert f'value="{kept}"' in answer.text
    assert factories.row_counts(app_services.db) == before


def test_rights_are_given_and_taken_one_by_one_and_count_at_the_next_click(
    app: Flask, browser: FlaskClient, app_services: Services, node: Node
) -> None:
    with app_services.db.write() as session:
        site = factories.make_site(session, node=node, slug="harbour", name={"en": "Harbour"})
        user = factories.make_user(session, name="Olle")
    own = factories.signed_in(app, user)
    assert own.get("/studio/sites/harbour").status_code == 403
    for role, scope in (("site_owner", f"site:{site.id}"), ("node_reviewer", f"node:{node.id}")):
        answer = browser.post(f"{STAFF}/{user.id}/grants", data={"role": role, "scope": scope})
        assert answer.status_code == 302
    assert own.get("/studio/sites/harbour").status_code == 200
    page = browser.get(f"{STAFF}/{user.id}").text
    for words in ("Officer", "Reviewer", "Harbour", "Umeå"):
        assert words in page
        assert words in browser.get(STAFF).text
    with app_services.db.read() as session:
        given = list(session.scalars(select(Grant).where(Grant.user_id == user.id)))
    for grant in given:
        assert browser.post(f"{STAFF}/{user.id}/grants/{grant.id}/withdraw").status_code == 302
    assert own.get("/studio/sites/harbour").status_code == 403
    assert browser.post(f"{STAFF}/{user.id}/grants/{given[0].id}/withdraw").status_code == 404


def test_rights_that_do_not_exist_or_belong_elsewhere_are_refused(
    browser: FlaskClient, app_services: Services, admin: User, node: Node
) -> None:
    with app_services.db.write() as session:
        scheduled = factories.make_session(session, title={"en": "A walk"})
        host = factories.make_user(session, hosts=scheduled)
        hosting = session.scalars(select(Grant).where(Grant.user_id == host.id)).one()
    before = factories.row_counts(app_services.db)
    for typed in (
        {"role": "admin", "scope": f"node:{node.id}"},
        {"role": "host", "scope": f"node:{node.id}"},
        {"role": "node_reviewer", "scope": "global:"},
        {},
    ):
        assert browser.post(f"{STAFF}/{host.id}/grants", data=typed).status_code == 422
    assert browser.post(f"{STAFF}/{host.id}/grants/{hosting.id}/withdraw").status_code == 404
    assert browser.post(f"{STAFF}/nobody/grants", data={"role": "admin", "scope": "global:"}).status_code == 404
    assert factories.row_counts(app_services.db) == before
    page = browser.get(f"{STAFF}/{host.id}").text
    assert "A walk" in page
    assert "chosen on the session" in page


def test_the_only_administrator_stays_one(browser: FlaskClient, app_services: Services, admin: User) -> None:
    with app_services.db.read() as session:
        grant = session.scalars(select(Grant).where(Grant.user_id == admin.id)).one()
    said = browser.post(f"{STAFF}/{admin.id}/grants/{grant.id}/withdraw", follow_redirects=True).text
    assert "This is the only administrator." in said
    with app_services.db.read() as session:
        assert rights.users_with(session, "admin", "global") == [admin.id]


def test_officers_reach_no_page_of_the_staff_or_the_nodes(app: Flask, app_services: Services, node: Node) -> None:
    with app_services.db.write() as session:
        user = factories.make_user(session)
        actor = rights.Actor("user", user.id)
        rights.grant(session, actor, "node_reviewer", "node", node.id, by=rights.SYSTEM)
    browser = factories.signed_in(app, user)
    for path in (STAFF, f"{STAFF}/{user.id}", "/studio/nodes", f"/studio/nodes/{node.slug}"):
        assert browser.get(path).status_code == 403
    for path in (f"{STAFF}/invitations", f"{STAFF}/{user.id}/grants", f"/studio/nodes/{node.slug}"):
        assert browser.post(path, data={"role": "admin", "scope": "global:"}).status_code == 403
    assert rows(app_services) == []


def test_a_node_gets_a_second_reviewer_and_the_change_is_noted(
    browser: FlaskClient, admin: User, app_services: Services, node: Node
) -> None:
    page = browser.get("/studio/nodes/umea").text
    assert "With fewer than two reviewers" in page
    assert "Anna" in page
    for typed, on in (({"second_reviewer": "y"}, True), ({"second_reviewer": "y"}, True), ({"csrf_token": "x"}, False)):
        assert browser.post("/studio/nodes/umea", data=typed).status_code == 302
        with app_services.db.read() as session:
            assert session.get_one(Node, node.id).second_reviewer is on
        assert ("Second reviewer" in browser.get("/studio/nodes").text) is on
    with app_services.db.read() as session:
        notes = list(session.scalars(select(Audit).where(Audit.verb == "node.change")))
        assert [note.actor for note in notes] == [f"user:{admin.id}"] * 2, "saving the same changes nothing"
        assert session.scalar(select(Site.id)) is None
    assert browser.get("/studio/nodes/nothing").status_code == 404


def test_names_of_scopes_that_are_gone_are_none(app_services: Services) -> None:
    with app_services.db.read() as session:
        for scope in ("node", "site", "global", "session"):
            assert invitations.scope_name(session, scope, "nothing") is None
