"""Every error that this folder shows to a person, in one place: what happened, and what to do about it."""

from __future__ import annotations

from tourserver.core.errors import Conflict, Invalid, Unavailable
from tourserver.core.messages import N_ as N_

FIELD = "picture"
"""The form field that refusals of a picture name."""


class DiskFull(Unavailable):
    """There is no room. Nothing was published; it may be tried again."""

    code = "disk_full"


class Stopped(Unavailable):
    """The work was ended from outside. It may be tried again."""

    code = "stopped"


def empty() -> Invalid:
    """A file of no bytes."""
    return Invalid(N_("The file is empty. Choose the picture again."), field=FIELD, code="empty")


def too_large(megabytes: int) -> Invalid:
    """More bytes than are taken; raised while they still arrive."""
    return Invalid(
        N_("The file is larger than %(megabytes)s MB. Save it as a JPEG of quality 90 and upload that."),
        field=FIELD,
        code="too_large",
        megabytes=megabytes,
    )


def not_a_picture() -> Invalid:
    """Neither JPEG nor PNG nor WebP."""
    return Invalid(
        N_("The file is not a JPEG, PNG or WebP picture. Export the panorama as JPEG and upload that."),
        field=FIELD,
        code="not_a_picture",
    )


def cut_off() -> Invalid:
    """The end of the file is missing."""
    return Invalid(
        N_("The file ends before the picture does: it was cut off on the way. Copy or export it again and upload it."),
        field=FIELD,
        code="cut_off",
    )


def damaged() -> Invalid:
    """It begins like a picture and can't be decoded."""
    return Invalid(
        N_("The file is damaged and can't be read. Open it in a picture program, save it again and upload that."),
        field=FIELD,
        code="damaged",
    )


def unsupported() -> Invalid:
    """A rare variant of a known format."""
    return Invalid(
        N_("This kind of JPEG or WebP is not read by browsers. Save it as an ordinary JPEG and upload that."),
        field=FIELD,
        code="unsupported",
    )


def too_many_pixels(width: int, height: int, max_width: int) -> Invalid:
    """More pixels than are decoded, whatever the file weighs."""
    return Invalid(
        N_(
            "The picture is %(width)s × %(height)s; at most %(max_width)s × %(max_height)s can be taken. "
            "Export it smaller."
        ),
        field=FIELD,
        code="too_many_pixels",
        width=width,
        height=height,
        max_width=max_width,
        max_height=max_width // 2,
    )


def wrong_ratio(width: int, height: int) -> Invalid:
    """Not twice as wide as high."""
    return Invalid(
        N_(
            "The picture is %(width)s × %(height)s; a 360° picture is exactly twice as wide as it is high. "
            "Export it as equirectangular, 360 × 180 degrees."
        ),
        field=FIELD,
        code="wrong_ratio",
        width=width,
        height=height,
    )


def too_small(width: int, height: int, min_width: int) -> Invalid:
    """Fewer pixels than look like anything."""
    return Invalid(
        N_("The picture is %(width)s × %(height)s; %(min_width)s × %(min_height)s is needed. Export it larger."),
        field=FIELD,
        code="too_small",
        width=width,
        height=height,
        min_width=min_width,
        min_height=min_width // 2,
    )


def wrong_projection(projection: str) -> Invalid:
    """Its own notes call it cylindrical, cubic or the like. ``projection`` is a stranger's text."""
    return Invalid(
        N_(
            "Notes inside the file call its projection “%(projection)s”; only equirectangular is shown "
            "right. Export it as equirectangular, 360 × 180 degrees."
        ),
        field=FIELD,
        code="wrong_projection",
        projection="".join(letter for letter in projection if letter.isprintable())[:40],
    )


def unstitched() -> Invalid:
    """Two round pictures side by side, as a two-lens camera stores them."""
    return Invalid(
        N_(
            "The picture shows two round halves side by side, as a 360° camera stores them. Stitch and export first: "
            "open it in the camera's program, export it as equirectangular, 360 × 180 degrees, and upload that."
        ),
        field=FIELD,
        code="unstitched",
    )


def bad_region() -> Invalid:
    """A region to be blurred that is none."""
    return Invalid(
        N_("A blurred region needs a direction, and a width and a height of up to 180 degrees."), field="regions"
    )


def too_many_regions(count: int) -> Invalid:
    """More regions than one picture may have."""
    return Invalid(N_("A picture has at most %(count)s blurred regions."), field="regions", count=count)


def too_slow(seconds: int) -> Invalid:
    """Over the time limit."""
    return Invalid(
        N_(
            "The picture took longer than %(seconds)s seconds and was given up. "
            "Save it as an ordinary (not progressive) JPEG, or smaller, and upload that."
        ),
        field=FIELD,
        code="too_slow",
        seconds=seconds,
    )


def too_much_memory(megabytes: int) -> Invalid:
    """Over the memory limit."""
    return Invalid(
        N_(
            "The picture needs more than %(megabytes)s MB of memory to be read. "
            "Save it as an ordinary (not progressive or interlaced) 8-bit JPEG and upload that."
        ),
        field=FIELD,
        code="too_much_memory",
        megabytes=megabytes,
    )


def disk_full() -> DiskFull:
    """No room for the tiles."""
    return DiskFull(
        N_("The disk is full. Free some space on the server. Nothing was published; it will be tried again.")
    )


def disk_full_on_upload() -> DiskFull:
    """No room for the upload itself."""
    return DiskFull(N_("The disk is full. Nothing was kept. Upload the picture again when there is space."))


def not_written(reason: str) -> Unavailable:
    """Some other trouble with the disk."""
    return Unavailable(
        N_("The tiles could not be written: %(reason)s. Nothing was published; it will be tried again."),
        reason=reason,
    )


def interrupted() -> Stopped:
    """Killed, or the worker is stopping."""
    return Stopped(N_("Making the tiles was interrupted. Nothing was published; it will be tried again."))


def given_up() -> Unavailable:
    """Interrupted or failed too often."""
    return Unavailable(
        N_(
            "Making the tiles failed several times and was given up. "
            "Upload the picture again; an administrator finds the reason in the worker's log."
        ),
        code="given_up",
    )


def worker_lost(count: int) -> Unavailable:
    """The worker itself died each time it had this picture."""
    return Unavailable(
        N_(
            "The worker ended %(count)s times while it made the tiles of this picture, so it was given up. Save it "
            "as an ordinary JPEG and upload that; an administrator finds the reason in the worker's log."
        ),
        code="worker_lost",
        count=count,
    )


def not_a_tile_folder(path: str) -> Conflict:
    """On the command line: the target holds something else."""
    return Conflict(
        N_("%(path)s is there already and is not a folder of tiles. Choose another folder."),
        path=path,
        code="not_a_tile_folder",
    )
