"""The ``tourserver`` command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from tourserver import __version__
from tourserver.bench.command import bench
from tourserver.core.errors import TourserverError
from tourserver.core.settings import Settings
from tourserver.panoramas.command import tiles
from tourserver.tours.command import export_tour, import_tour


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Live guided 360° tours, webinars and questions for showcase sites.

    Everything is set by environment variables; `tourserver settings` lists them.
    """


cli.add_command(tiles)


@cli.group()
def tours() -> None:
    """Bring whole tours in and take them out, as ZIPs."""
    from tourserver import models  # noqa: F401 - the tables that string foreign keys name


tours.add_command(import_tour)
tours.add_command(export_tour)
cli.add_command(bench)


@cli.command()
@click.option("--port", type=int, envvar=["PORT", "TOURSERVER_PORT"], default=8000, show_default=True)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=["DATA", "TOURSERVER_DATA"],
    default=Path("data/demo"),
    show_default=True,
    help="The data folder; it is made when it is not there and kept afterwards.",
)
def demo(port: int, data: Path) -> None:
    """Run everything with demo content on this machine: web, worker and a mailbox. Ctrl-C stops it."""
    from tourserver.supervisor import run_demo

    sys.exit(run_demo(Settings(port=port, data=data, demo=True, host="127.0.0.1", public_url="")))


@cli.command()
def serve() -> None:
    """Run the web process (TOURSERVER_HOST, TOURSERVER_PORT)."""
    # a fresh interpreter: eventlet must patch before anything else is imported
    os.execv(sys.executable, [sys.executable, "-m", "tourserver.serve"])  # noqa: S606


@cli.command()
def worker() -> None:
    """Run the worker: cuts tiles, sends mail."""
    from tourserver import worker as process
    from tourserver.core import logs

    settings = Settings()
    logs.configure(settings)
    process.run(settings)


@cli.command()
def migrate() -> None:
    """Bring the database to this release's form."""
    from tourserver.core import migrate as migrations

    settings = Settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    before = migrations.current(settings.sqlalchemy_url)
    migrations.upgrade(settings.sqlalchemy_url)
    after = migrations.current(settings.sqlalchemy_url)
    click.echo(f"The database is at {after}." if before == after else f"The database went from {before} to {after}.")


@cli.command()
@click.option("--email", prompt="E-mail of the first administrator")
@click.option("--name", prompt="Name")
@click.option("--password", envvar="TOURSERVER_ADMIN_PASSWORD", help="Asked for when not given.")
def init(email: str, name: str, password: str | None) -> None:
    """Make the database and the first administrator; the rest is done in the browser at /studio/setup."""
    from tourserver import models  # noqa: F401
    from tourserver.core import migrate as migrations
    from tourserver.studio.first import first_administrator

    settings = Settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.sqlalchemy_url)
    if password is None:
        password = click.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt=True)
    first_administrator(settings, email=email, name=name, password=password)
    click.echo(f"{name} is the administrator. Start `tourserver serve` and `tourserver worker`, then open:")
    click.echo(f"  {settings.public_url or settings.local_url}/studio/setup")


@cli.command()
@click.argument("email")
def erase(email: str) -> None:
    """Erase a person on request: name, address, links and mail go; the counts stay."""
    from tourserver import models  # noqa: F401
    from tourserver.core.rights import SYSTEM
    from tourserver.core.services import Services
    from tourserver.registration import erasure

    services = Services.start(Settings())
    try:
        with services.db.write() as session:
            count = erasure.erase(session, services, email, actor=SYSTEM)
    finally:
        services.close()
    click.echo(f"Erased. {count} registration{'' if count == 1 else 's'} stay in the counts without the person.")


@cli.command()
def settings() -> None:
    """List every setting with its environment variable, default and meaning."""
    for name, default, description in setting_rows():
        click.echo(f"{name:34} {default}\n    {description}")


def setting_rows() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of each setting, as README.md shows them."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ("", None) else str(field.default)
        rows.append((f"TOURSERVER_{name.upper()}", default, field.description or ""))
    return rows


def main() -> None:
    """Entry point; errors that a person can do something about are shown without a traceback."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TourserverError as error:
        click.echo(f"Error: {error.text}", err=True)
        sys.exit(2)
    except subprocess.SubprocessError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
