"""Shared fixtures: a migrated, empty installation on SQLite and on PostgreSQL, an app, a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from tests import postgres, s3
from tests.servers import Server, start_server
from tourserver import models
from tourserver.app import create_app
from tourserver.core import migrate
from tourserver.core.services import Services
from tourserver.core.settings import Settings

assert models.Base.metadata.tables


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated empty SQLite database, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Path]:
    """A PostgreSQL server with a migrated database ``template_tourserver``."""
    with postgres.cluster() as folder:
        admin = create_engine(postgres.url(folder, "postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE template_tourserver"))
        migrate.upgrade(postgres.url(folder, "template_tourserver"))
        admin.dispose()
        yield folder


@pytest.fixture(scope="session")
def postgres_databases(postgres_cluster: Path) -> Iterator[postgres.Databases]:
    """Migrated, empty databases of the PostgreSQL server."""
    tables = [table.name for table in reversed(models.Base.metadata.sorted_tables)]
    databases = postgres.Databases(postgres_cluster, "template_tourserver", tables)
    yield databases
    databases.close()


def sqlite_settings(tmp_path: Path, template: Path) -> Settings:
    """Settings of a fresh installation on SQLite."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "tourserver.sqlite3").write_bytes(template.read_bytes())
    return Settings(data=data, log_format="json")


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """A fresh installation on SQLite: for tests whose subject isn't the database."""
    return sqlite_settings(tmp_path, sqlite_template)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A fresh installation, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_settings(tmp_path, request.getfixturevalue("sqlite_template"))
        return
    folder: Path = request.getfixturevalue("postgres_cluster")
    databases: postgres.Databases = request.getfixturevalue("postgres_databases")
    name = databases.take()
    yield Settings(data=tmp_path / "data", database_url=postgres.url(folder, name), log_format="json")
    databases.give_back(name)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of buckets on this machine; gives its address."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as endpoint:
        yield endpoint


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The setting that names an empty bucket, and credentials for it."""
    s3.use_test_credentials(monkeypatch)
    return s3.url(s3_server, s3.new_bucket(s3_server))


@pytest.fixture(params=["folder", "bucket"])
def storage_url(request: pytest.FixtureRequest) -> str:
    """The setting of both kinds of storage: the folder of this machine, and an empty bucket."""
    found: str = request.getfixturevalue("s3_url") if request.param == "bucket" else ""
    return found


@pytest.fixture
def services(database_settings: Settings) -> Iterator[Services]:
    """Services on both databases: for rules."""
    found = Services.start(database_settings)
    yield found
    found.close()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on SQLite, in this process."""
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    app.config["RATELIMIT_ENABLED"] = False
    yield app
    app.extensions["tourserver"].close()


@pytest.fixture
def app_services(app: Flask) -> Services:
    """The services of the application under test."""
    found: Services = app.extensions["tourserver"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture(params=["eventlet", "threading"])
def live_server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Server]:
    """A real server in a process of its own, on eventlet and on threads."""
    with start_server(settings, async_mode=request.param) as server:
        yield server
