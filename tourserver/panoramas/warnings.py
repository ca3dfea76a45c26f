"""The words for the warnings of :func:`tourserver.panoramas.inspect.inspect`, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tourserver.panoramas.inspect import GOOD_WIDTH
from tourserver.panoramas.refusals import N_

WARNINGS: Final = {
    "small": N_(
        "The picture is %(width)s × %(height)s; %(good_width)s × %(good_height)s is needed to look sharp on "
        "a large screen. It is taken as it is; upload a larger one when you have it."
    ),
    "gpano_stale": N_(
        "Notes inside the file give another size than the picture has. "
        "The real size, %(width)s × %(height)s, "
        "is used; nothing needs to be done."
    ),
    "gpano_partial": N_(
        "Notes inside the file say that the picture shows only a part of the sphere. Look at the tour before "
        "you publish: it may seem stretched."
    ),
    "gps": N_(
        "The file tells where the picture was taken. Visitors never get this; you can take it over as the "
        "place on the map."
    ),
}
"""Message ids by code; those with places take the width and height of the picture."""


def texts(codes: Iterable[str], width: int, height: int, translate: Callable[[str], str] = str) -> list[str]:
    """The warnings about a picture of ``width`` × ``height`` in words; ``translate`` is gettext."""
    values = {"width": width, "height": height, "good_width": GOOD_WIDTH, "good_height": GOOD_WIDTH // 2}
    return [translate(WARNINGS[code]) % values for code in codes if code in WARNINGS]
