"""From the draft to a published revision, by rules: submitted, decided, sent back. On both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tourserver.core import clock, signals
from tourserver.core.audit import Audit
from tourserver.core.errors import Conflict, Forbidden, Invalid, TourserverError
from tourserver.core.rights import SYSTEM, Actor
from tourserver.core.services import Services
from tourserver.sites.models import Node, Site
from tourserver.tours import history, hotspots, publishing, review, scenes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Hotspot, Scene, TourRevision, TourSubmission
from tourserver.tours.publishing import Obstacle

OFFICER = Actor("user", "0" * 31 + "1")
REVIEWER = Actor("user", "0" * 31 + "2")
OTHER = Actor("user", "0" * 31 + "3")


@pytest.fixture
def told() -> Any:
    """The states that submissions were announced with."""
    found: list[str] = []

    def note(session: Session, *, submission_id: str) -> None:
        found.append(session.get_one(TourSubmission, submission_id).state)

    signals.submission_changed.connect(note)
    yield found
    signals.submission_changed._receivers.remove(note)


def a_tour(services: Services, *, second: bool) -> tuple[Site, list[Scene]]:
    with services.db.write() as session:
        node = factories.make_node(session, second_reviewer=second)
        return factories.make_tour(session, node=node)


def submit(services: Services, site: Site, actor: Actor = OFFICER, **values: Any) -> TourSubmission:
    with services.db.write() as session:
        typed = {"confirmed": review.CONFIRMATIONS, "note": "New words", **values}
        return review.submit(session, session.get_one(Site, site.id), actor=actor, **typed)


def rename(services: Services, scene: Scene, title: str) -> None:
    with services.db.write() as session:
        found = session.get_one(Scene, scene.id)
        changes = {"title": {"en": title}}
        scenes.change_scene(session, found, changes, seen_revision=found.revision, actor=OFFICER)


def in_force(services: Services, site: Site) -> TourRevision:
    with services.db.read() as session:
        found = publishing.published(session, site.id)
        assert found is not None
        return found


def titles(revision: TourRevision) -> list[str]:
    return [scene["title"]["en"] for scene in revision.content["scenes"]]


def test_a_node_of_one_publishes_alone_and_the_history_says_so(services: Services, told: list[str]) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    rename(services, quay, "Pier")
    made = submit(services, site)
    assert (made.state, made.decided_by) == ("published", None)
    revision = in_force(services, site)
    assert (revision.number, revision.kind, titles(revision)) == (2, "publish", ["Pier", "Hall"])
    assert (revision.submitted_by, revision.reviewed_by) == (OFFICER.reference, None)
    assert (revision.published_by, revision.note) == (OFFICER.reference, "New words")
    assert {name: revision.confirmations[name] for name in review.CONFIRMATIONS} == {
        "faces": True,
        "permission": True,
        "protected": True,
    }
    assert told == ["published"]


def test_with_a_second_reviewer_the_tour_waits_as_it_was_submitted(services: Services, told: list[str]) -> None:
    site, (quay, _hall) = a_tour(services, second=True)
    rename(services, quay, "Pier")
    made = submit(services, site)
    assert made.state == "waiting"
    assert in_force(services, site).number == 1
    rename(services, quay, "Changed afterwards")
    with services.db.write() as session:
        review.approve(session, made.id, actor=REVIEWER)
    revision = in_force(services, site)
    assert (revision.number, titles(revision)) == (2, ["Pier", "Hall"])
    assert (revision.submitted_by, revision.reviewed_by) == (OFFICER.reference, REVIEWER.reference)
    assert told == ["waiting", "published"]
    with services.db.read() as session:
        verbs = select(Audit.verb).where(Audit.thing_id.in_([made.id, revision.id])).order_by(Audit.at, Audit.id)
        assert list(session.scalars(verbs)) == ["tour.submit", "tour.approve", "tour.publish"]


@pytest.mark.parametrize("missing", review.CONFIRMATIONS)
def test_all_three_confirmations_are_needed_and_the_missing_one_is_named(services: Services, missing: str) -> None:
    site, _scenes = a_tour(services, second=False)
    before = factories.row_counts(services.db)
    with pytest.raises(Invalid) as caught:
        submit(services, site, confirmed=[name for name in review.CONFIRMATIONS if name != missing])
    assert caught.value.field == missing
    assert factories.row_counts(services.db) == before


def test_nobody_approves_or_sends_back_what_they_submitted_themselves(services: Services) -> None:
    site, _scenes = a_tour(services, second=True)
    made = submit(services, site)
    before = factories.row_counts(services.db)
    for rule, values in ((review.approve, {}), (review.send_back, {"reason": "x"})):
        with pytest.raises(Forbidden), services.db.write() as session:
            rule(session, made.id, actor=OFFICER, **values)
    assert factories.row_counts(services.db) == before


def test_the_submitter_may_publish_once_the_node_no_longer_wants_a_second_reviewer(services: Services) -> None:
    site, _scenes = a_tour(services, second=True)
    made = submit(services, site)
    with services.db.write() as session:
        session.get_one(Node, site.node_id).second_reviewer = False
    with services.db.write() as session:
        assert review.approve(session, made.id, actor=OFFICER).state == "published"
    assert in_force(services, site).reviewed_by is None


def test_one_version_waits_at_a_time_until_it_is_taken_back(services: Services, told: list[str]) -> None:
    site, _scenes = a_tour(services, second=True)
    made = submit(services, site)
    with pytest.raises(Conflict, match="waits already"):
        submit(services, site, actor=OTHER)
    with pytest.raises(Forbidden), services.db.write() as session:
        review.take_back(session, made.id, actor=OTHER)
    with services.db.write() as session:
        assert review.take_back(session, made.id, actor=OFFICER).state == "taken_back"
    with pytest.raises(Conflict, match="taken this version back"), services.db.write() as session:
        review.approve(session, made.id, actor=REVIEWER)
    assert submit(services, site, actor=OTHER).state == "waiting"
    assert told == ["waiting", "taken_back", "waiting"]
    assert in_force(services, site).number == 1


def test_sending_back_needs_a_reason_and_keeps_the_published_tour(services: Services, told: list[str]) -> None:
    site, _scenes = a_tour(services, second=True)
    made = submit(services, site)
    for nothing in ("", " \r\n\0 "):
        with pytest.raises(Invalid) as caught, services.db.write() as session:
            review.send_back(session, made.id, reason=nothing, actor=REVIEWER)
        assert caught.value.field == "reason"
    with services.db.write() as session:
        back = review.send_back(session, made.id, reason=" Blur\r\nthe lorry \0", actor=REVIEWER)
        assert (back.state, back.decided_by, back.decision_note) == (
            "sent_back",
            REVIEWER.reference,
            "Blur\nthe lorry",
        )
    with pytest.raises(Conflict, match="sent this version back already"), services.db.write() as session:
        review.approve(session, made.id, actor=OTHER)
    assert in_force(services, site).number == 1
    assert told == ["waiting", "sent_back"]
    assert submit(services, site).state == "waiting", "it can be submitted again"


def test_of_two_reviewers_at_the_same_moment_one_decides_and_the_other_is_told(services: Services) -> None:
    site, _scenes = a_tour(services, second=True)
    made = submit(services, site)
    start, outcomes = threading.Barrier(4), list[str]()

    def decide(actor: Actor, approves: bool) -> None:
        start.wait()
        try:
            with services.db.write() as session:
                if approves:
                    review.approve(session, made.id, actor=actor)
                else:
                    review.send_back(session, made.id, reason="No", actor=actor)
            outcomes.append("done")
        except TourserverError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=decide, args=(who, way)) for who in (REVIEWER, OTHER) for way in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "done"]
    with services.db.read() as session:
        state = session.get_one(TourSubmission, made.id).state
        numbers = sorted(session.scalars(select(TourRevision.number).where(TourRevision.site_id == site.id)))
        assert numbers == ([1, 2] if state == "published" else [1])
        assert state in ("published", "sent_back")


def test_two_officers_who_submit_at_the_same_moment_make_one_submission(services: Services) -> None:
    site, _scenes = a_tour(services, second=True)
    start, outcomes = threading.Barrier(3), list[str]()

    def send(actor: Actor) -> None:
        start.wait()
        try:
            submit(services, site, actor=actor)
            outcomes.append("done")
        except TourserverError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=send, args=(actor,)) for actor in (OFFICER, REVIEWER, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "done"]


def test_every_obstacle_names_its_scene_and_leads_to_where_it_is_mended(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        quay = factories.make_scene(session, site, title={"sv": "Kajen"}, alternative={"sv": ""})
        hall = factories.make_scene(session, site, factories.make_panorama(session, state="failed"), title={})
        roof = factories.make_scene(session, site, title={"en": "Roof"}, alternative={})
        hotspots.add_hotspot(session, quay, Point("link", 1, 1, {"en": "Up"}, target=roof), actor=SYSTEM)
        empty = Hotspot(scene_id=quay.id, position=5, kind="info", yaw=0, pitch=0, label={"en": "Pump"}, body={})
        nameless = Hotspot(scene_id=quay.id, position=6, kind="info", yaw=0, pitch=0, label={}, body={"en": "x"})
        session.add_all([empty, nameless])
        roof.withdrawn_at = clock.now()
        session.flush()
        session.expire_all()
        found = publishing.obstacles(scenes.of_site(session, site.id))
        assert [(each.scene_id, each.hotspot_id) for each in found] == [
            (quay.id, None),
            (quay.id, empty.id),
            (quay.id, nameless.id),
            (hall.id, None),
            (hall.id, None),
        ]
        assert [text.text.split(".")[0] for text in found] == [
            "“Kajen” has no text alternative",
            "“Pump” in “Kajen” has nothing to read",
            "A point in “Kajen” has no name",
            f"Scene {hall.key} has no title",
            f"The picture of “{hall.key}” could not be used",
        ]
        with pytest.raises(Obstacle, match="Kajen"):
            review.submit(session, site, confirmed=review.CONFIRMATIONS, actor=OFFICER)


def test_a_scene_withdrawn_after_submitting_stays_out_of_what_is_approved(services: Services) -> None:
    site, (_quay, hall) = a_tour(services, second=True)
    made = submit(services, site)
    with services.db.write() as session:
        history.withdraw_scene(session, session.get_one(Site, site.id), hall.id, reason="A face", actor=OTHER)
    with services.db.write() as session:
        assert review.left_out(session, session.get_one(TourSubmission, made.id)) == {hall.id}
        review.approve(session, made.id, actor=REVIEWER)
    revision = in_force(services, site)
    assert (revision.number, titles(revision)) == (3, ["Quay"])
    assert revision.content["scenes"][0]["hotspots"] == []


def test_a_scene_put_back_after_being_withdrawn_is_part_of_what_is_approved(services: Services) -> None:
    site, (_quay, hall) = a_tour(services, second=True)
    made = submit(services, site)
    with services.db.write() as session:
        history.withdraw_scene(session, session.get_one(Site, site.id), hall.id, reason="A face", actor=OTHER)
        history.put_back(session, session.get_one(Scene, hall.id), actor=OTHER)
    with services.db.write() as session:
        review.approve(session, made.id, actor=REVIEWER)
    assert titles(in_force(services, site)) == ["Quay", "Hall"]


def test_a_scene_that_was_withdrawn_and_taken_out_of_the_draft_does_not_come_back(services: Services) -> None:
    site, (_quay, hall) = a_tour(services, second=True)
    made = submit(services, site)
    with services.db.write() as session:
        history.withdraw_scene(session, session.get_one(Site, site.id), hall.id, reason="A face", actor=OTHER)
        scenes.remove_scene(session, session.get_one(Scene, hall.id), actor=OTHER)
    with services.db.write() as session:
        review.approve(session, made.id, actor=REVIEWER)
    assert titles(in_force(services, site)) == ["Quay"]
