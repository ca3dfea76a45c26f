"""``tourserver tiles``: the picture pipeline on the command line, without a database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tourserver.core.errors import TourserverError

if TYPE_CHECKING:
    from tourserver.panoramas.manifest import Progress


@click.group()
def tiles() -> None:
    """Cut panoramas into the tiles that the viewer loads."""


@tiles.command()
@click.argument("input_path", metavar="INPUT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out_dir", metavar="OUTDIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
@click.option("--memory-mb", type=click.IntRange(256), default=2048, show_default=True, help="Memory limit.")
@click.option("--seconds", type=click.IntRange(1), default=300, show_default=True, help="Time limit.")
def build(input_path: Path, out_dir: Path, as_json: bool, memory_mb: int, seconds: int) -> None:
    """Check the equirectangular picture INPUT and make its tiles in OUTDIR.

    OUTDIR appears whole or not at all; an earlier build in it is replaced. Ends with 2 when the picture
    can't be used or the tiles can't be written.
    """
    # Late, so that the other commands do not wait for the picture library.
    from tourserver.panoramas import sandbox, warnings
    from tourserver.panoramas.inspect import inspect

    try:
        looked = inspect(input_path)
        for text in warnings.texts(looked.warnings, looked.width, looked.height):
            click.echo(text, err=True)
        with _bar() as progress:
            limits = sandbox.Limits(memory_mb, seconds, seconds)
            manifest = sandbox.build_tiles(input_path, out_dir, progress, limits=limits)
    except TourserverError as error:
        click.echo(error.text, err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps({**manifest.json(), "warnings": looked.warnings}))
        return
    click.echo(f"{manifest.width} × {manifest.height}: {manifest.files} files, {manifest.bytes} bytes")
    click.echo("levels " + ", ".join(f"{level.width} × {level.height}" for level in manifest.levels))
    click.echo(f"{manifest.seconds:.2f} seconds")


@tiles.command()
@click.argument("input_path", metavar="INPUT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
@click.option("--webp", is_flag=True, help="Measure WebP tiles as well.")
@click.option("--runs", type=click.IntRange(1, 100), default=7, show_default=True, help="Runs; medians are told.")
def bench(input_path: Path, as_json: bool, webp: bool, runs: int) -> None:
    """Measure what the tiles of INPUT cost, beside decoding and encoding the same pixels once.

    Ends with 2 when the picture can't be used.
    """
    from tourserver.panoramas import bench as measuring

    try:
        with _bar("Measuring") as progress:
            done, all_steps = 0, measuring.steps(runs, webp=webp)

            def step() -> None:
                nonlocal done
                done += 1
                if progress:
                    progress(100 * done // all_steps)

            result = measuring.bench(input_path, runs=runs, webp=webp, step=step)
    except TourserverError as error:
        click.echo(error.text, err=True)
        sys.exit(2)
    missed = measuring.missed(result)
    if as_json:
        click.echo(json.dumps({**result, "missed": missed}))
        return
    for name in ("ours", "floor_cold", "floor_warm", "webp"):
        if cost := result.get(name):
            click.echo(
                f"{name:12} {cost['cpu_seconds']:6.2f} s CPU {cost['wall_seconds']:6.2f} s {cost['peak_mb']:6.0f} MB"
            )
    for name in ("ratio_cold", "ratio_warm", "peak_mb_above_interpreter", "psnr_top", "psnr_plain", "psnr_loss"):
        click.echo(f"{name:26} {result[name]}{'  missed' if name in missed else ''}")


@contextmanager
def _bar(title: str = "Tiles") -> Iterator[Progress | None]:
    """A progress bar on stderr when that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=100)
        yield lambda percent: bar.update(task, completed=percent)
