"""Why a file of a point or a plan can't be taken, in words: what happened, and what to do about it."""

from __future__ import annotations

from tourserver.core.errors import Invalid
from tourserver.core.messages import N_ as N_

FIELD = "file"
"""The form field that refusals name."""


def empty() -> Invalid:
    """A file of no bytes."""
    return Invalid(N_("The file is empty. Choose it again."), field=FIELD, code="empty")


def too_large(megabytes: int) -> Invalid:
    """More bytes than are taken of its kind."""
    return Invalid(
        N_("The file is larger than the %(megabytes)s MB that are taken. Choose a smaller one."),
        field=FIELD,
        code="too_large",
        megabytes=megabytes,
    )


def no_picture() -> Invalid:
    """Neither JPEG nor PNG nor WebP."""
    return Invalid(
        N_("The file is not a JPEG, PNG or WebP picture. Save it as one of these and upload that."),
        field=FIELD,
        code="not_a_picture",
    )


def no_plan() -> Invalid:
    """Neither JPEG nor PNG."""
    return Invalid(
        N_("A plan is a JPEG or PNG picture, and this file is neither. Save it as one and upload that."),
        field=FIELD,
        code="not_a_plan",
    )


def damaged() -> Invalid:
    """It begins like what it should be, and can't be read to its end."""
    return Invalid(
        N_("The file is damaged or was cut off. Save it again with the program that made it and upload that."),
        field=FIELD,
        code="damaged",
    )


def too_many_pixels(width: int, height: int) -> Invalid:
    """More pixels than are decoded, whatever the file weighs."""
    return Invalid(
        N_("The picture is %(width)s × %(height)s, which is more than is decoded here. Save it smaller."),
        field=FIELD,
        code="too_many_pixels",
        width=width,
        height=height,
    )


def too_small(width: int, height: int, least: int) -> Invalid:
    """Nothing could be seen on it."""
    return Invalid(
        N_("The picture is %(width)s × %(height)s; each side needs %(least)s pixels at least."),
        field=FIELD,
        code="too_small",
        width=width,
        height=height,
        least=least,
    )


def no_film() -> Invalid:
    """Neither MP4 nor WebM."""
    return Invalid(
        N_("The file is neither an MP4 nor a WebM film. Export the film as MP4 (H.264) and upload that."),
        field=FIELD,
        code="not_a_film",
    )


def no_document() -> Invalid:
    """No PDF."""
    return Invalid(
        N_("The file is not a PDF document. Export it as PDF and upload that."), field=FIELD, code="not_a_document"
    )


def no_captions(line: int) -> Invalid:
    """WebVTT that is none."""
    return Invalid(
        N_(
            "Line %(line)s of the caption file can't be read. WebVTT begins with WEBVTT; every cue has a time such as "
            "00:01.000 --> 00:04.000, not before the cue above it, and words below."
        ),
        field=FIELD,
        code="not_captions",
        line=line,
    )


def too_many(count: int) -> Invalid:
    """The site has more files than anybody can look through."""
    return Invalid(N_("A site has at most %(count)s files. Delete one that is not used."), field=FIELD, count=count)


def in_use() -> Invalid:
    """Something shows it."""
    return Invalid(N_("This file is shown by a point, by the plan, by a published tour or by a part taken out today."))


def too_slow() -> Invalid:
    """The child's time was over, or its memory."""
    return Invalid(
        N_("The picture takes more time or memory than it may. Save it smaller and upload that."),
        field=FIELD,
        code="too_slow",
    )
