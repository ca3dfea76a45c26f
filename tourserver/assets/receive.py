"""Files for points and plans taken in: looked at, stored, kept once for the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tourserver.assets import files, refusals, shrink
from tourserver.assets.inspect import MOST_BYTES, Inspection, inspect
from tourserver.assets.models import Asset
from tourserver.core import jobs, rights
from tourserver.core.actors import Actor
from tourserver.core.db import new_id
from tourserver.core.errors import NotFound
from tourserver.core.i18n import N_
from tourserver.core.services import Services
from tourserver.core.strict import Strict
from tourserver.sites.models import Site
from tourserver.sites.rules import thing
from tourserver.uploads.models import Upload
from tourserver.uploads.receivers import once, receiver

PURPOSE: Final = "asset"
MOST_FILES: Final = 500


class AssetMeta(Strict):
    """What a file is for."""

    kind: Literal["picture", "plan", "video", "captions", "document"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was looked at and lies in the storage; its row is still to be made."""

    id: str
    key: str
    name: str
    content_hash: str
    inspection: Inspection


def allow(session: Session, actor: Actor, slug: str) -> None:
    """Raise unless the actor may add a file to the site now."""
    must_have_room(session, _site(session, actor, slug).id)


@receiver(PURPOSE, allow=allow, most_bytes=lambda _services: max(MOST_BYTES.values()), meta=AssetMeta)
def receive(services: Services, upload: Upload, path: Path, actor: Actor) -> dict[str, Any]:
    """Make a finished upload a file of its site, once."""
    stored = store(services, path, AssetMeta(**upload.meta).kind, upload.name, upload.digest or "")
    made: Asset | None = None
    try:
        with once(services, upload) as use:
            site = _site(use.session, actor, upload.thing_id)
            made = keep(use.session, site, stored, actor=actor)
            use.answer = {"asset": made.id, "name": made.original_name, "kind": made.kind, "state": made.state}
    finally:
        if made is None or made.id != stored.id:
            services.storage.delete(stored.key)
    return use.answer


def store(services: Services, path: Path, kind: str, name: str, content_hash: str) -> Stored:
    """Look at a file and move it into the storage; raises ``Invalid`` for what can't be taken. Slow: no transaction."""
    looked = inspect(path, kind)
    asset_id = new_id()
    folder = "assets-incoming" if kind in ("picture", "plan") else "assets"
    key = f"{folder}/{asset_id}.{looked.extension}"
    services.storage.put(key, path)
    return Stored(asset_id, key, name, content_hash, looked)


def keep(session: Session, site: Site, stored: Stored, *, actor: Actor) -> Asset:
    """The row of a stored file, or that of the same bytes which the site has already; then the file is the caller's."""
    looked = stored.inspection
    must_have_room(session, site.id)
    picture = looked.kind in ("picture", "plan")
    asset, new = files.add(
        session,
        actor,
        id=stored.id,
        site_id=site.id,
        kind=looked.kind,
        state="waiting" if picture else "ready",
        content_hash=stored.content_hash,
        original_name=stored.name,
        media_type=looked.media_type,
        bytes=looked.bytes,
        width=looked.width,
        height=looked.height,
        storage_key=stored.key,
    )
    if new and picture:
        jobs.enqueue(session, shrink.JOB, asset.id, {"asset": asset.id})
    return asset


def must_have_room(session: Session, site_id: str) -> None:
    """Raise Invalid when a site can't have one more file."""
    count = session.scalar(select(func.count()).select_from(Asset).where(Asset.site_id == site_id)) or 0
    if count >= MOST_FILES:
        raise refusals.too_many(MOST_FILES)


def _site(session: Session, actor: Actor, slug: str) -> Site:
    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    rights.require(session, actor, "site.change", thing(site))
    return site
