"""Where the files that are not Python live: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_BUNDLED = _PACKAGE / "_bundled"


def resource(name: str) -> Path:
    """The folder ``templates``, ``static``, ``panoramas``, ``translations`` or ``migrations``.

    A wheel carries a copy in the package; a checkout has none, so that its own folders are used.
    """
    bundled = _BUNDLED / name
    return bundled if bundled.exists() else _PACKAGE.parent / name
