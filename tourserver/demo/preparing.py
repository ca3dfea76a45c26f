"""The demo's database: made or brought up to date, filled, and the links to print."""

from __future__ import annotations

from collections.abc import Callable

from tourserver import models  # noqa: F401 - the tables that string foreign keys name
from tourserver.core import migrate
from tourserver.core.services import Services
from tourserver.core.settings import Settings
from tourserver.demo import loader


def prepare(settings: Settings, progress: Callable[[str], None]) -> tuple[loader.Report, loader.Links]:
    """Migrate, load what is missing, move what is untouched; gives what was made and fresh links."""
    if not migrate.is_current(settings.sqlalchemy_url):
        migrate.upgrade(settings.sqlalchemy_url)
    services = Services.start(settings)
    try:
        report = loader.load(services, progress)
        return report, loader.links(services)
    finally:
        services.close()
