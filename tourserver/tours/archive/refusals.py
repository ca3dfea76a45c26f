"""Every reason for which a ZIP isn't taken: what is wrong with it, and what to do about it. Nothing is kept then."""

from __future__ import annotations

from typing import Any, Final

from tourserver.core.errors import Invalid, Unavailable
from tourserver.core.messages import N_

FIELD: Final = "archive"
"""The form field that refusals name."""


def _refused(message: str, code: str, **params: Any) -> Invalid:
    return Invalid(message, field=FIELD, code=code, **params)


def plain(name: str) -> str:
    """A stranger's file name as it may be shown: printable and not too long."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in name)
    return shown if len(shown) <= 120 else shown[:117] + "…"


def not_a_zip() -> Invalid:
    """The end of a ZIP isn't there."""
    return _refused(N_("The file is not a whole ZIP. Make it again and upload that."), "not_a_zip")


def damaged() -> Invalid:
    """Its directory contradicts itself or the file."""
    return _refused(
        N_("The ZIP contradicts itself: it is damaged or was made to deceive. Make it again and upload that."),
        "damaged",
    )


def damaged_entry(name: str) -> Invalid:
    """One file in it can't be unpacked."""
    return _refused(
        N_("“%(name)s” in the ZIP is damaged. Make the ZIP again and upload that."), "damaged_entry", name=plain(name)
    )


def several_parts() -> Invalid:
    """A piece of a split archive."""
    return _refused(N_("The ZIP is split into several parts. Make it in one piece."), "several_parts")


def too_many_entries(count: int, most: int) -> Invalid:
    """More files than are looked at."""
    return _refused(
        N_(
            "The ZIP has %(count)s files; at most %(most)s are taken. "
            "Put only the tour's JSON and its pictures into it, without tiles."
        ),
        "too_many_entries",
        count=count,
        most=most,
    )


def encrypted() -> Invalid:
    """Needs a password."""
    return _refused(N_("The ZIP is protected by a password. Make it without one."), "encrypted")


def unsafe_name(name: str) -> Invalid:
    """A name that leads somewhere else than into its own folder."""
    return _refused(
        N_("The ZIP has a file with an unsafe name, “%(name)s”. Make it again with plain names in plain folders."),
        "unsafe_name",
        name=plain(name),
    )


def link(name: str) -> Invalid:
    """A symbolic link, a device and the like."""
    return _refused(
        N_("“%(name)s” in the ZIP is a link and no file. Put the file itself into it."), "link", name=plain(name)
    )


def twice(name: str) -> Invalid:
    """Two entries of one name, as people or file systems see names."""
    return _refused(
        N_("“%(name)s” is twice in the ZIP, perhaps with other capital letters. Make it again with each file once."),
        "twice",
        name=plain(name),
    )


def unknown_method(name: str) -> Invalid:
    """Neither stored nor deflated."""
    return _refused(
        N_("“%(name)s” is packed in a way that isn't read here. Make an ordinary ZIP."),
        "unknown_method",
        name=plain(name),
    )


def bomb(name: str) -> Invalid:
    """Unpacks to a multiple of itself that no picture and no text has."""
    return _refused(
        N_("“%(name)s” in the ZIP would unpack to many times its size and isn't unpacked."), "bomb", name=plain(name)
    )


def too_much_inside(megabytes: int) -> Invalid:
    """All files together are too large, as declared or as found."""
    return _refused(
        N_("The files in the ZIP are more than %(megabytes)s MB together. Leave out what the tour doesn't need."),
        "too_much_inside",
        megabytes=megabytes,
    )


def too_large_entry(name: str, megabytes: int) -> Invalid:
    """One file is larger than its kind may be."""
    return _refused(
        N_("“%(name)s” in the ZIP is larger than %(megabytes)s MB."),
        "too_large_entry",
        name=plain(name),
        megabytes=megabytes,
    )


def no_tour() -> Invalid:
    """Nothing in it describes a tour."""
    return _refused(
        N_(
            "There is no tour in the ZIP. It needs the JSON of a Pannellum tour, the data.js of a Marzipano tour, or "
            "the manifest.json of a tour that was exported here."
        ),
        "no_tour",
    )


def newer_format(version: int) -> Invalid:
    """Our own format, from a later release."""
    return _refused(
        N_("The tour was exported by a newer release (format %(version)s). Export it from this release or update."),
        "newer_format",
        version=version,
    )


def unreadable_manifest(place: str) -> Invalid:
    """Our own format, changed by hand into something else."""
    return _refused(
        N_("The manifest of the tour can't be read: “%(place)s” is missing or has a form that can't be taken."),
        "unreadable_manifest",
        place=plain(place),
    )


def worker_lost(count: int) -> Unavailable:
    """The worker died each time it had this archive."""
    return Unavailable(
        N_("The worker ended %(count)s times while it read this ZIP, so it was given up. Nothing was added."),
        code="worker_lost",
        count=count,
    )
