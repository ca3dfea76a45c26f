"""A tour that was exported comes back without loss, and the same tour gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.tours import archives
from tourserver.assets import receive
from tourserver.assets.models import Asset
from tourserver.core import clock
from tourserver.core.db import Texts
from tourserver.core.errors import Invalid
from tourserver.core.rights import SYSTEM
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.panoramas import store
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import hotspots, plan, scenes, wording
from tourserver.tours.archive import exporting, manifest
from tourserver.tours.hotspots import Point

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + b"\0" * 200
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHej\n"
FILES = {
    "picture": ("Bild på hallen.jpg", archives.small_picture()),
    "document": ("Rapport 2026 – خلاصة.pdf", PDF),
    "video": ("film.mp4", MP4),
    "captions": ("film.sv.vtt", VTT),
    "plan": ("plan.png", archives.small_picture(9, ".png")),
}
NASTY = [
    "محطة الطاقة",
    "Hall 🏭👩‍🔧 100 %",
    "<script>alert(1)</script>",
    "שלום *world* [x](y)",
    "a\\b `c` %(name)s",
    "零",
]

words = st.one_of(
    st.sampled_from(NASTY), st.text(min_size=1, max_size=300), st.text("abc åäö éأב🏝\u200d", min_size=290, max_size=300)
)


def texts(most: int) -> st.SearchStrategy[Texts]:
    clean = wording.line if most <= wording.LINE else wording.paragraphs
    cleaned = words.map(lambda text: clean(text[:most], "title"))
    return st.dictionaries(st.sampled_from(["en", "sv", "zh_Hans"]), cleaned, min_size=1).map(
        lambda found: {lang: text for lang, text in found.items() if text} or {"en": "x"}
    )


def degrees(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(int(low * 1000), int(high * 1000)).map(lambda number: number / 1000)


@dataclass
class Told:
    """A point before its scenes are there: ``to`` is a place in the list of scenes."""

    kind: str
    yaw: float
    pitch: float
    label: Texts
    body: Texts
    to: int
    arrival: str
    view: tuple[float, float, float]
    captions: bool


@dataclass
class ToldScene:
    title: Texts
    alternative: Texts
    view: tuple[float, float, float]
    north: float
    limits: tuple[float, float]
    plan: tuple[float, float] | None
    regions: list[dict[str, float]]
    credit: str
    is_render: bool
    withdrawn: bool
    shade: int
    points: list[Told] = field(default_factory=list)


views = st.tuples(degrees(-180, 179.999), degrees(-90, 90), degrees(30, 90))
points = st.builds(
    Told,
    kind=st.sampled_from(hotspots.KINDS),
    yaw=degrees(-180, 179.999),
    pitch=degrees(-90, 90),
    label=texts(200),
    body=texts(300),
    to=st.integers(0, 5),
    arrival=st.sampled_from(hotspots.ARRIVALS),
    view=views,
    captions=st.booleans(),
)
regions = st.fixed_dictionaries(
    {"yaw": degrees(-180, 179.999), "pitch": degrees(-90, 90), "width": degrees(0.2, 180), "height": degrees(0.2, 180)}
)
told_scenes = st.builds(
    ToldScene,
    title=texts(200),
    alternative=texts(300),
    view=views,
    north=degrees(-180, 179.999),
    limits=st.tuples(degrees(30, 60), degrees(60, 90)),
    plan=st.none() | st.tuples(degrees(0, 1), degrees(0, 1)),
    regions=st.lists(regions, max_size=3),
    credit=st.sampled_from(["", "A. Berg", "مصور"]),
    is_render=st.booleans(),
    withdrawn=st.booleans(),
    shade=st.integers(0, 2),
    points=st.lists(points, max_size=5),
)


def add_file(session: Session, services: Services, site: Site, kind: str) -> Asset:
    name, content = FILES[kind]
    path = services.storage.scratch() / "file"
    path.write_bytes(content)
    stored = receive.store(services, path, kind, name, hashlib.sha256(content).hexdigest())
    asset = receive.keep(session, site, stored, actor=SYSTEM)
    return asset


def make_draft(services: Services, told: list[ToldScene], *, with_plan: bool) -> Site:
    with ExitStack() as stack, services.db.write() as session:
        site = factories.make_site(session)
        files = {kind: add_file(session, services, site, kind) for kind in FILES}
        made = []
        for each in told:
            held = store.hold(services, io.BytesIO(archives.panorama(each.shade)), f"picture {each.shade}.jpg")
            stack.callback(held.discard)  # after the transaction
            scene = factories.make_scene(
                session,
                site,
                store.keep(session, services.storage, held, actor=SYSTEM),
                title=each.title,
                alternative=each.alternative,
                view=each.view,
                north=each.north,
                credit=each.credit,
                licence="CC BY 4.0",
                is_render=each.is_render,
            )
            more: dict[str, Any] = {"min_fov": each.limits[0], "max_fov": each.limits[1], "regions": each.regions}
            if each.plan:
                more |= {"plan_x": each.plan[0], "plan_y": each.plan[1]}
            scenes.change_scene(session, scene, more, seen_revision=1, actor=SYSTEM)
            if each.withdrawn:
                scene.withdrawn_at, scene.withdrawn_by = clock.now(), "system"
            made.append(scene)
        for scene, each in zip(made, told, strict=True):
            for point in each.points:
                target = made[point.to % len(made)]
                if point.kind == "link" and target is scene:
                    continue
                hotspots.add_hotspot(
                    session,
                    scene,
                    Point(
                        kind=point.kind,
                        yaw=point.yaw,
                        pitch=point.pitch,
                        label=point.label,
                        body=point.body,
                        target=target,
                        arrival=point.arrival,
                        view=point.view,
                        asset=files.get(point.kind),
                        captions=files["captions"] if point.captions else None,
                        url="https://example.org/ö?q=1#%20" if point.kind == "outside" else None,
                    ),
                    actor=SYSTEM,
                )
        if with_plan:
            plan.change(session, site, {"asset": files["plan"], "north": 12.5}, seen_revision=1, actor=SYSTEM)
        session.flush()
        return site


def export(services: Services, site: Site) -> bytes:
    target = io.BytesIO()
    with services.db.read() as session:
        package = exporting.of_draft(session, session.get_one(Site, site.id))
    exporting.write(services, package, target)
    return target.getvalue()


def manifest_of(content: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        return json.loads(file.read("manifest.json"))


def bring_in(services: Services, content: bytes, tmp_path: Path) -> tuple[Site, Any]:
    path = tmp_path / "in.zip"
    path.write_bytes(content)
    with services.db.write() as session:
        site = factories.make_site(session)
    return site, archives.import_now(services, site, path)


@hypothesis_settings(
    max_examples=25,
    deadline=None,
    # shrinking would import for minutes
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told=st.lists(told_scenes, min_size=1, max_size=4), with_plan=st.booleans())
def test_what_was_exported_imports_into_another_site_and_exports_again_equal(
    tmp_path: Path, app_services: Services, told: list[ToldScene], with_plan: bool
) -> None:
    site = make_draft(app_services, told, with_plan=with_plan)
    first = export(app_services, site)
    assert export(app_services, site) == first, "the same tour gives the same bytes"
    other, report = bring_in(app_services, first, tmp_path)
    assert [*archives.lines(report, "left"), *archives.lines(report, "changed")] == []
    assert manifest_of(export(app_services, other)) == manifest_of(first)


def test_originals_films_and_documents_come_back_byte_for_byte(tmp_path: Path, services: Services) -> None:
    told = ToldScene(
        {"en": "Hall"}, {"en": "A hall."}, (0, 0, 70), 0, (30, 90), (0.5, 0.5), [], "", False, False, 1,
        [Told(kind, 10, 0, {"en": kind}, {"en": "x"}, 0, "start", (0, 0, 70), True) for kind in ("document", "video")],
    )  # fmt: skip
    first = export(services, make_draft(services, [told], with_plan=False))
    site, _report = bring_in(services, first, tmp_path)
    again = export(services, site)
    assert again == first
    with zipfile.ZipFile(io.BytesIO(again)) as file:
        contents = {name: file.read(name) for name in file.namelist()}
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert set(contents.values()) >= {PDF, MP4, VTT, archives.panorama(1)}
    assert list(contents) == ["manifest.json", *sorted(name for name in contents if name != "manifest.json")]


def test_a_tour_goes_out_of_a_bucket_and_comes_back_into_it(tmp_path: Path, settings: Settings, s3_url: str) -> None:
    services = Services.start(settings.model_copy(update={"storage_url": s3_url}))
    try:
        told = ToldScene(
            {"en": "Hall"}, {"en": "x"}, (0, 0, 70), 0, (30, 90), None, [], "", False, False, 0,
            [Told("document", 0, 0, {"en": "Paper"}, {}, 0, "start", (0, 0, 70), False)],
        )  # fmt: skip
        content = export(services, make_draft(services, [told], with_plan=True))
        site, report = bring_in(services, content, tmp_path)
        assert (report.scenes, archives.lines(report, "left")) == (1, [])
        assert manifest_of(export(services, site)) == manifest_of(content)
    finally:
        services.close()


def test_nothing_in_an_export_tells_where_it_comes_from(services: Services) -> None:
    told = ToldScene({"en": "Hall"}, {}, (0, 0, 70), 0, (30, 90), None, [], "", False, False, 0)
    site = make_draft(services, [told], with_plan=True)
    content = export(services, site)
    with services.db.read() as session:
        ids = [site.id, *session.scalars(select(Panorama.id)), *session.scalars(select(Asset.id))]
    assert not any(each.encode() in content for each in ids)


def manifest_zip(tmp_path: Path, services: Services, change: Any) -> Path:
    told = ToldScene({"en": "Hall"}, {"en": "x"}, (0, 0, 70), 0, (30, 90), None, [], "", False, False, 0)
    data = manifest_of(export(services, make_draft(services, [told], with_plan=False)))
    change(data)
    files: dict[str, bytes | str] = {
        manifest.NAME: json.dumps(data),
        data["scenes"][0]["picture"]["file"]: archives.panorama(0),
    }
    return archives.zip_of(tmp_path / "changed.zip", files)


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda data: data.update(version=2), "newer_format", "format 2"),
        (lambda data: data.update(version="1"), "unreadable_manifest", "version"),
        (lambda data: data.update(surprise=1), "unreadable_manifest", "surprise"),
        (lambda data: data["scenes"][0].update(view=None), "unreadable_manifest", "scenes.0.view"),
        (lambda data: data["scenes"][0]["view"].update(yaw=1e300), "unreadable_manifest", "scenes.0.view.yaw"),
        (lambda data: data["scenes"][0]["title"].update(xx="no"), "unreadable_manifest", "scenes.0.title"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused_and_says_where(
    tmp_path: Path, app_services: Services, change: Any, code: str, place: str
) -> None:
    path = manifest_zip(tmp_path, app_services, change)
    with app_services.db.write() as session:
        site = factories.make_site(session)
    job = archives.do_import(app_services, site, path)
    assert job.payload["error"]["code"] == code
    assert place in (job.error or "")


def test_a_picture_is_not_taken_without_all_its_blurred_regions(tmp_path: Path, app_services: Services) -> None:
    region = {"yaw": 0, "pitch": 0, "width": 5, "height": 5}
    path = manifest_zip(tmp_path, app_services, lambda data: data["scenes"][0].update(regions=[region] * 61))
    _site, report = bring_in(app_services, path.read_bytes(), tmp_path)
    assert report.scenes == 0
    assert "at most 60 blurred regions" in "\n".join(archives.lines(report, "left"))


def test_the_plan_comes_along_only_into_an_empty_draft(tmp_path: Path, app_services: Services) -> None:
    told = ToldScene({"en": "Hall"}, {"en": "x"}, (0, 0, 70), 0, (30, 90), (0.2, 0.3), [], "", False, False, 0)
    content = export(app_services, make_draft(app_services, [told], with_plan=True))
    site, _report = bring_in(app_services, content, tmp_path)
    (tmp_path / "again.zip").write_bytes(content)
    report = archives.import_now(app_services, site, tmp_path / "again.zip")
    assert "The plan and the scenes' places on it" in "\n".join(archives.lines(report, "left"))
    with app_services.db.read() as session:
        assert [scene.plan_x for scene in scenes.of_site(session, site.id)] == [0.2, None]
        assert len(list(session.scalars(select(Asset).where(Asset.site_id == site.id, Asset.kind == "plan")))) == 1


def test_an_empty_draft_has_nothing_to_export(app_services: Services) -> None:
    with app_services.db.write() as session:
        site = factories.make_site(session)
    with app_services.db.read() as session, pytest.raises(Invalid, match="no scene yet"):
        exporting.of_draft(session, site)
