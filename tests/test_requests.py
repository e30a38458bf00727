"""Files that come with a form, while they come: if this fails, a photo lies readable on the server's disk."""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal.evidence.models import Evidence
from portal.evidence.vaulted import folder_of
from tests.evidence.samples import jpeg

CANARY = b"nobody but the vault reads this line; "
HIDDEN = re.compile(r'name="(csrf_token|draft)"[^>]*value="([^"]*)"')
STEP = 256 * 1024


class Watched(io.BytesIO):
    """A body that comes piece by piece, and somebody who looks after each."""

    def __init__(self, content: bytes, look: Callable[[], None]) -> None:
        super().__init__(content)
        self._look = look
        self._next = STEP

    def read(self, size: int | None = -1, /) -> bytes:
        self._watch()
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        self._watch()
        return super().readinto(buffer)

    def _watch(self) -> None:
        if self.tell() >= self._next:
            self._next += STEP
            self._look()


def on_disk(*folders: Path) -> Iterator[bytes]:
    """Everything in these folders, and every open file, also one that no folder names any more."""
    for folder in folders:
        yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            found = os.fstat(number)
            if stat.S_ISREG(found.st_mode):
                yield Path(f"/proc/self/fd/{number}").read_bytes()
        except OSError:  # closed meanwhile, or only written to
            continue


def test_no_byte_of_a_photo_is_readable_on_any_disk_while_it_comes_or_afterwards(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Web frameworks keep larger files in the system's folder for temporary files, as they are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    looks: list[bool] = []
    places = (tmp_path, app.extensions["portal_settings"].data)

    def look() -> None:
        looks.append(any(CANARY in content for content in on_disk(*places)))

    client = app.test_client()
    hidden = dict(HIDDEN.findall(client.get("/report").text))
    photo = jpeg() + CANARY * (2 * 1024 * 1024 // len(CANARY))
    answers = {"narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    boundary, body = encode_multipart(
        {**hidden, **answers, "files": FileStorage(io.BytesIO(photo), "a.jpg", "files")}
    )
    sent = client.post(
        "/report",
        input_stream=Watched(body, look),
        content_type=f"multipart/form-data; boundary={boundary}",
        content_length=len(body),
    )
    look()
    assert 'id="receipt-code"' in sent.text
    assert session.scalars(select(Evidence.size)).one() == len(photo)
    assert len(looks) >= 8
    assert not any(looks)
    broken_off = client.post(
        "/report", data=body[:-60], content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert broken_off.status_code == 400
    assert list((folder_of(app.extensions["portal_settings"]) / "tmp").iterdir()) == []
