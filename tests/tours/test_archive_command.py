"""``tourserver tours``: import and export on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import factories
from tests.servers import environment
from tests.tours import archives
from tourserver.core.services import Services
from tourserver.tours import scenes


def tourserver(services: Services, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tourserver", *map(str, arguments)]
    return subprocess.run(command, env=environment(services.settings), capture_output=True, text=True, timeout=120)


def test_a_tour_comes_in_and_goes_out_and_the_command_says_what_became_of_it(
    app_services: Services, tmp_path: Path
) -> None:
    with app_services.db.write() as session:
        site = factories.make_site(session, slug="harbour")
    tour = archives.pannellum_tour()
    tour["scenes"]["roof"]["panorama"] = "missing.jpg"
    path = archives.pannellum_zip(tmp_path / "in.zip", tour)
    done = tourserver(app_services, "tours", "import", path, "--site", "harbour")
    assert done.returncode == 0, done.stderr
    assert "- Roof: Its picture “missing.jpg” is not in the ZIP." in done.stdout
    assert done.stdout.splitlines()[-1] == "5 scenes and 7 points from export/tour.json (pannellum)"
    assert path.exists(), "the file that was named stays where it is"
    with app_services.db.read() as session:
        assert len(scenes.of_site(session, site.id)) == 5
    outs = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for out in outs:
        done = tourserver(app_services, "tours", "export", "harbour", "--out", out)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{out}: 5 scenes, ")
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_what_cannot_be_done_is_said_and_nothing_is_written(app_services: Services, tmp_path: Path) -> None:
    with app_services.db.write() as session:
        factories.make_site(session, slug="harbour")
    empty = archives.zip_of(tmp_path / "empty.zip", {"a.json": json.dumps({"percent": "100 %(x)s"})})
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK")
    for arguments, words in (
        (("import", empty, "--site", "harbour"), "There is no tour in the ZIP."),
        (("import", bad, "--site", "harbour"), "The file is not a whole ZIP."),
        (("import", empty, "--site", "nowhere"), "There is no site with this address."),
        (("export", "harbour", "--out", tmp_path / "out.zip"), "The tour has no scene yet."),
        (("export", "nowhere", "--out", tmp_path / "out.zip"), "There is no site with this address."),
    ):
        done = tourserver(app_services, "tours", *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"empty.zip", "bad.zip"}
