"""What happens to published tours afterwards: rolled back, a scene withdrawn. On both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.tours.test_review import OFFICER, REVIEWER, a_tour, in_force, rename, submit, titles
from tourserver.core import signals
from tourserver.core.errors import Conflict, Invalid, NotFound, TourserverError
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import changes, history, publishing, scenes, withholding
from tourserver.tours.models import Scene, TourRevision, TourRevisionPanorama


@pytest.fixture
def withdrawn() -> Any:
    """What was announced of withdrawn scenes."""
    found: list[dict[str, str]] = []

    def note(_session: Session, **values: str) -> None:
        found.append(values)

    signals.tour_withdrawn.connect(note)
    yield found
    signals.tour_withdrawn._receivers.remove(note)


def roll_back(services: Services, site: Site, number: int, **values: Any) -> TourRevision:
    with services.db.write() as session:
        return history.roll_back(session, session.get_one(Site, site.id), number, actor=REVIEWER, **values)


def withdraw(services: Services, site: Site, scene: Scene, reason: str = "A face can be seen") -> TourRevision:
    with services.db.write() as session:
        return history.withdraw_scene(session, session.get_one(Site, site.id), scene.id, reason=reason, actor=OFFICER)


def test_rolling_back_makes_a_new_revision_with_the_old_content(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    old = in_force(services, site)
    rename(services, quay, "Pier")
    submit(services, site)
    made = roll_back(services, site, 1, note="The name was right", seen=2)
    assert (made.number, made.kind, made.from_number, made.note) == (3, "rollback", 1, "The name was right")
    assert made.content == old.content
    assert (made.published_by, made.submitted_by, made.reviewed_by) == (REVIEWER.reference, None, None)
    with services.db.read() as session:
        kept = select(TourRevisionPanorama.panorama_id).where(TourRevisionPanorama.revision_id == made.id)
        assert len(list(session.scalars(kept))) == 2
        assert session.get_one(Scene, quay.id).title == {"en": "Pier"}, "the draft stays as it is"
        assert [one.number for one in history.revisions(session, site.id)] == [3, 2, 1]


def test_what_is_in_force_unknown_or_no_longer_as_seen_is_not_rolled_back(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    rename(services, quay, "Pier")
    submit(services, site)
    with pytest.raises(Invalid, match="already"):
        roll_back(services, site, 2)
    with pytest.raises(NotFound):
        roll_back(services, site, 7)
    with pytest.raises(Conflict, match="published meanwhile"):
        roll_back(services, site, 1, seen=1)
    assert in_force(services, site).number == 2


def test_a_tour_whose_pictures_are_gone_is_refused_and_they_are_named(services: Services) -> None:
    site, (_quay, hall) = a_tour(services, second=False)
    with services.db.write() as session:
        scenes.remove_scene(session, session.get_one(Scene, hall.id), actor=OFFICER)
        publishing.publish(session, session.get_one(Site, site.id), actor=SYSTEM)
        session.get_one(Panorama, hall.panorama_id).state = "failed"
    with pytest.raises(Invalid, match="“Hall”"):
        roll_back(services, site, 1)
    with services.db.write() as session:
        panorama = session.get_one(Panorama, hall.panorama_id)
        for row in session.scalars(select(TourRevisionPanorama).where(TourRevisionPanorama.panorama_id == panorama.id)):
            session.delete(row)
        session.flush()
        session.delete(panorama)
    with pytest.raises(Invalid, match="“Hall”"):
        roll_back(services, site, 1)
    assert in_force(services, site).number == 2


def test_a_withdrawn_scene_is_gone_at_once_with_its_links_and_the_start_moves_on(
    services: Services, withdrawn: list[dict[str, str]]
) -> None:
    site, (quay, hall) = a_tour(services, second=True)
    made = withdraw(services, site, quay)
    assert (made.number, made.kind, made.note, titles(made)) == (2, "withdrawal", "A face can be seen", ["Hall"])
    assert made.content["start"] == hall.id
    assert [point["kind"] for point in made.content["scenes"][0]["hotspots"]] == ["info"]
    assert in_force(services, site).id == made.id
    assert withdrawn == [{"site_id": site.id, "scene_id": quay.id, "revision_id": made.id}]
    with services.db.read() as session:
        draft = session.get_one(Scene, quay.id)
        assert draft.withdrawn_at is not None
        assert draft.withdrawn_by == OFFICER.reference
        assert [scene["title"]["en"] for scene in history.withdrawn_from(session, made)] == ["Quay"]


def test_a_withdrawn_scene_needs_a_reason_and_must_be_shown(services: Services) -> None:
    site, (quay, hall) = a_tour(services, second=False)
    with pytest.raises(Invalid) as caught:
        withdraw(services, site, quay, " \0 ")
    assert caught.value.field == "reason"
    with services.db.write() as session:
        unseen = factories.make_scene(session, session.get_one(Site, site.id), title={"en": "Roof"})
    with pytest.raises(Invalid, match="don't see this scene"):
        withdraw(services, site, unseen)
    withdraw(services, site, quay)
    with pytest.raises(Invalid, match="don't see this scene"):
        withdraw(services, site, quay)
    with pytest.raises(Invalid, match="whole site"):
        withdraw(services, site, hall)
    assert titles(in_force(services, site)) == ["Hall"]


def test_two_who_withdraw_the_last_two_scenes_at_the_same_moment_leave_one(services: Services) -> None:
    site, both = a_tour(services, second=False)
    start, outcomes = threading.Barrier(2), list[str]()

    def strike(scene: Scene) -> None:
        start.wait()
        try:
            withdraw(services, site, scene)
            outcomes.append("done")
        except TourserverError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=strike, args=(scene,)) for scene in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "last_scene"]
    assert len(in_force(services, site).content["scenes"]) == 1


def test_a_scene_that_is_put_back_is_shown_again_by_the_next_publishing_only(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    withdraw(services, site, quay)
    with services.db.write() as session:
        history.put_back(session, session.get_one(Scene, quay.id), actor=OFFICER)
    assert titles(in_force(services, site)) == ["Hall"]
    submit(services, site)
    assert titles(in_force(services, site)) == ["Quay", "Hall"]


def test_rolling_back_does_not_bring_a_withdrawn_scene_to_the_public(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    withdraw(services, site, quay)
    made = roll_back(services, site, 1)
    assert titles(made) == ["Hall"]
    with services.db.write() as session:
        history.put_back(session, session.get_one(Scene, quay.id), actor=OFFICER)
    assert titles(roll_back(services, site, 1)) == ["Quay", "Hall"]


def test_differences_are_told_by_scene_language_and_point(services: Services) -> None:
    site, (quay, hall) = a_tour(services, second=False)
    before = in_force(services, site).content
    with services.db.write() as session:
        found = session.get_one(Scene, quay.id)
        new = {"title": {"en": "Pier", "sv": "Kajen"}, "start_yaw": 12.5, "credit": "A. Berg"}
        scenes.change_scene(session, found, new, seen_revision=found.revision, actor=OFFICER)
        point = session.get_one(Scene, hall.id).hotspots[1]
        point.body, point.yaw = {"en": "It moves *air*."}, 11.0
        factories.make_scene(session, session.get_one(Site, site.id), title={"en": "Roof"})
    with services.db.read() as session:
        draft = changes.draft_content(session, session.get_one(Site, site.id), scenes.of_site(session, site.id))
        found_changes = changes.between(session, before, draft)
        assert [(one.kind, one.title.get("en")) for one in found_changes] == [
            ("changed", "Pier"),
            ("changed", "Hall"),
            ("added", "Roof"),
        ]
        told = [(one.message, one.lang, one.before, one.after) for one in found_changes[0].details]
        assert told == [
            ("Title", "en", "Quay", "Pier"),
            ("Photographer or source", "", "", "A. Berg"),
            ("Start view", "", "0° 0°, 70°", "12.5° 0°, 70°"),
        ]
        told_points = [(one.point, one.message, one.after) for one in found_changes[1].details]
        assert told_points == [
            ({"en": "Pump"}, "Text", "It moves *air*."),
            ({"en": "Pump"}, "Moved", "11° 5°"),
        ]
        assert [one.kind for one in changes.between(session, draft, before)] == ["changed", "changed", "removed"]
        assert changes.between(session, before, before) == []
        assert [one.kind for one in changes.between(session, None, before)] == ["added", "added"]


def test_the_picture_of_a_withdrawn_scene_is_withheld_until_it_is_shown_again(services: Services) -> None:
    with services.db.write() as session:
        site, (_quay, hall) = factories.make_tour(session)
        history.withdraw_scene(session, site, hall.id, reason="A face can be seen.", actor=SYSTEM)
        hidden = hall.panorama.content_hash
        assert withholding.hashes(session) == {hidden}
        first = publishing.published(session, site.id)
        assert first is not None
        pinned = session.scalars(select(TourRevision).where(TourRevision.number == 1)).one()
        assert withholding.in_open_rooms(session, [lambda _session, _site: [pinned.id]]) == {hidden}
        assert withholding.in_open_rooms(session, [lambda _session, _site: [first.id]]) == frozenset()
        history.put_back(session, hall, actor=SYSTEM)
        assert withholding.hashes(session) == {hidden}, "putting back publishes nothing"
        publishing.publish(session, site, actor=SYSTEM)
        assert withholding.hashes(session) == frozenset()


def test_a_picture_that_another_tour_shows_is_not_withheld_with_the_scene(services: Services) -> None:
    with services.db.write() as session:
        site, (_quay, hall) = factories.make_tour(session)
        other = factories.make_site(session)
        scenes.add_scene(
            session, other, hall.panorama, title={"en": "Same"}, alternative={"en": "The same."}, actor=SYSTEM
        )
        publishing.publish(session, other, actor=SYSTEM)
        history.withdraw_scene(session, site, hall.id, reason="Wrong words.", actor=SYSTEM)
        assert withholding.hashes(session) == frozenset()
