"""Disks that are really full: a tmpfs in a mount namespace of its own, gone when the command ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def on_a_small_disk(tmp_path: Path, kilobytes: int, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in an empty folder on a file system of that size; ``$PYTHON`` is this interpreter.

    Root mounts as it is; anybody else as root of a user namespace, which Linux gives to everyone.
    """
    disk = tmp_path / "disk"
    disk.mkdir(exist_ok=True)
    mount = f"set -e; mount -t tmpfs -o size={kilobytes}k tmpfs {disk}; cd {disk}; set +e\n"
    command = ["unshare", "--mount", "sh", "-c", mount + script]
    if os.geteuid() != 0:
        command[1:1] = ["--user", "--map-root-user"]
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=120)
