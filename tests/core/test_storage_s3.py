"""What is a bucket's alone: its address, what is said when it can't be used, work that was cut off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests import s3
from tests.servers import environment, free_port
from tourserver.core import storage as storages
from tourserver.core import storage_address, storage_s3
from tourserver.core.errors import Invalid, NotFound
from tourserver.core.settings import Settings
from tourserver.core.storage_address import Address
from tourserver.core.storage_errors import StorageUnavailable
from tourserver.core.storage_s3 import S3Storage


@pytest.fixture
def bucket(s3_url: str, tmp_path: Path) -> Iterator[S3Storage]:
    found = storages.start(s3_url, tmp_path / "files")
    assert isinstance(found, S3Storage)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://tours", Address("tours", "", "", "")),
        ("s3://tours/", Address("tours", "", "", "")),
        ("s3://tours/a/b/", Address("tours", "a/b", "", "")),
        ("s3://tours?region=eu-north-1", Address("tours", "", "", "eu-north-1")),
        (
            "s3://Old_tours/a?endpoint=https://files.example.org:9000/&region=x",
            Address("Old_tours", "a", "https://files.example.org:9000", "x"),
        ),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert storage_address.parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "tours",
        "s3:tours",
        "s3://",
        "s3:///prefix",
        "s3://ab",
        "s3://tours:9000/a",
        "s3://tours/../a",
        "s3://tours/a b",
        "s3://tours#part",
        "s3://tours?endpoint=files.example.org",
        "s3://tours?endpoint=ftp://files.example.org",
        "s3://tours?endpoint=https://",
        "s3://tours?endpoint=https://files.example.org:port",
        "s3://tours?endpoint=https://files.example.org?a=b",
        "s3://tours?region=EU North",
        "s3://tours?regoin=eu-north-1",
        "s3://tours?region",
        "https://files.example.org/tours",
        "file:///var/tours",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_words(url: str) -> None:
    with pytest.raises(Invalid):
        storage_address.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hunter2@tours/a",
        "s3://tours?endpoint=https://KEY:hunter2@files.example.org",
        "s3://tours?secret=hunter2",
        "s3://tours/a?endpoint=https://files.example.org&password=hunter2",
    ],
)
def test_a_secret_in_the_address_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        storage_address.parse(url)
    assert "hunter2" not in refused.value.text


def test_a_bucket_that_is_not_there_is_said_at_start(s3_server: str, s3_url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"There is no bucket “nowhere” at http://127\.0\.0\.1.*Make it"):
        storages.start(s3.url(s3_server, "nowhere"), tmp_path)


def test_missing_credentials_are_said_at_start(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorageUnavailable, match="Set AWS_ACCESS_KEY_ID"):
        storages.start(s3_url, tmp_path)


def test_an_impossible_region_is_said_at_start(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StorageUnavailable, match="Check the endpoint and the region"):
        storages.start("s3://tours?region=-", tmp_path)


def test_the_program_ends_with_a_sentence_when_nothing_answers(settings: Settings, s3_url: str) -> None:
    dead = f"s3://tours?{urlencode({'endpoint': f'http://127.0.0.1:{free_port()}', 'region': s3.REGION})}"
    for module, arguments in (("tourserver.serve", []), ("tourserver", ["worker"])):
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=environment(settings.model_copy(update={"storage_url": dead, "port": free_port()})),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].startswith("Error: Nothing useful answers at http://127.0.0.1:")
        assert "Traceback" not in done.stderr


def test_a_bucket_that_went_away_is_unavailable_and_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.use_test_credentials(monkeypatch)
    with s3.server(tmp_path / "log") as endpoint:
        storage = storages.start(s3.url(endpoint, s3.new_bucket(endpoint)), tmp_path / "files")
        storage.put("a.jpg", b"x")
    upload = storage.scratch() / "upload"
    upload.write_bytes(b"x")
    for attempt in (
        lambda: storage.put("a.jpg", upload),
        lambda: storage.read("a.jpg"),
        lambda: storage.exists("a.jpg"),
        lambda: storage.delete("a.jpg"),
        lambda: storage.delete_tree("a"),
        lambda: storage.check(),
    ):
        with pytest.raises(StorageUnavailable):
            attempt()
    assert upload.read_bytes() == b"x", "what could not be stored is still there"
    assert storage.sweep() == 0
    storage.close()


def test_a_tree_that_was_cut_off_is_not_there_and_is_finished_by_the_next(bucket: S3Storage) -> None:
    bucket.put("panoramas/abc/0/0_0.jpg", b"half")
    with pytest.raises(NotFound), bucket.local_tree("panoramas/abc"):
        pass
    folder = bucket.scratch()
    (folder / "0").mkdir()
    for number in range(3):
        (folder / "0" / f"{number}_0.jpg").write_bytes(b"whole")
    (folder / "manifest.json").write_text("{}")
    bucket.put_tree("panoramas/abc", folder)
    with bucket.local_tree("panoramas/abc") as tree:
        assert sorted(path.read_bytes() for path in tree.rglob("*.jpg")) == [b"whole"] * 3


def test_a_tree_whose_files_cannot_all_be_sent_is_not_there(bucket: S3Storage, s3_server: str) -> None:
    folder = bucket.scratch()
    for number in range(30):
        (folder / f"{number}_0.jpg").write_bytes(b"x")
    (folder / "17 0.jpg").write_bytes(b"a name that no key may have")
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(Invalid):
        bucket.put_tree("panoramas/abc", folder)
    assert not bucket.exists("panoramas/abc/manifest.json")
    assert (folder / "manifest.json").exists()


def test_more_files_than_one_request_takes_are_removed(bucket: S3Storage, s3_server: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: bucket.put(f"panoramas/abc/{number}_0.jpg", b""), range(1010)))
    bucket.put("panoramas/abd.jpg", b"")
    bucket.delete_tree("panoramas/abc")
    assert s3.names(s3_server, bucket.address.bucket) == ["files/panoramas/abd.jpg"]


def test_objects_tell_their_type_and_how_long_they_may_be_kept(bucket: S3Storage, s3_server: str) -> None:
    forever, never = "public, max-age=31536000, immutable", "private, no-store"
    expected = {
        "panoramas/abc/0/0_0.jpg": ("image/jpeg", forever),
        "panoramas-webp/abc/base.webp": ("image/webp", forever),
        "posters/abc.jpg": ("image/jpeg", forever),
        "assets/abc.pdf": ("application/pdf", forever),
        "assets/abc.vtt": ("text/vtt", forever),
        "assets/abc.mp4": ("video/mp4", forever),
        "originals/abc.png": ("image/png", never),
        "uploads/abc": ("application/octet-stream", never),
    }
    for key in expected:
        bucket.put(key, b"x")
    (bucket.scratch().parent / "large").write_bytes(bytes(9 * storage_s3.MEGABYTE))
    bucket.put("assets/large.mp4", bucket.scratch().parent / "large")
    expected["assets/large.mp4"] = ("video/mp4", forever)
    asked = s3.client(s3_server)
    for key, wanted in expected.items():
        answer = asked.head_object(Bucket=bucket.address.bucket, Key=f"files/{key}")
        assert (answer["ContentType"], answer["CacheControl"]) == wanted, key
    asked.close()


def test_parts_that_nobody_finished_are_swept(bucket: S3Storage, s3_server: str) -> None:
    asked, name = s3.client(s3_server), bucket.address.bucket
    begun = asked.create_multipart_upload(Bucket=name, Key="files/assets/film.mp4")["UploadId"]
    asked.upload_part(Bucket=name, Key="files/assets/film.mp4", UploadId=begun, PartNumber=1, Body=os.urandom(100))
    foreign = asked.create_multipart_upload(Bucket=name, Key="of-somebody-else")["UploadId"]
    assert bucket.sweep() == 1  # this server says of each upload that it began years ago
    remaining = asked.list_multipart_uploads(Bucket=name)["Uploads"]
    asked.close()
    assert [upload["UploadId"] for upload in remaining] == [foreign]


def test_two_installations_share_a_bucket_by_their_prefixes(s3_url: str, s3_server: str, tmp_path: Path) -> None:
    name = storage_address.parse(s3_url).bucket
    one = storages.start(s3.url(s3_server, name, "one"), tmp_path / "one")
    other = storages.start(s3.url(s3_server, name, ""), tmp_path / "other")
    one.put("a.jpg", b"x")
    assert not other.exists("a.jpg")
    assert other.exists("one/a.jpg")
    one.close()
    other.close()


def test_the_library_of_buckets_is_not_loaded_for_a_folder() -> None:
    program = "import sys, tourserver.app, tourserver.worker; sys.exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=90).returncode == 0
