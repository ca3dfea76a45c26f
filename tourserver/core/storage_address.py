"""Reads ``s3://bucket/prefix?endpoint=…&region=…``.

Messages never repeat what was set: it may hold a secret by mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from tourserver.core.errors import Invalid
from tourserver.core.messages import N_
from tourserver.core.storage import check_key

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; older buckets may have _ and capitals
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Address:
    """A place in a bucket; ``endpoint`` and ``region`` are empty when the usual ones are meant."""

    bucket: str
    prefix: str
    endpoint: str
    region: str


def parse(url: str) -> Address:
    """Read the setting; raises :class:`Invalid` that says how it is written."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise _unreadable() from error
    if parts.scheme != "s3" or parts.fragment or not _BUCKET.fullmatch((parts.hostname and parts.netloc) or ""):
        raise _with_credentials() if "@" in parts.netloc else _unreadable()
    endpoint, region = options.pop("endpoint", ""), options.pop("region", "")
    if options or (region and not _REGION.fullmatch(region)):
        raise _unreadable()
    if endpoint:
        endpoint = _endpoint(endpoint)
    prefix = parts.path.strip("/")
    return Address(parts.netloc, check_key(prefix) if prefix else "", endpoint, region)


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError as error:
        raise _unreadable() from error
    if "@" in parts.netloc:
        raise _with_credentials()
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_is_a_number
        or parts.query
        or parts.fragment
    ):
        raise _unreadable()
    return text.rstrip("/")


def _unreadable() -> Invalid:
    return Invalid(
        N_(
            "TOURSERVER_STORAGE_URL can't be read. It is s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, "
            "of which only the bucket is needed; leave it empty to keep files in the data folder."
        ),
        code="storage_url",
    )


def _with_credentials() -> Invalid:
    return Invalid(
        N_(
            "TOURSERVER_STORAGE_URL holds a user or password. Take it out and give the credentials by "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or by the machine's role."
        ),
        code="storage_url",
    )
