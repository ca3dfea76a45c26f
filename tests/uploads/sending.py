"""A program that uploads over HTTP as the page does: for tests against a real server and through the test client."""

from __future__ import annotations

import hashlib
from typing import Any

import requests
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from tourserver.core.services import Services
from tourserver.people.models import User

CHUNK = 1024 * 1024


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def pieces(content: bytes, size: int = CHUNK) -> list[bytes]:
    """The file as it is sent."""
    return [content[start : start + size] for start in range(0, len(content), size)]


def wish(content: bytes, **values: Any) -> dict[str, Any]:
    """What begins an upload of a panorama."""
    return {"purpose": "panorama", "thing": "harbour", "name": "quay.jpg", "size": len(content), "meta": {}, **values}


class Sender:
    """A signed-in browser, by its cookie, against a real server."""

    def __init__(self, app: Flask, url: str, user: User) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Accept"] = "application/json"
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined] # the cookie's
        cookie = serializer.dumps({"_user_id": user.fs_uniquifier, "_fresh": True})
        self.session.cookies.set("tourserver_staff", cookie, domain="127.0.0.1", path="/")
        page = self.session.get(f"{url}/studio/sites/harbour/tour", headers={"Accept": "text/html"}, timeout=30)
        token = BeautifulSoup(page.text, "html.parser").select_one("input[name=csrf_token]")
        assert token, page.text[:500]
        self.session.headers["X-CSRFToken"] = str(token["value"])

    def begin(self, content: bytes, **values: Any) -> requests.Response:
        return self.session.post(f"{self.url}/studio/uploads", json=wish(content, **values), timeout=30)

    def put(self, upload: str, number: int, data: bytes, *, url: str = "", timeout: float = 30) -> requests.Response:
        address = f"{url or self.url}/studio/uploads/{upload}/chunks/{number}"
        headers = {"X-Chunk-SHA256": sha256(data), "Content-Type": "application/octet-stream"}
        return self.session.put(address, data=data, headers=headers, timeout=timeout)

    def state(self, upload: str) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/studio/uploads/{upload}", timeout=30)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def finish(self, upload: str) -> requests.Response:
        return self.session.post(f"{self.url}/studio/uploads/{upload}/finish", timeout=60)


def put(client: FlaskClient, upload: str, number: int, data: bytes, digest: str | None = None) -> Any:
    """One piece through the test client."""
    headers = {"X-Chunk-SHA256": sha256(data) if digest is None else digest}
    if digest == "":
        headers = {}
    return client.put(f"/studio/uploads/{upload}/chunks/{number}", data=data, headers=headers)


def files(services: Services, folder: str = "uploads") -> list[str]:
    """Keys of the pieces that lie in the storage."""
    root = services.settings.files
    return sorted(str(path.relative_to(root)) for path in (root / folder).rglob("*") if path.is_file())
