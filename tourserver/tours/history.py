"""What happens to published tours afterwards: an older one is brought back, a scene is withdrawn in a hurry.

Both make a new revision, so that numbers only grow and rooms that pinned an older one keep it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core import audit, clock, signals
from tourserver.core.errors import Conflict, Invalid, NotFound
from tourserver.core.i18n import N_, pick
from tourserver.core.rights import Actor
from tourserver.panoramas.models import Panorama
from tourserver.sites.models import Site
from tourserver.tours import freezing, publishing
from tourserver.tours.models import Scene, TourRevision
from tourserver.tours.scenes import lock

LONGEST_REASON = 500


def revisions(session: Session, site_id: str) -> list[TourRevision]:
    """All published tours of a site, the newest first."""
    query = select(TourRevision).where(TourRevision.site_id == site_id).order_by(TourRevision.number.desc())
    return list(session.scalars(query))


def revision(session: Session, site_id: str, number: int) -> TourRevision:
    """One of them."""
    found = session.scalar(select(TourRevision).where(TourRevision.site_id == site_id, TourRevision.number == number))
    if found is None:
        raise NotFound(N_("There is no tour with this number."))
    return found


def roll_back(
    session: Session, site: Site, number: int, *, note: str = "", seen: int | None = None, actor: Actor
) -> TourRevision:
    """Bring an older tour back into force as a new revision; scenes that are withdrawn stay out.

    ``seen`` is the number in force that the person saw: raises Conflict when there is another by now, and Invalid,
    naming them, when pictures or files of the old tour are gone.
    """
    lock(session, site.id)
    newest = publishing.published(session, site.id)
    old = revision(session, site.id, number)
    if newest is None or newest.number == number:
        raise Invalid(N_("Visitors see this tour already."))
    if seen is not None and seen != newest.number:
        raise Conflict(N_("Another tour was published meanwhile. Look at the history again before you roll back."))
    content = publishing.without(old.content, publishing.withdrawn_scenes(session, site.id))
    if not content["scenes"]:
        raise Invalid(N_("Every scene of this tour is withdrawn. Put one back first."))
    _keep_pictures(session, content)
    if gone := missing(session, content):
        raise Invalid(
            N_("Pictures or files of this tour are gone, so it can't be brought back: %(names)s."),
            names=", ".join(f"“{name}”" for name in gone),
        )
    return publishing.add_revision(
        session, site.id, content, actor=actor, kind="rollback", note=note, from_number=old.number
    )


def _keep_pictures(session: Session, content: dict[str, Any]) -> None:
    """Let nobody free the pictures of a frozen tour until the transaction ends."""
    wanted = sorted({scene["panorama"] for scene in content["scenes"]})
    query = select(Panorama.id).where(Panorama.id.in_(wanted)).order_by(Panorama.id)
    session.execute(query.with_for_update(read=True, key_share=True))


def missing(session: Session, content: dict[str, Any]) -> list[str]:
    """Names of scenes whose picture, and of points whose file, is gone or was never made."""
    found, files = missing_pictures(session, content, usable=True), freezing.assets(session, content)
    for scene in content["scenes"]:
        for point in scene["hotspots"]:
            asset = point.get("asset")
            if asset is not None and (asset not in files or files[asset].state == "failed"):
                found.append(pick(point["label"], "en").value or _name(scene))
    return found


def missing_pictures(session: Session, content: dict[str, Any], *, usable: bool = False) -> list[str]:
    """Names of scenes whose picture is gone; with ``usable`` also of those whose picture could not be made."""
    wanted = {scene["panorama"] for scene in content["scenes"]}
    query = select(Panorama.id).where(Panorama.id.in_(wanted))
    there = set(session.scalars(query.where(Panorama.state != "failed") if usable else query))
    return [_name(scene) for scene in content["scenes"] if scene["panorama"] not in there]


def withdraw_scene(session: Session, site: Site, scene_id: str, *, reason: str, actor: Actor) -> TourRevision:
    """Take a scene from the public at once: a new revision without it and without the links to it.

    The draft keeps it, marked as withdrawn. The last scene can't be withdrawn: then the site is.
    """
    lock(session, site.id)
    reason = reason.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST_REASON]
    if not reason:
        raise Invalid(N_("Write why: it stands in the history, and hosts of coming sessions read it."), field="reason")
    newest = publishing.published(session, site.id)
    shown = [scene["id"] for scene in newest.content["scenes"]] if newest else []
    if newest is None or scene_id not in shown:
        raise Invalid(N_("Visitors don't see this scene. Take it out of the draft instead."))
    if len(shown) == 1:
        raise Invalid(
            N_("This is the only scene that visitors see. Withdraw the whole site instead."), code="last_scene"
        )
    scene = session.get(Scene, scene_id, populate_existing=True)
    if scene is not None:
        scene.withdrawn_at, scene.withdrawn_by = clock.now(), actor.reference
        session.flush()
        audit.record(session, actor, "scene.withdraw", "scene", scene.id, after=reason)
    content = publishing.without(newest.content, {scene_id})
    made = publishing.add_revision(session, site.id, content, actor=actor, kind="withdrawal", note=reason)
    signals.tour_withdrawn.send(session, site_id=site.id, scene_id=scene_id, revision_id=made.id)
    return made


def put_back(session: Session, scene: Scene, *, actor: Actor) -> None:
    """Let the next publishing show a withdrawn scene again; what visitors see doesn't change by this."""
    session.refresh(scene, with_for_update={"key_share": True, "of": Scene})
    if scene.withdrawn_at is None:
        return
    scene.withdrawn_at = scene.withdrawn_by = None
    session.flush()
    audit.record(session, actor, "scene.put_back", "scene", scene.id)


def withdrawn_from(session: Session, made: TourRevision) -> list[dict[str, Any]]:
    """The frozen scenes that a withdrawal took out of the tour before it."""
    before = revision(session, made.site_id, made.number - 1) if made.kind == "withdrawal" else None
    kept = {scene["id"] for scene in made.content["scenes"]}
    return [scene for scene in before.content["scenes"] if scene["id"] not in kept] if before else []


def _name(scene: dict[str, Any]) -> str:
    return pick(scene["title"], "en").value or str(scene["key"])
