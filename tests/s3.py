"""A bucket on this machine: moto's server in a child process. Nothing else is ever asked."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from tests.servers import end_with_parent, free_port

REGION = "eu-north-1"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""Credentials that open nothing, and no look at those of whoever runs the tests."""

NOT_SET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "HTTP_PROXY")


@contextmanager
def server(log: Path, *options: str, scheme: str = "http") -> Iterator[str]:
    """Run the server; gives its address. ``options`` are those of its command line."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port), *options]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, preexec_fn=end_with_parent)
    try:
        _wait_until_it_listens(process, port, log)
        yield f"{scheme}://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The bucket's server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def use_test_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment of this process, and so of its children, for the time of a test."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in NOT_SET:
        monkeypatch.delenv(name, raising=False)


def client(endpoint: str) -> Any:
    """The library's own client: to look into a bucket from outside."""
    return boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=REGION)


def new_bucket(endpoint: str) -> str:
    """Make an empty bucket; gives its name."""
    name = f"tours-{uuid.uuid4().hex[:12]}"
    asked = client(endpoint)
    asked.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    asked.close()
    return name


def url(endpoint: str, bucket: str, prefix: str = "files") -> str:
    """The setting that names a bucket."""
    return f"s3://{bucket}/{prefix}?{urlencode({'endpoint': endpoint, 'region': REGION})}"


def names(endpoint: str, bucket: str) -> list[str]:
    """All objects of a bucket."""
    asked = client(endpoint)
    found = asked.list_objects_v2(Bucket=bucket).get("Contents", [])
    asked.close()
    return [item["Key"] for item in found]
