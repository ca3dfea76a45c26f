"""All texts of a tour in one list: which languages are missing, and saving many of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from tourserver.core.db import Texts
from tourserver.core.errors import Conflict, Invalid
from tourserver.core.i18n import LANGUAGES, missing_languages
from tourserver.core.rights import Actor
from tourserver.sites.models import Site
from tourserver.tours import editor, hotspots, scenes
from tourserver.tours.models import Hotspot, Scene

PAGE: Final = 20
"""Scenes and points on a page of the list."""

WORDS: Final = {
    "scene": {"title": False, "alternative": True},
    "point": {"label": False, "body": True},
}
"""The texts of each kind of thing, and whether they have several lines."""


@dataclass
class Entry:
    """A scene or point with its texts, as it is or as somebody typed it."""

    kind: str
    id: str
    scene_id: str
    revision: int
    name: Texts
    texts: dict[str, Texts]
    needed: dict[str, bool]
    # what somebody else saved meanwhile, where it differs
    theirs: dict[str, Texts] = field(default_factory=dict)
    error: Invalid | None = None

    @property
    def incomplete(self) -> bool:
        """Whether a text that should be there lacks a language."""
        return any(self.lacks(name) for name in self.texts)

    def lacks(self, name: str) -> list[str]:
        """The languages that a text does not have; none where nothing was ever written and nothing is needed."""
        texts = self.texts[name]
        return missing_languages(texts) if self.needed[name] or any(texts.values()) else []


def entries(found: list[Scene]) -> list[Entry]:
    """Every scene and point of a tour, those that lack something first, else in the order of the tour."""
    listed = []
    for scene in found:
        listed.append(_of_scene(scene))
        listed += [_of_point(point) for point in scene.hotspots]
    return sorted(listed, key=lambda entry: not entry.incomplete)


def missing(found: list[Scene]) -> dict[str, int]:
    """How many texts lack each language."""
    counts = dict.fromkeys(LANGUAGES, 0)
    for entry in entries(found):
        for name in entry.texts:
            for lang in entry.lacks(name):
                counts[lang] += 1
    return counts


def typed(entry: Entry, form: Mapping[str, str]) -> Entry:
    """An entry with what a form says of it; fields are named ``<id>-<text>-<language>``."""
    texts = {
        name: {
            lang: text
            for lang in LANGUAGES
            if (text := form.get(f"{entry.id}-{name}-{lang}", known.get(lang, "")).replace("\r\n", "\n"))
        }
        for name, known in entry.texts.items()
    }
    seen = form.get(f"{entry.id}-revision", "")
    return replace(entry, texts=texts, revision=int(seen) if seen.isdecimal() and len(seen) < 10 else entry.revision)


def save(session: Session, site: Site, form: Mapping[str, str], *, actor: Actor) -> tuple[int, list[Entry]]:
    """Save the texts of a form that differ; the number of saved things, and the entries that could not be saved.

    A thing that somebody else saved meanwhile is given back with both versions and the new revision.
    """
    saved, refused = 0, []
    for entry in entries(scenes.of_site(session, site.id)):
        if f"{entry.id}-revision" not in form:
            continue
        wish = typed(entry, form)
        if {name: _bare(texts) for name, texts in wish.texts.items()} == entry.texts:
            continue
        try:
            with session.begin_nested():
                _save(session, site, wish, actor)
            saved += 1
        except Conflict:
            theirs = {name: texts for name, texts in entry.texts.items() if texts != wish.texts[name]}
            refused.append(replace(wish, revision=entry.revision, theirs=theirs))
        except Invalid as error:
            refused.append(replace(wish, error=error))
    return saved, refused


def _save(session: Session, site: Site, wish: Entry, actor: Actor) -> None:
    if wish.kind == "scene":
        scene = editor.scene_of(session, site, wish.id)
        scenes.change_scene(session, scene, dict(wish.texts), seen_revision=wish.revision, actor=actor)
        return
    hotspot = editor.hotspot_of(session, site, wish.id)
    values: dict[str, Any] = dict(wish.texts)
    point = editor.changed_point(session, hotspot, values)
    hotspots.change_hotspot(session, hotspot, point, seen_revision=wish.revision, actor=actor)


def _bare(texts: Texts) -> Texts:
    return {lang: text.strip() for lang, text in texts.items() if text.strip()}


def _of_scene(scene: Scene) -> Entry:
    texts = {"title": scene.title, "alternative": scene.alternative}
    needed = {"title": True, "alternative": True}
    return Entry("scene", scene.id, scene.id, scene.revision, scene.title, texts, needed)


def _of_point(point: Hotspot) -> Entry:
    texts = {"label": point.label} if point.kind == "link" else {"label": point.label, "body": point.body}
    needed = {"label": True, "body": point.kind == "info"}
    return Entry("point", point.id, point.scene_id, point.revision, point.label, texts, needed)
