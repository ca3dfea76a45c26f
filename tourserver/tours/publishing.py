"""Publishing: the tour as it is now becomes an immutable revision that pages and rooms show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tourserver.core import audit, signals
from tourserver.core.errors import Invalid
from tourserver.core.i18n import N_, pick
from tourserver.core.rights import Actor
from tourserver.panoramas import store
from tourserver.sites.models import Node, Site
from tourserver.tours import freezing, hotspots, withholding
from tourserver.tours.models import Scene, TourRevision
from tourserver.tours.scenes import lock, of_site


class Obstacle(Invalid):
    """What keeps a tour from being published, and where it is mended."""

    def __init__(
        self, message: str, *, scene_id: str | None = None, hotspot_id: str | None = None, **params: Any
    ) -> None:
        super().__init__(message, **params)
        self.scene_id = scene_id
        self.hotspot_id = hotspot_id


def obstacles(scenes: list[Scene]) -> list[Obstacle]:
    """What keeps a tour from being published; empty when nothing does. Withdrawn scenes and the ways
    to them are left out anyway.
    """
    if not scenes:
        return [Obstacle(N_("The tour has no scene yet. Upload a panorama first."))]
    shown = [scene for scene in scenes if scene.withdrawn_at is None]
    if not shown:
        return [Obstacle(N_("All scenes are withdrawn. Put one back first."), scene_id=scenes[0].id)]
    return [problem for scene in shown for problem in _of_scene(scene)]


def _of_scene(scene: Scene) -> list[Obstacle]:
    name, found = name_of(scene), list[Obstacle]()

    def note(message: str, **values: Any) -> None:
        found.append(Obstacle(message, scene_id=scene.id, **values))

    if not any(scene.title.values()):
        note(N_("Scene %(scene)s has no title."), scene=scene.key)
    if not any(scene.alternative.values()):
        note(
            N_("“%(scene)s” has no text alternative. People who can't see the picture need it to take part."),
            scene=name,
        )
    if scene.panorama.state == "failed":
        note(N_("The picture of “%(scene)s” could not be used. Upload another."), scene=name)
    for hotspot in scene.hotspots:
        where = {"hotspot_id": hotspot.id, "point": pick(hotspot.label, "en").value or "–", "scene": name}
        if not any(hotspot.label.values()):
            note(N_("A point in “%(scene)s” has no name."), **where)
        if hotspot.kind == "info" and not any(hotspot.body.values()):
            note(N_("“%(point)s” in “%(scene)s” has nothing to read."), **where)
        for problem in hotspots.problems(hotspot):
            note(problem.message, **where)
    return found


def name_of(scene: Scene) -> str:
    """A scene's title in English or whatever language it has, else its key."""
    return pick(scene.title, "en").value or scene.key


def publish(session: Session, site: Site, *, actor: Actor) -> TourRevision:
    """Freeze the tour as the next revision, without review: for what the program itself publishes.

    Pictures may still be in work: each shows once its tiles are there.
    """
    lock(session, site.id)
    content = frozen(session, site, actor=actor)
    return add_revision(session, site.id, content, actor=actor)


def frozen(session: Session, site: Site, *, actor: Actor) -> dict[str, Any]:
    """The draft as it would be published: scenes with blur regions show a picture that has them baked in.

    Those pictures are asked for when they aren't there. Raises the first of :func:`obstacles`.
    """
    scenes = of_site(session, site.id)
    if problems := obstacles(scenes):
        raise problems[0]
    content, by_id = freezing.freeze(session, site, scenes), {scene.id: scene for scene in scenes}
    for entry in content["scenes"]:
        scene = by_id[entry["id"]]
        if scene.regions:
            entry["panorama"] = store.bake(session, scene.panorama, scene.regions, actor=actor).id
    return content


def add_revision(
    session: Session, site_id: str, content: dict[str, Any], *, actor: Actor, kind: str = "publish", **values: Any
) -> TourRevision:
    """Put a frozen tour into force as the next revision. The caller holds the site (:func:`scenes.lock`).

    ``values`` are further columns. Whoever publishes is told to the audit as ``actor``.
    """
    before = published(session, site_id)
    revision = TourRevision(
        site_id=site_id,
        number=before.number + 1 if before else 1,
        content=content,
        kind=kind,
        published_by=actor.reference,
        **values,
    )
    session.add(revision)
    session.flush()
    freezing.list_pictures(session, revision)
    audit.record(session, actor, f"tour.{kind}", "tour_revision", revision.id, after=content)
    old, new = (frozenset(scene["panorama"] for scene in each["scenes"]) for each in (_content(before), content))
    withdrawn = old - new if kind == "withdrawal" else frozenset()
    withholding.renew(session, set(old | new), withdrawn=withdrawn, actor=actor)
    signals.tour_published.send(session, site_id=site_id, revision_id=revision.id)
    return revision


def _content(revision: TourRevision | None) -> dict[str, Any]:
    return revision.content if revision is not None else {"scenes": []}


def without(content: dict[str, Any], scene_ids: set[str]) -> dict[str, Any]:
    """A frozen tour without some scenes and the links to them; the start moves on to the first that is left."""
    kept = [
        {**scene, "hotspots": [point for point in scene["hotspots"] if point.get("to") not in scene_ids]}
        for scene in content["scenes"]
        if scene["id"] not in scene_ids
    ]
    start = content["start"]
    if start in scene_ids:
        start = kept[0]["id"] if kept else None
    return {**content, "start": start, "scenes": kept}


def withdrawn_scenes(session: Session, site_id: str) -> set[str]:
    """Ids of scenes that are withdrawn until somebody puts them back."""
    return set(session.scalars(select(Scene.id).where(Scene.site_id == site_id, Scene.withdrawn_at.is_not(None))))


def scenes_in_draft(site_id: str) -> Select[str]:
    """Ids of the scenes that the draft has and that are not withdrawn, as a query."""
    return select(Scene.id).where(Scene.site_id == site_id, Scene.withdrawn_at.is_(None))


def second_reviewer(session: Session, site_id: str) -> bool:
    """Whether the site's node wants somebody else to look at a tour before it is published; as it is now."""
    query = select(Node.second_reviewer).join(Site, Site.node_id == Node.id).where(Site.id == site_id)
    return bool(session.scalar(query))


def draft(session: Session, site: Site) -> TourRevision:
    """The tour as it is now, in the form of a revision that is never stored: for previews."""
    return preview(site.id, freezing.freeze(session, site, of_site(session, site.id)))


def preview(site_id: str, content: dict[str, Any]) -> TourRevision:
    """A frozen tour in the form of a revision that is never stored."""
    return TourRevision(site_id=site_id, number=0, content=content, published_by="")


def published(session: Session, site_id: str) -> TourRevision | None:
    """The revision in force."""
    query = select(TourRevision).where(TourRevision.site_id == site_id).order_by(TourRevision.number.desc())
    return session.scalar(query.limit(1))


def number_of(session: Session, revision_id: str | None) -> int | None:
    """The number of a revision; None when there is none."""
    return session.scalar(select(TourRevision.number).where(TourRevision.id == revision_id)) if revision_id else None


def sites_with_tours(session: Session) -> set[str]:
    """Ids of all sites that have a published tour, in one query."""
    return set(session.scalars(select(TourRevision.site_id).distinct()))
