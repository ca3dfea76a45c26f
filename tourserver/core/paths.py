"""Where the files that are not Python live: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_BUNDLED = _PACKAGE / "_bundled"


def resource(name: str) -> Path:
    """The folder ``templates``, ``static``, ``panoramas``, ``translations`` or ``migrations``.

    A checkout is preferred over the copy in the package, so that an editable install shows edits.
    """
    bundled = _BUNDLED / name
    return bundled if bundled.exists() else _PACKAGE.parent / name
