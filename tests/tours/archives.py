"""ZIPs of tours made on the spot, sound ones and bad ones."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyvips

from tests.panoramas import pictures
from tourserver.core import jobs
from tourserver.core.actors import SYSTEM, Actor
from tourserver.core.jobs import Job, Worker
from tourserver.core.services import Services
from tourserver.sites.models import Site
from tourserver.tours.archive import importing
from tourserver.tours.archive.report import Report

SCENES = ("gate", "hall", "roof", "boiler", "yard", "office")


@lru_cache(maxsize=16)
def panorama(shade: int = 0, width: int = 2048) -> bytes:
    """A small JPEG panorama; each shade is another picture."""
    image = pictures.scene(width).gaussblur(3).linear(1, shade).cast("uchar").copy(interpretation="srgb")
    data: bytes = image.jpegsave_buffer(Q=50, keep="none")
    return data


def small_picture(shade: int = 0, ending: str = ".jpg") -> bytes:
    """An ordinary picture for a point."""
    image = pyvips.Image.black(200, 120, bands=3).linear([1, 1, 1], [30 + shade, 90, 120])
    image = image.cast("uchar").copy(interpretation="srgb")
    data: bytes = image.write_to_buffer(ending)
    return data


def zip_of(path: Path, files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A ZIP of files by name."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def pannellum_tour() -> dict[str, Any]:
    """Six scenes as somebody would write them by hand, after the examples of Pannellum's documentation."""
    return {
        "default": {
            "firstScene": "hall",
            "author": "Anna Berg",
            "authorURL": "https://example.org/anna",
            "sceneFadeDuration": 1000,
            "autoLoad": True,
            "compass": True,
            "hfov": 100,
        },
        "scenes": {
            "gate": {
                "title": "The gate",
                "type": "equirectangular",
                "panorama": "pictures/gate.jpg",
                "yaw": -90,
                "pitch": -3,
                "hfov": 120,
                "northOffset": 30,
                "hotSpots": [
                    {"pitch": -2, "yaw": 75.5, "type": "scene", "text": "Into the hall", "sceneId": "hall",
                     "targetYaw": "sameAzimuth", "targetPitch": "same"},
                    {"pitch": 12, "yaw": 400, "type": "info", "text": "Built in <b>1954</b> &amp; rebuilt"},
                ],
            },
            "hall": {
                "title": "Turbine hall",
                "panorama": "pictures/hall.jpg",
                "northOffset": -100,
                "minHfov": 50,
                "maxHfov": 120,
                "hotSpots": [
                    {"pitch": 0, "yaw": 10, "type": "scene", "text": "", "sceneId": "gate",
                     "targetYaw": -23, "targetPitch": 2, "targetHfov": 80},
                    {"pitch": 5, "yaw": 20, "type": "scene", "text": "Up", "sceneId": "roof"},
                    {"pitch": -10, "yaw": 30, "type": "info", "text": "The owner",
                     "URL": "https://example.org/owner"},
                ],
            },
            "roof": {"title": "Roof", "panorama": "./pictures/roof.jpg?v=2", "hotSpots": [
                {"pitch": -40, "yaw": 0, "type": "scene", "text": "Down", "sceneId": "hall", "targetYaw": "same"}]},
            "boiler": {"title": "Boiler", "panorama": "boiler.jpg", "basePath": "pictures/", "hotSpots": [
                {"pitch": 0, "yaw": 0, "type": "scene", "text": "Yard", "sceneId": "yard"}]},
            "yard": {"title": "Yard", "panorama": "pictures/yard.jpg", "hotSpots": [
                {"pitch": 0, "yaw": 0, "type": "scene", "text": "Office", "sceneId": "office"}]},
            "office": {"title": "Office", "panorama": "pictures/office.jpg", "hotSpots": [
                {"pitch": 0, "yaw": 0, "type": "scene", "text": "Boiler", "sceneId": "boiler"}]},
        },
    }  # fmt: skip


def pannellum_zip(path: Path, tour: Any = None, **more: bytes | str) -> Path:
    """The tour with its six pictures; other files by their names."""
    files: dict[str, bytes | str] = {"export/tour.json": json.dumps(tour or pannellum_tour())}
    for shade, name in enumerate(SCENES):
        files[f"export/pictures/{name}.jpg"] = panorama(shade)
    return zip_of(path, {**files, **more}, zipfile.ZIP_STORED)


def import_now(services: Services, site: Site, path: Path, actor: Actor = SYSTEM) -> Report:
    """Put a ZIP and import it at once, as a worker does; gives the report. The file is moved away."""
    job = do_import(services, site, path, actor)
    assert "report" in job.payload, job.error
    return Report.from_json(job.payload["report"])


def do_import(services: Services, site: Site, path: Path, actor: Actor = SYSTEM) -> Job:
    """Put a ZIP and let a worker go at it; gives the job as it is then."""
    importing.check(services, path)
    with importing.put(services, path) as import_id, services.db.write() as session:
        job_id = importing.begin(session, site, import_id, name="tour.zip", actor=actor).id
    Worker(services).run_once(only=job_id)
    with services.db.read() as session:
        return session.get_one(jobs.Job, job_id)


def lines(report: Report, kind: str) -> list[str]:
    """The report's lines of a kind in words."""
    return [f"{line.where}: {line.text()}" if line.where else line.text() for line in report.lines if line.kind == kind]


def tamper(path: Path, mark: bytes, offset: int, form: str, *values: int) -> Path:
    """Overwrite fields behind the last place of a mark in a file."""
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.rindex(mark) + offset, *values)
    path.write_bytes(data)
    return path


def in_memory(files: dict[str, bytes | str]) -> io.BytesIO:
    """A ZIP to be sent by a form."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    target.seek(0)
    return target
