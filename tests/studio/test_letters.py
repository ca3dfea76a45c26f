"""Who is told what about a tour, by mail. On both databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.mail.samples import parsed
from tourserver.core import clock, preferences, rights
from tourserver.core.jobs import Worker
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.mail.models import OutboxMessage
from tourserver.people.models import User
from tourserver.sessions import withdrawals
from tourserver.sites.models import Site
from tourserver.studio import letters
from tourserver.tours import history, review
from tourserver.tours.models import Scene, TourSubmission
from tourserver.wiring import connect_signals


@dataclass
class Office:
    services: Services
    site: Site
    scenes: list[Scene]
    officer: User
    reviewer: User

    @property
    def actor(self) -> Actor:
        return Actor("user", self.officer.id)

    def submit(self) -> TourSubmission:
        with self.services.db.write() as session:
            site = session.get_one(Site, self.site.id)
            return review.submit(session, site, confirmed=review.CONFIRMATIONS, note="A <new> name", actor=self.actor)

    def withdraw(self) -> None:
        with self.services.db.write() as session:
            site = session.get_one(Site, self.site.id)
            history.withdraw_scene(session, site, self.scenes[1].id, reason="A face", actor=self.actor)

    def work(self) -> None:
        """Do all that waits."""
        worker = Worker(self.services)
        for _ in range(50):
            if not worker.run_once():
                return

    def mails(self, *kinds: str) -> list[tuple[str, str, str]]:
        with self.services.db.read() as session:
            found = session.scalars(select(OutboxMessage).where(OutboxMessage.kind.in_(kinds)))
            return sorted((mail.recipient, mail.subject, mail.state) for mail in found)

    def text(self, kind: str) -> str:
        with self.services.db.read() as session:
            mail = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).first()
            assert mail is not None
            body = parsed(mail.content).get_body(("plain",))
            assert body is not None
            return str(body.get_content())


@pytest.fixture
def office(services: Services) -> Office:
    connect_signals()
    with services.db.write() as session:
        preferences.put(session, "public_url", "https://tours.example.org")
        preferences.put(session, "mail_from", "Tours <tours@example.org>")
        node = factories.make_node(session, second_reviewer=True)
        site, scenes = factories.make_tour(session, node=node, slug="harbour", name={"en": "Harbour", "sv": "Hamnen"})
        officer = factories.make_user(session, name="Olle", email="olle@example.org")
        reviewer = factories.make_user(session, name="Rut", email="rut@example.org", language="sv")
        factories.make_user(session, admin=True, email="admin@example.org")
        locked = factories.make_user(session, email="locked@example.org", active=False)
        for user, role in ((officer, "site_owner"), (reviewer, "node_reviewer"), (locked, "node_reviewer")):
            rights.grant(session, Actor("user", user.id), role, "node", node.id, by=SYSTEM)
    return Office(services, site, scenes, officer, reviewer)


def test_the_nodes_reviewers_are_told_of_what_waits_in_their_language(office: Office) -> None:
    made = office.submit()
    office.work()
    ((recipient, subject, state),) = office.mails("tour_waiting")
    assert (recipient, state) == ("rut@example.org", "queued")
    assert "Hamnen" in subject
    text = office.text("tour_waiting")
    assert f"https://tours.example.org/studio/sites/harbour/tour/submissions/{made.id}" in text
    assert "Olle" in text
    assert "A <new> name" in text


def test_without_another_reviewer_in_the_node_the_administrators_are_told(office: Office) -> None:
    with office.services.db.write() as session:
        rights.withdraw(
            session, Actor("user", office.reviewer.id), "node_reviewer", "node", office.site.node_id, by=SYSTEM
        )
    office.submit()
    office.work()
    assert [mail[0] for mail in office.mails("tour_waiting")] == ["admin@example.org"]


def test_the_submitter_is_told_that_it_was_sent_back_and_why(office: Office) -> None:
    made = office.submit()
    with office.services.db.write() as session:
        review.send_back(session, made.id, reason="Blur the lorry", actor=Actor("user", office.reviewer.id))
    office.work()
    assert office.mails("tour_waiting") == [], "it waits no longer"
    ((recipient, subject, _state),) = office.mails("tour_sent_back")
    assert (recipient, subject) == ("olle@example.org", "Sent back: the tour of Harbour")
    assert "Blur the lorry" in office.text("tour_sent_back")
    assert "Rut" in office.text("tour_sent_back")


def test_the_submitter_is_told_once_that_it_was_approved_and_not_of_what_they_published_alone(office: Office) -> None:
    made = office.submit()
    with office.services.db.write() as session:
        review.approve(session, made.id, actor=Actor("user", office.reviewer.id))
    office.work()
    with office.services.db.write() as session:
        letters.enqueue_for_submission(session, submission_id=made.id)
    office.work()
    assert [mail[0] for mail in office.mails("tour_published")] == ["olle@example.org"]
    with office.services.db.write() as session:
        site = session.get_one(Site, office.site.id)
        site.node.second_reviewer = False
    office.submit()
    office.work()
    assert len(office.mails("tour_published")) == 1


def test_letters_that_may_not_leave_are_held_and_written_anew_or_given_up_when_old(office: Office) -> None:
    with office.services.db.write() as session:
        preferences.put(session, "public_url", "")
    office.submit()
    office.work()
    assert [mail[2] for mail in office.mails("tour_waiting")] == ["held"]
    with office.services.db.write() as session:
        preferences.put(session, "public_url", "https://new.example.org")
    letters.renew_held(office.services)
    assert [mail[2] for mail in office.mails("tour_waiting")] == ["queued"]
    assert "https://new.example.org/studio/sites" in office.text("tour_waiting")
    with office.services.db.write() as session:
        old = clock.now() - timedelta(days=8)
        session.execute(update(OutboxMessage).values(state="held", answer="no_sender", created_at=old))
    letters.renew_held(office.services)
    assert [mail[2] for mail in office.mails("tour_waiting")] == ["dead"]


def test_letters_are_emptied_after_thirty_days(office: Office) -> None:
    office.submit()
    office.work()
    letters.purge_old(office.services)
    assert office.mails("tour_waiting")[0][0] == "rut@example.org"
    with office.services.db.write() as session:
        session.execute(update(OutboxMessage).values(created_at=clock.now() - timedelta(days=31)))
    letters.purge_old(office.services)
    assert office.mails("tour_waiting") == [("", "", "dead")]


def test_hosts_of_coming_sessions_are_told_of_a_withdrawn_scene(office: Office) -> None:
    with office.services.db.write() as session:
        site = session.get_one(Site, office.site.id)
        coming = factories.make_session(session, sites=[site], title={"en": "A walk by the water"})
        later = factories.make_session(session, sites=[site], title={"en": "Another walk"})
        over = factories.make_session(session, sites=[site], state="ended")
        elsewhere = factories.make_session(session, sites=[factories.make_site(session)])
        host = factories.make_user(session, hosts=coming, email="host@example.org")
        rights.grant(session, Actor("user", host.id), "host", "session", later.id, by=SYSTEM)
        factories.make_user(session, hosts=over, email="over@example.org")
        factories.make_user(session, hosts=elsewhere, email="elsewhere@example.org")
    office.withdraw()
    office.work()
    ((recipient, subject, _state),) = office.mails("withdrawal")
    assert (recipient, subject) == ("host@example.org", "A scene was withdrawn: Harbour")
    text = office.text("withdrawal")
    for words in ("The scene: Hall", "A face", "A walk by the water", "Another walk", "/studio/sessions"):
        assert words in text
    with office.services.db.write() as session:
        found = withdrawals.of_sessions(session, [coming, over, elsewhere])
        assert [(one.scene["en"], one.reason) for one in found[coming.id]] == [("Hall", "A face")]
        assert found[elsewhere.id] == []
        assert over.id not in found
        history.put_back(session, session.get_one(Scene, office.scenes[1].id), actor=office.actor)
    with office.services.db.read() as session:
        assert withdrawals.of_sessions(session, [coming])[coming.id] == []
