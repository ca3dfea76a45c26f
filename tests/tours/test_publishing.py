"""Publishing freezes a tour; the document is what visitors get of it. On both databases."""

from __future__ import annotations

import threading

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests import factories
from tourserver.core import jobs
from tourserver.core.audit import Audit
from tourserver.core.errors import Invalid
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import document, hotspots, pictures, posters, publishing, scenes
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene, TourRevision


def test_a_tour_needs_a_scene_titles_text_alternatives_and_usable_pictures(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        with pytest.raises(Invalid, match="no scene yet"):
            publishing.publish(session, site, actor=SYSTEM)
        factories.make_scene(session, site, title={"sv": "Kajen"}, alternative={"sv": ""})
        with pytest.raises(Invalid, match="“Kajen” has no text alternative"):
            publishing.publish(session, site, actor=SYSTEM)
        failed = factories.make_panorama(session, state="failed")
        factories.make_scene(session, site, failed, title={}, alternative={"en": "x"})
        found = [error.text for error in publishing.obstacles(scenes.of_site(session, site.id))]
        assert len(found) == 3
        assert "has no title" in found[1]
        assert "could not be used" in found[2]
        assert publishing.published(session, site.id) is None


def test_one_language_of_the_text_alternative_is_enough(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        factories.make_scene(session, site, alternative={"zh_Hans": "码头"})
        assert publishing.publish(session, site, actor=SYSTEM).number == 1


def test_a_published_tour_does_not_change_with_its_draft(services: Services) -> None:
    with services.db.write() as session:
        site, (quay, hall) = factories.make_tour(session)
        scenes.change_scene(session, quay, {"title": {"en": "Changed"}}, seen_revision=1, actor=SYSTEM)
        scenes.remove_scene(session, hall, actor=SYSTEM)
    with services.db.read() as session:
        revision = publishing.published(session, site.id)
        assert revision is not None
        shown = document.build(session, revision, "en")
        assert [scene["title"]["value"] for scene in shown["scenes"]] == ["Quay", "Hall"]
        draft = document.build(session, publishing.draft(session, session.get_one(Site, site.id)), "en")
        assert [scene["title"]["value"] for scene in draft["scenes"]] == ["Changed"]
    with services.db.write() as session:
        publishing.publish(session, session.get_one(Site, site.id), actor=SYSTEM)
        numbers = select(TourRevision.number).order_by(TourRevision.number)
        assert list(session.scalars(numbers)) == [1, 2]
        verbs = list(session.scalars(select(Audit.verb).where(Audit.thing_kind == "tour_revision")))
        assert verbs == ["tour.publish"] * 2


def test_publishing_at_the_same_moment_makes_one_revision_after_the_other(services: Services) -> None:
    with services.db.write() as session:
        site, _scenes = factories.make_tour(session)
    start, failed = threading.Barrier(4), list[BaseException]()

    def publish() -> None:
        start.wait()
        try:
            with services.db.write() as session:
                publishing.publish(session, session.get_one(Site, site.id), actor=SYSTEM)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with services.db.read() as session:
        assert sorted(session.scalars(select(TourRevision.number))) == [1, 2, 3, 4, 5]


def test_the_document_has_angles_links_and_addresses_of_tiles(services: Services) -> None:
    with services.db.write() as session:
        site, (quay, hall) = factories.make_tour(session)
    with services.db.read() as session:
        revision = publishing.published(session, site.id)
        assert revision is not None
        shown = document.build(session, revision, "sv")
    assert (shown["site"], shown["revision"], shown["start"]) == (site.slug, 1, quay.id)
    assert shown["name"] == {"value": "Hamnen", "lang": "sv", "dir": "ltr"}
    first, second = shown["scenes"]
    folder = f"/media/panoramas/{quay.panorama.content_hash}"
    assert first["panorama"] == {
        "width": 4096,
        "height": 2048,
        "base": f"{folder}/base.jpg",
        "webp": False,
        "levels": [{"width": 2048, "cols": 4, "rows": 2}, {"width": 4096, "cols": 8, "rows": 4}],
        "tile": folder + "/{level}/{col}_{row}.jpg",
    }
    assert first["view"] == {"yaw": 0.0, "pitch": 0.0, "fov": 70.0}
    assert [(each["kind"], each["to"], each["html"]) for each in first["hotspots"]] == [("link", hall.id, None)]
    assert second["title"] == {"value": "Hall", "lang": "en", "dir": "ltr"}, "English stands in and says so"
    assert second["hotspots"][1]["html"]["value"] == "<p>It moves <em>water</em>.</p>\n"


def test_a_scene_says_how_far_its_picture_is(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        waiting = factories.make_panorama(session, state="waiting")
        factories.make_scene(session, site, waiting)
        publishing.publish(session, site, actor=SYSTEM)
        job = jobs.enqueue(session, document.TILE_JOB, waiting.id, {"panorama": waiting.id})

    def shown() -> tuple[str, int, object, object]:
        with services.db.read() as session:
            revision = publishing.published(session, site.id)
            assert revision is not None
            scene = document.build(session, revision, "en")["scenes"][0]
            return scene["state"], scene["percent"], scene["panorama"], scene["poster"]

    assert shown() == ("tiling", 0, None, None)
    with services.db.write() as session:
        session.get_one(jobs.Job, job.id).percent = 40
        session.get_one(Panorama, waiting.id).state = "tiling"
    assert shown() == ("tiling", 40, None, None)
    with services.db.write() as session:
        session.get_one(Panorama, waiting.id).state = "failed"
    assert shown()[0] == "failed"
    with services.db.write() as session:
        session.get_one(Panorama, waiting.id).state = "ready"
    state, percent, panorama, poster = shown()
    assert (state, percent) == ("ready", 100)
    assert panorama
    assert poster


def test_markup_in_texts_of_points_is_made_harmless(services: Services) -> None:
    body = "\n\n".join(
        [
            "# Head",
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1)) [b](JAVASCRIPT:alert(1)) [c](data:text/html,x) [d](vbscript:x)",
            "[e](https://example.org) [f](mailto:a@example.org)",
            '[g](https://example.org "x" onclick="alert(1)")',
            "![h](https://evil.example/pixel.png)",
        ]
    )
    with services.db.write() as session:
        site = factories.make_site(session)
        scene = factories.make_scene(session, site)
        hotspots.add_hotspot(session, scene, Point("info", 0, 0, {"en": "x"}, {"en": body}), actor=SYSTEM)
        html = document.build(session, publishing.publish(session, site, actor=SYSTEM), "en")["scenes"][0]["hotspots"][
            0
        ]["html"]["value"]
    read = BeautifulSoup(html, "html.parser")
    assert {element.name for element in read.find_all()} == {"h3", "p", "a"}
    links = [element.attrs for element in read.find_all("a")]
    assert {name for attributes in links for name in attributes} <= {"href", "title", "rel"}
    assert {str(attributes.get("href", "")).split(":")[0] for attributes in links} == {"https", "mailto"}
    assert "&lt;script&gt;" in html
    assert html.startswith("<h3>Head</h3>")
    assert '<a href="https://example.org" rel="noopener noreferrer">e</a>' in html
    assert 'href="mailto:a@example.org"' in html


def test_posters_are_asked_for_once_the_tour_is_published_and_the_picture_ready(services: Services) -> None:
    with services.db.write() as session:
        site = factories.make_site(session)
        waiting = factories.make_panorama(session, state="waiting")
        factories.make_scene(session, site, waiting)
        revision = publishing.publish(session, site, actor=SYSTEM)
        wanted = select(jobs.Job.kind).where(jobs.Job.kind == posters.JOB)
        posters.enqueue_for_revision(session, site_id=site.id, revision_id=revision.id)
        assert list(session.scalars(wanted)) == []
        waiting.state = "ready"
        posters.enqueue_for_panorama(session, panorama_id=waiting.id)
        posters.enqueue_for_revision(session, site_id=site.id, revision_id=revision.id)
        assert list(session.scalars(wanted)) == [posters.JOB]


def test_lists_show_the_first_scene_of_the_newest_revision_whose_picture_is_ready(services: Services) -> None:
    with services.db.write() as session:
        with_tour, (_quay, hall) = factories.make_tour(session)
        without = factories.make_site(session)
        pending = factories.make_site(session)
        factories.make_scene(session, pending, factories.make_panorama(session, state="tiling"))
        publishing.publish(session, pending, actor=SYSTEM)
        scenes.move(session, with_tour, hall, -1, actor=SYSTEM)
        publishing.publish(session, with_tour, actor=SYSTEM)
        found = pictures.of_sites(session, [with_tour, without, pending])
        assert list(found) == [with_tour.id]
        assert hall.panorama.content_hash in found[with_tour.id]["poster"]
        assert pictures.alternative(found[with_tour.id], "sv").value == "A hall with pumps."
        assert publishing.sites_with_tours(session) == {with_tour.id, pending.id}
        assert session.get_one(Scene, hall.id).position == 0
