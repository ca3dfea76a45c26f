"""What visitors find: published sites by theme, node and words."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tourserver.core.errors import Gone, NotFound
from tourserver.core.i18n import LANGUAGES, N_, pick, sort_key
from tourserver.sites.models import Node, Site, SlugHistory, Theme


@dataclass(frozen=True)
class Filters:
    """A visitor's choice; empty strings choose everything."""

    theme: str = ""
    node: str = ""
    words: str = ""

    @property
    def any(self) -> bool:
        """Whether anything was chosen."""
        return bool(self.theme or self.node or self.words)


def nodes(session: Session) -> list[Node]:
    """All regional nodes in order."""
    return list(session.scalars(select(Node).order_by(Node.position, Node.slug)))


def themes(session: Session) -> list[Theme]:
    """All themes in order."""
    return list(session.scalars(select(Theme).order_by(Theme.position, Theme.slug)))


def find(session: Session, filters: Filters, lang: str) -> list[Site]:
    """Published sites that fit, sorted by name in ``lang``.

    Words are compared without case and accents in every language a site has, so that “sjo” finds Sjöstaden and
    Chinese words find their site. A catalogue has hundreds of sites, so this is done here and not by the database.
    """
    query = select(Site).where(Site.state == "published")
    if filters.theme:
        query = query.where(Site.themes.any(Theme.slug == filters.theme))
    if filters.node:
        query = query.where(Site.node.has(Node.slug == filters.node))
    found = list(session.scalars(query))
    if filters.words.strip():
        words = fold(filters.words).split()
        found = [site for site in found if all(word in _haystack(site) for word in words)]
    return sorted(found, key=lambda site: sort_key(pick(site.name, lang).value, lang))


def visible(session: Session, slug: str) -> Site:
    """A published site by its address; :class:`Gone` when it was withdrawn, :class:`NotFound` otherwise."""
    site = by_slug(session, slug)
    if site.state == "draft":
        raise NotFound(N_("There is no site with this address."))
    if site.state == "withdrawn":
        raise Gone(N_("This site was withdrawn by its node and is no longer shown."))
    return site


def by_slug(session: Session, slug: str) -> Site:
    """A site of any state by its address."""
    site = session.scalar(select(Site).where(Site.slug == slug))
    if site is None:
        raise NotFound(N_("There is no site with this address."))
    return site


def renamed(session: Session, kind: str, slug: str) -> str | None:
    """The id of the thing that once had this address."""
    return session.scalar(select(SlugHistory.thing_id).where(SlugHistory.kind == kind, SlugHistory.slug == slug))


def fold(text: str) -> str:
    """Lower case without accents, compatibility forms joined (NFKD): for searching and sorting."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _haystack(site: Site) -> str:
    parts = [site.place]
    for texts in (site.name, site.summary, site.body, site.node.name, *(theme.name for theme in site.themes)):
        parts += [texts.get(lang, "") for lang in LANGUAGES]
    return fold(" ".join(parts))
