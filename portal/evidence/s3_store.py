"""The evidence store on a service that speaks S3: the same encrypted files, one object each.

An object appears whole or not at all, so nothing half-written can be met there. What is being encrypted
lies in the local evidence directory until it is sent, never readable.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.config import ObjectStorage
from portal.evidence.chunks import HEAD_MOST, Layout, Readable, Source, Span, original_in, read_head
from portal.evidence.store import Spool, Stored, StoreError, StoreFault, check_digest
from portal.vault.keys import Keyring

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_NO_RANGE = frozenset({"416", "InvalidRange"})  # the object is empty
_FULL = frozenset({"507", "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_PIECE = 1024 * 1024


def make_s3_store(storage: ObjectStorage, directory: Path, ring: Keyring) -> S3Store:
    """Return the store in this bucket; nothing is sent before its first use."""
    client = boto3.client(
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
    return S3Store(client, storage.bucket, storage.prefix, directory, ring)


class S3Store:
    """The store in one bucket, below one prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str, directory: Path, ring: Keyring) -> None:  # noqa: ANN401
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._ring = ring
        self._spool = Spool(directory.resolve() / "tmp", ring)

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Encrypt a stream on the local disk, send it, and return when the service has it for good."""
        with (
            self._spool.encrypted(stream, limit) as (temporary, stored),
            temporary.open("rb") as file,
            _said(),
        ):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(stored.digest),
                Body=file,
                ContentMD5=_md5(temporary),
                ContentType="application/octet-stream",
            )
        return stored

    def open(self, digest: str) -> BinaryIO:
        """Return a buffered reader over the decrypted original; one request."""
        body, total = self._get(digest, "")
        try:
            cipher, head = read_head(self._ring, body, digest)
            layout = Layout(total - head)
            return original_in(body, cipher, layout, layout.whole())
        except BaseException:
            body.close()
            raise

    def open_range(self, digest: str, start: int, length: int | None = None) -> BinaryIO:
        """Return a buffered reader over a part of the original; one request for the head, one for chunks."""
        cipher, head, layout = self._head(digest)
        span = layout.span(start, length)
        file: Source = self._chunks(digest, head, layout, span) if span.length else io.BytesIO()
        return original_in(file, cipher, layout, span)

    def size(self, digest: str) -> int:
        """Return the size of the original in bytes."""
        return self._head(digest)[2].size

    def exists(self, digest: str) -> bool:
        """Say whether an object is there."""
        try:
            with _said():
                self._client.head_object(Bucket=self._bucket, Key=self._key(digest))
        except StoreError as error:
            if error.code is StoreFault.ABSENT:
                return False
            raise
        return True

    def delete(self, digest: str) -> bool:
        """Remove an object; says whether it was there."""
        if not self.exists(digest):
            return False
        with _said():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(digest))
        return True

    def digests(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the stored digests in order, optionally only those written before a time."""
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        )
        while (page := self._next(pages)) is not None:
            for item in page.get("Contents", ()):
                digest = item["Key"].rpartition("/")[2]
                if self._is_ours(item["Key"], digest) and (
                    written_before is None or item["LastModified"] < written_before
                ):
                    yield digest

    def sweep(self, older_than: datetime) -> int:
        """Remove what was not sent to the end from the local disk; the service keeps no halves."""
        return self._spool.sweep(older_than)

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{check_digest(digest)[:2]}/{digest}"

    def _is_ours(self, key: str, digest: str) -> bool:
        try:
            return key == self._key(digest)
        except StoreError:
            return False

    def _next(self, pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with _said():
            return next(pages, None)

    def _head(self, digest: str) -> tuple[Any, int, Layout]:
        """Return cipher, length of the head, and layout."""
        body, total = self._get(digest, f"bytes=0-{HEAD_MOST - 1}")
        try:
            cipher, head = read_head(self._ring, body, digest)
        finally:
            body.close()
        return cipher, head, Layout(total - head)

    def _chunks(self, digest: str, head: int, layout: Layout, span: Span) -> _Body:
        first, last = head + span.offset, head + layout.end_of(span) - 1
        return self._get(digest, f"bytes={first}-{last}")[0]

    def _get(self, digest: str, wanted: str) -> tuple[_Body, int]:
        """Return an open object and the length of the whole one."""
        with _said():
            asked = {"Range": wanted} if wanted else {}
            got = self._client.get_object(Bucket=self._bucket, Key=self._key(digest), **asked)
        total = got["ContentRange"].rpartition("/")[2] if "ContentRange" in got else got["ContentLength"]
        return _Body(got["Body"]), int(total)


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
