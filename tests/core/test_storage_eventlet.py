"""A bucket in the web process: eventlet has patched sockets, threads and TLS there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug.serving import make_ssl_devcert

from tests import s3


def test_a_bucket_works_over_tls_under_eventlet_and_large_files_are_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.use_test_credentials(monkeypatch)
    certificate, key = make_ssl_devcert(str(tmp_path / "tls"), host="localhost")
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate)
    with s3.server(tmp_path / "log", "-c", certificate, "-k", key, scheme="https") as address:
        endpoint = address.replace("127.0.0.1", "localhost")  # whom the certificate names
        url = s3.url(endpoint, s3.new_bucket(endpoint))
        command = [sys.executable, "-m", "tests.core.eventlet_bucket", url, str(tmp_path / "files")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert (seen["tiles"], seen["same"], seen["gone"]) == (40, True, True)
    assert seen["ticks"] > 20, "others got their turn while files were sent"
    assert seen["grown_mb"] < 48, "a film of 64 MB is never whole in memory"
