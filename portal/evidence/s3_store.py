"""The evidence store on a service that speaks S3: the same encrypted files, one object each.

An object appears whole or not at all, so nothing half-written can be met there. What is being encrypted
lies in the local evidence directory until it is sent, never readable.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.config_places import ObjectStorage
from portal.evidence.chunks import Source, StoreError, StoreFault
from portal.evidence.shelves import DIGEST, check_name
from portal.evidence.store import SealedStore
from portal.vault.keys import Keyring

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_NO_RANGE = frozenset({"416", "InvalidRange"})  # the object is empty
_FULL = frozenset({"507", "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_PIECE = 1024 * 1024


def make_client(storage: ObjectStorage) -> Any:  # noqa: ANN401  (boto3 has no types)
    """Return a client for the service; nothing is sent before its first use."""
    return boto3.client(
        "s3",
        endpoint_url=storage.url,
        region_name=storage.region,
        aws_access_key_id=storage.key_id,
        aws_secret_access_key=storage.secret,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": storage.addressing},
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Services beside Amazon's own do not know its newer checksums; each file proves itself anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def make_s3_store(storage: ObjectStorage, directory: Path, ring: Keyring) -> S3Store:
    """Return the store of copies in this bucket."""
    return S3Store(make_client(storage), storage.bucket, storage.prefix, directory, ring)


def make_s3_shelf(storage: ObjectStorage, folder: str, form: re.Pattern[str]) -> BucketShelf:
    """Return a shelf below a folder of this bucket."""
    prefix = storage.prefix.strip("/")
    return BucketShelf(make_client(storage), storage.bucket, f"{prefix}/{folder}".strip("/"), form)


class S3Store(SealedStore):
    """The store of copies in one bucket, below one prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str, directory: Path, ring: Keyring) -> None:  # noqa: ANN401
        self._client = client
        super().__init__(BucketShelf(client, bucket, prefix, DIGEST), directory.resolve() / "tmp", ring)


class BucketShelf:
    """Files in one bucket, one object each, below one prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str, form: re.Pattern[str]) -> None:  # noqa: ANN401
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._form = form

    def keep(self, temporary: Path, name: str) -> None:
        """Send a file, and return when the service has it for good."""
        with temporary.open("rb") as file, _said():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(name),
                Body=file,
                ContentMD5=_md5(temporary),
                ContentType="application/octet-stream",
            )
        temporary.unlink(missing_ok=True)

    def open(self, name: str, first: int = 0, last: int | None = None) -> tuple[Source, int]:
        """Return an open object, or the part of it that is wanted; one request."""
        whole = first == 0 and last is None
        asked = {} if whole else {"Range": f"bytes={first}-{'' if last is None else last}"}
        with _said():
            got = self._client.get_object(Bucket=self._bucket, Key=self._key(name), **asked)
        total = got["ContentRange"].rpartition("/")[2] if "ContentRange" in got else got["ContentLength"]
        return _Body(got["Body"]), int(total)

    def exists(self, name: str) -> bool:
        """Say whether an object is there."""
        try:
            with _said():
                self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except StoreError as error:
            if error.code is StoreFault.ABSENT:
                return False
            raise
        return True

    def delete(self, name: str) -> bool:
        """Remove an object; says whether it was there."""
        if not self.exists(name):
            return False
        with _said():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))
        return True

    def names(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the names in order."""
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        )
        while (page := self._next(pages)) is not None:
            for item in page.get("Contents", ()):
                name = item["Key"].rpartition("/")[2]
                if self._is_ours(item["Key"], name) and (
                    written_before is None or item["LastModified"] < written_before
                ):
                    yield name

    def _key(self, name: str) -> str:
        return f"{self._prefix}{check_name(name, self._form)[:2]}/{name}"

    def _is_ours(self, key: str, name: str) -> bool:
        try:
            return key == self._key(name)
        except StoreError:
            return False

    def _next(self, pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with _said():
            return next(pages, None)


class _Body:
    """An object on its way; a connection that breaks is the store's own error."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401  (boto3 has no types)
        self._body = body

    def read(self, size: int, /) -> bytes:
        with _said():
            return bytes(self._body.read(size))

    def close(self) -> None:
        self._body.close()


@contextmanager
def _said() -> Iterator[None]:
    """Turn what boto3 raises into the store's own error; its texts name buckets and keys."""
    try:
        yield
    except ClientError as error:
        raise StoreError(_fault_of(str(error.response.get("Error", {}).get("Code", "")))) from None
    except BotoCoreError:
        raise StoreError(StoreFault.UNREACHABLE) from None


def _fault_of(code: str) -> StoreFault:
    if code in _ABSENT:
        return StoreFault.ABSENT
    if code in _NO_RANGE:
        return StoreFault.DAMAGED
    return StoreFault.NO_SPACE if code in _FULL else StoreFault.UNREACHABLE


def _md5(path: Path) -> str:
    """Return what S3 compares against what arrived: a check of the way, not of the content."""
    found = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return base64.b64encode(found.digest()).decode()
