"""Find what a ZIP has: which tour it describes, and the pictures that the tour names."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tourserver.core.i18n import N_
from tourserver.tours.archive import manifest, marzipano, pannellum, refusals, values
from tourserver.tours.archive.parts import TourPart
from tourserver.tours.archive.report import Report
from tourserver.tours.archive.zips import Archive

_MOST_LOOKED_AT: Final = 60
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that describes a tour. The best is the one of our own format, then the one of the most scenes."""

    path: str
    format: str
    scenes: int
    data: Any

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The least is the best."""
        order = (manifest.FORMAT, pannellum.FORMAT, marzipano.FORMAT)
        return order.index(self.format), -self.scenes, self.path.count("/"), self.path


def read_tour(archive: Archive, lang: str, report: Report) -> TourPart:
    """The tour that a ZIP describes, its texts in ``lang`` where the format has only one language.

    Raises Invalid when there is none.
    """
    found = sorted(_candidates(archive), key=lambda candidate: candidate.rank)
    if not found:
        raise refusals.no_tour()
    best = found[0]
    report.format, report.source = best.format, best.path
    for other in found[1:]:
        report.left(N_("“%(path)s” describes a tour as well; “%(taken)s” was taken."), path=other.path, taken=best.path)
    for path in archive.nested:
        report.left(N_("“%(path)s” is a ZIP in the ZIP and was not opened."), path=path)
    pictures = Pictures(archive, posixpath.dirname(best.path))
    if best.format == manifest.FORMAT:
        return manifest.read(best.data, pictures, report)
    report.left(N_("This format has no text alternatives. Write one for each scene before you publish."))
    if best.format == pannellum.FORMAT:
        return pannellum.read(best.data, pictures, lang, report)
    return marzipano.read(best.data, pictures, lang, report)


def _candidates(archive: Archive) -> list[Candidate]:
    """All files that describe a tour, of the first ones by depth that may: a folder of tiles can't hide them."""
    names = [name for name in archive.names if name.lower().endswith((".json", "data.js"))]
    found = []
    for name in sorted(names, key=lambda each: (each.count("/"), each))[:_MOST_LOOKED_AT]:
        if archive.size(name) > values.MOST_JSON_BYTES:
            continue
        content = archive.read(name, values.MOST_JSON_BYTES)
        if name.lower().endswith(".js"):
            if (app := marzipano.load(content)) is not None:
                found.append(Candidate(name, marzipano.FORMAT, len(values.records(app["scenes"])), app))
            continue
        data = values.load(content)
        for format_, count in ((manifest.FORMAT, manifest.count(data)), (pannellum.FORMAT, pannellum.count(data))):
            if count is not None:
                found.append(Candidate(name, format_, count, data))
                break
    return found


class Pictures:
    """Finds files by what a tour calls them."""

    def __init__(self, archive: Archive, folder: str) -> None:
        self.archive = archive
        self._folder = folder
        self._by_name: dict[str, list[str]] = {}
        for name in archive.names:
            self._by_name.setdefault(posixpath.basename(name).casefold(), []).append(name)

    def exact(self, path: str) -> str | None:
        """A file by its path, relative to the description."""
        return self.archive.find(posixpath.normpath(posixpath.join(self._folder, path)))

    def find(self, reference: str, base: str = "") -> str | None:
        """A file as a web page names it: relative, with escapes and queries, in a base folder; else by its bare name.

        The bare name counts only when a single file has it.
        """
        parts = _split(reference)
        for path in (unquote(parts), parts):
            inside = "" if "://" in base else base
            for start in (posixpath.join(self._folder, inside), self._folder, ""):
                whole = posixpath.normpath(posixpath.join(start, path.lstrip("/")))
                if found := self.archive.find(whole):
                    return found
            same = self._by_name.get(posixpath.basename(path).casefold(), [])
            if len(same) == 1:
                return same[0]
        return None

    def named(self, *stems: str) -> str | None:
        """The only picture whose file is called like one of the stems, without its ending."""
        for stem in stems:
            found = [name for ending in _PICTURES for name in self._by_name.get((stem + ending).casefold(), [])]
            if len(found) == 1:
                return found[0]
        return None


def _split(reference: str) -> str:
    try:
        return urlsplit(reference).path
    except ValueError:
        return reference
