"""``python -m tourserver.assets.child SOURCE TARGET LIMITS``: decodes strangers' pictures and writes clean ones.

Limits itself first, as :mod:`tourserver.panoramas.child` does. Its last line on stdout is ``{"size": [w, h]}`` or
``{"error": "damaged"}``.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Final

from tourserver.panoramas.child import die_with_parent, limit

LONGEST: Final = 2000
"""Pixels of the longer side."""

QUALITY: Final = 85


def main(arguments: list[str]) -> int:
    """Write ``arguments[0]`` anew to ``arguments[1]``: upright, sRGB, no metadata, at most 2000 pixels long."""
    source, target, limits = Path(arguments[0]), Path(arguments[1]), json.loads(arguments[2])
    threading.Thread(target=die_with_parent, daemon=True).start()
    limit(limits)
    import pyvips

    from tourserver.panoramas import codec  # noqa: F401 - blocks the loaders that are unfit for strangers' files

    try:
        image = pyvips.Image.thumbnail(
            str(source), LONGEST, height=LONGEST, size="down", export_profile="srgb", fail_on="error"
        )
        if image.hasalpha():
            image = image.flatten(background=[255, 255, 255])
        if image.interpretation != "srgb":
            image = image.colourspace("srgb")
        if target.suffix == ".png":
            image.pngsave(str(target), keep="none")
        else:
            image.jpegsave(str(target), Q=QUALITY, keep="none", optimize_coding=True)
    except pyvips.Error as error:
        print(str(error)[:500], file=sys.stderr)
        print(json.dumps({"error": "damaged"}))
        return 1
    print(json.dumps({"size": [image.width, image.height]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
