"""Tiles a second through the web process, beside nginx with the same files: ``python -m tests.load.media``.

One client on a kept connection asks for every tile of a picture in turn, for a few seconds. The floor is nginx with
``sendfile``; what stands between the two is the price of rights (withheld pictures), of WebP by Accept and of Python.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import free_port, start_server
from tourserver.core import migrate
from tourserver.core.settings import Settings
from tourserver.panoramas.tiles import build_tiles

SECONDS = 4.0
PICTURE = Path(__file__).resolve().parents[2] / "panoramas"
DIGEST = "a" * 64


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port: int, process: int, paths: list[str], headers: dict[str, str]) -> dict[str, float]:
    """Tiles a second, and tiles per CPU second of the server."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    count, cpu, began = 0, _cpu(process), time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        line.request("GET", paths[count % len(paths)], headers=headers)
        answer = line.getresponse()
        answer.read()
        if answer.status not in (200, 304):
            raise RuntimeError(f"{paths[count % len(paths)]} answered {answer.status}")
        count += 1
    wall, used = time.perf_counter() - began, _cpu(process) - cpu
    return {"per_s": round(count / wall), "per_cpu_s": round(count / used) if used else 0}


@contextmanager
def nginx(root: Path, folder: Path) -> Iterator[tuple[int, int]]:
    """nginx on a free port with the same files; gives port and the worker's process id."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; user root;\n"
        "events {} http { sendfile on; access_log off; types { image/jpeg jpg; }\n"
        f"server {{ listen 127.0.0.1:{port}; location /media/ {{ alias {root}/; expires max; }} }} }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)])
    try:
        time.sleep(0.5)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, int(children[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main() -> dict[str, Any]:
    """Both, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data=folder / "data", log_level="warning")
        settings.data.mkdir()
        migrate.upgrade(settings.sqlalchemy_url)
        (settings.files / "panoramas").mkdir(parents=True)
        build_tiles(next(iter(sorted(PICTURE.glob("*.jpg")))), settings.files / "panoramas" / DIGEST)
        top = settings.files / "panoramas" / DIGEST / "1"
        paths = [f"/media/panoramas/{DIGEST}/1/{file.name}" for file in sorted(top.glob("*.jpg"))]
        with start_server(settings) as server:
            port = server.settings.port
            ours = ask(port, server.process.pid, paths, {})
            tag = _etag(port, paths[0])
            unchanged = ask(port, server.process.pid, paths[:1], {"If-None-Match": tag})
        with nginx(settings.files, folder) as (port, process):
            floor = ask(port, process, paths, {})
    ratio = round(ours["per_s"] / floor["per_s"], 3)
    return {"tourserver": ours, "tourserver_304": unchanged, "nginx": floor, "of_nginx": ratio}


def _etag(port: int, path: str) -> str:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    return str(answer.headers["ETag"])


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
