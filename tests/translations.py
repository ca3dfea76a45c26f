"""``python -m tests.translations``: every message of the source is in every catalogue, translated and well formed.

Run by ``make lint`` and by the suite.
"""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from tourserver.core.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "_l": None, "lazy_gettext": None}
BARE_PERCENT = re.compile(r"(?<!%)(?:%%)*%(?![(%])")  # Jinja formats every message with %
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def source_messages() -> Catalog:
    """All messages that the source asks for."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalogue = Catalog()
    found = extract_from_dir(ROOT, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_wanted)
    for filename, line, message, comments, context in found:
        catalogue.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return catalogue


def _wanted(folder: str) -> bool:
    return Path(folder).name not in {"node_modules", ".venv", "dist", "build", ".git", "tests", "data"}


def catalogue(lang: str) -> Catalog:
    """The catalogue of a language."""
    path = ROOT / "translations" / lang / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes()), locale=lang)


def problems() -> list[str]:
    """What is missing or wrong, a line each."""
    wanted = source_messages()
    found = []
    for lang in LANGUAGES:
        if lang == "en":
            continue  # the message ids are English
        have = catalogue(lang)
        for message in wanted:
            if message.id:
                found += [f"{lang}: {text}" for text in _check(message, have.get(message.id, message.context))]
    return found


def _check(wanted: Message, found: Message | None) -> list[str]:
    name = wanted.id[0] if isinstance(wanted.id, tuple) else wanted.id
    if found is None:
        return [f"not in the catalogue: {name!r}"]
    strings = found.string if isinstance(found.string, (tuple, list)) else (found.string,)
    if not all(strings):
        return [f"not translated: {name!r}"]
    if found.fuzzy:
        return [f"fuzzy: {name!r}"]
    ids = [str(text) for text in (wanted.id if isinstance(wanted.id, (tuple, list)) else (wanted.id,))]
    allowed = set().union(*(set(PLACES.findall(text)) for text in ids))
    for number, text in enumerate(strings):
        # a singular may leave out what the original's singular leaves out, such as its number
        original = ids[0] if number == 0 and len(strings) > 1 else ids[-1]
        needed = set(PLACES.findall(original)) - {"%(num)d", "%(num)s"}
        if BARE_PERCENT.search(str(text)) and not any(BARE_PERCENT.search(one) for one in ids):
            return [f"a bare %, write %%: {name!r} → {text!r}"]
        places = set(PLACES.findall(str(text)))
        if not needed <= places or not places <= allowed:
            return [f"other places than the original: {name!r} → {text!r}"]
    return []


def main() -> int:
    """Print the problems; 1 when there are any."""
    lines = problems()
    for line in lines:
        print(line)
    print(f"{len(lines)} problems in the translations" if lines else "The translations are complete.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
