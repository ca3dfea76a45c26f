"""Make a folder appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tourserver.panoramas import refusals

_MARK = "manifest.json"


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Give a new folder beside ``target`` to build in; it becomes ``target`` at the end of the block.

    When the block raises, the folder is removed and ``target`` is as it was. An earlier build, known by its
    manifest, is replaced; any other folder with something in it raises ``Conflict``.
    """
    target = target.absolute()
    _check(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / f".{target.name}.{os.urandom(4).hex()}.building"
    folder.mkdir()
    try:
        yield folder
        _publish(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(target: Path) -> None:
    if not target.exists():
        return
    if target.is_dir() and ((target / _MARK).is_file() or not any(target.iterdir())):
        return
    raise refusals.not_a_tile_folder(str(target))


def _publish(folder: Path, target: Path) -> None:
    _check(target)
    old = folder.with_suffix(".replaced")
    with suppress(FileNotFoundError):
        os.rename(target, old)
    try:
        os.rename(folder, target)
    except OSError:
        with suppress(FileNotFoundError):
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
