"""Scenes with blurred regions: their pictures are waited for, uncovered ones are withheld. On both databases."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.panoramas import pictures
from tests.tours.test_review import OFFICER, REVIEWER, a_tour, in_force, submit
from tourserver.core import clock, jobs, signals
from tourserver.core.errors import Invalid
from tourserver.core.jobs import Worker
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import jobs as tiling
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import changes, document, history, publishing, review, scenes
from tourserver.tours.models import Scene, TourSubmission

FACE: dict[str, Any] = {"yaw": 20.0, "pitch": 4.0, "width": 10.0, "height": 12.0}
PLATE: dict[str, Any] = {"yaw": -150.0, "pitch": -20.0, "width": 8.0, "height": 3.0}


@pytest.fixture(autouse=True)
def listening() -> None:
    """Review hears of pictures, as wiring.py has it."""
    signals.panorama_ready.connect(review.pictures_ready)


def blur(services: Services, scene: Scene, *regions: dict[str, Any]) -> None:
    with services.db.write() as session:
        found = session.get_one(Scene, scene.id)
        changed = {"regions": list(regions)}
        scenes.change_scene(session, found, changed, seen_revision=found.revision, actor=OFFICER)


def baked_of(services: Services, made: TourSubmission, scene: Scene) -> Panorama:
    with services.db.read() as session:
        content = session.get_one(TourSubmission, made.id).content
        panorama_id = next(one["panorama"] for one in content["scenes"] if one["id"] == scene.id)
        return session.get_one(Panorama, panorama_id)


def finish(services: Services, panorama: Panorama) -> None:
    """As the worker does when the tiles are there."""
    with services.db.write() as session:
        row = session.get_one(Panorama, panorama.id)
        row.state, row.ready_at = "ready", clock.now()
        session.flush()
        signals.panorama_ready.send(session, panorama_id=panorama.id)


def fail(services: Services, panorama: Panorama) -> None:
    with services.db.write() as session:
        error = Invalid("The picture is cut off.")
        tiling.mark_failed(session, {"panorama": panorama.id}, error)


def state(services: Services, made: TourSubmission) -> str:
    with services.db.read() as session:
        return session.get_one(TourSubmission, made.id).state


def withheld(services: Services, scene: Scene) -> bool:
    with services.db.read() as session:
        return session.get_one(Panorama, scene.panorama_id).withheld


def test_a_tour_with_blurred_regions_is_published_when_its_pictures_are_made(services: Services) -> None:
    site, (quay, hall) = a_tour(services, second=False)
    blur(services, quay, FACE)
    made = submit(services, site)
    assert made.state == "approved"
    assert in_force(services, site).number == 1
    baked = baked_of(services, made, quay)
    assert (baked.source_id, baked.state) == (quay.panorama_id, "waiting")
    with services.db.read() as session:
        assert jobs.latest(session, document.TILE_JOB, baked.id) is not None
    finish(services, baked)
    revision = in_force(services, site)
    assert (revision.number, state(services, made)) == (2, "published")
    assert [scene["panorama"] for scene in revision.content["scenes"]] == [baked.id, hall.panorama_id]
    assert (revision.published_by, revision.reviewed_by) == (OFFICER.reference, None)


def test_pictures_that_are_ready_before_the_decision_are_not_waited_for(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=True)
    blur(services, quay, FACE)
    made = submit(services, site)
    finish(services, baked_of(services, made, quay))
    assert state(services, made) == "waiting"
    with services.db.write() as session:
        assert review.approve(session, made.id, actor=REVIEWER).state == "published"


def test_an_approved_tour_waits_for_all_its_blurred_pictures_and_names_its_reviewer(services: Services) -> None:
    site, (quay, hall) = a_tour(services, second=True)
    blur(services, quay, FACE)
    blur(services, hall, PLATE)
    made = submit(services, site)
    with services.db.write() as session:
        assert review.approve(session, made.id, actor=REVIEWER).state == "approved"
    finish(services, baked_of(services, made, quay))
    assert (state(services, made), in_force(services, site).number) == ("approved", 1)
    finish(services, baked_of(services, made, hall))
    revision = in_force(services, site)
    assert (revision.number, revision.published_by) == (2, REVIEWER.reference)
    assert (revision.submitted_by, revision.reviewed_by) == (OFFICER.reference, REVIEWER.reference)


def test_a_picture_that_could_not_be_made_ends_the_submission_with_its_reason(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=True)
    blur(services, quay, FACE)
    made = submit(services, site)
    with services.db.write() as session:
        review.approve(session, made.id, actor=REVIEWER)
    fail(services, baked_of(services, made, quay))
    review.settle(services)
    assert (state(services, made), in_force(services, site).number) == ("failed", 1)
    with services.db.read() as session:
        ((name, panorama),) = review.picture_problems(session, session.get_one(TourSubmission, made.id))
        assert name == "Quay"
        assert panorama is not None
        assert panorama.error is not None
        assert panorama.error["message"] == "The picture is cut off."
    again = submit(services, site)
    assert again.state == "waiting", "it may be submitted again, and the picture is tried again"
    assert baked_of(services, again, quay).state == "waiting"


def test_an_approved_tour_that_is_taken_back_is_not_published_later(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    blur(services, quay, FACE)
    made = submit(services, site)
    with services.db.write() as session:
        review.take_back(session, made.id, actor=OFFICER)
    finish(services, baked_of(services, made, quay))
    review.settle(services)
    assert (state(services, made), in_force(services, site).number) == ("taken_back", 1)


def test_a_picture_that_is_ready_at_the_moment_of_the_decision_leaves_nothing_waiting(services: Services) -> None:
    for _ in range(4):
        site, (quay, _hall) = a_tour(services, second=True)
        blur(services, quay, FACE)
        made = submit(services, site)
        baked, start = baked_of(services, made, quay), threading.Barrier(2)

        def approve(submission: TourSubmission = made, start: threading.Barrier = start) -> None:
            start.wait()
            with services.db.write() as session:
                review.approve(session, submission.id, actor=REVIEWER)

        def ready(panorama: Panorama = baked, start: threading.Barrier = start) -> None:
            start.wait()
            finish(services, panorama)

        threads = [threading.Thread(target=target) for target in (approve, ready)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (state(services, made), in_force(services, site).number) == ("published", 2)


def test_an_unblurred_picture_may_be_published_while_its_tiles_are_made(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        factories.make_scene(session, site, factories.make_panorama(session, state="tiling"))
    assert submit(services, site).state == "published"


def test_the_uncovered_picture_is_withheld_once_the_blurred_one_is_in_force(services: Services) -> None:
    site, (quay, hall) = a_tour(services, second=False)
    blur(services, quay, FACE)
    made = submit(services, site)
    assert not withheld(services, quay), "visitors still see it until the blurred one is there"
    finish(services, baked_of(services, made, quay))
    assert withheld(services, quay)
    assert not withheld(services, hall)


def test_a_picture_that_another_site_shows_uncovered_is_not_withheld_until_that_ends(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    with services.db.write() as session:
        other = factories.make_site(session)
        shared = factories.make_scene(session, other, session.get_one(Panorama, quay.panorama_id))
        factories.make_scene(session, other, title={"en": "Roof"})
        publishing.publish(session, other, actor=SYSTEM)
    blur(services, quay, FACE)
    made = submit(services, site)
    finish(services, baked_of(services, made, quay))
    assert not withheld(services, quay)
    with services.db.write() as session:
        history.withdraw_scene(session, session.get_one(Site, other.id), shared.id, reason="x", actor=SYSTEM)
    assert withheld(services, quay)


def test_bringing_back_an_uncovered_picture_shows_it_again_and_taking_the_scene_away_does_not(
    services: Services,
) -> None:
    site, (quay, _hall) = a_tour(services, second=False)
    blur(services, quay, FACE)
    finish(services, baked_of(services, submit(services, site), quay))
    with services.db.write() as session:
        history.withdraw_scene(session, session.get_one(Site, site.id), quay.id, reason="x", actor=SYSTEM)
    assert withheld(services, quay), "nothing in force shows it uncovered"
    with services.db.write() as session:
        history.put_back(session, session.get_one(Scene, quay.id), actor=SYSTEM)
        history.roll_back(session, session.get_one(Site, site.id), 1, actor=SYSTEM)
    assert not withheld(services, quay)


def test_regions_of_the_draft_are_compared_with_those_baked_into_what_is_published(services: Services) -> None:
    site, (quay, _hall) = a_tour(services, second=False)

    def told() -> list[tuple[str, str, str]]:
        with services.db.read() as session:
            published = publishing.published(session, site.id)
            assert published is not None
            found = session.get_one(Site, site.id)
            draft = changes.draft_content(session, found, scenes.of_site(session, site.id))
            return [
                (detail.message, detail.before, detail.after)
                for change in changes.between(session, published.content, draft)
                for detail in change.details
            ]

    blur(services, quay, FACE)
    assert told() == [("Blurred regions", "0", "1")]
    finish(services, baked_of(services, submit(services, site), quay))
    assert told() == []
    blur(services, quay, PLATE)
    assert told() == [("Blurred regions", "1", "1")]
    blur(services, quay)
    assert told() == [("Blurred regions", "1", "0")]


def test_the_worker_makes_the_blurred_tiles_and_the_tour_appears(settings: Settings, tmp_path: Path) -> None:
    services = Services.start(settings)
    data = pictures.save_scene(tmp_path / "a.jpg", 2048).read_bytes()
    try:
        held = store.hold(services, io.BytesIO(data), "a.jpg")
        with services.db.write() as session:
            panorama = store.keep(session, services.storage, held, actor=SYSTEM)
            site = factories.make_site(session, node=factories.make_node(session))
            scene = factories.make_scene(session, site, panorama)
        held.discard()
        blur(services, scene, FACE)
        made = submit(services, site)
        worker = Worker(services)
        for _ in range(20):
            if not worker.run_once():
                break
        assert state(services, made) == "published"
        baked = baked_of(services, made, scene)
        assert services.storage.exists(f"panoramas/{baked.content_hash}/base.jpg")
        assert withheld(services, scene)
    finally:
        services.close()
