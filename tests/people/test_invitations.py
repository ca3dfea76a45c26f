"""Officers invited by mail: the rules on both databases, the pages in browsers without JavaScript."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests import factories
from tourserver.core import clock, rights
from tourserver.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, TourserverError
from tourserver.core.rights import SYSTEM, Actor, Grant
from tourserver.core.services import Services
from tourserver.people import accounts, invitations
from tourserver.people.models import StaffInvitation, User
from tourserver.registration import invitations as registration_invitations
from tourserver.sites.models import Node

PASSWORD = "a good long password"
WELCOME = "/studio/welcome"


def invite(services: Services, **values: Any) -> tuple[StaffInvitation, str]:
    """An invitation and its link's token."""
    wished = {"email": "Olle@Example.org", "name": "Olle", "language": "sv", "role": "site_owner", "scope": "node"}
    with services.db.write() as session:
        wished = {**wished, "scope_id": "0" * 32, **values}
        found = invitations.invite(session, services.tokens, actor=SYSTEM, **wished)
        return found, token_of(session, services, found)


def token_of(session: Session, services: Services, invitation: StaffInvitation) -> str:
    return invitations.path(session, services.tokens, invitation).rpartition("/")[2]


def grants(services: Services, email: str = "olle@example.org") -> list[tuple[str, str, str]]:
    with services.db.read() as session:
        user = accounts.find_user(session, email)
        query = select(Grant).where(Grant.user_id == (user.id if user else "")).order_by(Grant.role, Grant.scope)
        return [(one.role, one.scope, one.scope_id) for one in session.scalars(query)]


def test_an_invitation_makes_an_account_with_its_right_once(services: Services) -> None:
    invitation, token = invite(services)
    assert (invitation.email, invitations.state(invitation)) == ("olle@example.org", "waiting")
    with services.db.write() as session:
        user = invitations.accept_new(session, services.tokens, token, name="Olle Ek", password=PASSWORD)
        assert (user.email, user.name, user.language) == ("olle@example.org", "Olle Ek", "sv")
    assert grants(services) == [("site_owner", "node", "0" * 32)]
    with pytest.raises(Gone, match="was used"), services.db.write() as session:
        invitations.accept_new(session, services.tokens, token, name="Eve", password=PASSWORD)
    with services.db.read() as session:
        assert invitations.state(session.get_one(StaffInvitation, invitation.id)) == "accepted"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": "admin"}, "scope"),
        ({"role": "node_reviewer", "scope": "site"}, "scope"),
        ({"role": "node_reviewer", "scope": "global", "scope_id": ""}, "scope"),
        ({"role": "host", "scope": "session"}, "scope"),
        ({"role": "site_owner", "scope_id": ""}, "scope"),
        ({"name": "\u202e"}, "name"),
        ({"email": "olle"}, "email"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_what_cannot_be_an_invitation_is_refused_at_its_field(
    services: Services, values: dict[str, str], field: str
) -> None:
    before = factories.row_counts(services.db)
    with pytest.raises(Invalid) as caught:
        invite(services, **values)
    assert caught.value.field == field
    assert factories.row_counts(services.db) == before


def test_inviting_again_renews_and_the_old_link_says_so(services: Services) -> None:
    first, old = invite(services)
    second, new = invite(services, email="olle@EXAMPLE.org", name="Olle Ek")
    assert (first.id, second.name) == (second.id, "Olle Ek")
    assert old != new
    with services.db.read() as session:
        with pytest.raises(Gone, match="replaced"):
            invitations.by_token(session, services.tokens, old)
        assert invitations.by_token(session, services.tokens, new).id == first.id
        assert session.scalar(select(func.count()).select_from(StaffInvitation)) == 1
    with pytest.raises(Gone, match="replaced"), services.db.write() as session:
        invitations.accept_new(session, services.tokens, old, name="Olle", password=PASSWORD)


def test_another_right_for_the_same_person_is_an_invitation_of_its_own(services: Services) -> None:
    _first, one = invite(services)
    _second, other = invite(services, role="node_reviewer")
    with services.db.write() as session:
        user = invitations.accept_new(session, services.tokens, one, name="Olle", password=PASSWORD)
    with pytest.raises(Conflict), services.db.write() as session:
        invitations.accept_new(session, services.tokens, other, name="Olle", password=PASSWORD)
    with services.db.write() as session:
        invitations.accept_signed_in(session, services.tokens, other, user.id)
    assert grants(services) == [("node_reviewer", "node", "0" * 32), ("site_owner", "node", "0" * 32)]


def test_an_account_that_has_the_right_or_may_not_sign_in_is_not_invited(services: Services) -> None:
    with services.db.write() as session:
        user = factories.make_user(session, email="olle@example.org")
        rights.grant(session, Actor("user", user.id), "site_owner", "node", "0" * 32, by=SYSTEM)
    with pytest.raises(Conflict, match="has this right already"):
        invite(services)
    with services.db.write() as session:
        accounts.set_active(session.get_one(User, user.id), False)
    with pytest.raises(Conflict, match="may not sign in"):
        invite(services, role="node_reviewer")


def test_expired_and_withdrawn_invitations_say_so(services: Services) -> None:
    invitation, token = invite(services)
    with services.db.write() as session:
        invitations.revoke(session, invitation.id, actor=SYSTEM)
    with pytest.raises(Gone, match="was withdrawn"), services.db.write() as session:
        invitations.accept_new(session, services.tokens, token, name="Olle", password=PASSWORD)
    with pytest.raises(Gone, match="was withdrawn"), services.db.write() as session:
        invitations.renew(session, services.tokens, invitation.id, actor=SYSTEM)
    again, token = invite(services)
    assert again.id != invitation.id
    with services.db.write() as session:
        past = clock.now() - timedelta(seconds=1)
        session.execute(update(StaffInvitation).where(StaffInvitation.id == again.id).values(expires_at=past))
    with services.db.read() as session, pytest.raises(Gone, match="has expired"):
        invitations.by_token(session, services.tokens, token)
    with services.db.write() as session:
        renewed = invitations.renew(session, services.tokens, again.id, actor=SYSTEM)
        assert renewed.expires_at > clock.now() + timedelta(days=6)
        assert invitations.by_token(session, services.tokens, token_of(session, services, renewed)).id == again.id


def test_a_link_never_gives_its_right_to_another_account(services: Services) -> None:
    _invitation, token = invite(services)
    with services.db.write() as session:
        eve = factories.make_user(session, email="eve@example.org")
    with pytest.raises(Forbidden, match="another account"), services.db.write() as session:
        invitations.accept_signed_in(session, services.tokens, token, eve.id)
    assert grants(services, "eve@example.org") == []


def test_accepting_twice_at_the_same_moment_makes_one_account(services: Services) -> None:
    _invitation, token = invite(services)
    start, outcomes = threading.Barrier(3), list[str]()

    def strike() -> None:
        start.wait()
        try:
            with services.db.write() as session:
                invitations.accept_new(session, services.tokens, token, name="Olle", password=PASSWORD)
            outcomes.append("done")
        except TourserverError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=strike) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "used", "used"]


def test_forged_and_foreign_tokens_are_no_invitations(services: Services) -> None:
    with services.db.write() as session:
        scheduled = factories.make_session(session)
        registration = factories.make_registration(session, services, scheduled)
        foreign = registration_invitations.join_path(session, services, registration).rpartition("/")[2]
    for token in ("", "x", "../x", foreign):
        with services.db.read() as session, pytest.raises(NotFound, match="incomplete or broken"):
            invitations.by_token(session, services.tokens, token)


# --- pages


@pytest.fixture
def node(app_services: Services) -> Node:
    with app_services.db.write() as session:
        return factories.make_node(session, name={"en": "Umeå", "sv": "Umeå"})


def opened(app: Flask, token: str) -> FlaskClient:
    """A browser in which the link was opened."""
    browser = app.test_client()
    answer = browser.get(f"{WELCOME}/{token}")
    assert (answer.status_code, answer.location) == (303, WELCOME)
    return browser


def test_the_link_leads_to_a_page_without_it_and_changes_nothing(
    app: Flask, app_services: Services, node: Node
) -> None:
    _invitation, token = invite(app_services, scope_id=node.id, language="en")
    before = factories.row_counts(app_services.db)
    browser = app.test_client()
    for _ in range(3):
        answer = browser.get(f"{WELCOME}/{token}")
        assert (answer.status_code, answer.location) == (303, WELCOME)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert f"Path={WELCOME}" in cookie
        page = browser.get(WELCOME)
        assert page.status_code == 200
        assert token not in page.text
        assert "Umeå" in page.text
        assert "olle@example.org" in page.text
    assert factories.row_counts(app_services.db) == before


def test_an_invited_officer_makes_an_account_and_is_signed_in(app: Flask, app_services: Services, node: Node) -> None:
    _invitation, token = invite(app_services, scope_id=node.id, language="en")
    browser = opened(app, token)
    answer = browser.post(WELCOME, data={"name": "Olle Ek", "password": "short"})
    assert answer.status_code == 422
    assert 'value="Olle Ek"' in answer.text
    assert grants(app_services) == []
    done = browser.post(WELCOME, data={"name": "Olle Ek", "password": PASSWORD})
    assert (done.status_code, done.location) == (303, "/studio")
    assert "Welcome." in browser.get("/studio").text
    assert browser.get("/studio/sites").status_code == 200
    assert browser.get("/studio/staff").status_code == 403
    again = app.test_client().post("/studio/sign-in", data={"email": "olle@example.org", "password": PASSWORD})
    assert again.location == "/studio"
    late = app.test_client().get(f"{WELCOME}/{token}")
    assert late.status_code == 410
    assert "This invitation was used." in late.text


def test_whoever_has_an_account_signs_in_and_accepts(app: Flask, app_services: Services, node: Node) -> None:
    with app_services.db.write() as session:
        user = accounts.create_user(session, email="olle@example.org", name="Olle", password=PASSWORD, actor=SYSTEM)
    _invitation, token = invite(app_services, scope_id=node.id, language="en")
    browser = opened(app, token)
    page = browser.get(WELCOME).text
    assert "You have an account already" in page
    assert 'type="password"' not in page
    assert browser.post(WELCOME, data={"name": "Eve", "password": PASSWORD}).location == WELCOME
    assert browser.post(f"{WELCOME}/accept").location.startswith("/studio/sign-in")
    assert grants(app_services) == []
    signed = browser.post(f"/studio/sign-in?next={WELCOME}", data={"email": "olle@example.org", "password": PASSWORD})
    assert signed.location == WELCOME
    assert "Accept the invitation" in browser.get(WELCOME).text
    assert grants(app_services) == [], "looking accepts nothing"
    assert browser.post(f"{WELCOME}/accept").location == "/studio"
    assert grants(app_services) == [("site_owner", "node", node.id)]
    with app_services.db.read() as session:
        assert accounts.find_user(session, "olle@example.org").name == user.name  # type: ignore[union-attr]  # it is there


def test_somebody_else_who_is_signed_in_is_told_to_sign_out_and_gets_nothing(
    app: Flask, app_services: Services, node: Node
) -> None:
    _invitation, token = invite(app_services, scope_id=node.id, language="en")
    with app_services.db.write() as session:
        eve = factories.make_user(session, email="eve@example.org")
    browser = factories.signed_in(app, eve)
    assert browser.get(f"{WELCOME}/{token}").status_code == 303
    page = browser.get(WELCOME).text
    assert "You are signed in as somebody else" in page
    assert "eve@example.org" in page
    assert "Accept the invitation" not in page
    before = factories.row_counts(app_services.db)
    for path, typed in ((WELCOME, {"name": "Eve", "password": PASSWORD}), (f"{WELCOME}/accept", {})):
        answer = browser.post(path, data=typed)
        assert answer.status_code == 403
        assert "This invitation is for another account." in answer.text
    assert factories.row_counts(app_services.db) == before


@pytest.mark.parametrize("token", ["x", "A" * 32, "%2e%2e", "é"])
def test_a_broken_link_says_so(app: Flask, token: str) -> None:
    answer = app.test_client().get(f"{WELCOME}/{token}")
    assert answer.status_code == 404
    assert "This link is incomplete or broken." in answer.text


def test_without_a_link_the_page_says_where_it_is(app: Flask) -> None:
    browser = app.test_client()
    for answer in (browser.get(WELCOME), browser.post(WELCOME, data={"name": "Eve", "password": PASSWORD})):
        assert answer.status_code == 404
        assert "Open the link in the mail with your invitation." in answer.text


def test_a_replaced_a_withdrawn_and_an_expired_link_are_told_apart(
    app: Flask, app_services: Services, node: Node
) -> None:
    invitation, old = invite(app_services, scope_id=node.id, language="en")
    invitation, new = invite(app_services, scope_id=node.id, language="en")
    browser = opened(app, new)
    assert "This link was replaced." in app.test_client().get(f"{WELCOME}/{old}").text
    with app_services.db.write() as session:
        invitations.revoke(session, invitation.id, actor=SYSTEM)
    for answer in (
        browser.get(WELCOME),
        browser.get(f"{WELCOME}/{new}"),
        browser.post(WELCOME, data={"name": "Olle", "password": PASSWORD}),
    ):
        assert answer.status_code == 410
        assert "This invitation was withdrawn." in answer.text
    assert grants(app_services) == []
