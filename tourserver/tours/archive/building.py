"""Scenes and points of a tour that came in a ZIP, by the same rules as those that people make."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tourserver.assets.models import Asset
from tourserver.assets.receive import keep as keep_asset
from tourserver.core import clock
from tourserver.core.actors import Actor
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_
from tourserver.core.jobs import Retry
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import hotspots, plan, scenes
from tourserver.tours.archive.parts import LEAST_FOV, MOST_FOV, FilePart, PointPart, ScenePart, TourPart
from tourserver.tours.archive.report import Report
from tourserver.tours.archive.unpacking import Unpacked
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene

Files = dict[tuple[str, str], Asset]


def build(
    session: Session, site: Site, tour: TourPart, unpacked: Unpacked, report: Report, *, actor: Actor
) -> set[str]:
    """Add the scenes after those that are there, with their points; ids of the files that have rows now.

    The plan comes along only into an empty draft: the points on another plan would lie anywhere.
    """
    scenes.lock(session, site.id)
    files = _keep_files(session, site, unpacked, report, actor)
    empty = not scenes.of_site(session, site.id) and plan.of(session, site.id).plan_asset_id is None
    if not empty and (tour.plan is not None or any(part.plan for part in tour.scenes)):
        report.left(N_("The plan and the scenes' places on it: this tour has scenes already."))
    elif empty:
        _take_plan(session, site, tour, files, actor)
    made = {part.key: _scene(session, site, part, unpacked, empty, actor) for part in tour.scenes}
    _add_points(session, tour, made, files, report, actor)
    report.scenes = len(made)
    return {asset.id for asset in files.values()}


def _keep_files(session: Session, site: Site, unpacked: Unpacked, report: Report, actor: Actor) -> Files:
    files = {}
    for identity, stored in unpacked.files.items():
        try:
            files[identity] = keep_asset(session, site, stored, actor=actor)
        except Invalid as error:  # one too many
            report.left(error.message, stored.name, **error.params)
    return files


def _take_plan(session: Session, site: Site, tour: TourPart, files: Files, actor: Actor) -> None:
    drawing = files.get((tour.plan.kind, tour.plan.path)) if tour.plan else None
    if drawing is not None or tour.plan_north:
        values = {"asset": drawing, "north": tour.plan_north}
        plan.change(session, site, values, seen_revision=plan.of(session, site.id).revision, actor=actor)


def _scene(session: Session, site: Site, part: ScenePart, unpacked: Unpacked, empty: bool, actor: Actor) -> Scene:
    panorama = session.get(Panorama, unpacked.panoramas[part.key])
    if panorama is None:
        raise Retry("a picture was freed before its scene was made")
    scene = scenes.add_scene(
        session,
        site,
        panorama,
        title=part.title,
        alternative=part.alternative,
        key=part.key,
        actor=actor,
        view=part.view,
        north=part.north,
        credit=part.credit,
        licence=part.licence,
        is_render=part.is_render,
    )
    more: dict[str, object] = {}
    if part.limits != (LEAST_FOV, MOST_FOV):
        more |= {"min_fov": part.limits[0], "max_fov": part.limits[1]}
    if part.plan is not None and empty:
        more |= {"plan_x": part.plan[0], "plan_y": part.plan[1]}
    if part.regions:
        more["regions"] = part.regions
    if more:
        scenes.change_scene(session, scene, more, seen_revision=scene.revision, actor=actor)
    if part.withdrawn:
        scene.withdrawn_at, scene.withdrawn_by = clock.now(), actor.reference
    return scene


def _add_points(
    session: Session, tour: TourPart, made: dict[str, Scene], files: Files, report: Report, actor: Actor
) -> None:
    """All points in one go: one after the other would hold the database for minutes when there are thousands."""
    wanted = [(part, told) for part in tour.scenes for told in part.points if _has_file(part, told, files, report)]
    pairs = [(made[part.key], _point(told, made, files)) for part, told in wanted]
    counts = dict.fromkeys(made, 0)
    for (part, told), refused in zip(wanted, hotspots.add_hotspots(session, pairs, actor=actor), strict=True):
        if refused is None:
            counts[part.key] += 1
            continue
        report.left(
            N_("Point “%(point)s” was not taken, for the reason in the next line."), part.name, point=_name(told)
        )
        report.left(refused.message, part.name, **refused.params)
    for part in tour.scenes:
        report.taken(N_("Taken, with %(points)s points."), part.name, points=counts[part.key])
    report.points = sum(counts.values())


def _has_file(part: ScenePart, told: PointPart, files: Files, report: Report) -> bool:
    if told.kind not in hotspots.ASSET_KINDS or _kept(files, told.asset) is not None:
        return True
    report.left(N_("Point “%(point)s” was not taken, since its file was not."), part.name, point=_name(told))
    return False


def _point(told: PointPart, made: dict[str, Scene], files: Files) -> Point:
    return Point(
        kind=told.kind,
        yaw=told.yaw,
        pitch=told.pitch,
        label=told.label,
        body=told.body,
        target=made.get(told.to or ""),
        arrival=told.arrival,
        view=told.view,
        asset=_kept(files, told.asset),
        captions=_kept(files, told.captions),
        url=told.url,
    )


def _name(told: PointPart) -> str:
    return next(iter(told.label.values()), "–")


def _kept(files: Files, part: FilePart | None) -> Asset | None:
    return files.get((part.kind, part.path)) if part is not None else None
