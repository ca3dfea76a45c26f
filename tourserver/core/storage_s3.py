"""Files in an S3-compatible bucket. Imported only when the setting names one: the library is slow to load.

The objects are private: this program serves them. Their media type and Cache-Control are set all the same, for
whoever puts a cache between the two.
"""

from __future__ import annotations

import io
import mimetypes
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import boto3
import structlog
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tourserver.core import clock, storage_errors
from tourserver.core.errors import NotFound
from tourserver.core.storage import (
    LEFT_BEHIND_SECONDS,
    TREE_MARK,
    Facts,
    Part,
    Scratch,
    Span,
    check_key,
    no_file,
    no_folder,
    out_of_range,
    require_mark,
)
from tourserver.core.storage_address import Address, parse

log = structlog.get_logger()

Item = TypeVar("Item")

MEGABYTE: Final = 1024 * 1024
WORKERS: Final = 8
"""Files of a tree that are sent or fetched at once."""

ATTEMPTS: Final = 3
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 20
CHECK_SECONDS: Final = 20
"""How long a good health check counts, so that a watcher doesn't pay for a written object every second."""

PAGE: Final = 1000
"""Objects of one request to remove; the protocol's own limit."""

SERVED: Final = ("panoramas/", "panoramas-webp/", "posters/", "assets/")
"""Folders whose addresses change with their content."""

_TYPES = {".webp": "image/webp", ".vtt": "text/vtt", ".json": "application/json"}  # not in every system's table


def start(url: str, scratch: Path) -> S3Storage:
    """Open the bucket and prove that it can be used; raises ``Invalid`` and ``Unavailable`` that say what to do."""
    address = parse(url)
    try:
        storage = S3Storage(address, scratch)
    except (BotoCoreError, ValueError) as error:
        raise storage_errors.not_usable(address, error) from error
    storage.prove()
    return storage


class S3Storage:
    """A bucket, or a folder of one."""

    def __init__(self, address: Address, scratch: Path) -> None:
        self.address = address
        self._scratch = Scratch(scratch)
        self._base = f"{address.prefix}/" if address.prefix else ""
        self._checked = float("-inf")
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=address.endpoint or None,
            region_name=address.region or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                max_pool_connections=4 * WORKERS,
                # few servers of this protocol have a name for each bucket
                s3={"addressing_style": "path" if address.endpoint else "auto"},
                # the library's newer kinds of checksums are not known to all of them
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._transfer = TransferConfig(
            multipart_threshold=8 * MEGABYTE, multipart_chunksize=8 * MEGABYTE, max_concurrency=4
        )

    # --- writing ---------------------------------------------------------------------------------------------

    def put(self, key: str, source: bytes | Path) -> None:
        """See :class:`~tourserver.core.storage.Storage`. A large file goes in parts and appears with the last one."""
        bucket, name, headers = self.address.bucket, self._name(key), _headers(key)
        with _asked(key):
            if isinstance(source, bytes):
                self._client.put_object(Bucket=bucket, Key=name, Body=source, **headers)
                return
            if source.stat().st_size < self._transfer.multipart_threshold:
                with source.open("rb") as file:
                    self._client.put_object(Bucket=bucket, Key=name, Body=file, **headers)
            else:
                self._client.upload_file(str(source), bucket, name, ExtraArgs=headers, Config=self._transfer)
        source.unlink()

    def put_tree(self, prefix: str, folder: Path) -> None:
        """See :class:`~tourserver.core.storage.Storage`. The manifest goes last: with it the tree is there."""
        mark = f"{check_key(prefix)}/{TREE_MARK}"
        require_mark(folder)
        if not self.exists(mark):
            files = {
                f"{prefix}/{path.relative_to(folder).as_posix()}": path
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
            last = files.pop(mark)
            _together(lambda item: self.put(*item), files.items())
            self.put(mark, last)
        shutil.rmtree(folder, ignore_errors=True)

    def delete(self, key: str) -> None:
        """See :class:`~tourserver.core.storage.Storage`."""
        with _asked(key):
            self._client.delete_object(Bucket=self.address.bucket, Key=self._name(key))

    def delete_tree(self, prefix: str) -> None:
        """See :class:`~tourserver.core.storage.Storage`. The manifest goes first: without it there is no tree."""
        self.delete(f"{prefix}/{TREE_MARK}")
        self._delete_all(prefix, self._names(prefix))

    def delete_beginning(self, start: str) -> None:
        """See :class:`~tourserver.core.storage.Storage`."""
        folder = start.rpartition("/")[0]
        names = self._listed(start, self._name(start))
        self._delete_all(start, (name for name in names if name.rpartition("/")[0] == self._name(folder)))

    def _delete_all(self, key: str, found: Iterable[str]) -> None:
        names = list(found)
        for at in range(0, len(names), PAGE):
            objects = [{"Key": name} for name in names[at : at + PAGE]]
            with _asked(key):
                answer = self._client.delete_objects(
                    Bucket=self.address.bucket, Delete={"Objects": objects, "Quiet": True}
                )
            if answer.get("Errors"):
                log.error("storage.delete_failed", code=answer["Errors"][0].get("Code"), count=len(answer["Errors"]))
                raise storage_errors.unavailable()

    # --- reading ---------------------------------------------------------------------------------------------

    def open(self, key: str) -> BinaryIO:
        """See :class:`~tourserver.core.storage.Storage`."""
        return self.read(key).file

    def read(self, key: str, span: Span | None = None) -> Part:
        """See :class:`~tourserver.core.storage.Storage`. The span is the bucket's to cut out."""
        wanted = {} if span is None else {"Range": _range(span)}
        with _asked(key):
            answer = self._client.get_object(Bucket=self.address.bucket, Key=self._name(key), **wanted)
        length, start, size = int(answer["ContentLength"]), 0, int(answer["ContentLength"])
        if "ContentRange" in answer:  # bytes 5-9/100
            place, _, whole = answer["ContentRange"].removeprefix("bytes ").partition("/")
            start, size = int(place.partition("-")[0]), int(whole)
        file = io.BufferedReader(_Body(key, answer["Body"]), 64 * 1024)
        return Part(file, start, length, Facts(size, answer["ETag"].strip('"')))

    def facts(self, key: str) -> Facts:
        """See :class:`~tourserver.core.storage.Storage`."""
        with _asked(key):
            answer = self._client.head_object(Bucket=self.address.bucket, Key=self._name(key))
        return Facts(int(answer["ContentLength"]), answer["ETag"].strip('"'))

    def exists(self, key: str) -> bool:
        """See :class:`~tourserver.core.storage.Storage`."""
        try:
            self.facts(key)
        except NotFound:
            return False
        return True

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """See :class:`~tourserver.core.storage.Storage`. A copy in the scratch folder, removed at the end."""
        check_key(key)
        with self._folder() as folder:
            path = folder / key.rsplit("/", 1)[-1]
            self._fetch(key, path)
            yield path

    @contextmanager
    def local_tree(self, prefix: str) -> Iterator[Path]:
        """See :class:`~tourserver.core.storage.Storage`. A copy in the scratch folder, removed at the end."""
        if not self.exists(f"{prefix}/{TREE_MARK}"):
            raise no_folder(prefix)
        with self._folder() as folder:
            keys = [name.removeprefix(self._base) for name in self._names(prefix)]
            paths = {key: folder / check_key(key.removeprefix(f"{prefix}/")) for key in keys}
            for path in paths.values():
                path.parent.mkdir(parents=True, exist_ok=True)
            _together(lambda item: self._fetch(*item), paths.items())
            yield folder

    # --- care ------------------------------------------------------------------------------------------------

    def scratch(self) -> Path:
        """See :class:`~tourserver.core.storage.Storage`."""
        return self._scratch.folder()

    def sweep(self) -> int:
        """See :class:`~tourserver.core.storage.Storage`. Also ends uploads in parts that nobody finished."""
        count = self._scratch.sweep()
        before = clock.now() - timedelta(seconds=LEFT_BEHIND_SECONDS)
        bucket = self.address.bucket
        try:
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=self._base)
            for upload in (upload for page in pages for upload in page.get("Uploads", ())):
                if upload["Initiated"] < before:
                    self._client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                    count += 1
        except (ClientError, BotoCoreError) as error:
            # a right that is asked for nowhere else, and some servers can't list them: a rule of the bucket does it too
            log.warning("storage.uploads_not_swept", error=storage_errors.code_of(error))
        return count

    def check(self) -> None:
        """See :class:`~tourserver.core.storage.Storage`. A good answer counts for 20 seconds."""
        if time.monotonic() - self._checked < CHECK_SECONDS:
            return
        self.put("check/health", b"ok")
        self._checked = time.monotonic()

    def prove(self) -> None:
        """Do once what will be done often; raises ``Unavailable`` that says which part of the set-up is wrong."""
        bucket, name = self.address.bucket, self._name(f"check/{uuid.uuid4().hex}")
        try:
            self._client.put_object(Bucket=bucket, Key=name, Body=b"ok")
            self._client.get_object(Bucket=bucket, Key=name)["Body"].close()
            self._client.list_objects_v2(Bucket=bucket, Prefix=name, MaxKeys=1)
            self._client.delete_object(Bucket=bucket, Key=name)
        except (ClientError, BotoCoreError) as error:
            raise storage_errors.not_usable(self.address, error) from error

    def close(self) -> None:
        """See :class:`~tourserver.core.storage.Storage`."""
        self._client.close()

    # --- inside ----------------------------------------------------------------------------------------------

    def _name(self, key: str) -> str:
        return self._base + check_key(key)

    def _names(self, prefix: str) -> Iterator[str]:
        """Full names of all objects under a prefix; with the slash, so that ``ab`` doesn't match ``abc``."""
        return self._listed(prefix, f"{self._name(prefix)}/")

    def _listed(self, key: str, start: str) -> Iterator[str]:
        """Full names of all objects whose full names begin so; ``key`` is for messages."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.address.bucket, Prefix=start)
        with _asked(key):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"]

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._scratch.root, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _fetch(self, key: str, path: Path) -> None:
        """Copy an object to a file, again from the start when the connection breaks."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.read(key).file as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target, MEGABYTE)
                return
            except storage_errors.StorageUnavailable:
                if attempt == ATTEMPTS:
                    raise


class _Body(io.RawIOBase):
    """The answer's body as a file; what goes wrong on the way is said in our words."""

    def __init__(self, key: str, body: Any) -> None:
        self._key, self._body = key, body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _asked(self._key):
            content: bytes = self._body.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


@contextmanager
def _asked(key: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except ClientError as error:
        code = storage_errors.code_of(error)
        if code in ("NoSuchKey", "NotFound", "404"):
            raise no_file(key) from error
        if code in ("InvalidRange", "416"):
            raise out_of_range() from error
        raise storage_errors.unavailable() from error
    except (BotoCoreError, Boto3Error) as error:
        raise storage_errors.unavailable() from error


def _together(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Do it for all, several at a time; the first error ends it and is raised once those in hand are done."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="storage")
    try:
        tasks = [pool.submit(work, item) for item in items]
        done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _range(span: Span) -> str:
    first, last = span
    return f"bytes={first}" if first < 0 else f"bytes={first}-{'' if last is None else last - 1}"


def _headers(key: str) -> dict[str, str]:
    end = Path(key).suffix
    kind = _TYPES.get(end) or mimetypes.guess_type(f"file{end}", strict=False)[0] or "application/octet-stream"
    forever = key.startswith(SERVED)
    return {
        "ContentType": kind,
        "CacheControl": "public, max-age=31536000, immutable" if forever else "private, no-store",
    }
