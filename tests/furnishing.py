"""One of everything that addresses of a site name, for tests that ask every address."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import JPEG
from tourserver.assets.models import Asset
from tourserver.core import clock
from tourserver.core.db import new_id
from tourserver.core.rights import SYSTEM, Actor, Grant
from tourserver.core.services import Services
from tourserver.live import rooms
from tourserver.live.questions.models import FollowUp, Question
from tourserver.people import invitations
from tourserver.registration.models import Registration
from tourserver.sites.models import Site
from tourserver.tours import hotspots, publishing, removal, review
from tourserver.tours.archive import importing
from tourserver.tours.hotspots import Point
from tourserver.tours.models import Scene
from tourserver.uploads.models import Upload

FACE = {"id": "f1", "yaw": 20.0, "pitch": 4.0, "width": 10.0, "height": 12.0}


def furnish(session: Session, services: Services, site: Site, scene: Scene, actor: Actor) -> dict[str, Any]:
    """Values for the arguments of addresses; a published site's tour waits for review afterwards.

    ``actor`` is a member of staff with some right: the upload and the grant are theirs.
    """
    key = f"assets/{site.id}"
    services.storage.put(key, JPEG)
    asset = Asset(
        site_id=site.id,
        kind="picture",
        state="ready",
        content_hash="a" * 64,
        original_name="a.jpg",
        media_type="image/jpeg",
        bytes=len(JPEG),
        width=1,
        height=1,
        storage_key=key,
    )
    session.add(asset)
    session.flush()
    picture = Point("picture", 2, 2, {"en": "A picture"}, {"en": "A crane."}, asset=asset)
    hotspots.add_hotspot(session, scene, picture, actor=actor)
    publishing.publish(session, site, actor=SYSTEM)
    gone = hotspots.add_hotspot(session, scene, Point("info", 1, 1, {"en": "x"}, {"en": "y"}), actor=actor)
    removed = removal.take_hotspot(session, gone, actor=actor)
    scene.regions = [FACE]
    submission = review.submit(session, site, confirmed=review.CONFIRMATIONS, actor=actor)
    upload = Upload(
        actor=actor.reference,
        purpose="panorama",
        thing_id=site.slug,
        name="a.jpg",
        size=10,
        chunk_bytes=10,
        state="open",
        meta={},
        expires_at=clock.now() + invitations.LIFE,
    )
    session.add(upload)
    session.flush()
    invited = invitations.invite(
        session,
        services.tokens,
        email="invited@example.org",
        name="Ines",
        language="en",
        role="site_owner",
        scope="node",
        scope_id=site.node_id,
        actor=SYSTEM,
    )
    imported = new_id()
    importing.begin(session, site, imported, name="tour.zip", actor=actor)
    grant = session.scalars(select(Grant.id).where(Grant.user_id == actor.id)).first()
    return {
        "asset_id": asset.id,
        "removed_id": removed.id,
        "import_id": imported,
        "upload_id": upload.id,
        "region_id": FACE["id"],
        "submission_id": submission.id,
        "revision_number": 1,
        "invitation_id": invited.id,
        "grant_id": grant or "",
        "node_slug": site.node.slug,
        "path": f"panoramas/{scene.panorama.content_hash}/base.jpg",
        "welcome": invitations.path(session, services.tokens, invited).rpartition("/")[2],
    }


def leave_a_question(session: Session, registration: Registration, owner_id: str) -> dict[str, Any]:
    """A question that is to be answered after its session; for the addresses of records and follow-ups."""
    room = rooms.get_or_create(session, registration.session_id)
    question = Question(room_id=room.id, registration_id=registration.id, original="Why?", language="en")
    session.add(question)
    session.flush()
    follow_up = FollowUp(question_id=question.id, owner_user_id=owner_id, due_on=clock.now().date())
    session.add(follow_up)
    session.flush()
    return {"follow_up_id": follow_up.id, "part": "questions", "guest_id": registration.id, "question_id": question.id}
