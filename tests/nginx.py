"""nginx with the configuration that is deployed, in front of web processes of this machine."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import end_with_parent, free_port

DEPLOYED = Path(__file__).resolve().parents[1] / "deploy" / "nginx.conf"


def configuration(folder: Path, port: int, behind: list[int]) -> Path:
    """The deployed file with these ports, in a frame that needs no rights and writes into ``folder``."""
    text = DEPLOYED.read_text()
    servers = "\n".join(f"    server 127.0.0.1:{one} max_fails=2 fail_timeout=5s;" for one in behind)
    text, replaced = re.subn(r"(?:^    server 127\.0\.0\.1:\d+ [^\n]*\n)+", servers + "\n", text, flags=re.MULTILINE)
    assert replaced == 2, "both lists of processes"
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
    temporary = "\n".join(
        f"  {name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log warn;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n  access_log off;\n{temporary}\n{text}\n}}\n"
    )
    return path


@contextmanager
def nginx(folder: Path, behind: list[int]) -> Iterator[str]:
    """Run it; gives the address people would use."""
    port = free_port()
    path = configuration(folder, port, behind)
    command = ["/usr/sbin/nginx", "-p", str(folder), "-c", str(path), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, preexec_fn=end_with_parent)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError((folder / "error.log").read_text(errors="replace")) from None
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
