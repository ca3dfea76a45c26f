"""Typed settings, read once from the environment (prefix ``TOURSERVER_``).

Every field has a description; ``tourserver settings`` and the table in README.md are made from them, and a
test fails when one is missing there.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All that an operator can set. Values that staff change while running live in the database instead."""

    model_config = SettingsConfigDict(env_prefix="TOURSERVER_", extra="ignore", frozen=True)

    data: Path = Field(
        Path("data"), description="The data folder: database, pictures, keys and, in the demo, the mailbox."
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of the database; empty means SQLite in the data folder. "
        "PostgreSQL: postgresql+psycopg2://user@host/name",
    )
    storage_url: str = Field(
        "",
        description="Where pictures and files are kept: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION for an "
        "S3-compatible bucket, whose credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the "
        "machine's role. Empty: the data folder.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "",
        description="The address people use, such as https://tours.example.org; when empty, the one saved "
        "in Studio, Setup, and else http://127.0.0.1:PORT.",
    )
    smtp_url: str = Field(
        "",
        description="How mail leaves: smtp://host:25, smtp+starttls://user:password@host:587 or "
        "smtps://user:password@host:465. Empty: the mail waits in the outbox.",
    )
    mail_from: str = Field(
        "",
        description="Sender of all mail and organiser of all invitations, as “Name <address>”; a mailbox "
        "that people read. When empty, the one saved in Studio, Setup.",
    )
    redis_url: str = Field(
        "",
        description="Redis, for several web processes: rate limits hold across them, and news and the guide's view "
        "reach the others at once instead of within a second: redis://host:6379/0. Empty: kept in memory.",
    )
    async_mode: Literal["eventlet", "threading"] = Field(
        "eventlet", description="What carries the web process: eventlet (default) or threading."
    )
    max_upload_mb: int = Field(64, ge=1, le=1024, description="Largest picture that is taken, in megabytes.")
    tile_memory_mb: int = Field(2048, ge=256, description="Memory limit of the process that cuts tiles, in megabytes.")
    tile_seconds: int = Field(300, ge=10, description="Time limit for cutting one picture, in seconds.")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="json for machines, text for people, auto: text when a terminal is there."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    demo: bool = Field(
        False, description="Set by `tourserver demo`: shows /dev/mail, allows sign-in links. Never in real use."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="How many reverse proxies in front set X-Forwarded-For, -Proto and -Host."
    )
    registration_rate: str = Field(
        "120 per hour", description="How many registrations one address may send (Flask-Limiter's notation)."
    )

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def sqlalchemy_url(self) -> str:
        """The database to use."""
        return self.database_url or f"sqlite:///{self.data / 'tourserver.sqlite3'}"

    @property
    def files(self) -> Path:
        """Root of the local file storage, and of the space for work in hand."""
        return self.data / "files"

    @property
    def mailbox(self) -> Path:
        """Where the demo's mailbox keeps the messages it took."""
        return self.data / "mailbox"

    @property
    def local_url(self) -> str:
        """The address on this machine."""
        return f"http://127.0.0.1:{self.port}"
