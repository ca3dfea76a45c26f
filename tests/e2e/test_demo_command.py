"""``tourserver demo`` itself: starts again with its data, says what is wrong, stops in order; and /healthz."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

from tests.e2e import demo as demos
from tests.e2e.demo import Demo
from tests.servers import start_server
from tourserver.core.settings import Settings

STOP_SECONDS = 10


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_second_start_keeps_the_data_has_one_live_session_and_ctrl_c_stops_everything(
    prepared: tuple[Path, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(prepared[0], data)
    again = demos.start(data, first_output=prepared[1])
    try:
        assert "Its password" in prepared[1]
        assert "Its password" not in again.output
        status, page = _get(f"{again.url}/en/sessions")
        assert status == 200
        assert page.count("Live now") == 1
        assert page.count("/en/sessions/walk-through-sjostaden") >= 1
        assert _get(f"{again.url}/en/sites/sjostaden/tour.json")[0] == 200
        assert again.printed("Host's room") not in prepared[1], "the sign-in link is fresh"
        assert again.printed("Delegate's room") in prepared[1], "the personal link stays"

        arguments, environment = demos.command(data, again.port)
        second = subprocess.run(
            arguments, env=environment, capture_output=True, text=True, timeout=60, cwd=demos.REPOSITORY, check=False
        )
        assert second.returncode == 2
        assert "PORT" in second.stdout + second.stderr
        assert str(again.port) in second.stdout + second.stderr

        children = _children(again.process.pid)
        assert len(children) >= 2, "web and worker"
    finally:
        began = time.monotonic()
        code = demos.stop(again)
        took = time.monotonic() - began
    assert code == 0, again.output
    assert took < STOP_SECONDS
    assert [pid for pid in children if _is_running(pid)] == []
    assert "Traceback" not in again.output


def test_healthz_is_200_while_database_and_storage_answer(demo: Demo) -> None:
    status, body = _get(f"{demo.url}/healthz")
    assert status == 200
    assert json.loads(body)["status"] == "ok"


def test_healthz_is_503_with_the_reason_when_the_database_is_garbage_or_the_storage_cannot_be_written(
    settings: Settings,
) -> None:
    path, garbage = settings.data / "tourserver.sqlite3", b"garbage" * 10_000
    good = path.read_bytes()
    with start_server(settings) as server:
        assert _get(f"{server.url}/healthz")[0] == 200
        replacement = settings.data / "other"
        replacement.write_bytes(garbage)
        replacement.replace(path)  # another file under the same name: open connections still read the old one
        status, body = _get(f"{server.url}/healthz")
        assert status == 503
        assert json.loads(body)["status"] == "failing"
        assert "database" in json.loads(body)["reasons"]
        path.write_bytes(good)
        assert _get(f"{server.url}/healthz")[0] == 200
        path.unlink()
        assert _get(f"{server.url}/healthz")[0] == 503
        path.write_bytes(good)

        shutil.rmtree(settings.files)
        settings.files.write_text("a file where the folder was")  # also root cannot write into that
        status, body = _get(f"{server.url}/healthz")
    assert status == 503
    assert "storage" in json.loads(body)["reasons"]
